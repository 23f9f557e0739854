"""Canonical records: strict reading, lossless writing, and one code for each broken invariant."""

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from portadoc.errors import Error, Refused
from portadoc.schemas.examples import EXAMPLES, example
from portadoc.schemas.pda1 import Pda1
from portadoc.schemas.records import record_from_json, record_to_json, record_warnings

Change = Callable[[dict[str, Any]], object]


def pda1_json() -> dict[str, Any]:
    return copy.deepcopy(record_to_json(example("posted-worker-fr-de")))


def ehic_json() -> dict[str, Any]:
    return copy.deepcopy(record_to_json(example("insured-traveller")))


def pid_json() -> dict[str, Any]:
    return copy.deepcopy(record_to_json(example("pid-posted-worker")))


def error_of(obj: dict[str, Any]) -> Error:
    with pytest.raises(Error) as caught:
        record_from_json(obj)
    return caught.value


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_the_same_after_a_way_through_json(name: str) -> None:
    record = example(name)
    assert record_from_json(json.loads(json.dumps(record_to_json(record)))) == record


def test_examples_are_free_of_warnings() -> None:
    assert [record_warnings(example(name)) for name in EXAMPLES] == [()] * len(EXAMPLES)


def test_an_example_moves_its_periods_to_the_day_asked_for_and_leaves_births_alone() -> None:
    then, later = example("posted-worker-fr-de"), example("posted-worker-fr-de", date(2030, 1, 15))
    assert isinstance(then, Pda1)
    assert isinstance(later, Pda1)
    assert later.legislation.end is not None
    assert then.legislation.end is not None
    assert later.legislation.start < date(2030, 1, 15) < later.legislation.end
    assert later.legislation.end - later.legislation.start == then.legislation.end - then.legislation.start
    assert later.person == then.person


def test_an_unknown_example_is_refused() -> None:
    with pytest.raises(Refused) as caught:
        example("nobody")
    assert caught.value.code == "example_unknown"


@pytest.mark.parametrize(("received", "stored"), [("EL", "GR"), ("UK", "GB")])
def test_eessi_country_codes_are_stored_as_iso_codes(received: str, stored: str) -> None:
    obj = pda1_json()
    obj["legislation"]["state"] = received
    obj["person"]["nationalities"] = [received]
    obj["countries_of_work"][0]["country"] = received
    obj["countries_of_work"][0]["workplaces"][0]["address"]["country"] = received
    record = record_from_json(obj)
    assert isinstance(record, Pda1)
    assert record.legislation.state == stored
    assert record.person.nationalities == (stored,)
    assert record.countries_of_work[0].workplaces[0].address.country == stored


def test_countries_of_work_are_kept_in_the_order_of_their_codes() -> None:
    obj = pda1_json()
    obj["countries_of_work"] = [{"country": "PL"}, {"country": "BE"}]
    record = record_from_json(obj)
    assert isinstance(record, Pda1)
    assert [entry.country for entry in record.countries_of_work] == ["BE", "PL"]


def put(*path: str | int, value: Any) -> Change:
    def change(obj: Any) -> None:
        for step in path[:-1]:
            obj = obj[step]
        obj[path[-1]] = value

    return change


def take(*path: str | int) -> Change:
    def change(obj: Any) -> None:
        for step in path[:-1]:
            obj = obj[step]
        del obj[path[-1]]

    return change


