"""Look-alikes: who is told apart from whom by which rule; nobody who is not surely the same is taken for it."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portadoc.issuer.identification.identity import Assurance, Identity, IdentityNumber, IdentitySource, Numbering
from portadoc.issuer.identification.matching import Fact, Finding, Match, match
from portadoc.issuer.records.holders import Holder, holder_of
from portadoc.schemas.examples import example
from portadoc.schemas.pid import Pid

PIN = "2 91 04 99 512 014 38"


def identity(given: str, family: str, born: str = "1991-04-17", **more: Any) -> Identity:
    return Identity(
        family_name=family,
        given_name=given,
        birth_date=date.fromisoformat(born),
        source=IdentitySource.PID,
        assurance=Assurance.HIGH,
        vouched_by="FR:TEST03",
        **more,
    )


def holder(given: str, family: str, born: str = "1991-04-17", **more: Any) -> Holder:
    return Holder(surnames=family, forenames=given, date_of_birth=date.fromisoformat(born), numbers=(PIN,), **more)


def insured(number: str) -> tuple[IdentityNumber, ...]:
    return (IdentityNumber(number, Numbering.SOCIAL_SECURITY),)


def national(number: str) -> tuple[IdentityNumber, ...]:
    return (IdentityNumber(number, Numbering.NATIONAL),)


ANNA = identity("Anna", "Nowak", town_of_birth="Gdynia")
LOOK_ALIKES: dict[str, tuple[Identity, Holder, str, str]] = {
    "twins, other forenames": (ANNA, holder("Ewa", "Nowak", town_of_birth="Gdynia"), "different", "names_differ"),
    "twins, second forename differs": (
        identity("Marie Claire", "Petit", town_of_birth="Lyon"),
        holder("Marie Anne", "Petit", town_of_birth="Lyon"),
        "different",
        "names_differ",
    ),
    "twins, one name more": (
        identity("Jean", "Petit", town_of_birth="Lyon"),
        holder("Jean-Pierre", "Petit", town_of_birth="Lyon"),
        "unclear",
        "fewer_names_without_number",
    ),
    "twins, names in another order": (
        identity("Marie Anne", "Petit", town_of_birth="Lyon"),
        holder("Anne Marie", "Petit", town_of_birth="Lyon"),
        "unclear",
        "something_open",
    ),
    "twins, one of whom is called by the second name": (
        identity("Anne", "Petit", town_of_birth="Lyon"),
        holder("Marie Anne", "Petit", town_of_birth="Lyon"),
        "unclear",
        "something_open",
    ),
    "same name, another birth date": (
        ANNA,
        holder("Anna", "Nowak", "1990-04-17", town_of_birth="Gdynia"),
        "different",
        "birth_date_differs",
    ),
    "a day of birth that registers enter where they know none": (
        identity("Mohammad", "Ahmadi", "1985-01-01", town_of_birth="Kabul"),
        holder("Mohammad", "Ahmadi", "1985-01-01", town_of_birth="Kabul"),
        "unclear",
        "birth_date_of_many",
    ),
    "a town that nobody knew": (
        identity("Anna", "Nowak", town_of_birth="Unknown"),
        holder("Anna", "Nowak", town_of_birth="unknown"),
        "unclear",
        "no_third_fact",
    ),
    "a town that is one of several": (
        identity("Anna", "Nowak", town_of_birth="Frankfurt"),
        holder("Anna", "Nowak", town_of_birth="Frankfurt am Main"),
        "unclear",
        "no_third_fact",
    ),
    "a forename that nobody knew": (
        identity("FNU", "Ahmadi", town_of_birth="Kabul"),
        holder("FNU", "Ahmadi", town_of_birth="Kabul"),
        "unclear",
        "something_open",
    ),
    "day and month swapped": (
        identity("Anna", "Nowak", "1991-04-05"),
        holder("Anna", "Nowak", "1991-05-04"),
        "different",
        "birth_date_differs",
    ),
    "a number that agrees, another birth date": (
        replace(ANNA, numbers=insured(PIN)),
        holder("Anna", "Nowak", "1991-04-18"),
        "different",
        "birth_date_differs",
    ),
    "father and son of one name": (
        identity("Piotr", "Nowak", "1990-01-31"),
        holder("Piotr", "Nowak", "1960-01-31"),
        "different",
        "birth_date_differs",
    ),
    "one name and birthday, another town": (
        ANNA,
        holder("Anna", "Nowak", town_of_birth="Gdańsk"),
        "unclear",
        "town_differs",
    ),
    "one name and birthday, nothing else known": (
        identity("Anna", "Nowak"),
        holder("Anna", "Nowak"),
        "unclear",
        "no_third_fact",
    ),
    "one name and birthday, a number of another register": (
        identity("Anna", "Nowak", numbers=national("91041700000")),
        holder("Anna", "Nowak"),
        "unclear",
        "no_third_fact",
    ),
    "one name and birthday, another insurance number": (
        replace(ANNA, numbers=insured("2 91 04 99 512 015 37")),
        holder("Anna", "Nowak", town_of_birth="Gdynia"),
        "different",
        "number_differs",
    ),
    "swapped names": (
        identity("Nowak", "Anna", town_of_birth="Gdynia"),
        holder("Anna", "Nowak", town_of_birth="Gdynia"),
        "unclear",
        "something_open",
    ),
    "swapped names, equal number": (
        identity("Thomas", "Martin", numbers=insured(PIN)),
        holder("Martin", "Thomas"),
        "unclear",
        "something_open",
    ),
    "umlaut written out": (
        identity("Jörg", "Mueller", town_of_birth="Köln"),
        holder("Jörg", "Müller", town_of_birth="Köln"),
        "unclear",
        "spelling_without_number",
    ),
    "accent left out": (
        identity("Helene", "Lefevre", town_of_birth="Lyon"),
        holder("Hélène", "Lefèvre", town_of_birth="Lyon"),
        "unclear",
        "spelling_without_number",
    ),
    "Greek and Latin letters": (
        identity("Γεώργιος", "Παπαδόπουλος", town_of_birth="Patra"),
        holder("Georgios", "Papadopoulos", town_of_birth="Patra"),
        "unclear",
        "spelling_without_number",
    ),
    "Cyrillic and Latin letters": (
        identity("Иван", "Петров", town_of_birth="Varna"),
        holder("Ivan", "Petrov", town_of_birth="Varna"),
        "unclear",
        "spelling_without_number",
    ),
    "another transliteration of one name": (
        identity("Иван", "Георгиев"),
        holder("Ivan", "Gheorghiev"),
        "different",
        "names_differ",
    ),
    "ü and ø are two letters": (
        identity("Jens", "Müller"),
        holder("Jens", "Møller"),
        "different",
        "names_differ",
    ),
    "one letter": (identity("Anna", "Nowak"), holder("Anna", "Nowack"), "different", "names_differ"),
    "Polish ł and l": (
        identity("Paweł", "Pawlowski", town_of_birth="Łódź"),
        holder("Paweł", "Pawłowski", town_of_birth="Łódź"),
        "unclear",
        "spelling_without_number",
    ),
    "an initial": (
        identity("A.", "Nowak", town_of_birth="Gdynia"),
        holder("Anna", "Nowak", town_of_birth="Gdynia"),
        "unclear",
        "something_open",
    ),
    "half of a double name": (
        identity("Ana", "García", town_of_birth="Vigo"),
        holder("Ana", "García Márquez", town_of_birth="Vigo"),
        "unclear",
        "something_open",
    ),
    "half of a hyphenated name": (
        identity("Eva", "Schmidt-Weber", town_of_birth="Ulm"),
        holder("Eva", "Weber", town_of_birth="Ulm"),
        "unclear",
        "something_open",
    ),
    "other names at birth, one married name": (
        identity("Eva", "Weber", birth_family_name="Schmidt", town_of_birth="Ulm"),
        holder("Eva", "Weber", surname_at_birth="Vogel", town_of_birth="Ulm"),
        "unclear",
        "something_open",
    ),
    "a name at birth that is the other one's married name": (
        identity("Eva", "Müller", birth_family_name="Schmidt", town_of_birth="Ulm"),
        holder("Eva", "Schmidt", surname_at_birth="Weber", town_of_birth="Ulm"),
        "different",
        "names_differ",
    ),
    "an equal number, another surname": (
        identity("Anna", "Kowalska", numbers=insured(PIN)),
        holder("Anna", "Nowak"),
        "unclear",
        "number_of_another_name",
    ),
    "an equal number, another forename": (
        identity("Ewa", "Nowak", numbers=insured(PIN)),
        holder("Anna", "Nowak"),
        "unclear",
        "number_of_another_name",
    ),
    "a number without its check digits": (
        replace(ANNA, numbers=insured("2 91 04 99 512 014")),
        holder("Anna", "Nowak", town_of_birth="Gdynia"),
        "unclear",
        "something_open",
    ),
    "a name that stands for none": (
        identity("XXX", "Nowak", town_of_birth="Gdynia"),
        holder("XXX", "Nowak", town_of_birth="Gdynia"),
        "unclear",
        "something_open",
    ),
    "a script that is not read": (
        identity("Անի", "Պետրոսյան"),
        holder("Ani", "Petrosyan"),
        "unclear",
        "something_open",
    ),
    "one script that is not read on both sides": (
        identity("Անի", "Պետրոսյան"),
        holder("Անի", "Պետրոսյան"),
        "unclear",
        "something_open",
    ),
    "a child whose card goes to a parent": (
        replace(ANNA, numbers=insured(PIN)),
        holder("Anna", "Nowak", to_representative=True),
        "unclear",
        "represented",
    ),
    "a number that many have": (
        identity("Anna", "Nowak", numbers=insured("000000000")),
        replace(holder("Anna", "Nowak"), numbers=("000000000",)),
        "unclear",
        "no_third_fact",
    ),
    "a short number": (
        identity("Anna", "Nowak", numbers=insured("12345")),
        replace(holder("Anna", "Nowak"), numbers=("12345",)),
        "unclear",
        "no_third_fact",
    ),
}

SAME: dict[str, tuple[Identity, Holder, str]] = {
    "one forename or two, and number": (
        identity("Hanspeter", "Nowak", numbers=insured(PIN)),
        holder("Hans Peter", "Nowak"),
        "number_and_names",
    ),
    "a day of birth that registers enter, and number": (
        identity("Mohammad", "Ahmadi", "1985-01-01", numbers=insured(PIN)),
        holder("Mohammad", "Ahmadi", "1985-01-01"),
        "number_and_names",
    ),
    "number and names": (
        identity("Anna", "Nowak", numbers=insured(PIN)),
        holder("Anna", "Nowak"),
        "number_and_names",
    ),
    "number written in another way": (
        identity("Anna", "Nowak", numbers=insured("291049951201438")),
        holder("Anna", "Nowak"),
        "number_and_names",
    ),
    "a national number that is the insurance number too": (
        identity("Anna", "Nowak", numbers=national(PIN)),
        holder("Anna", "Nowak"),
        "number_and_names",
    ),
    "town and names": (ANNA, holder("ANNA", "NOWAK", town_of_birth="GDYNIA"), "town_and_names"),
    "spelling and number": (
        identity("Joerg", "Mueller", numbers=insured(PIN)),
        holder("Jörg", "Müller"),
        "number_and_names",
    ),
    "fewer forenames and number": (
        identity("Éléonore", "Nowak", numbers=insured(PIN)),
        holder("Éléonore Inès", "Nowak"),
        "number_and_names",
    ),
    "married since, the name at birth on one side": (
        identity("Eva", "Weber", birth_family_name="Schmidt", town_of_birth="Ulm"),
        holder("Eva", "Schmidt", town_of_birth="Ulm"),
        "town_and_names",
    ),
    "married since, one name at birth on both sides": (
        identity("Eva", "Weber", birth_family_name="Schmidt", town_of_birth="Ulm"),
        holder("Eva", "Vogel", surname_at_birth="Schmidt", town_of_birth="Ulm"),
        "town_and_names",
    ),
    "gaps and hyphens": (
        identity("Anne-Marie", "De la Cruz", town_of_birth="Vigo"),
        holder("Anne Marie", "Delacruz", town_of_birth="Vigo"),
        "town_and_names",
    ),
    "another town beside an equal number": (
        replace(ANNA, numbers=insured(PIN)),
        holder("Anna", "Nowak", town_of_birth="Gdańsk"),
        "number_and_names",
    ),
}


def compared(one: Identity, other: Holder, *, offered: bool = False) -> Match:
    return match(one, other, offered=offered)


@pytest.mark.parametrize("case", LOOK_ALIKES)
def test_look_alikes_never_match_by_themselves(case: str) -> None:
    one, other, result, because = LOOK_ALIKES[case]
    found = compared(one, other)
    assert (found.result.value, found.because) == (result, because)


@pytest.mark.parametrize("case", SAME)
def test_who_is_surely_the_same_matches(case: str) -> None:
    one, other, because = SAME[case]
    found = compared(one, other)
    assert (found.result.value, found.because) == ("same", because)


OPENED_BY_AN_OFFER = {
    "one name and birthday, nothing else known",
    "one name and birthday, a number of another register",
    "umlaut written out",
    "accent left out",
    "Greek and Latin letters",
    "Cyrillic and Latin letters",
    "Polish ł and l",
    "a number that many have",
    "a short number",
    "a day of birth that registers enter where they know none",
    "a town that nobody knew",
    "a town that is one of several",
}


@pytest.mark.parametrize("case", LOOK_ALIKES)
def test_an_offer_is_a_third_fact_and_nothing_more(case: str) -> None:
    one, other, _, _ = LOOK_ALIKES[case]
    found = compared(one, other, offered=True)
    assert (found.result.value == "same") is (case in OPENED_BY_AN_OFFER)


def test_there_are_enough_pairs() -> None:
    assert len(LOOK_ALIKES) >= 25


def test_every_fact_is_explained_and_no_value_stands_in_the_explanation() -> None:
    one, other, _ = SAME["spelling and number"]
    found = compared(one, other)
    assert {each.fact: (each.finding, each.rule) for each in found.compared} == {
        Fact.BIRTH_DATE: (Finding.AGREES, "equal"),
        Fact.SURNAME: (Finding.SPELT, "spelling"),
        Fact.FORENAMES: (Finding.SPELT, "spelling"),
        Fact.NUMBER: (Finding.AGREES, "equal"),
        Fact.TOWN_OF_BIRTH: (Finding.NOT_COMPARED, "missing"),
    }
    assert "ller" not in repr(found)
    assert "ller" not in repr(one)


def test_names_of_four_hundred_words_take_no_time_and_stay_open() -> None:
    long = " ".join(["Äöü"] * 400)
    assert compared(identity("Anna", long), holder("Anna", long)).result.value == "unclear"
    assert compared(identity("Anna", "Äöü" * 20), holder("Anna", "Aou" * 20)).result.value != "same"


@pytest.mark.parametrize(("pid", "certificate"), [("pid-posted-worker", "posted-worker-fr-de")])
def test_the_example_people_are_their_own_holders(pid: str, certificate: str) -> None:
    record = example(pid)
    assert isinstance(record, Pid)
    shown = identity(
        record.given_name,
        record.family_name,
        record.birthdate.isoformat(),
        birth_family_name=record.birth_family_name,
        town_of_birth=record.place_of_birth.locality,
    )
    assert compared(shown, holder_of(example(certificate))).because == "town_and_names"
    assert compared(shown, holder_of(example("insured-traveller"))).result.value == "different"


def test_an_identity_survives_being_kept() -> None:
    kept = replace(ANNA, numbers=insured(PIN), birth_family_name="Zielińska", shown_key="thumb")
    assert Identity.from_json(kept.to_json()) == kept


NAMES = st.lists(
    st.sampled_from(["Anna", "ANNA", "Ana", "Ewa", "Maria", "Müller", "Mueller", "Muller", "Nowak", "A.", "XXX"]),
    min_size=1,
    max_size=3,
).map(" ".join)
TOWNS = st.sampled_from([None, "Ulm", "Lyon"])
NUMBERS = st.sampled_from([None, PIN, "2 91 04 99 512 999 01", "12345"])


@given(
    names=st.tuples(NAMES, NAMES, NAMES, NAMES),
    towns=st.tuples(TOWNS, TOWNS),
    number=NUMBERS,
    offered=st.booleans(),
)
def test_whoever_matches_agrees_in_names_and_in_a_third_fact(
    names: tuple[str, str, str, str], towns: tuple[str | None, str | None], number: str | None, offered: bool
) -> None:
    numbers = () if number is None else insured(number)
    one = identity(names[0], names[1], town_of_birth=towns[0], numbers=numbers)
    other = holder(names[2], names[3], town_of_birth=towns[1])
    found = match(one, other, offered=offered)
    if found.result.value == "same":
        agreeing = {Finding.AGREES, Finding.SPELT, Finding.PARTLY}
        assert {found.found(Fact.SURNAME), found.found(Fact.FORENAMES)} <= agreeing
        by_town = towns[0] is not None and towns[0] == towns[1]
        assert offered or by_town or found.found(Fact.NUMBER) is Finding.AGREES
    born_later = replace(one, birth_date=date(1991, 4, 18))
    assert match(born_later, other, offered=offered).result.value == "different"
