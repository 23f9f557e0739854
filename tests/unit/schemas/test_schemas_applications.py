"""A proof of application: what was asked and when, and nothing that could be decided."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from portadoc.errors import Error
from portadoc.schemas.coverage.application import ApplicationProof, filed_at
from portadoc.schemas.examples import example
from portadoc.schemas.projections import PROJECTIONS
from portadoc.schemas.records import record_from_json, record_to_json, record_warnings
from portadoc.schemas.seals import SEAL_LAYOUTS, seal_content, seal_record


def proof() -> ApplicationProof:
    record = example("application-fr-de")
    assert isinstance(record, ApplicationProof)
    return record


def changed(**members: Any) -> dict[str, Any]:
    fields = record_to_json(proof())
    for path, value in members.items():
        *above, last = path.split("__")
        place = fields
        for step in above:
            place = place[step]
        place[last] = value
    return fields


def test_a_moment_is_told_by_day_and_time_in_utc() -> None:
    assert filed_at(1_795_275_720) == (date(2026, 11, 21), "15:42")
    assert filed_at(0) == (date(1970, 1, 1), "00:00")


def test_states_of_work_are_kept_in_the_order_of_their_codes_and_in_our_spelling() -> None:
    record = record_from_json(changed(asked__states_of_work=["PL", "EL", "BE"], asked__state="UK"))
    assert isinstance(record, ApplicationProof)
    assert record.asked.states_of_work == ("BE", "GR", "PL")
    assert record.asked.state == "GB"


def test_a_proof_ends_by_its_seal_and_covers_nothing() -> None:
    assert (proof().document_end, proof().coverage_end) == (None, None)
    assert (SEAL_LAYOUTS["application"].document, SEAL_LAYOUTS["application"].coverage) == ((None, None),) * 2


def test_an_institution_of_unusual_form_is_a_warning() -> None:
    odd = replace(proof(), issuing_authority=replace(proof().issuing_authority, id="Caisse 7"))
    assert [each.member for each in record_warnings(odd)] == ["/issuing_authority/id"]


@pytest.mark.parametrize(
    ("members", "code", "member"),
    [
        ({"reference": " "}, "text_invalid", "/reference"),
        ({"reference": "x" * 51}, "text_invalid", "/reference"),
        ({"person__surnames": ""}, "text_invalid", "/person/surnames"),
        ({"person__forenames": "a\nb"}, "text_invalid", "/person/forenames"),
        ({"employer__name": " "}, "text_invalid", "/employer/name"),
        ({"employer__id": " "}, "text_invalid", "/employer/id"),
        ({"asked__kind": "ehic"}, "code_unknown", "/asked/kind"),
        ({"asked__state": "US"}, "country_unknown", "/asked/state"),
        ({"asked__states_of_work": []}, "entry_missing", "/asked/states_of_work"),
        ({"asked__states_of_work": ["DE", "DE"]}, "entry_repeated", "/asked/states_of_work"),
        ({"asked__states_of_work": ["DE", "US"]}, "country_unknown", "/asked/states_of_work/1"),
        ({"asked__end": "2026-11-22"}, "period_reversed", "/asked/end"),
        ({"asked__end": "2499-01-01"}, "open_end_as_date", "/asked/end"),
        ({"asked__start": "1985-04-11"}, "period_reversed", "/asked/start"),
        ({"filed_on": "1985-04-11"}, "period_reversed", "/filed_on"),
        ({"filed_time": "24:00"}, "text_invalid", "/filed_time"),
        ({"filed_time": "9:30"}, "text_invalid", "/filed_time"),
        ({"decision": "granted"}, "member_unknown", "/decision"),
    ],
)
def test_what_cannot_be_is_refused(members: dict[str, Any], code: str, member: str) -> None:
    with pytest.raises(Error) as refusal:
        record_from_json(changed(**members))
    assert refusal.value.code == code
    assert str(refusal.value.params["member"]).endswith(member)


def test_no_credential_carries_an_application() -> None:
    for projection in PROJECTIONS.values():
        with pytest.raises(Error, match="projection_kind_differs"):
            projection.project(proof())


def test_a_seal_of_it_has_nothing_but_names_and_birth_of_the_person() -> None:
    said = seal_record(seal_content(proof(), pin="full"))
    assert said["person"].keys() == {"surnames", "forenames", "date_of_birth"}
