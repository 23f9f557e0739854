"""What seals hold of records: everything that their tables name and nothing else, there and back."""

from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portadoc.errors import Error, Malformed, Refused
from portadoc.schemas.ehic import PRC_REASONS, Prc
from portadoc.schemas.examples import example
from portadoc.schemas.pda1 import Pda1
from portadoc.schemas.records import Record, record_from_json, record_to_json, record_warnings
from portadoc.schemas.seals import (
    KIND_NUMBERS,
    SEAL_LAYOUTS,
    SEAL_ROWS,
    SealForm,
    named_content,
    seal_content,
    seal_kind,
    seal_record,
)
from portadoc.schemas.seals.labels import LEFT_OUT, all_rows
from portadoc.schemas.seals.published import cddl, typescript

STEADY = settings(deadline=None, derandomize=True, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
EXAMPLES = ("posted-worker-fr-de", "insured-traveller", "replacement-certificate", "application-fr-de")


def without(fields: Any, pattern: tuple[str | None, ...]) -> None:
    """Take the place that a pattern names out of JSON, where it is."""
    if pattern[0] is None:
        for each in fields:
            without(each, pattern[1:])
    elif len(pattern) == 1:
        fields.pop(pattern[0], None)
    elif fields.get(pattern[0]) is not None:
        without(fields[pattern[0]], pattern[1:])


def compact(tree: Any) -> Any:
    """Drop what says nothing: null, empty arrays, empty objects."""
    if isinstance(tree, dict):
        kept = {name: compact(value) for name, value in tree.items()}
        return {name: value for name, value in kept.items() if value not in (None, [], {})}
    return [compact(item) for item in tree] if isinstance(tree, list) else tree


def expected(record: Record) -> dict[str, Any]:
    """Return what a seal with the whole number says of a record: all of it but what is left out by the table."""
    fields = record_to_json(record)
    for name in ("kind", "record_version"):
        del fields[name]
    for pattern in LEFT_OUT[record.KIND]:
        without(fields, pattern)  # type: ignore[arg-type]
    return compact(fields)


def restored(record: Record, **terms: Any) -> dict[str, Any]:
    return compact(seal_record(seal_content(record, **terms)))


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_comes_back_with_all_that_its_table_names(name: str) -> None:
    record = example(name)
    assert restored(record, pin="full") == expected(record)
    assert SEAL_LAYOUTS[record.KIND].restore({"content": named_content(seal_content(record))}).deviations == ()


def test_every_record_comes_back_with_all_that_its_table_names(sealed_records: st.SearchStrategy[Any]) -> None:
    @STEADY
    @given(sealed_records)
    def holds(record: Any) -> None:
        assert restored(record, pin="full") == expected(record)
        if not LEFT_OUT[record.KIND]:
            again = seal_record(seal_content(record, pin="full"))
            assert record_from_json({"kind": record.KIND, "record_version": 1, **again}) == record
        deviations = SEAL_LAYOUTS[record.KIND].restore({"content": named_content(seal_content(record))}).deviations
        assert {each.code for each in deviations} <= {"claim_institution_unusual"}

    holds()


@pytest.mark.parametrize(("name", "person"), [(EXAMPLES[0], "person"), (EXAMPLES[1], "insured")])
def test_the_number_of_a_person_is_left_out_unless_it_is_asked_for(name: str, person: str) -> None:
    record = example(name)
    digits = "".join(filter(str.isalnum, record_to_json(record)[person]["pin"]))
    assert "pin" not in seal_record(seal_content(record))[person]
    assert "pin_ending" not in seal_record(seal_content(record))[person]
    last = seal_record(seal_content(record, pin="last4"))[person]
    assert (last["pin_ending"], "pin" in last) == (digits[-4:], False)
    whole = seal_record(seal_content(record, pin="full"))[person]
    assert (whole["pin"], "pin_ending" in whole) == (record_to_json(record)[person]["pin"], False)


@pytest.mark.parametrize(("pin", "shown"), [("1234 567", None), ("1234-5678", "5678")])
def test_an_ending_gives_away_no_more_than_half_of_a_number(pin: str, shown: str | None) -> None:
    fields = record_to_json(example(EXAMPLES[1]))
    fields["insured"]["pin"] = pin
    content = seal_content(record_from_json(fields), pin="last4")
    assert seal_record(content)["insured"].get("pin_ending") == shown


def many_places(counts: dict[str, int]) -> Pda1:
    fields = record_to_json(example(EXAMPLES[0]))
    place = fields["countries_of_work"][0]["workplaces"][0]
    fields["countries_of_work"] = [
        {
            "country": country,
            "workplaces": [
                {**place, "name": f"{country} {n}", "address": {**place["address"], "country": country}}
                for n in range(count)
            ],
        }
        for country, count in counts.items()
    ]
    record = record_from_json(fields)
    assert isinstance(record, Pda1)
    return record


@pytest.mark.parametrize(
    ("limit", "kept", "more"),
    [
        (None, [3, 0, 2, 1], None),
        (6, [3, 0, 2, 1], None),
        (99, [3, 0, 2, 1], None),
        (5, [3, 0, 1, 1], 1),
        (4, [2, 0, 1, 1], 2),
        (3, [1, 0, 1, 1], 3),
        (0, [1, 0, 1, 1], 3),
    ],
)
def test_places_that_are_left_out_are_counted_and_no_state_loses_its_last(
    limit: int | None, kept: list[int], more: int | None
) -> None:
    record = many_places({"AT": 3, "BE": 0, "DE": 2, "LU": 1})
    found = seal_record(seal_content(record, max_workplaces=limit))
    assert [len(state["workplaces"]) for state in found["countries_of_work"]] == kept
    assert [state["country"] for state in found["countries_of_work"]] == ["AT", "BE", "DE", "LU"]
    assert found.get("more_workplaces") == more


def test_places_of_other_kinds_are_not_counted() -> None:
    assert seal_content(example(EXAMPLES[1]), max_workplaces=0) == seal_content(example(EXAMPLES[1]))


def test_a_record_that_is_no_document_is_not_sealed() -> None:
    with pytest.raises(Refused, match="seal_kind_unsealed"):
        seal_content(example("pid-posted-worker"))


def test_dates_are_counted_in_days_and_before_1970_negative() -> None:
    fields = record_to_json(example(EXAMPLES[1]))
    fields["insured"]["date_of_birth"] = "1969-12-30"
    content = seal_content(record_from_json(fields))
    assert content[3] == -2
    assert content[8] == (date(2026, 9, 15) - date(1970, 1, 1)).days
    assert seal_record(content)["insured"]["date_of_birth"] == "1969-12-30"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ([], "claim_missing"),
        ({}, "claim_missing"),
        ({1: "x"}, "claim_missing"),
        ({0: "1"}, "claim_invalid"),
        ({0: True}, "claim_invalid"),
        ({0: 5}, "seal_kind_unknown"),
    ],
)
def test_a_content_without_a_kind_that_is_known_is_refused(content: Any, code: str) -> None:
    for read in (seal_kind, named_content, seal_record):
        with pytest.raises(Error) as refusal:
            read(content)
        assert refusal.value.code == code


