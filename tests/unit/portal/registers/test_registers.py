"""Registers in files: read strictly, read again when they change, and handed out with nothing made up."""

import json
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from portadoc.errors import Error, Misconfigured, Unavailable
from portadoc.portal.registers.extracts import KnownFacts, extract_of_company, works_for
from portadoc.portal.registers.files import COMPANIES, PERSONS, example_text, open_file_registers
from portadoc.portal.registers.register import CoverBasis

Change = Callable[[dict[str, Any]], None]


def known(tmp_path: Path, **asked: str | None) -> dict[str, Any]:
    facts = KnownFacts(*open_file_registers(tmp_path, with_examples=True))
    return facts.known("fr-demo", **{"worker_pin": None, "employer_id": None, **asked})


def test_the_example_worker_and_employer_fit_an_automatic_posting(tmp_path: Path) -> None:
    told = known(tmp_path, worker_pin="TEST185041201", employer_id="TEST12345")
    person, employer = told["person"], told["employer"]
    assert (person["given_name"], person["birth_date"], person["nationalities"]) == ("Jean", "1985-04-12", ["FR"])
    assert person["cover"]["basis"] == "employment"
    assert person["cover"]["employer"] == employer["id"]
    assert date.fromisoformat(person["cover"]["since"]) < date(2026, 10, 1)
    assert (person["legally_resident"], person["deceased"]) == (True, False)
    activity = employer["home_activity"]
    assert activity["turnover_share"] >= 25
    assert (activity["admin_staff_only"], employer["kind"], employer["seat_state"]) == (False, "private", "FR")


def test_a_number_is_found_with_spaces_and_an_unknown_one_is_unknown(tmp_path: Path) -> None:
    assert known(tmp_path, worker_pin="TEST 185 041 201")["person"]["family_name"] == "Exemple"
    assert known(tmp_path, worker_pin="TEST000000000", employer_id="TEST00000") == {
        "person": None,
        "employer": None,
    }
    assert known(tmp_path) == {"person": None, "employer": None}


def test_every_example_entry_is_read_and_marked_as_test_data(tmp_path: Path) -> None:
    companies, persons = open_file_registers(tmp_path, with_examples=True)
    for name, find in ((COMPANIES, companies.company), (PERSONS, persons.person)):
        document = json.loads(example_text(name))
        assert document["notice"].startswith("TEST DATA")
        for entry in document["entries"]:
            assert find(entry.get("id") or entry["pin"]) is not None
    parent = persons.person("TEST288062001")
    assert parent is not None
    assert [child.given_name for child in parent.children] == ["Lina", "Tom"]
    assert all(persons.person(child.pin) for child in parent.children)


def test_unknown_stays_unknown_and_never_becomes_zero(tmp_path: Path) -> None:
    companies, _ = open_file_registers(tmp_path, with_examples=True)
    commune = companies.company("TEST45678")
    assert commune is not None
    activity = extract_of_company(commune)["home_activity"]
    assert (activity["turnover_share"], activity["admin_staff_share"], activity["admin_staff_only"]) == (None,) * 3


def test_an_employer_learns_nothing_of_people_who_do_not_work_there(tmp_path: Path) -> None:
    jean = known(tmp_path, worker_pin="TEST185041201")["person"]
    assert works_for(jean, "TEST12345")
    assert not works_for(jean, "TEST23456")
    assert not works_for(None, "TEST12345")
    assert not works_for(jean, None)


def test_files_that_are_there_are_left_alone_and_none_is_put_outside_development(tmp_path: Path) -> None:
    folder = tmp_path / "registers"
    folder.mkdir()
    (folder / COMPANIES).write_text('{"entries": []}', encoding="utf-8")
    companies, _ = open_file_registers(tmp_path, with_examples=True)
    assert companies.company("TEST12345") is None
    _, persons = open_file_registers(tmp_path / "production", with_examples=False)
    with pytest.raises(Unavailable) as caught:
        persons.person("TEST185041201")
    assert caught.value.code == "register_unavailable"


def rewrite(tmp_path: Path, name: str, change: Change) -> None:
    file = tmp_path / "registers" / name
    document = json.loads(file.read_text(encoding="utf-8"))
    change(document)
    file.write_text(json.dumps(document), encoding="utf-8")
    os.utime(file, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns + 1_000_000))


