"""One answer to one request: accepted once, or refused for its own reason, and never a 500."""

import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portadoc.errors import Conflict
from portadoc.formats import strict_json
from portadoc.formats.headers import signing_header
from portadoc.formats.jwe import encrypt, new_encryption_key
from portadoc.formats.sd_jwt import issue, parse, select
from portadoc.keys.algorithms import new_private_key
from portadoc.keys.signer import LocalSigner
from portadoc.randomness import system_random_bytes
from portadoc.storage.engine import open_database
from portadoc.verification.presets.presets import PRESETS, Preset
from portadoc.verification.report import PROCEDURE, Outcome, Verdict
from portadoc.verifier.presentations import MAX_PRESENTATIONS
from portadoc.verifier.requests import Phase
from portadoc.wallet_sim.faults import (
    FORGERIES,
    PRESENTATION_FAULTS,
    RESPONSE_FAULTS,
    GoodPresentation,
    GoodResponse,
)


def refused(response: Any, code: str, status: int = 400) -> None:
    assert response.status == status
    assert response.json() == {"error": "invalid_request", "error_description": code}


@pytest.mark.parametrize("name", PRESETS)
def test_a_good_presentation_is_accepted_for_every_preset(world: Any, name: str) -> None:
    session = world.ask(name)
    response = session.answer("unused", vp_token=session.everything())
    assert (response.status, set(response.json())) == (200, {"redirect_uri"})
    view = session.view()
    assert session.code == "accepted"
    assert view.phase is Phase.ANSWERED
    for presentation in view.result.presentations:
        assert presentation.report.verdict is Verdict.AUTHENTIC_IN_FORCE
        assert [check.id for check in presentation.report.checks] == [kind.id for kind in PROCEDURE]


def test_both_layouts_of_the_type_satisfy_the_quick_question(world: Any) -> None:
    session = world.ask()
    assert session.answer(session.present(world.credential("pda1-rulebook"))).status == 200
    (presentation,) = session.view().result.presentations
    assert "work_information" in presentation.report.claims


# --- faults of the presentation, over HTTP: the code to the wallet, the full code to who asked


def good_presentation(world: Any, session: Any) -> GoodPresentation:
    credential = world.credential()
    shown = select(credential, [("document_number",)])
    withheld = tuple(set(parse(credential).disclosures) - set(parse(shown).disclosures))
    return GoodPresentation(
        text=session.present(shown),
        withheld=withheld,
        audience=session.request["client_id"],
        nonce=session.request["nonce"],
        now=world.clock.now(),
        holder=world.holder,
        stranger=LocalSigner(new_private_key("ES256", system_random_bytes)),
    )


@pytest.mark.parametrize("fault", PRESENTATION_FAULTS, ids=lambda fault: fault.name)
def test_a_hostile_presentation_is_refused_and_that_is_the_final_result(world: Any, fault: Any) -> None:
    session = world.ask()
    response = session.answer(fault.apply(good_presentation(world, session)))
    refused(response, fault.expected_code.partition(".")[0])
    assert session.code == fault.expected_code
    assert not session.view().result.accepted
    refused(session.answer(), "request_answered")
    assert session.code == fault.expected_code


TOLD_BY_THE_FETCH = {"status-of-an-unknown-list", "status-behind-another-protocol"}  # see test_status_lists


@pytest.mark.parametrize(
    "forgery",
    [each for each in FORGERIES if not each.untrusted_signer and each.name not in TOLD_BY_THE_FETCH],
    ids=lambda forgery: forgery.name,
)
def test_wrong_content_under_a_good_signature_is_refused(world: Any, forgery: Any) -> None:
    session = world.ask()
    text = forgery.apply(good_presentation(world, session), world.signer("fr-demo"))
    refused(session.answer(text), forgery.expected_code.partition(".")[0])
    assert session.code == forgery.expected_code


def test_v24_g20_a_key_binding_may_be_two_minutes_off_and_not_ten(world: Any) -> None:
    for seconds, code in (
        (120, "accepted"),
        (-120, "accepted"),
        (600, "kb_invalid.iat"),
        (-600, "kb_invalid.iat"),
    ):
        session = world.ask()
        session.answer(session.present(now=world.NOW + seconds))
        assert session.code == code


