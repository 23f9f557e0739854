"""Status lists: fetched ahead, believed only when everything about them holds, and never for a bad credential."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from portadoc.errors import Malformed, Refused, Unavailable
from portadoc.fetch import Fetched, SafeFetch
from portadoc.formats import jws
from portadoc.formats.headers import signing_header
from portadoc.formats.jws import unverified_claims
from portadoc.formats.status_list.statuses import StatusList
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.trust.trust_store import TrustStore
from portadoc.verification.report import STATUS, Outcome, Verdict
from portadoc.verifier.settings import StatusSettings
from portadoc.verifier.status.status_lists import StatusLists
from portadoc.wallet_sim.faults import FORGERIES


def status_check(session: Any) -> Any:
    (presentation,) = session.view().result.presentations
    return presentation.report.check(STATUS)


def answered(world: Any, **claims: Any) -> Any:
    session = world.ask()
    session.answer(session.present(world.credential(claims=world.claims(**claims)) if claims else None))
    return session


def test_a_list_is_fetched_once_and_serves_many(world: Any) -> None:
    for _ in range(5):
        assert answered(world).code == "accepted"
    assert world.network.asked == [world.LIST_URI]


def test_d04_v46_nothing_is_fetched_for_a_credential_that_does_not_hold(world: Any) -> None:
    session = world.ask()
    text = session.present()
    place = text.index("~") - 20
    bent = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
    session.answer(bent)
    assert session.code == "signature_invalid.mismatch"
    for claims in ({"exp": world.NOW - 3600}, {"vct": "urn:eudi:ehic:1"}, {"cnf": None}):
        answered(world, **claims)
    other = world.ask()
    other.answer(other.present(nonce="other"))
    assert world.network.asked == []


def test_an_untrusted_issuer_cannot_make_us_call_an_address(world: Any) -> None:
    session = world.ask()
    (forgery,) = [each for each in FORGERIES if each.name == "issuer-of-another-institution"]
    assert forgery.expected_code.startswith("issuer_untrusted")
    session.answer(session.present(world.credential(by="fr-health")))
    assert session.code.startswith("issuer_untrusted")
    assert world.network.asked == []


def test_a_withdrawn_attestation_is_refused_after_the_refresh(world: Any) -> None:
    assert answered(world).code == "accepted"
    world.withdraw(7, iat=world.NOW + 1)
    assert answered(world).code == "accepted"  # the held list is still within its ttl
    world.clock.advance(301)
    assert world.verifier.refresh_status_lists() == 1
    assert answered(world).code == "revoked"


def test_lists_are_fetched_ahead_of_their_ttl_and_not_before(world: Any) -> None:
    answered(world)
    world.clock.advance(200)
    assert world.verifier.refresh_status_lists() == 0
    world.clock.advance(75)
    assert world.verifier.refresh_status_lists() == 1
    answered(world)
    assert len(world.network.asked) == 2


def test_everything_held_can_be_fetched_anew_at_once(world: Any) -> None:
    answered(world)
    world.withdraw(7, iat=world.NOW)
    assert world.verifier.refresh_status_lists() == 0
    assert world.verifier.refresh_status_lists(everything=True) == 1
    assert answered(world).code == "revoked"


def test_a_list_that_nobody_asks_for_is_not_fetched_any_more(make_world: Any) -> None:
    world = make_world(status=StatusSettings(idle_s=3600))
    answered(world)
    for _ in range(13):
        world.clock.advance(300)
        world.verifier.refresh_status_lists()
    assert len(world.network.asked) == 13


def test_a_list_in_use_goes_on_being_fetched(make_world: Any) -> None:
    world = make_world(status=StatusSettings(idle_s=7200))
    for _ in range(40):
        world.clock.advance(300)
        world.publish(iat=world.clock.now(), exp=world.clock.now() + 3600)
        world.verifier.refresh_status_lists()
        assert answered(world, exp=world.NOW + 10**6).code == "accepted"
    assert len(world.network.asked) == 40


def test_a_second_process_takes_the_list_from_the_database(world: Any) -> None:
    answered(world)
    world.network.published.clear()
    twin = world.another_process()
    report = twin.verify_offline(world.SLUG, world.credential())
    assert report.verdict is Verdict.AUTHENTIC_IN_FORCE
    assert len(world.network.asked) == 1


def test_what_one_process_has_fetched_counts_for_all_at_once(world: Any) -> None:
    twin = world.another_process()
    assert twin.verify_offline(world.SLUG, world.credential(), may_fetch=True).valid
    world.clock.advance(1)
    world.withdraw(7, iat=world.clock.now())
    assert world.verifier.refresh_status_lists(everything=True) == 1
    report = twin.verify_offline(world.SLUG, world.credential())
    assert report.first_problem.code == "revoked"


def test_offline_verification_fetches_only_when_told(world: Any) -> None:
    report = world.verifier.verify_offline(world.SLUG, world.credential())
    assert report.verdict is Verdict.STATUS_NOT_KNOWN
    assert world.network.asked == []
    report = world.verifier.verify_offline(world.SLUG, world.credential(), may_fetch=True)
    assert report.verdict is Verdict.AUTHENTIC_IN_FORCE
    bound = world.ask().present()
    assert world.verifier.verify_offline(world.SLUG, bound).first_problem.code == "kb_unexpected"


# --- D01 to D06, D20: what the network brings

FAILURES: dict[str, tuple[Any, str]] = {
    "D01 scheme": (Refused("fetch_blocked", reason="scheme"), "fetch_blocked.scheme"),
    "D02 address": (Refused("fetch_blocked", reason="address"), "fetch_blocked.address"),
    "D03 redirects": (Refused("fetch_blocked", reason="redirects"), "fetch_blocked.redirects"),
    "D06 too much": (Malformed("limit_exceeded", what="response", limit=1), "status_invalid.limit_exceeded"),
    "D06 too slow": (Unavailable("fetch_failed", reason="timeout"), "status_unavailable.timeout"),
    "D20 status": (Unavailable("fetch_failed", reason="status", status=404), "status_unavailable.status"),
    "D20 type": (Unavailable("fetch_failed", reason="content_type"), "status_unavailable.content_type"),
    "D20 HTML": (b"<html>", "status_invalid.malformed_token"),
    "not ascii": (b"\xff\xfe", "status_invalid.malformed_token"),
    "V-40 JSON around it": (b'{"token":"x"}', "status_invalid.malformed_token"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_list_that_cannot_be_had_leaves_the_status_unknown_and_that_is_no_pass(world: Any, name: str) -> None:
    brought, code = FAILURES[name]
    world.network.published[world.LIST_URI] = brought
    session = world.ask()
    response = session.answer()
    assert response.status == 400
    assert session.code == code
    assert status_check(session).outcome is Outcome.UNKNOWN
    (presentation,) = session.view().result.presentations
    assert presentation.report.verdict is Verdict.STATUS_NOT_KNOWN


BLOCKED = {
    "http://status.example/lists/1": "fetch_blocked.scheme",
    "file:///etc/passwd": "fetch_blocked.scheme",
    "ftp://status.example/1": "fetch_blocked.scheme",
    "data:application/statuslist+jwt,x": "fetch_blocked.scheme",
    "https://127.0.0.1/1": "fetch_blocked.address",
    "https://[::1]/1": "fetch_blocked.address",
    "https://169.254.169.254/latest": "fetch_blocked.address",
    "https://[::ffff:127.0.0.1]/1": "fetch_blocked.address",
    "https://inside.example/1": "fetch_blocked.address",
    "https://user@status.example/1": "fetch_blocked.userinfo",
}


@pytest.mark.parametrize("uri", BLOCKED)
def test_d01_d02_an_address_that_must_not_be_called_is_not_called(make_world: Any, uri: str) -> None:
    def resolver(host: str, port: int) -> list[str]:
        return ["10.0.0.7"] if host == "inside.example" else [host]

    world = make_world(fetch=SafeFetch(resolver=resolver))
    session = answered(world, status={"status_list": {"idx": 7, "uri": uri}})
    assert session.code == BLOCKED[uri]
    assert status_check(session).outcome is Outcome.UNKNOWN


# --- D05, D07, D08, D10, D11: what the list says of itself


def tokens(world: Any) -> dict[str, tuple[str, str]]:
    good = world.status_token()
    credential = world.signer("fr-demo", KeyPurpose.CREDENTIAL)

    def signed(payload: dict[str, Any], *, typ: str = "statuslist+jwt", signer: Any = None) -> str:
        signer = signer or world.signer("fr-demo", KeyPurpose.STATUS)
        return jws.sign(signing_header(typ, signer), payload, signer)

    def changed(**members: Any) -> str:
        payload = {**unverified_claims(good), **members}
        return signed({name: value for name, value in payload.items() if value is not None})

    def listed(**members: Any) -> str:
        return changed(status_list={**unverified_claims(good)["status_list"], **members})

    past, future = world.NOW - 10**6, world.NOW + 10**6
    return {
        "D07 another list": (world.status_token(uri=f"{world.LIST_URI}/"), "status_invalid.sub_mismatch"),
        "D08 typ": (signed(unverified_claims(good), typ="JWT"), "status_invalid.typ_mismatch"),
        "V-41 signed with the credential key": (
            signed(unverified_claims(good), signer=credential),
            "status_invalid.chain_invalid",
        ),
        "D08 bits": (listed(bits=3), "status_invalid.bits"),
        "D08 lst": (listed(lst="x"), "status_invalid.lst_form"),
        "D08 compression": (listed(lst="AAAA"), "status_invalid.lst_compression"),
        "D05 bomb": (
            changed(status_list={"bits": 1, "lst": StatusList.of(8 * 4_000_000, bits=1).encode_lst()}),
            "status_invalid.limit_exceeded",
        ),
        "D11 expired": (world.status_token(iat=past, exp=past + 60, ttl=10), "status_invalid.expired"),
        "D11 from the future": (world.status_token(iat=future, exp=future + 600), "status_invalid.not_yet_valid"),
        "D11 without iat": (changed(iat=None), "status_invalid.claim_missing"),
        "D14 ttl zero": (changed(ttl=0), "status_invalid.ttl_form"),
        "D14 ttl as text": (changed(ttl="300"), "status_invalid.ttl_form"),
        "signature bent": (good[:-6] + ("AAAAAA" if good[-6:] != "AAAAAA" else "BBBBBB"), "status_invalid"),
    }


@pytest.mark.parametrize(
    "name",
    [
        "D07 another list",
        "D08 typ",
        "V-41 signed with the credential key",
        "D08 bits",
        "D08 lst",
        "D08 compression",
        "D05 bomb",
        "D11 expired",
        "D11 from the future",
        "D11 without iat",
        "D14 ttl zero",
        "D14 ttl as text",
        "signature bent",
    ],
)
def test_a_list_that_is_not_in_order_is_not_believed(world: Any, name: str) -> None:
    token, code = tokens(world)[name]
    world.publish(token)
    session = answered(world)
    assert session.code is not None
    assert session.code.startswith(code)
    assert len(world.network.asked) == 1


def test_d10_the_list_of_another_trusted_institution_says_nothing(world: Any) -> None:
    world.publish(by="fr-health")
    session = answered(world)
    assert session.code == "status_invalid.institution_mismatch"
    assert status_check(session).outcome is Outcome.UNKNOWN


def test_d12_v47_an_older_list_never_takes_the_place_of_a_newer_one(world: Any, caplog: Any) -> None:
    world.withdraw(7, iat=world.NOW - 10)
    assert answered(world).code == "revoked"
    world.statuses = StatusList.of(1024, bits=1)
    world.publish(iat=world.NOW - 3600)
    world.clock.advance(400)
    assert world.verifier.refresh_status_lists() == 0
    assert answered(world).code == "revoked"
    assert "older status list" in caplog.text
    assert world.LIST_URI not in caplog.text


def test_d12_an_expired_list_still_keeps_older_ones_out(world: Any) -> None:
    older = world.status_token(iat=world.NOW - 3600, exp=world.NOW + 86_400)
    world.statuses = StatusList.of(1024, bits=1).with_status([7], 1)
    world.publish(iat=world.NOW, exp=world.NOW + 100, ttl=60)
    assert answered(world).code == "revoked"
    world.clock.advance(101)
    world.verifier.forget()
    world.publish(older)
    assert answered(world).code == "status_invalid.rollback"
    fresh_process = world.another_process()
    fresh_process.forget()
    report = fresh_process.verify_offline(world.SLUG, world.credential(), may_fetch=True)
    assert report.check(STATUS).full_code == "status_invalid.rollback"


def test_d12_what_one_worker_holds_is_no_answer_once_another_has_seen_a_newer_list(world: Any) -> None:
    world.publish(iat=world.NOW - 3600, exp=world.NOW + 86_400)
    assert answered(world).code == "accepted"
    world.statuses = StatusList.of(1024, bits=1).with_status([7], 1)
    world.publish(iat=world.NOW, exp=world.NOW + 100, ttl=60)
    other_worker = world.another_process()
    assert other_worker.refresh_status_lists(everything=True) == 1
    world.clock.advance(300)
    world.network.published[world.LIST_URI] = Unavailable("fetch_failed", reason="connect")
    assert answered(world).code == "status_unavailable.connect"


def test_d13_an_outage_is_bridged_until_the_list_expires_and_no_longer(world: Any) -> None:
    world.publish(iat=world.NOW, exp=world.NOW + 1200)
    assert answered(world).code == "accepted"
    world.network.published[world.LIST_URI] = Unavailable("fetch_failed", reason="connect")
    world.clock.advance(1000)
    session = answered(world)
    assert session.code == "accepted"
    assert (status_check(session).outcome, status_check(session).code) == (Outcome.WARNING, "status_stale")
    world.clock.advance(200)
    assert answered(world).code == "status_unavailable.connect"


def test_d14_a_failing_list_is_not_asked_for_again_at_once(world: Any) -> None:
    world.network.published[world.LIST_URI] = Unavailable("fetch_failed", reason="connect")
    for _ in range(10):
        assert answered(world).code == "status_unavailable.connect"
    assert len(world.network.asked) == 1
    world.clock.advance(world.settings.status.retry_after_s)
    world.publish()
    assert answered(world).code == "accepted"
    assert len(world.network.asked) == 2


def test_d14_a_list_that_comes_expired_is_not_asked_for_again_at_once(world: Any) -> None:
    world.publish(iat=world.NOW - 3600, exp=world.NOW - 1)  # a clock that differs forgives that much, and no more
    for _ in range(5):
        assert answered(world).code == "status_invalid.expired"
    assert world.network.asked == [world.LIST_URI]
    world.clock.advance(world.settings.status.retry_after_s)
    world.publish(iat=world.NOW, exp=world.NOW + 3600)
    assert answered(world).code == "accepted"


def test_d14_an_absurd_life_is_clamped(world: Any) -> None:
    world.publish(iat=world.NOW, exp=world.NOW + 10**9, ttl=10**8)
    answered(world)
    world.network.published[world.LIST_URI] = Unavailable("fetch_failed", reason="connect")
    world.clock.advance(world.settings.status.max_ttl_s + 1)
    assert status_check(answered(world, exp=world.NOW + 10**8)).code == "status_stale"
    world.clock.advance(world.settings.status.max_age_s)
    assert answered(world, exp=world.NOW + 10**8).code == "status_unavailable.connect"


def test_d15_the_ttl_outranks_what_the_transfer_says(world: Any) -> None:
    token, ten_years = world.status_token(ttl=60).encode(), {"cache-control": "max-age=315360000", "etag": '"1"'}
    world.network.published[world.LIST_URI] = lambda: Fetched(
        world.LIST_URI, 200, "application/statuslist+jwt", ten_years, token
    )
    assert answered(world).code == "accepted"
    world.withdraw(7, iat=world.NOW)
    world.clock.advance(61)
    assert answered(world).code == "revoked"


def test_d16_many_presentations_wait_for_one_fetch(world: Any) -> None:
    world.network.gate = threading.Event()
    credential = world.credential()
    with ThreadPoolExecutor(30) as pool:
        reports = [
            pool.submit(world.verifier.verify_offline, world.SLUG, credential, may_fetch=True) for _ in range(30)
        ]
        world.network.gate.set()
        assert {report.result().verdict for report in reports} == {Verdict.AUTHENTIC_IN_FORCE}
    assert world.network.asked == [world.LIST_URI]


@pytest.mark.parametrize(
    ("value", "code"), [(1, "revoked"), (2, "suspended"), (3, "status_invalid.value_reserved")]
)
def test_d17_v45_every_value_but_zero_refuses(world: Any, value: int, code: str) -> None:
    world.statuses = StatusList.of(1024, bits=2).set({7: value})
    world.publish()
    assert answered(world).code == code


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ({"oracle": {}}, "status_invalid.mechanism_unknown"),
        ({"status_list": {"idx": -1, "uri": "https://status.example/lists/1"}}, "status_invalid.index_form"),
        ({"status_list": {"idx": 1.5, "uri": "https://status.example/lists/1"}}, "status_invalid.index_form"),
        ({"status_list": {"idx": "5", "uri": "https://status.example/lists/1"}}, "status_invalid.index_form"),
        ({"status_list": {"idx": True, "uri": "https://status.example/lists/1"}}, "status_invalid.index_form"),
        ({"status_list": {"idx": 2**63, "uri": "https://status.example/lists/1"}}, "status_invalid.index_form"),
        ({"status_list": {"idx": 1024, "uri": "https://status.example/lists/1"}}, "index_out_of_range"),
        (None, "claim_missing"),
    ],
    ids=str,
)
def test_d09_d18_d19_v44_v49_a_reference_that_leads_nowhere_refuses(world: Any, status: Any, code: str) -> None:
    session = answered(world, status=status)
    assert code in str(session.code)
    assert status_check(session).outcome is Outcome.FAIL


def test_only_so_many_lists_are_held_and_the_oldest_gives_way(make_world: Any) -> None:
    world = make_world(status=StatusSettings(max_lists=3))
    for number in range(6):
        uri = f"https://status.example/lists/{number}"
        world.network.published[uri] = world.status_token(uri=uri).encode()
        world.clock.advance(1)
        assert answered(world, status={"status_list": {"idx": 1, "uri": uri}}).code == "accepted"
    with world.database.read() as connection:
        kept = connection.exec_driver_sql("SELECT uri FROM verifier_status_lists ORDER BY uri").scalars().all()
    assert [uri.rpartition("/")[2] for uri in kept] == ["3", "4", "5"]


def test_a_stored_list_whose_signer_is_no_longer_trusted_is_not_believed(world: Any) -> None:
    answered(world)
    trust = world.keys.trust
    withdrawn = tuple(replace(each, withdrawn_at=world.NOW) for each in trust.authorisations)
    later = world.another_process(trust=TrustStore(trust.anchors, withdrawn))
    lists = StatusLists(later._deployment)
    answer = lists.answers(world.SLUG, world.LIST_URI, now=world.NOW, may_fetch=False)
    assert answer.lists == {}


def test_the_memory_of_lists_and_failures_is_bounded(make_world: Any) -> None:
    world = make_world(status=StatusSettings(max_lists=2))
    lists = StatusLists(world.verifier._deployment)
    for number in range(1100):
        uri = f"https://status.example/missing/{number}"
        answer = lists.answers(world.SLUG, uri, now=world.NOW, may_fetch=True)
        assert answer.problems[uri] == ("status_unavailable", "status")
    assert len(lists._problems) <= 1024
    for number in range(7):
        uri = f"https://status.example/lists/{number}"
        world.network.published[uri] = world.status_token(uri=uri).encode()
        assert lists.answers(world.SLUG, uri, now=world.NOW, may_fetch=True).lists
    assert len(lists._lists) <= 4


def test_the_lists_of_one_institution_are_not_those_of_another(world: Any) -> None:
    answered(world)
    report = world.verifier.verify_offline("de-other", world.credential())
    assert report.verdict is Verdict.STATUS_NOT_KNOWN


def test_an_expired_list_is_deleted_in_time(world: Any) -> None:
    answered(world)
    world.clock.advance(10**6)
    world.verifier.forget()
    with world.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM verifier_status_lists").scalar() == 0
