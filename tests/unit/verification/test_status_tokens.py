"""Status lists from anybody: believed only under a chain that may sign them, and only for its own institution."""

from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from portadoc.errors import Error, Malformed, Untrusted
from portadoc.formats.status_list.claims import StatusListForm, StatusListLimits, StatusListTerms
from portadoc.formats.status_list.cwt_form import sign_status_list_cwt
from portadoc.formats.status_list.jwt_form import make_status_list_token
from portadoc.formats.status_list.statuses import StatusList
from portadoc.keys.signer import LocalSigner
from portadoc.verification.rendering.report_json import report_from_json, report_to_json
from portadoc.verification.report import STATUS, Outcome, Verdict
from portadoc.verification.status_tokens import BelievedStatusList, believe_status_list, unverified_token


def believe(
    world: Any, text: str | bytes, *, uri: str | None = None, now: int | None = None
) -> BelievedStatusList:
    return believe_status_list(
        text,
        uri=uri or world.LIST_URI,
        trust=world.trust,
        now=world.NOW if now is None else now,
        skew_s=60,
        limits=StatusListLimits(),
    )


def token(world: Any, signer: Any = None, **changes: Any) -> str:
    values = {"uri": world.LIST_URI, "iat": world.NOW - 60, "exp": world.NOW + 3600, "ttl": 300, **changes}
    return make_status_list_token(StatusList.of(64, bits=1), signer=signer or world.status_signer, **values)


def test_a_list_under_a_trusted_chain_is_believed_and_says_whose_it_is(world: Any) -> None:
    believed = believe(world, token(world))
    assert (believed.issued_by, believed.speaks_for) == ("FR:TEST01", {"FR:TEST01"})
    assert (believed.token.uri, believed.token.exp) == (world.LIST_URI, world.NOW + 3600)


def test_a_list_ends_with_the_certificate_of_its_signer(world: Any) -> None:
    limits = StatusListLimits(max_age_s=10**9)
    text = token(world, exp=world.NOW + 10**9)
    believed = believe_status_list(
        text, uri=world.LIST_URI, trust=world.trust, now=world.NOW, skew_s=60, limits=limits
    )
    assert believed.token.exp < world.NOW + 10**9


def test_v41_v42_a_list_that_is_not_in_order_is_not_believed(world: Any) -> None:
    wrong: dict[str, tuple[str, dict[str, Any]]] = {
        "status_invalid": ("hello", {}),
        "status_invalid.sub_mismatch": (token(world), {"uri": world.LIST_URI + "/"}),
        "status_invalid.expired": (token(world), {"now": world.NOW + 10_000}),
        "chain_invalid.extended_key_usage": (token(world, world.signer), {}),
        "chain_invalid.chain_missing": (token(world, world.holder), {}),
    }
    for code, (text, terms) in wrong.items():
        with pytest.raises(Untrusted) as caught:
            believe(world, text, **terms)
        assert full_code(caught.value).startswith(code)


def cwt(world: Any, signer: Any = None, **changes: Any) -> bytes:
    values = {"uri": world.LIST_URI, "iat": world.NOW - 60, "exp": world.NOW + 3600, "ttl": 300, **changes}
    statuses = StatusList.of(64, bits=1)
    return sign_status_list_cwt(statuses, StatusListTerms(**values), signer=signer or world.status_signer)


def test_both_forms_are_believed_alike(world: Any) -> None:
    jwt, in_cbor = believe(world, token(world)), believe(world, cwt(world))
    assert (in_cbor.issued_by, in_cbor.speaks_for) == (jwt.issued_by, jwt.speaks_for)
    assert in_cbor.token == replace(jwt.token, form=StatusListForm.CWT)


def test_v41_v42_a_cwt_that_is_not_in_order_is_not_believed(world: Any) -> None:
    signed = cwt(world)
    wrong: dict[str, tuple[bytes, dict[str, Any]]] = {
        "status_invalid.cbor_malformed": (b"hello", {}),
        "status_invalid.sub_mismatch": (cwt(world), {"uri": world.LIST_URI + "/"}),
        "status_invalid.expired": (cwt(world), {"now": world.NOW + 10_000}),
        "status_invalid.signature_invalid": (signed[:-1] + bytes([signed[-1] ^ 1]), {}),
        "chain_invalid.extended_key_usage": (cwt(world, world.signer), {}),
        "chain_invalid.chain_missing": (cwt(world, world.holder), {}),
    }
    for code, (message, terms) in wrong.items():
        with pytest.raises(Untrusted) as caught:
            believe(world, message, **terms)
        assert full_code(caught.value).startswith(code)


def test_v41_a_self_signed_leaf_in_either_form_leads_to_no_anchor(world: Any) -> None:
    anchor = world.trust.anchors[0].certificate
    lone = LocalSigner(ec.derive_private_key(5, ec.SECP256R1()), chain=(anchor,))
    for each in (token(world, lone), cwt(world, lone)):
        with pytest.raises(Untrusted) as caught:
            believe(world, each)
        assert caught.value.code == "chain_invalid"


def test_v48_d22_the_list_of_today_is_no_answer_about_the_past(world: Any) -> None:
    """Whoever asks about a past time believes with that time and no skew: iat <= t <= exp, else refused."""
    for each in (token(world), cwt(world)):
        for past in (world.NOW - 61, world.NOW - 3600):
            with pytest.raises(Untrusted) as caught:
                believe_status_list(
                    each, uri=world.LIST_URI, trust=world.trust, now=past, skew_s=0, limits=StatusListLimits()
                )
            assert full_code(caught.value) == "status_invalid.not_yet_valid"
        assert believe(world, each, now=world.NOW - 60).token.iat == world.NOW - 60


def test_what_was_fetched_is_taken_as_its_form_wants_it() -> None:
    assert unverified_token(b"e30.e30.AA", StatusListForm.JWT) == "e30.e30.AA"
    assert unverified_token(b"\xd2", StatusListForm.CWT) == b"\xd2"
    with pytest.raises(Malformed, match="malformed_token"):
        unverified_token(b"\xff", StatusListForm.JWT)


def test_d10_a_list_is_heard_about_the_institutions_that_it_speaks_for_and_no_other(world: Any) -> None:
    for named, outcome in (({"XX:OTHER", "FR:TEST01"}, Outcome.PASS), ({"XX:OTHER"}, Outcome.UNKNOWN)):
        lists = world.held()
        held = replace(lists.lists[world.LIST_URI], speaks_for=frozenset(named))
        heard = replace(lists, lists={world.LIST_URI: held})
        assert world.verify(status=heard).check(STATUS).outcome is outcome


def full_code(error: Error) -> str:
    return f"{error.code}.{error.params.get('reason', '')}"


def test_d10_the_list_of_another_institution_says_nothing_whatever_is_in_it(world: Any) -> None:
    withdrawn = world.statuses.with_status([7], 1)
    for statuses in (world.statuses, withdrawn, StatusList.of(8, bits=1)):
        report = world.verify(status=world.held(issued_by="FR:TEST02", statuses=statuses))
        check = report.check(STATUS)
        assert (check.outcome, check.full_code) == (Outcome.UNKNOWN, "status_invalid.institution_mismatch")
        assert report.verdict is Verdict.STATUS_NOT_KNOWN


def test_a_report_survives_its_json_form(world: Any) -> None:
    for report in (world.verify(), world.verify("x"), world.verify(status=world.held(issued_by="FR:TEST02"))):
        told = report_to_json(report)
        assert report_from_json(told) == report
        assert told["verdict"] == report.verdict
    assert [check["id"] for check in told["checks"]] == [check.id for check in report.checks]
