"""Entries come in: each once, each judged again, and nothing is lost or doubled whatever the network does."""

import base64
import json
import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from portadoc.errors import Malformed
from portadoc.formats.jwe import encrypt, new_encryption_key
from portadoc.inspector.entries import EntryKind, parse_entry
from portadoc.inspector.intake import message_digest
from portadoc.inspector.service import Inspector
from portadoc.inspector.store.tables import ENTRIES
from portadoc.randomness import system_random_bytes
from portadoc.schemas.events import EventKind
from portadoc.serve.house import open_house
from portadoc.storage import outbox
from tests.abuse.town import INSPECTION, Town


def rows(inspector: Inspector) -> int:
    with inspector.deployment.database.read() as connection:
        return int(connection.scalar(select(func.count()).select_from(ENTRIES)) or 0)


def test_an_entry_is_kept_once_and_acknowledged_with_the_digest_of_its_message(tablet: Any) -> None:
    entry = tablet.entry("visit_opened", {"site": {"name": "Nord"}})
    message = tablet.sealed(entry)
    first, again = tablet.put(entry["entry"], message), tablet.put(entry["entry"], message)
    assert (first.status, again.status) == (201, 200)
    assert first.json() == again.json() == {"entry": entry["entry"], "digest": message_digest(message)}


def test_the_same_entry_in_another_message_is_the_same_entry(tablet: Any) -> None:
    entry = tablet.entry("note", {"text": "Seen."})
    assert tablet.put(entry["entry"], tablet.sealed(entry)).status == 201
    assert tablet.put(entry["entry"], tablet.sealed(entry)).status == 200


def test_another_content_under_the_same_name_is_refused(tablet: Any) -> None:
    entry = tablet.entry("note", {"text": "Seen."})
    assert tablet.put(entry["entry"], tablet.sealed(entry)).status == 201
    other = {**entry, "body": {"text": "Not seen."}}
    answer = tablet.put(entry["entry"], tablet.sealed(other))
    assert (answer.status, answer.json()["code"]) == (409, "entry_differs")