STRANGE: list[tuple[dict[Any, Any], set[str]]] = [
    ({6: "2000-01-01"}, {"content.person.date_of_birth"}),
    ({6: 10**9}, {"content.person.date_of_birth"}),
    ({6: None}, {"content.person.date_of_birth"}),
    ({4: 7}, {"content.person.surnames"}),
    ({9: ["FR", 5]}, {"content.person.nationalities.*"}),
    ({9: "FR"}, {"content.person.nationalities"}),
    ({16: [7]}, {"content.employments.*"}),
    ({16: {}}, {"content.employments"}),
    (
        {17: [{1: "DE", 2: [{1: "x", 3: "y", 7: {1: {2: [3]}}}]}]},
        {"content.countries_of_work.*.workplaces.*.label_7"},
    ),
    ({99: [{1: 2}]}, {"content.label_99"}),
    ({"x" * 99: 1}, {"content." + ("label_" + "x" * 99)[:64]}),
    ({23: 0}, {"content.more_workplaces"}),
    ({23: True}, {"content.more_workplaces"}),
    ({True: 1}, set()),
]


@pytest.mark.parametrize(("changes", "claims"), STRANGE, ids=str)
def test_what_does_not_read_is_a_deviation_and_never_a_failure(changes: dict[Any, Any], claims: set[str]) -> None:
    content = {**seal_content(example(EXAMPLES[0])), **changes}
    found = SEAL_LAYOUTS["pda1"].restore({"content": named_content(content)})
    assert {each.claim for each in found.deviations} >= claims
    assert isinstance(seal_record(content), dict)