PDA1_FAULTS: list[tuple[str, str | None, Change]] = [
    ("record_kind_unknown", None, put("kind", value="pda2")),
    ("record_kind_unknown", None, put("kind", value=None)),
    ("record_kind_unknown", None, take("kind")),
    ("record_version_unsupported", None, put("record_version", value=2)),
    ("record_version_unsupported", None, put("record_version", value=True)),
    ("record_version_unsupported", None, take("record_version")),
    ("member_unknown", "/legislation/strat", put("legislation", "strat", value="2026-01-01")),
    ("member_missing", "/legislation/end", take("legislation", "end")),
    ("member_missing", "/person", take("person")),
    ("member_invalid", "/person", put("person", value=[])),
    ("member_invalid", "/person/pin", put("person", "pin", value=17)),
    ("member_invalid", "/legislation/provisional", put("legislation", "provisional", value=1)),
    ("member_invalid", "/legislation/provisional", put("legislation", "provisional", value=None)),
    ("member_invalid", "/legislation/start", put("legislation", "start", value="2026-2-01")),
    ("member_invalid", "/legislation/start", put("legislation", "start", value="2026-02-30")),
    ("member_invalid", "/legislation/start", put("legislation", "start", value="20260201")),
    ("member_invalid", "/employments", put("employments", value={})),
    ("text_invalid", "/person/surnames", put("person", "surnames", value="  ")),
    ("text_invalid", "/person/surnames", put("person", "surnames", value="a\nb")),
    ("text_invalid", "/person/surnames", put("person", "surnames", value="a" * 501)),
    ("text_invalid", "/employments/0/address/town", put("employments", 0, "address", "town", value="")),
    ("text_invalid", "/document/replaces", put("document", "replaces", value="")),
    ("code_unknown", "/person/gender", put("person", "gender", value="9")),
    ("entry_missing", "/person/nationalities", put("person", "nationalities", value=[])),
    ("entry_repeated", "/person/nationalities", put("person", "nationalities", value=["FR", "FR"])),
    ("entry_repeated", "/person/nationalities", put("person", "nationalities", value=["GR", "EL"])),
    ("country_unknown", "/person/nationalities/1", put("person", "nationalities", value=["FR", "ZZ"])),
    ("country_unknown", "/person/place_of_birth/country", put("person", "place_of_birth", "country", value="XS")),
    ("country_unknown", "/person/stay/0/country", put("person", "stay", 0, "country", value="US")),
    ("country_unknown", "/legislation/state", put("legislation", "state", value="EU")),
    ("country_unknown", "/legislation/state", put("legislation", "state", value="US")),
    ("country_unknown", "/institution/country", put("institution", "country", value="US")),
    ("country_unknown", "/institution/address/country", put("institution", "address", "country", value="US")),
    ("country_unknown", "/issuing_authority/country", put("issuing_authority", "country", value="fr")),
    (
        "country_unknown",
        "/countries_of_work/0/workplaces/0/flag_or_base_state",
        put("countries_of_work", 0, "workplaces", 0, "flag_or_base_state", value="Bermuda"),
    ),
    ("entry_missing", "/person/residence", lambda obj: obj["person"].update(residence=[], stay=[])),
    ("period_reversed", "/legislation/end", put("legislation", "end", value="2026-10-31")),
    ("period_reversed", "/legislation/start", put("person", "date_of_birth", value="2026-11-02")),
    ("period_reversed", "/document/date_of_expiry", put("document", "date_of_expiry", value="2026-10-11")),
    ("open_end_as_date", "/legislation/end", put("legislation", "end", value="2499-01-01")),
    ("code_unknown", "/status/code", put("status", "code", value="13")),
    ("code_unknown", "/status/code", put("status", "code", value="1")),
    ("exception_text_mismatch", "/status/exception_description", put("status", "code", value="11")),
    (
        "exception_text_mismatch",
        "/status/exception_description",
        put("status", "exception_description", value="because"),
    ),
    ("entry_missing", "/employments", put("employments", value=[])),
    ("code_unknown", "/employments/0/type", put("employments", 0, "type", value="03")),
    ("code_unknown", "/employments/0/id_type", put("employments", 0, "id_type", value="99")),
    ("entry_missing", "/countries_of_work", put("countries_of_work", value=[])),
    (
        "entry_repeated",
        "/countries_of_work",
        put("countries_of_work", value=[{"country": "DE"}, {"country": "DE"}]),
    ),
    (
        "workplace_country_differs",
        "/countries_of_work/0/workplaces/0/address/country",
        put("countries_of_work", 0, "country", value="BE"),
    ),
    (
        "company_id_incomplete",
        "/countries_of_work/0/workplaces/0/company_id",
        put("countries_of_work", 0, "workplaces", 0, "company_id_type", value=None),
    ),
    ("contact_invalid", "/institution/phone", put("institution", "phone", value="01 99 00 00 01")),
    ("contact_invalid", "/institution/fax", put("institution", "fax", value="+0199000001")),
    ("contact_invalid", "/institution/email", put("institution", "email", value="a1@localhost")),
    ("document_replaces_itself", "/document/number", put("document", "replaces", value="A1-FR-2026-0004271")),
    ("code_unknown", "/decision/regime_pack", put("decision", "regime_pack", value="eu-1971")),
    ("code_unknown", "/decision/articles/0", put("decision", "articles", value=["12"])),
    ("entry_repeated", "/decision/articles", put("decision", "articles", value=["12_1", "12_1"])),
]


@pytest.mark.parametrize(("code", "member", "change"), PDA1_FAULTS)
def test_each_fault_of_a_pda1_has_its_code_and_place(code: str, member: str | None, change: Change) -> None:
    obj = pda1_json()
    change(obj)
    error = error_of(obj)
    assert (error.code, error.params.get("member")) == (code, member)