def test_fifty_parallel_deliveries_of_one_entry_make_one_row_and_one_event(
    tablet: Any, inspector: Inspector, town: Town
) -> None:
    entry = tablet.entry("note", {"text": "Seen."})
    message, statuses = tablet.sealed(entry), []
    device = inspector.devices.known(tablet.secret)

    def deliver() -> None:
        statuses.append(inspector.intake.take(device, entry["entry"], message).first)

    threads = [threading.Thread(target=deliver) for _ in range(50)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(statuses) == [False] * 49 + [True]
    assert rows(inspector) == 1
    with town.house.database.read() as connection:
        told = outbox.read_after(connection, institution=None, cursor=None)
    assert [each.event.kind for each in told].count(EventKind.ENTRY_RECEIVED) == 1


def test_two_processes_that_get_one_entry_at_once_keep_it_once(
    tablet: Any, inspector: Inspector, town: Town
) -> None:
    house = town.house
    with open_house(
        house.settings, clock=house.clock, random_bytes=house.random_bytes, environment={}, workers=2
    ) as another:
        entry = tablet.entry("note", {"text": "Seen."})
        message, firsts = tablet.sealed(entry), []

        def deliver(service: Inspector) -> None:
            device = service.devices.known(tablet.secret)
            firsts.append(service.intake.take(device, entry["entry"], message).first)

        services = [inspector, another.inspector] * 25
        threads = [threading.Thread(target=deliver, args=(each,)) for each in services]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    assert sorted(firsts) == [False] * 49 + [True]
    assert rows(inspector) == 1


def test_fifty_scans_with_lost_answers_arrive_once_each_and_in_order(tablet: Any, inspector: Inspector) -> None:
    assert tablet.open_visit().status == 201
    box = [tablet.entry("scan", tablet.scan()) for _ in range(50)]
    messages = {each["entry"]: tablet.sealed(each) for each in box}
    for round_ in range(3):  # twice some answers are lost, and everything is sent again
        for place, (name, message) in enumerate(messages.items()):
            answer = tablet.put(name, message)
            assert answer.status in (200, 201)
            if round_ == 2 or place % (round_ + 2):
                assert answer.json()["digest"] == message_digest(message)
    assert tablet.write("visit_closed", {}).status == 201
    visit = inspector.visits.opened(INSPECTION, tablet.visit).visit
    assert [each.entry for each in visit.scans] == [each["entry"] for each in box]
    assert (visit.complete, visit.missing, visit.doubled) == (True, (), ())
    assert rows(inspector) == 52


def test_entries_may_come_in_any_order_and_a_gap_is_told(tablet: Any, inspector: Inspector) -> None:
    opened = tablet.entry("visit_opened", {"site": {"name": "Nord"}})
    lost = tablet.entry("note", {"text": "On the way."})
    closed = tablet.entry("visit_closed", {})
    for each in (closed, opened):
        assert tablet.put(each["entry"], tablet.sealed(each)).status == 201
    assert inspector.visits.opened(INSPECTION, tablet.visit).visit.missing == (1,)
    assert tablet.put(lost["entry"], tablet.sealed(lost)).status == 201
    assert inspector.visits.opened(INSPECTION, tablet.visit).visit.complete


def test_a_place_that_was_used_twice_is_told_and_both_are_kept(tablet: Any, inspector: Inspector) -> None:
    tablet.open_visit()
    for text in ("One.", "Two."):
        assert tablet.write("note", {"text": text}, sequence=1).status == 201
    visit = inspector.visits.opened(INSPECTION, tablet.visit).visit
    assert visit.doubled == (1,)
    assert {each.text for each in visit.notes} == {"One.", "Two."}


def test_a_visit_belongs_to_the_device_that_opened_it(tablet: Any, pair: Callable[..., Any]) -> None:
    tablet.open_visit()
    other = pair(name="Another")
    other.visit, other.sequence = tablet.visit, 1
    answer = other.write("note", {"text": "Mine?"})
    assert (answer.status, answer.json()["code"]) == (409, "visit_of_another_device")


def test_an_entry_of_another_device_is_not_told_apart_by_its_content(
    tablet: Any, pair: Callable[..., Any]
) -> None:
    entry = tablet.entry("note", {"text": "Seen."})
    tablet.put(entry["entry"], tablet.sealed(entry))
    other = pair(name="Another")
    answer = other.put(entry["entry"], other.sealed(entry))
    assert answer.json()["code"] == "entry_differs"


def test_a_message_for_another_key_is_refused(tablet: Any) -> None:
    entry = tablet.entry("note", {"text": "Seen."})
    foreign = new_encryption_key(system_random_bytes).public_jwk
    message = encrypt(json.dumps(entry).encode(), foreign, enc="A256GCM", apu=None, apv=None)
    assert tablet.put(entry["entry"], message).json()["code"] == "encryption_invalid"


def test_the_weaker_encryption_is_refused(tablet: Any) -> None:
    entry = tablet.entry("note", {"text": "Seen."})
    message = encrypt(json.dumps(entry).encode(), tablet.key, enc="A128GCM", apu=None, apv=None)
    assert tablet.put(entry["entry"], message).json()["code"] == "encryption_invalid"


@pytest.mark.parametrize("message", ["", "a.b.c.d.e", "....", "x" * 1000, "\u00e9"])
def test_a_message_that_is_none_is_refused(tablet: Any, message: str) -> None:
    answer = tablet.put(str(uuid.uuid4()), message)
    assert (answer.status, answer.json()["code"]) == (400, "encryption_invalid")


def test_a_message_that_is_too_large_is_refused(tablet: Any) -> None:
    entry = tablet.entry("note", {"text": "x"})
    assert tablet.put(entry["entry"], tablet.sealed(b" " * (2 * 1024 * 1024 + 1))).status == 413
    assert tablet.put(entry["entry"], "x" * (4 * 1024 * 1024)).status == 413


def test_an_entry_comes_under_its_own_name(tablet: Any) -> None:
    entry = tablet.entry("note", {"text": "Seen."})
    for name in (str(uuid.uuid4()), entry["entry"].upper(), "x"):
        assert tablet.put(name, tablet.sealed(entry)).json()["code"] == "entry_malformed"


def entry_of(kind: str, body: Any, /, **changes: Any) -> bytes:
    made = {
        "version": 1,
        "visit": str(uuid.uuid4()),
        "entry": str(uuid.uuid4()),
        "sequence": 0,
        "kind": kind,
        "at": 1_800_000_000,
        "body": body,
        **changes,
    }
    return json.dumps({name: value for name, value in made.items() if value is not ...}).encode()


SCAN = {
    "scan": str(uuid.uuid4()),
    "text": "PD1:TEST",
    "verdict": "holder_not_proven",
    "colour": "amber",
    "code": "seal_not_bound",
    "onDate": "2026-11-22",
    "statusAsOf": None,
    "packSequence": 3,
    "facts": {"number": "A1-1"},
    "purpose": "inspector-quick",
}
GOOD = {
    "visit_opened": {
        "site": {"name": "Nord", "country": "DE"},
        "inspector": "K. (TEST DATA)",
        "employerId": "FR 1",
    },
    "scan": SCAN,
    "note": {"text": "Seen."},
    "roster": {"workers": [{"id": "1", "surname": "A", "forenames": "B", "birthDate": "1990-01-01"}]},
    "finding": {"code": "a1_missing", "worker": "1", "scans": [], "params": {}},
    "compared": {"scan": str(uuid.uuid4()), "samePerson": True},
    "visit_closed": {},
}


@pytest.mark.parametrize("kind", GOOD)
def test_an_entry_of_each_kind_is_read(kind: str) -> None:
    read = parse_entry(entry_of(kind, GOOD[kind]), max_bytes=10_000)
    assert (read.kind, read.body) == (EntryKind(kind), GOOD[kind])


@pytest.mark.parametrize(
    ("kind", "body", "changes"),
    [
        ("note", {"text": "x"}, {"version": 2}),
        ("note", {"text": "x"}, {"version": True}),
        ("note", {"text": "x"}, {"visit": "x"}),
        ("note", {"text": "x"}, {"sequence": -1}),
        ("note", {"text": "x"}, {"sequence": 1.5}),
        ("note", {"text": "x"}, {"at": "today"}),
        ("note", {"text": "x"}, {"kind": "rumour"}),
        ("note", {"text": "x"}, {"body": ...}),
        ("note", {"text": "x"}, {"more": 1}),
        ("note", [], {}),
        ("note", {}, {}),
        ("note", {"text": "a\x00b"}, {}),
        ("note", {"text": "x", "more": 1}, {}),
        ("visit_opened", {"site": {"name": ""}}, {}),
        ("visit_opened", {"site": {"name": "N", "country": "Germany"}}, {}),
        ("scan", {**SCAN, "verdict": "fine"}, {}),
        ("scan", {**SCAN, "colour": "blue"}, {}),
        ("scan", {**SCAN, "onDate": "2026-02-30"}, {}),
        ("scan", {**SCAN, "onDate": "20261122"}, {}),
        ("scan", {**SCAN, "facts": {"person": {"pin": "1"}}}, {}),
        ("scan", {**SCAN, "facts": []}, {}),
        ("roster", {"workers": {}}, {}),
        ("roster", {"workers": [{"id": "1"}]}, {}),
        ("compared", {"scan": str(uuid.uuid4()), "samePerson": "yes"}, {}),
        ("photo", {"photo": str(uuid.uuid4()), "mediaType": "image/svg+xml", "data": ""}, {}),
        ("photo", {"photo": str(uuid.uuid4()), "mediaType": "image/png", "data": "!"}, {}),
        ("photo", {"photo": str(uuid.uuid4()), "mediaType": "image/png", "data": "/9j/"}, {}),
    ],
)
def test_an_entry_of_another_form_is_refused(kind: str, body: Any, changes: dict[str, Any]) -> None:
    with pytest.raises(Malformed) as caught:
        parse_entry(entry_of(kind, body, **changes), max_bytes=10_000)
    assert caught.value.code in ("entry_malformed", "json_malformed")


def test_a13_an_entry_of_very_many_small_parts_is_not_read() -> None:
    facts = b'{"a":[' + b"{}," * 60_000 + b"{}]}"
    raw = entry_of("scan", {**SCAN, "facts": "HERE"}).replace(b'"HERE"', facts)
    with pytest.raises(Malformed) as caught:
        parse_entry(raw, max_bytes=2**20)
    assert (caught.value.code, caught.value.params["what"]) == ("limit_exceeded", "parts of an entry")


def test_a_photograph_comes_back_as_it_was(tablet: Any, inspector: Inspector, png: bytes) -> None:
    tablet.open_visit()
    body = {"photo": str(uuid.uuid4()), "mediaType": "image/png", "data": base64.b64encode(png).decode()}
    assert tablet.write("photo", body).status == 201
    (photo,) = inspector.visits.opened(INSPECTION, tablet.visit).visit.photos
    assert photo.data == png


def test_no_route_gives_an_entry_back(tablet: Any) -> None:
    entry = tablet.entry("note", {"text": "Seen."})
    tablet.put(entry["entry"], tablet.sealed(entry))
    for method in ("GET", "POST", "DELETE", "PATCH"):
        assert tablet.call(method, f"entries/{entry['entry']}").status in (404, 405)


@pytest.mark.parametrize("revoked", [True, False])
def test_k10_what_was_sealed_for_an_earlier_registration_is_not_lost(
    tablet: Any, pair: Callable[..., Any], inspector: Inspector, revoked: bool
) -> None:
    tablet.open_visit()
    waiting = [tablet.entry("note", {"text": f"Written before {each}."}) for each in range(2)]
    messages = [tablet.sealed(each) for each in waiting]
    assert tablet.put(waiting[0]["entry"], messages[0]).status == 201  # the answer of which was lost
    if revoked:
        inspector.devices.revoke(INSPECTION, tablet.device)
        assert tablet.put(waiting[1]["entry"], messages[1]).status == 401
    again = pair(name="The same, paired anew")
    answers = [again.put(entry["entry"], each) for entry, each in zip(waiting, messages, strict=True)]
    assert [each.status for each in answers] == [200, 201]
    opened = inspector.visits.opened(INSPECTION, tablet.visit)
    assert opened.visit.complete or opened.visit.missing == ()
    assert [each.text for each in opened.visit.notes] == ["Written before 0.", "Written before 1."]
    last = opened.entries[-1]
    assert (last.device_id, last.sealed_for) == (again.device, tablet.device)


def test_k10_a_key_of_another_institution_opens_nothing(tablet: Any, pair: Callable[..., Any]) -> None:
    stranger = pair(slug="fr-demo") if "fr-demo" in tablet.town.house.inspector.settings.by_slug else None
    key = new_encryption_key(system_random_bytes).public_jwk if stranger is None else stranger.key
    entry = tablet.entry("note", {"text": "For another house."})
    message = encrypt(json.dumps(entry).encode(), key, enc="A256GCM", apu=None, apv=None)
    assert tablet.put(entry["entry"], message).json()["code"] == "encryption_invalid"


def test_g19_a_scan_for_a_purpose_that_nobody_knows_is_kept_and_not_judged(
    tablet: Any, inspector: Inspector
) -> None:
    tablet.open_visit()
    text = "e30.e30.AAAA~"
    assert tablet.write("scan", tablet.scan(text=text, purpose="curiosity")).status == 201
    [scan] = [
        each for each in inspector.visits.opened(INSPECTION, tablet.visit).entries if each.entry.sequence == 1
    ]
    assert scan.judgement == {"verdict": "not_judged", "colour": "amber", "code": "purpose_unknown"}
    assert scan.entry.body["text"] == text
