"""Status lists in both forms, of whole aggregations, with their withdrawals: all held before anybody asks."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from portadoc.errors import Unavailable
from portadoc.fetch import Fetched
from portadoc.formats import strict_json
from portadoc.formats.status_list.claims import StatusListTerms
from portadoc.formats.status_list.cwt_form import sign_status_list_cwt
from portadoc.formats.status_list.jwt_form import sign_status_list_jwt
from portadoc.formats.status_list.statuses import StatusList
from portadoc.formats.withdrawal_list import WithdrawalCause, WithdrawalRecord, make_withdrawal_list
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.trust.trust_store import TrustStore
from portadoc.verification.report import STATUS, Outcome
from portadoc.verifier.settings import StatusSettings

AGGREGATION = "https://status.example/lists"
WITHDRAWALS = "https://status.example/lists/1/withdrawals"
JWT, CWT = "application/statuslist+jwt", "application/statuslist+cwt"
DOWN = Unavailable("fetch_failed", reason="connect")


def put(world: Any, uri: str, body: bytes, media_type: str) -> None:
    world.network.published[uri] = lambda: Fetched(uri, 200, media_type, {}, body)


def put_list(world: Any, uri: str | None = None, *, form: str = "cwt", by: str = "fr-demo", **terms: Any) -> bytes:
    uri = uri or world.LIST_URI
    signer = world.signer(by, KeyPurpose.STATUS)
    told = StatusListTerms(**{"uri": uri, "iat": world.NOW - 60, "exp": world.NOW + 86_400, "ttl": 300, **terms})
    if form == "cwt":
        body = sign_status_list_cwt(world.statuses, told, signer=signer)
    else:
        body = sign_status_list_jwt(world.statuses, told, signer=signer).encode()
    put(world, uri, body, f"application/statuslist+{form}")
    return body


def put_withdrawals(
    world: Any, records: Mapping[int, WithdrawalRecord], *, iat: int | None = None, by: str = "fr-demo"
) -> None:
    iat = world.clock.now() if iat is None else iat
    text = make_withdrawal_list(
        records,
        uri=world.LIST_URI,
        iat=iat,
        exp=world.NOW + 86_400,
        signer=world.signer(by, KeyPurpose.STATUS),
    )
    put(world, WITHDRAWALS, text.encode(), "application/withdrawals+jwt")


def put_aggregation(world: Any, *uris: str) -> None:
    put(world, AGGREGATION, strict_json.dumps({"status_lists": list(uris)}), "application/json")


def record(world: Any, day: str, cause: WithdrawalCause = WithdrawalCause.FACTS_CHANGED) -> WithdrawalRecord:
    return WithdrawalRecord(date.fromisoformat(day), cause, world.NOW - 3600)


def check(world: Any, *, uri: str | None = None, may_fetch: bool = True, **terms: Any) -> Any:
    claims = world.claims(status={"status_list": {"idx": 7, "uri": uri or world.LIST_URI}})
    report = world.verifier.verify_offline(
        world.SLUG, world.credential(claims=claims), may_fetch=may_fetch, **terms
    )
    return report.check(STATUS)


# --- forms


def test_a_list_is_read_in_either_form_and_the_report_says_in_which(world: Any) -> None:
    for form in ("cwt", "jwt"):
        put_list(world, form=form, iat=world.clock.now())
        found = check(world)
        assert (found.outcome, found.code) == (Outcome.PASS, "status_ok")
        assert found.params == {"age_s": 0, "as_of": world.clock.now(), "form": form}
        world.clock.advance(301)


def test_a_withdrawal_shows_in_a_cwt_too(world: Any) -> None:
    world.statuses = world.statuses.with_status([7], 1)
    put_list(world)
    assert check(world).code == "revoked"
    twin = world.another_process()
    assert twin.verify_offline(world.SLUG, world.credential()).check(STATUS).code == "revoked"


@pytest.mark.parametrize("form", ["cwt", "jwt"])
def test_v40_d20_a_list_under_the_type_of_the_other_form_is_refused(world: Any, form: str) -> None:
    body = put_list(world, form=form)
    put(world, world.LIST_URI, body, JWT if form == "cwt" else CWT)
    found = check(world)
    assert (found.outcome, found.code) == (Outcome.UNKNOWN, "status_invalid")


@pytest.mark.parametrize("media_type", ["application/cwt", "application/octet-stream", "text/html", ""])
def test_v40_d20_a_list_under_any_other_type_is_refused(world: Any, media_type: str) -> None:
    put(world, world.LIST_URI, put_list(world), media_type)
    assert check(world).full_code == "status_unavailable.content_type"


def test_the_form_preferred_is_asked_for_first_and_others_are_not_taken(make_world: Any) -> None:
    world = make_world(status=StatusSettings(forms=("cwt",)))
    asked = []
    get = world.network.get

    def noting(url: str, *, accept: tuple[str, ...], **terms: Any) -> Fetched:
        asked.append(accept)
        return get(url, accept=accept, **terms)

    world.network.get = noting
    assert check(world).full_code == "status_unavailable.content_type"  # a JWT came
    world.clock.advance(60)
    put_list(world)
    assert check(world).code == "status_ok"
    assert asked == [(CWT,), (CWT,)]


def test_d12_v47_an_older_cwt_does_not_take_the_place_of_a_newer_jwt(world: Any, caplog: Any) -> None:
    world.statuses = world.statuses.with_status([7], 1)
    put_list(world, form="jwt", iat=world.NOW - 10)
    assert check(world).code == "revoked"
    world.statuses = StatusList.of(1024, bits=1)
    put_list(world, form="cwt", iat=world.NOW - 3600)
    world.clock.advance(400)
    assert world.verifier.refresh_status_lists() == 0
    assert check(world).code == "revoked"
    assert "older status list" in caplog.text


def test_d10_a_cwt_of_another_institution_says_nothing(world: Any) -> None:
    put_list(world, by="fr-health")
    assert check(world).full_code == "status_invalid.institution_mismatch"


def test_a_status_provider_that_was_named_may_speak_for_an_issuer(world: Any) -> None:
    put_list(world, by="fr-health")
    trust = world.keys.trust
    named = tuple(
        replace(each, speaks_for=frozenset({"FR:TEST01"})) if each.institution == "FR:TEST02" else each
        for each in trust.authorisations
    )
    house = world.another_process(trust=TrustStore(trust.anchors, named))
    report = house.verify_offline(world.SLUG, world.credential(), may_fetch=True)
    assert report.check(STATUS).code == "status_ok"


def test_v41_a_cwt_that_the_credential_key_signed_is_not_believed(world: Any) -> None:
    told = StatusListTerms(uri=world.LIST_URI, iat=world.NOW, exp=world.NOW + 600, ttl=60)
    for signer in (world.signer("fr-demo", KeyPurpose.CREDENTIAL), world.holder):
        put(world, world.LIST_URI, sign_status_list_cwt(world.statuses, told, signer=signer), CWT)
        found = check(world)
        assert (found.outcome, found.code) == (Outcome.UNKNOWN, "status_invalid")
        assert found.params["reason"] == "chain_invalid"
        world.clock.advance(60)


# --- aggregations


def lists(count: int) -> list[str]:
    return [f"{AGGREGATION}/{number}" for number in range(1, count + 1)]


@pytest.fixture
def ahead(make_world: Any) -> Any:
    world = make_world(status=StatusSettings(aggregations=(AGGREGATION,)))
    for uri in lists(3):
        put_list(world, uri)
    put_aggregation(world, *lists(3))
    return world


def test_no_first_presentation_fetches_anything_when_the_aggregation_is_known(ahead: Any) -> None:
    assert ahead.verifier.refresh_status_lists() == 6  # three lists for each of two institutions
    before = len(ahead.network.asked)
    for uri in lists(3):
        assert check(ahead, uri=uri, may_fetch=True).code == "status_ok"
    assert len(ahead.network.asked) == before


def test_lists_of_an_aggregation_stay_fresh_though_nobody_asks(make_world: Any) -> None:
    world = make_world(status=StatusSettings(aggregations=(AGGREGATION,), idle_s=7200))
    put_aggregation(world, *lists(1))
    for _ in range(40):
        put_list(world, lists(1)[0], iat=world.clock.now(), exp=world.clock.now() + 3600)
        assert world.verifier.refresh_status_lists() == 2
        world.clock.advance(300)
    assert world.network.asked.count(AGGREGATION) == 4  # once an hour


def test_a_list_added_to_the_aggregation_is_found_with_its_next_reading(ahead: Any) -> None:
    ahead.verifier.refresh_status_lists()
    put_list(ahead, f"{AGGREGATION}/4")
    put_aggregation(ahead, *lists(4))
    ahead.clock.advance(60)
    assert ahead.verifier.refresh_status_lists() == 0
    assert ahead.verifier.refresh_status_lists(everything=True) == 8


def test_one_list_that_fails_holds_no_other_back(ahead: Any, caplog: Any) -> None:
    ahead.network.published[lists(3)[0]] = DOWN
    put(ahead, lists(3)[1], b"<html>", "text/html")
    assert ahead.verifier.refresh_status_lists() == 2
    assert check(ahead, uri=lists(3)[2], may_fetch=False).code == "status_ok"
    put_list(ahead, lists(3)[0])
    ahead.clock.advance(60)
    assert ahead.verifier.refresh_status_lists() == 2


def test_what_an_aggregation_named_stands_while_it_cannot_be_read(ahead: Any, caplog: Any) -> None:
    ahead.verifier.refresh_status_lists()
    ahead.network.published[AGGREGATION] = DOWN
    ahead.clock.advance(3700)
    assert ahead.verifier.refresh_status_lists() == 6
    assert "aggregation could not be read" in caplog.text


@pytest.mark.parametrize("content", [b"<html>", b"{}", b'{"status_lists":"x"}', b'{"status_lists":[7]}'])
def test_an_aggregation_that_is_not_in_order_names_nothing(make_world: Any, content: bytes) -> None:
    world = make_world(status=StatusSettings(aggregations=(AGGREGATION,)))
    put(world, AGGREGATION, content, "application/json")
    assert world.verifier.refresh_status_lists() == 0
    assert world.network.asked == [AGGREGATION]
    assert world.verifier.refresh_status_lists() == 0
    assert world.network.asked == [AGGREGATION]  # not at once again


def test_d01_an_aggregation_sends_us_nowhere_else(make_world: Any, caplog: Any) -> None:
    world = make_world(status=StatusSettings(aggregations=(AGGREGATION,)))
    put_aggregation(world, "https://elsewhere.example/1", "http://status.example/lists/1", "file:///etc/passwd")
    assert world.verifier.refresh_status_lists() == 0
    assert world.network.asked == [AGGREGATION]
    assert "names 3 lists elsewhere" in caplog.text


def test_a_round_of_housekeeping_fetches_only_so_many_new_lists(make_world: Any) -> None:
    world = make_world(status=StatusSettings(aggregations=(AGGREGATION,)))
    uris = lists(70)
    for uri in uris:
        put_list(world, uri)
    put_aggregation(world, *uris)
    assert world.verifier.refresh_status_lists() == 2 * 64
    assert world.verifier.refresh_status_lists() == 2 * 6


def test_lists_that_are_only_named_take_no_others_place(make_world: Any, caplog: Any) -> None:
    world = make_world(status=StatusSettings(aggregations=(AGGREGATION,), max_lists=3))
    put_list(world)
    assert check(world).code == "status_ok"
    for uri in lists(3)[1:]:
        put_list(world, uri)
    put_list(world, f"{AGGREGATION}/4")
    put_aggregation(world, *lists(3)[1:], f"{AGGREGATION}/4")
    assert world.verifier.refresh_status_lists() == 2 + 3
    assert "1 status lists more than max_lists" in caplog.text
    for _ in range(3):
        assert world.verifier.refresh_status_lists() == 0
    assert check(world, may_fetch=False).code == "status_ok"


def test_d01_an_aggregation_without_tls_stops_the_start_in_production(make_world: Any) -> None:
    plain = StatusSettings(aggregations=("http://status.example/lists",))
    assert make_world(status=plain).settings.status == plain  # the development world
    with pytest.raises(ValidationError, match=r"status\.aggregations: must be https"):
        make_world(status=plain, mode="production", base_url="https://verifier.example")


# --- withdrawals


def test_the_withdrawal_list_comes_with_the_status_list_and_never_alone(world: Any) -> None:
    world.statuses = world.statuses.with_status([7], 1)
    put_list(world, withdrawals_uri=WITHDRAWALS)
    put_withdrawals(world, {7: record(world, "2026-11-10", WithdrawalCause.REPLACED)})
    for _ in range(3):
        found = check(world)
        assert (found.code, found.params["effective_from"], found.params["cause"]) == (
            "revoked",
            "2026-11-10",
            "replaced",
        )
    assert world.network.asked == [world.LIST_URI, WITHDRAWALS]
    assert check(world, on_date=date(2026, 11, 9)).code == "withdrawn_later"
    twin = world.another_process()
    report = twin.verify_offline(world.SLUG, world.credential(), on_date=date(2026, 11, 9))
    assert report.check(STATUS).code == "withdrawn_later"


@pytest.mark.parametrize(
    "fault", ["down", "wrong type", "not signed", "not ascii", "other institution", "other list"]
)
def test_without_the_withdrawal_list_a_withdrawn_credential_never_looks_good(world: Any, fault: str) -> None:
    world.statuses = world.statuses.with_status([7], 1)
    put_list(world, withdrawals_uri=WITHDRAWALS)
    good = record(world, "2026-11-21")
    faults: dict[str, Any] = {
        "down": lambda: world.network.published.update({WITHDRAWALS: DOWN}),
        "wrong type": lambda: put(world, WITHDRAWALS, b"<html>", "text/html"),
        "not signed": lambda: put(world, WITHDRAWALS, b"e30.e30.", "application/withdrawals+jwt"),
        "not ascii": lambda: put(world, WITHDRAWALS, b"\xff", "application/withdrawals+jwt"),
        "other institution": lambda: put_withdrawals(world, {7: good}, by="fr-health"),
        "other list": lambda: put(world, WITHDRAWALS, put_list(world, f"{AGGREGATION}/2"), CWT),
    }
    faults[fault]()
    assert check(world).code == "revoked"
    past = check(world, on_date=date(2026, 11, 1))
    assert (past.outcome, past.code) == (Outcome.UNKNOWN, "effect_not_established")


def test_withdrawals_once_known_outlast_an_outage_of_their_address(world: Any) -> None:
    world.statuses = world.statuses.with_status([7], 1)
    put_list(world, withdrawals_uri=WITHDRAWALS)
    put_withdrawals(world, {7: record(world, "2026-11-10")})
    assert check(world).params["effective_from"] == "2026-11-10"
    world.network.published[WITHDRAWALS] = DOWN
    world.clock.advance(301)
    assert world.verifier.refresh_status_lists() == 1
    assert check(world).params["effective_from"] == "2026-11-10"


def test_d12_an_older_withdrawal_list_does_not_take_the_place_of_a_newer_one(world: Any, caplog: Any) -> None:
    world.statuses = world.statuses.with_status([7], 1)
    put_list(world, withdrawals_uri=WITHDRAWALS)
    put_withdrawals(world, {7: record(world, "2026-11-10")}, iat=world.NOW)
    assert check(world).params["effective_from"] == "2026-11-10"
    put_withdrawals(world, {7: record(world, "2026-11-20")}, iat=world.NOW - 60)
    world.clock.advance(301)
    assert world.verifier.refresh_status_lists() == 1
    assert check(world).params["effective_from"] == "2026-11-10"
    assert "older than another" in caplog.text
    put_withdrawals(world, {7: record(world, "2026-11-15")}, iat=world.NOW + 60)
    world.clock.advance(301)
    assert world.verifier.refresh_status_lists() == 1
    assert check(world).params["effective_from"] == "2026-11-15"


# --- tracking


def test_d21_a_list_of_few_entries_is_told_to_the_operator_once(world: Any, caplog: Any) -> None:
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            check(world)
            world.clock.advance(301)
    assert caplog.text.count("has few entries") == 1
    assert world.LIST_URI not in caplog.text


def test_d21_a_list_of_many_entries_is_nothing_to_tell(world: Any, caplog: Any) -> None:
    world.statuses = StatusList.of(10_000, bits=1)
    put_list(world)
    check(world)
    assert "few entries" not in caplog.text