@pytest.mark.parametrize("kind", KIND_NUMBERS)
def test_every_place_of_a_record_is_in_the_table_or_left_out_by_it(kind: str) -> None:
    """A field that a record gets later has to be put into the one or the other."""
    name = dict(zip(KIND_NUMBERS, EXAMPLES, strict=True))[kind]
    tops = {row.path[0] for row in SEAL_ROWS[kind]} | {str(path[0]) for path in LEFT_OUT[kind]}
    assert set(record_to_json(example(name))) - {"kind", "record_version"} <= tops


@pytest.mark.parametrize("kind", KIND_NUMBERS)
def test_no_label_and_no_place_comes_twice(kind: str) -> None:
    for rows in (SEAL_ROWS[kind], *(row.rows for row in all_rows(SEAL_ROWS[kind]) if row.rows)):
        labels, paths = [row.label for row in rows], [row.path for row in rows]
        assert len(set(labels)) == len(labels)
        assert len(set(paths)) == len(paths)
        assert min(labels) >= 1
        assert all(row.en and row.fr for row in rows)
        assert all(bool(row.rows) is (row.form is SealForm.ROWS) for row in rows)


def test_the_published_tables_name_every_label() -> None:
    form, module = cddl(), typescript()
    for rows in SEAL_ROWS.values():
        for row in all_rows(rows):
            assert f"{row.label} => " in form
            assert f'[{row.label}, ["{row.path[0]}"' in module


# --- the replacement certificate


def test_a_replacement_certificate_reads_back_as_json() -> None:
    record = example("replacement-certificate")
    assert isinstance(record, Prc)
    assert record_from_json(record_to_json(record)) == record
    assert (record.document_end, record.coverage_end) == (record.valid_to, record.valid_to)
    assert record_warnings(record) == ()


@pytest.mark.parametrize(
    ("changes", "code", "member"),
    [
        ({"reason": "forgotten"}, "code_unknown", "/reason"),
        ({"valid_to": "2026-01-01"}, "period_reversed", "/valid_to"),
        ({"valid_to": "2499-01-01"}, "open_end_as_date", "/valid_to"),
        ({"valid_from": "1900-01-01"}, "period_reversed", "/valid_from"),
        ({"issued_on": "1900-01-01"}, "period_reversed", "/issued_on"),
        ({"card_expiry": "1900-01-01"}, "period_reversed", "/card_expiry"),
        ({"acronym": "A" * 51}, "text_invalid", "/acronym"),
        ({"card_number": " "}, "text_invalid", "/card_number"),
        ({"valid_to": None}, "member_invalid", "/valid_to"),
        ({"card_nummer": "1"}, "member_unknown", "/card_nummer"),
    ],
)
def test_a_replacement_certificate_that_contradicts_itself_is_refused(
    changes: dict[str, Any], code: str, member: str
) -> None:
    with pytest.raises((Malformed, Refused)) as refusal:
        record_from_json({**record_to_json(example("replacement-certificate")), **changes})
    assert (refusal.value.code, refusal.value.params["member"]) == (code, member)


def test_an_institution_of_a_certificate_with_an_unusual_id_is_a_warning() -> None:
    fields = record_to_json(example("replacement-certificate"))
    fields["issuing_authority"]["id"] = "somewhere"
    assert [each.code for each in record_warnings(record_from_json(fields))] == ["institution_id_unusual"]
    assert all(all(names) for names in PRC_REASONS.values())