# --- faults of the response around it: the request stays open


@pytest.mark.parametrize("fault", RESPONSE_FAULTS, ids=lambda fault: fault.name)
def test_v54_g05_g06_a_response_that_anybody_could_have_sent_leaves_the_request_open(
    world: Any, fault: Any
) -> None:
    session, another = world.ask(), world.ask()
    good = GoodResponse(
        vp_token={"a1": [session.present()]},
        state=session.request["state"],
        encryption_jwk=session.encryption_jwk,
        another_jwk=another.encryption_jwk,
        enc="A128GCM",
    )
    refused(session.post(fault.apply(good)), fault.expected_code.partition(".")[0])
    assert session.view().phase is Phase.OPEN
    assert session.answer().status == 200
    assert session.code == "accepted"


FORMS = {
    "nothing": ({}, "message_invalid"),
    "response and error": ({"response": "x", "error": "access_denied"}, "message_invalid"),
    "no JWE": ({"response": "abc"}, "encryption_invalid"),
    "a signed token": ({"response": "e30.e30.AAAA"}, "encryption_invalid"),
    "error without state": ({"error": "access_denied"}, "state_mismatch"),
    "error of another session": ({"error": "access_denied", "state": "x"}, "state_mismatch"),
}


@pytest.mark.parametrize("name", FORMS)
def test_v51_a_form_that_is_no_answer_is_refused(world: Any, name: str) -> None:
    form, code = FORMS[name]
    session = world.ask()
    refused(session.post(form), code)
    assert session.view().phase is Phase.OPEN


def test_v54_a_plaintext_that_is_no_object_is_refused(world: Any) -> None:
    session = world.ask()
    for plaintext in (b"[]", b"\xff", b'{"state":1,"state":2}'):
        refused(session.post({"response": session.encrypted(plaintext)}), "json_malformed")
    assert session.view().phase is Phase.OPEN


def test_v54_an_unlisted_cipher_and_a_foreign_key_are_refused(world: Any) -> None:
    session = world.ask()
    stranger = new_encryption_key(system_random_bytes).public_jwk
    refused(session.post({"response": session.encrypted(session.payload(), stranger)}), "encryption_invalid")


def test_v58_the_body_has_one_type_one_method_and_a_bound(world: Any) -> None:
    session = world.ask()
    uri = session.request["response_uri"]
    refused(world.http.post_json(uri, {"response": "x"}), "content_type_unsupported", 415)
    assert world.http.get(uri).status == 405
    assert session.post({"response": "x" * 2_000_000}).status == 413
    refused(session.post({"response": session.encrypted(b" " * 600_000)}), "limit_exceeded", 413)
    twice = b"response=a&response=b"
    form = {"content-type": "application/x-www-form-urlencoded"}
    refused(world.http.request("POST", uri, headers=form, body=twice), "form_invalid")
    assert session.view().phase is Phase.OPEN


# --- G01, V-51: the shape of vp_token. Opened and bound to the session, it is the one answer.

TOKENS: dict[str, Any] = {
    "a text": ("x", "message_invalid"),
    "an array": (["x"], "message_invalid"),
    "empty": ({}, "message_invalid"),
    "a presentation outside an array": ({"a1": "x"}, "message_invalid"),
    "an array of nothing": ({"a1": []}, "message_invalid"),
    "no text in the array": ({"a1": [7]}, "message_invalid"),
}


@pytest.mark.parametrize("name", TOKENS)
def test_g01_a_vp_token_of_another_shape_is_the_final_refusal(world: Any, name: str) -> None:
    token, code = TOKENS[name]
    session = world.ask()
    refused(session.answer("unused", vp_token=token), code)
    assert session.code == code
    refused(session.answer(), "request_answered")