def test_a_change_counts_at_once_and_one_that_does_not_fit_stops_everything(tmp_path: Path) -> None:
    _, persons = open_file_registers(tmp_path, with_examples=True)
    assert persons.person("TEST185041201") is not None

    def dies(document: dict[str, Any]) -> None:
        document["entries"][0]["deceased"] = True

    rewrite(tmp_path, PERSONS, dies)
    changed = persons.person("TEST185041201")
    assert changed is not None
    assert changed.deceased is True

    def breaks(document: dict[str, Any]) -> None:
        document["entries"][1]["birth_date"] = "8 November"

    rewrite(tmp_path, PERSONS, breaks)
    for _ in range(2):
        with pytest.raises(Misconfigured) as caught:
            persons.person("TEST185041201")
        assert caught.value.params["pointer"] == "/entries/1/birth_date"


PERSON_FAULTS: dict[str, tuple[Change, str]] = {
    "a member that nobody knows": (lambda person: person.update(salary=1), "/entries/0/salary"),
    "no name": (lambda person: person.pop("family_name"), "/entries/0/family_name"),
    "an empty name": (lambda person: person.update(given_name=" "), "/entries/0/given_name"),
    "a number for a name": (lambda person: person.update(given_name=7), "/entries/0/given_name"),
    "a day that is none": (lambda person: person.update(birth_date="1985-02-30"), "/entries/0/birth_date"),
    "a day in another form": (lambda person: person.update(birth_date="19850412"), "/entries/0/birth_date"),
    "a state that is none": (
        lambda person: person["address"].update(country="France"),
        "/entries/0/address/country",
    ),
    "yes for true": (lambda person: person.update(deceased="no"), "/entries/0/deceased"),
    "zero for unknown": (lambda person: person.update(legally_resident=0), "/entries/0/legally_resident"),
    "a cover without a kind": (
        lambda person: person["covers"][0].update(basis="hobby"),
        "/entries/0/covers/0/basis",
    ),
    "a cover that ends first": (
        lambda person: person["covers"][0].update(until="2001-01-01"),
        "/entries/0/covers/0/until",
    ),
    "covers that are no list": (lambda person: person.update(covers={}), "/entries/0/covers"),
    "an entry twice": (lambda person: person.update(pin="TEST279110801"), "/entries"),
}


@pytest.mark.parametrize("name", PERSON_FAULTS)
def test_an_entry_that_does_not_fit_is_named_and_not_repaired(name: str, tmp_path: Path) -> None:
    change, pointer = PERSON_FAULTS[name]
    _, persons = open_file_registers(tmp_path, with_examples=True)
    rewrite(tmp_path, PERSONS, lambda document: change(document["entries"][0]))
    with pytest.raises(Error) as caught:
        persons.person("TEST279110801")
    assert (caught.value.code, caught.value.params["pointer"]) == ("register_unreadable", pointer)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("kind",), "shop"),
        (("id_type",), "99"),
        (("home_activity", "turnover_share"), 101),
        (("home_activity", "turnover_share"), -1),
        (("home_activity", "turnover_share"), True),
        (("home_activity", "months_active"), 1.5),
        (("home_activity",), None),
        (("mass_registered_address",), "yes"),
    ],
)
def test_a_company_that_does_not_fit_is_named(path: tuple[str, ...], value: Any, tmp_path: Path) -> None:
    companies, _ = open_file_registers(tmp_path, with_examples=True)

    def spoil(document: dict[str, Any]) -> None:
        place = document["entries"][0]
        for part in path[:-1]:
            place = place[part]
        place[path[-1]] = value

    rewrite(tmp_path, COMPANIES, spoil)
    with pytest.raises(Misconfigured) as caught:
        companies.company("TEST12345")
    assert str(caught.value.params["pointer"]).startswith("/entries/0/" + path[0])


def test_a_self_employed_person_is_one_while_the_activity_goes_on(tmp_path: Path) -> None:
    _, persons = open_file_registers(tmp_path, with_examples=True)
    sofia = persons.person("TEST279110801")
    assert sofia is not None
    assert sofia.self_employed
    assert sofia.cover_now is not None
    assert sofia.cover_now.basis is CoverBasis.SELF_EMPLOYMENT