OTHER_FAULTS: list[tuple[str, str, Callable[[], dict[str, Any]], Change]] = [
    ("text_invalid", "/insured/pin", ehic_json, put("insured", "pin", value="")),
    ("text_invalid", "/card_number", ehic_json, put("card_number", value="")),
    ("period_reversed", "/date_of_expiry", ehic_json, put("date_of_expiry", value="2026-09-14")),
    ("period_reversed", "/end", ehic_json, put("end", value="2026-09-14")),
    ("period_reversed", "/start", ehic_json, put("insured", "date_of_birth", value="2026-09-16")),
    ("open_end_as_date", "/end", ehic_json, put("end", value="2499-01-01")),
    ("member_invalid", "/to_representative", ehic_json, put("to_representative", value="no")),
    ("country_unknown", "/issuing_country", pid_json, put("issuing_country", value="US")),
    ("country_unknown", "/place_of_birth/country", pid_json, put("place_of_birth", "country", value="ZZ")),
    ("code_unknown", "/sex", pid_json, put("sex", value=7)),
    ("member_invalid", "/sex", pid_json, put("sex", value=True)),
    ("period_reversed", "/date_of_expiry", pid_json, put("date_of_expiry", value="2026-03-01")),
    ("entry_missing", "/nationalities", pid_json, put("nationalities", value=[])),
]


@pytest.mark.parametrize(("code", "member", "record", "change"), OTHER_FAULTS)
def test_each_fault_of_a_card_or_pid_has_its_code_and_place(
    code: str, member: str, record: Callable[[], dict[str, Any]], change: Change
) -> None:
    obj = record()
    change(obj)
    error = error_of(obj)
    assert (error.code, error.params.get("member")) == (code, member)


def test_an_unknown_member_is_told_with_the_nearest_name() -> None:
    obj = pda1_json()
    obj["person"]["surname"] = obj["person"].pop("surnames")
    error = error_of(obj)
    assert error.params["nearest"] == "surnames"


def test_no_error_carries_a_value_of_the_record() -> None:
    for _, _, change in PDA1_FAULTS:
        obj = pda1_json()
        change(obj)
        told = str(error_of(obj))
        assert "Testelin" not in told
        assert "Bermuda" not in told
        assert "because" not in told


def warned(**legislation: Any) -> set[str]:
    record = example("posted-worker-fr-de")
    assert isinstance(record, Pda1)
    changed = replace(record, legislation=replace(record.legislation, **legislation))
    return {warning.code for warning in record_warnings(changed)}


@pytest.mark.parametrize(
    ("start", "end", "over"),
    [
        (date(2026, 3, 1), date(2028, 2, 29), False),
        (date(2026, 3, 1), date(2028, 3, 1), True),
        (date(2026, 1, 1), date(2027, 12, 31), False),
        (date(2026, 1, 1), date(2028, 1, 1), True),
        (date(2028, 2, 29), date(2030, 2, 28), False),
        (date(2028, 2, 29), date(2030, 3, 1), True),
        (date(2026, 3, 1), None, True),
    ],
)
def test_a_posting_over_24_months_is_warned_about_to_the_day(start: date, end: date | None, over: bool) -> None:
    assert ("posting_over_24_months" in warned(start=start, end=end)) is over


def test_a_long_activity_in_two_states_is_no_long_posting() -> None:
    obj = pda1_json()
    obj["status"]["code"] = "02"
    obj["legislation"]["end"] = None
    obj["decision"]["articles"] = ["13_1_a"]
    assert record_warnings(record_from_json(obj)) == ()


def test_articles_that_do_not_stand_behind_the_status_are_warned_about() -> None:
    obj = pda1_json()
    obj["decision"]["articles"] = ["11_5"]
    assert [warning.code for warning in record_warnings(record_from_json(obj))] == ["article_unusual"]


def test_unusual_institution_ids_are_warned_about_and_not_refused() -> None:
    obj = pda1_json()
    obj["institution"]["id"] = "CLEISS"
    obj["authentic_source"]["id"] = "DE: 103411401"
    found = [(warning.code, warning.member) for warning in record_warnings(record_from_json(obj))]
    assert found == [
        ("institution_id_unusual", "/institution/id"),
        ("institution_id_unusual", "/authentic_source/id"),
    ]


def test_an_unusual_card_number_is_warned_about_and_not_refused() -> None:
    obj = ehic_json()
    obj["card_number"] = "12345"
    assert [warning.code for warning in record_warnings(record_from_json(obj))] == ["card_number_unusual"]