def test_g01_an_answer_to_a_query_that_nobody_asked_is_refused(world: Any) -> None:
    session = world.ask()
    token = {"a1": [session.present()], "other": [session.present()]}
    refused(session.answer(vp_token=token), "query_unsatisfied")
    assert session.code == "query_unsatisfied.query_unknown"


def test_g01_two_presentations_for_one_are_refused(world: Any) -> None:
    session = world.ask()
    refused(session.answer(vp_token={"a1": [session.present(), session.present()]}), "query_unsatisfied")
    assert session.code == "query_unsatisfied.presentation_surplus"


def test_g01_there_is_a_bound_on_presentations(world: Any) -> None:
    session = world.ask()
    refused(session.answer(vp_token={"a1": ["x"] * (MAX_PRESENTATIONS + 1)}), "limit_exceeded")


def test_v51_members_of_older_drafts_change_nothing(world: Any) -> None:
    session = world.ask()
    assert session.answer(presentation_submission={"id": "x"}).status == 200
    assert session.code == "accepted"


# --- the question is checked again, whatever the wallet made of it


def test_g07_another_type_than_asked_is_refused(world: Any) -> None:
    session = world.ask("billing-office")
    refused(session.answer(session.present(world.credential("pda1"))), "type_not_accepted")


def test_g07_v52_a_claim_that_was_asked_for_has_to_be_disclosed(world: Any) -> None:
    session = world.ask()
    undisclosed = select(world.credential(), [])
    refused(session.answer(session.present(undisclosed)), "query_unsatisfied")
    assert session.code == "query_unsatisfied.claim_absent"


def question(claims: list[Any], **members: Any) -> Preset:
    credential = {
        "id": "a1",
        "format": "dc+sd-jwt",
        "meta": {"vct_values": ["urn:eudi:pda1:1"]},
        "claims": claims,
        **members,
    }
    return Preset(id="test", query={"credentials": [credential]})


def test_g07_v52_a_value_outside_those_asked_for_is_refused(world: Any) -> None:
    session = world.ask(question([{"path": ["legislation_country"], "values": ["DE"]}]))
    refused(session.answer(), "query_unsatisfied")
    assert session.code == "query_unsatisfied.value_mismatch"


def test_g09_an_authority_that_was_not_asked_for_is_refused(world: Any) -> None:
    authorities = [{"type": "aki", "values": ["s9tIpPmhxdiuNkHMEWNpYim8S8Y"]}]
    session = world.ask(question([{"path": ["legislation_country"]}], trusted_authorities=authorities))
    refused(session.answer(), "issuer_untrusted")
    assert session.code == "issuer_untrusted.authority_not_asked_for"


