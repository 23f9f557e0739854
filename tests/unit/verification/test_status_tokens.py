"""Status lists from anybody: believed only under a chain that may sign them, and only for its own institution."""

from typing import Any

import pytest

from portadoc.errors import Error, Untrusted
from portadoc.formats.status_list.jwt_form import StatusListLimits, make_status_list_token
from portadoc.formats.status_list.statuses import StatusList
from portadoc.verification.rendering.report_json import report_from_json, report_to_json
from portadoc.verification.report import STATUS, Outcome, Verdict
from portadoc.verification.status_tokens import BelievedStatusList, believe_status_list


def believe(world: Any, text: str, *, uri: str | None = None, now: int | None = None) -> BelievedStatusList:
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
    assert believed.issued_by == "FR:TEST01"
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