A1_AND_CARD = {
    "credentials": [
        {"id": "a1", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:eudi:pda1:1"]}},
        {"id": "ehic", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:eudi:ehic:1"]}},
    ]
}
CARD_LIST = "https://status.example/lists/card"


def card(world: Any, holder: Any) -> str:
    world.network.published[CARD_LIST] = world.status_token(by="fr-health", uri=CARD_LIST).encode()
    claims = world.claims(
        "ehic",
        cnf={"jwk": dict(holder.public_jwk)},
        status={"status_list": {"idx": 3, "uri": CARD_LIST}},
    )
    return str(world.credential("ehic", claims=claims))


def test_g10_v52_a_missing_credential_of_a_required_set_is_refused(world: Any) -> None:
    session = world.ask(Preset(id="both", query=A1_AND_CARD))
    refused(session.answer(vp_token={"a1": [session.present()]}), "query_unsatisfied")
    assert session.code == "query_unsatisfied.credential_missing"


def test_g11_attestations_of_two_holders_are_refused_where_one_is_asked_for(world: Any) -> None:
    stranger = LocalSigner(new_private_key("ES256", system_random_bytes))
    for holder, code in ((world.holder, "accepted"), (stranger, "binding_mismatch")):
        session = world.ask(Preset(id="both", query=A1_AND_CARD, same_holder=True))
        ehic = session.present(card(world, holder), signer=holder)
        session.answer(vp_token={"a1": [session.present()], "ehic": [ehic]})
        assert session.code == code


def test_v56_one_wrong_presentation_refuses_the_whole_answer(world: Any) -> None:
    session = world.ask(Preset(id="both", query=A1_AND_CARD))
    ehic = session.present(card(world, world.holder), nonce="nonce-of-another-session")
    refused(session.answer(vp_token={"a1": [session.present()], "ehic": [ehic]}), "kb_invalid")
    assert not session.view().result.accepted


def test_v56_a_presentation_for_another_session_of_this_verifier_is_refused(world: Any) -> None:
    one, other = world.ask(), world.ask()
    refused(other.answer(one.present()), "kb_invalid")
    assert other.code == "kb_invalid.nonce"


# --- G08, V-53: what was not asked for is accepted and dropped


def test_g08_v53_surplus_claims_are_dropped_before_storage(world: Any) -> None:
    session = world.ask(question([{"path": ["legislation_country"]}, {"path": ["employer", "name"]}]))
    credential = world.credential()
    assert session.answer(session.present(credential)).status == 200
    (presentation,) = session.view().result.presentations
    claims = world.claims()
    assert presentation.report.claims == {
        "legislation_country": claims["legislation_country"],
        "employer": {"name": claims["employer"]["name"]},
    }


def test_g08_elements_of_an_array_are_kept_only_where_asked(world: Any) -> None:
    session = world.ask(question([{"path": ["employer", None, "country"]}]))
    assert session.answer(session.present(world.credential("pda1-rulebook"))).status == 200
    (presentation,) = session.view().result.presentations
    (employer,) = presentation.report.claims["employer"]
    assert set(employer) == {"country"}


def test_g08_how_many_disclosures_nobody_asked_for_is_told(world: Any) -> None:
    session = world.ask(question([{"path": ["legislation_country"]}]))
    credential = world.credential()
    session.answer(session.present(credential))
    (presentation,) = session.view().result.presentations
    assert presentation.surplus == credential.count("~") - 1 > 0
    narrow = world.ask(question([{"path": ["legislation_country"]}]))
    narrow.answer(narrow.present(select(credential, [("legislation_country",)])))
    (presentation,) = narrow.view().result.presentations
    assert presentation.surplus == 0


def test_the_deepest_claim_that_is_processed_can_be_kept_and_read_back(world: Any) -> None:
    deepest: Any = "bottom"
    for _ in range(29):
        deepest = {"a": deepest}
    claims = world.claims()
    claims["employer"] = {**claims["employer"], "a": deepest}
    session = world.ask(question([{"path": ["employer"]}]))
    session.answer(session.present(world.credential(claims=claims)))
    (presentation,) = session.view().result.presentations
    assert presentation.report.claims["employer"]["a"] == deepest


def test_p16_an_attestation_full_of_elements_costs_no_more_than_its_size(world: Any) -> None:
    claims = world.claims("pda1-rulebook")
    claims["employer"] = [{"country": "AT"}] * 10_000
    credential = issue(
        claims,
        disclosable=[],
        header=signing_header("dc+sd-jwt", world.signer("fr-demo")),
        signer=world.signer("fr-demo"),
        random_bytes=system_random_bytes,
    ).text
    session = world.ask(question([{"path": ["employer", None, "country"]}]))
    assert session.answer(session.present(credential)).status == 200  # once for each pair would take minutes


def test_no_claim_is_kept_of_a_presenter_who_is_not_proven_to_be_the_holder(world: Any) -> None:
    session = world.ask()
    stranger = LocalSigner(new_private_key("ES256", system_random_bytes))
    session.answer(session.present(signer=stranger))
    (presentation,) = session.view().result.presentations
    assert presentation.report.claims == {}


def test_the_claims_asked_for_are_kept_of_a_withdrawn_attestation(world: Any) -> None:
    world.withdraw(7, iat=world.NOW - 10)
    session = world.ask()
    session.answer()
    assert session.code == "revoked"
    (presentation,) = session.view().result.presentations
    assert presentation.report.claims["legislation_country"] == "FR"


# --- G03, G04, V-50: one answer


def test_g03_of_fifty_answers_at_once_exactly_one_is_taken(world: Any) -> None:
    session = world.ask()
    forms = [{"response": session.encrypted(session.payload())} for _ in range(50)]
    start = threading.Barrier(10)

    def post(batch: list[Any]) -> list[int]:
        start.wait()
        return [world.http.post_form(session.request["response_uri"], form).status for form in batch]

    with ThreadPoolExecutor(10) as pool:
        statuses = [status for batch in pool.map(post, [forms[i::10] for i in range(10)]) for status in batch]
    assert sorted(statuses) == [200] + [400] * 49
    assert session.code == "accepted"


def test_g03_two_processes_over_one_database_take_one_answer(make_world: Any, tmp_path: Any) -> None:
    file = f"sqlite:///{tmp_path / 'shared.sqlite'}"
    world = make_world(database_url=file)
    twin = world.another_process(database=open_database(file))
    session = world.ask()
    forms = [{"response": session.encrypted(session.payload())} for _ in range(16)]
    request_id = session.created.request_uri.rpartition("/")[2]

    def take(numbered: tuple[int, Any]) -> bool:
        verifier = (world.verifier, twin)[numbered[0] % 2]
        try:
            return bool(verifier.receive_response(world.SLUG, request_id, numbered[1]).result.accepted)
        except Conflict:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, enumerate(forms))) == 1


def test_g03_a_good_and_a_bad_answer_at_once_leave_one_result_that_never_changes(world: Any) -> None:
    session = world.ask()
    good = session.encrypted(session.payload())
    bad = session.encrypted(session.payload(session.present(nonce="other")))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda text: session.post({"response": text}).status, [good, bad] * 8))
    first = session.view().result
    session.answer()
    assert session.view().result == first


def test_g04_v50_a_second_answer_and_a_late_one_are_refused(world: Any) -> None:
    session = world.ask()
    body = {"response": session.encrypted(session.payload())}
    assert session.post(body).status == 200
    refused(session.post(body), "request_answered")
    late = world.ask()
    body = {"response": late.encrypted(late.payload())}
    world.clock.advance(world.settings.request_ttl_s)
    refused(late.post(body), "request_expired")
    assert late.view().phase is Phase.EXPIRED
    assert late.view().result is None


def test_g02_v50_a_response_to_an_unknown_request_is_refused(world: Any) -> None:
    for institution, request_id in ((world.SLUG, "unknown"), ("nobody", "unknown")):
        response = world.http.post_form(f"/verifier/{institution}/responses/{request_id}", {"response": "x"})
        assert response.status == 400


def test_a_response_under_another_institution_is_unknown(world: Any) -> None:
    session = world.ask()
    other = session.request["response_uri"].replace(world.SLUG, "de-other")
    refused(world.http.post_form(other, {"response": session.encrypted(session.payload())}), "request_unknown")


# --- V-57, G16: the wallet says no


@pytest.mark.parametrize("name", ["access_denied", "wallet_unavailable", "vp_formats_not_supported"])
def test_v57_an_error_of_the_wallet_is_taken_as_the_answer(world: Any, name: str) -> None:
    session = world.ask()
    response = session.post({"error": name, "state": session.request["state"]})
    assert (response.status, response.json()) == (200, {})
    assert session.view().result.wallet_error == name
    assert session.code == "wallet_refused"
    refused(session.answer(), "request_answered")


def test_v57_an_encrypted_error_is_taken_too(world: Any) -> None:
    session = world.ask()
    payload = {"error": "access_denied", "state": session.request["state"]}
    assert session.post({"response": session.encrypted(payload)}).status == 200
    assert session.view().result.wallet_error == "access_denied"


def test_v57_g16_text_of_the_wallet_is_kept_plain_and_short(world: Any) -> None:
    session = world.ask()
    hostile = "<script>alert(1)</script>"
    form = {"error": hostile, "error_description": hostile * 50, "state": session.request["state"]}
    assert session.post(form).status == 200
    result = session.view().result
    assert result.wallet_error == "unreadable_error"
    assert result.wallet_error_description.startswith("?script?alert(1)?/script?")
    assert len(result.wallet_error_description) == 200
    assert not set(result.wallet_error_description) & set("<>&\"'`")


# --- logs and 500


@pytest.fixture
def every_log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.DEBUG):
        yield caplog


def test_no_claim_token_or_key_stands_in_any_log(world: Any, every_log: Any) -> None:
    session = world.ask()
    presentation = session.present()
    session.answer(presentation)
    second = world.ask()
    second.answer(second.present(nonce="other"))
    session.view()
    logged = "\n".join(record.getMessage() for record in every_log.records)
    assert logged
    claims = world.claims()
    private = [claims["personal_administrative_number"], claims["document_number"], claims["employer"]["name"]]
    tokens = [presentation.split("~")[0], presentation.split("~")[1], session.request["nonce"]]
    secrets = [session.created.session_secret, session.created.transaction_id, session.request["state"]]
    for canary in private + tokens + secrets:
        assert canary not in logged


NOISE = ["", "~", "~~", "a~", ".", "..~", "\x00", "é", "{}", "eyJ9.e30.~", "a" * 300_000, "null", "[]", "~" * 2000]


@pytest.mark.parametrize("text", NOISE, ids=range(len(NOISE)))
def test_noise_as_a_presentation_is_refused_and_nothing_breaks(world: Any, text: str) -> None:
    session = world.ask()
    response = session.answer("x", vp_token={"a1": [text]})
    assert response.status == 400
    assert session.view().result is not None
    if session.view().result.presentations:
        (presentation,) = session.view().result.presentations
        assert presentation.report.first_problem.outcome is Outcome.FAIL
        assert presentation.report.claims == {}


def test_a_database_that_cannot_be_used_is_told_as_such_and_nothing_is_lost(world: Any) -> None:
    session = world.ask()
    form = {"response": session.encrypted(session.payload())}
    world.database._sync_failed = True  # as after a disk that refused to make a write durable
    response = session.post(form)
    assert (response.status, response.json()["error"]) == (503, "temporarily_unavailable")
    assert response.headers["retry-after"]
    assert session.fetch().status == 503
    world.database._sync_failed = False
    assert session.post(form).status == 200


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=300) | st.text(max_size=100).map(lambda text: f"response={text}".encode()))
def test_no_body_whatever_breaks_the_response_endpoint(world: Any, body: bytes) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    path = f"/verifier/{world.SLUG}/responses/{world.ask().created.request_uri.rpartition('/')[2]}"
    assert world.http.request("POST", path, headers=headers, body=body).status == 400


leaves = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20)
trees = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["a1", "x", ""]), inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(token=trees)
def test_no_vp_token_whatever_breaks_the_judgement(world: Any, token: Any) -> None:
    session = world.ask()
    payload = {"vp_token": token, "state": session.request["state"]}
    assert session.post({"response": session.encrypted(payload)}).status == 400
    assert session.view().phase is Phase.ANSWERED


# --- what is unusual and right


def test_v22_a_holder_key_in_its_shortest_and_its_longest_form_is_accepted(world: Any) -> None:
    full = dict(world.holder.public_jwk)
    minimal = {name: full[name] for name in ("kty", "crv", "x", "y")}
    for jwk in (minimal, {**minimal, "kid": "any", "alg": "ES256", "use": "sig"}):
        session = world.ask()
        session.answer(session.present(world.credential(claims=world.claims(cnf={"jwk": jwk}))))
        assert session.code == "accepted"


def test_both_ciphers_offered_are_accepted(world: Any) -> None:
    for enc in ("A128GCM", "A256GCM"):
        session = world.ask()
        plaintext = strict_json.dumps(session.payload())
        text = encrypt(plaintext, session.encryption_jwk, enc=enc, apu="YXB1", apv="YXB2")
        assert session.post({"response": text}).status == 200


def test_more_form_parameters_than_needed_change_nothing(world: Any) -> None:
    session = world.ask()
    form = {"response": session.encrypted(session.payload()), "state": "ignored here", "iss": "someone"}
    assert session.post(form).status == 200
