"""One person or two: names in the spellings of Europe, numbers, keys, and what cannot be compared. TEST DATA."""

import tracemalloc
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from portadoc.i18n import LANGUAGES, render
from portadoc.schemas.catalogue import CREDENTIAL_TYPES
from portadoc.schemas.examples import example
from portadoc.verification.persons import (
    PersonComparison,
    PersonMatch,
    ShownPerson,
    compare_persons,
    number_letters,
    same_person,
    shown_person,
    word_spellings,
)
from portadoc.verification.report import VerificationReport

SAME, DIFFERENT, NEITHER = PersonMatch.SAME, PersonMatch.DIFFERENT, PersonMatch.NOT_COMPARABLE


def named(surname: str | tuple[str, ...], forenames: str, born: str = "1990-01-02", **more: Any) -> ShownPerson:
    surnames = (surname,) if isinstance(surname, str) else surname
    return ShownPerson(
        **{"kind": "pid", "surnames": surnames, "forenames": forenames, "date_of_birth": born, **more}
    )


def both_ways(one: ShownPerson, other: ShownPerson) -> PersonComparison:
    found = {compare_persons(*pair) for pair in permutations((one, other))}
    assert len(found) == 1, "who is named first does not matter"
    return found.pop()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Müller", "Jörg"), ("MUELLER", "JOERG")),
        (("Müller", "Jörg"), ("Muller", "Jorg")),
        (("Groß", "Änne"), ("GROSS", "AENNE")),
        (("Gross", "Anne"), ("GROẞ", "Anne")),
        (("Søndergård", "Åse"), ("SOENDERGAARD", "AASE")),
        (("Søndergård", "Åse"), ("Sondergaard", "Ase")),
        (("Þórðardóttir", "Ægir"), ("Thordardottir", "Aegir")),
        (("Łukasiewicz", "Żaneta"), ("Lukasiewicz", "Zaneta")),
        (("Đorđević", "Ana"), ("Dordevic", "Ana")),
        (("Đorđević", "Ana"), ("Djordjevic", "Ana")),
        (("Ħaż-Żebbuġ", "Ġorġ"), ("Haz Zebbug", "Gorg")),
        (("Nuñez", "Iñigo"), ("Nunez", "Inigo")),
        (("Őri", "Ágnes"), ("Ori", "Agnes")),
        (("Ștefănescu", "Ioana"), ("Stefanescu", "Ioana")),
        (("Coeur", "Zoé"), ("Cœur", "ZOE")),
        (("De la Cruz", "María José"), ("DELACRUZ", "Maria")),
        (("O'Neill", "Seán"), ("O’NEILL", "SEAN")),
        (("ONeill", "Sean"), ("O'Neill", "Sean Patrick")),
        (("Saint-Exemple", "Jean-Pierre"), ("Saint Exemple", "Pierre")),
        (("Παπαδόπουλος", "Γεώργιος"), ("Papadopoulos", "Georgios")),
        (("Ραγκού", "Μαρία"), ("RAGKOU", "MARIA")),
        (("Ευσταθίου", "Χριστίνα"), ("Efstathiou", "Christina")),
        (("Μπάμπης", "Θάλεια"), ("Bampis", "Thaleia")),
        (("Αγγελόπουλος", "Ψάλτης"), ("Angelopoulos", "Psaltis")),
        (("Щерев", "Юлия"), ("Shterev", "Yulia")),
        (("Жечев", "Цветан"), ("Zhechev", "Tsvetan")),
        (("Müller ", " Jörg"), ("Müller", "Jörg")),
        (("Mu\u0308ller", "Jo\u0308rg"), ("Müller", "Jörg")),
    ],
)
def test_names_are_levelled_as_passports_spell_them(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert both_ways(named(*one), named(*other)) == PersonComparison(SAME, "person_same_names")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Exemple", "Ada"), ("Example", "Ada")),
        (("Exemple", "Ada"), ("Exemple", "Eva")),
        (("Exemple", "Ada Eva"), ("Exemple", "Ada Ida")),
        (("Michal", "Jan"), ("Michael", "Jan")),
        (("Exemple", "Ada"), ("Ada", "Exemple")),
    ],
)
def test_other_names_are_other_people(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert both_ways(named(*one), named(*other)) == PersonComparison(DIFFERENT, "person_names_differ")


def test_a_name_at_birth_counts_as_well() -> None:
    married = named(("Modèle", "Exemple"), "Ada")
    assert both_ways(married, named("Exemple", "Ada")).match is SAME
    assert both_ways(married, named("Modele", "Ada")).match is SAME


def test_another_date_of_birth_outweighs_all_that_agrees() -> None:
    one = named("Exemple", "Ada", number="123456789", country="FR", holder="k")
    other = replace(one, date_of_birth="1990-01-03")
    assert both_ways(one, other) == PersonComparison(DIFFERENT, "person_birth_differs")


def test_a_name_in_a_script_that_is_not_read_here_says_nothing() -> None:
    for strange in (named("გიორგაძე", "Nino"), named("Exemple", "ნინო"), named("Exemple", "-"), named((), "Ada")):
        assert both_ways(strange, named("Exemple", "Ada")).match is NEITHER


def test_names_without_a_date_of_birth_prove_nothing() -> None:
    bare = replace(named("Exemple", "Ada"), date_of_birth=None)
    assert both_ways(bare, named("Exemple", "Ada")).match is NEITHER
    assert both_ways(replace(named("Exemple", "Ada"), forenames=None), named("Exemple", "Ada")).match is NEITHER


def test_a_name_of_countless_spellings_is_compared_within_bounds() -> None:
    assert both_ways(named("B" + "Ä" * 64, "Ada"), named("B" + "A" * 64, "Ada")).match is DIFFERENT
    assert both_ways(named("B" + "Ä" * 64, "Ada"), named("B" + "Ä" * 64, "Ada")).match is SAME


@pytest.mark.parametrize("nothing", ["-", "'", ".", "", "- -", "X", "xxx", "X X", "ÅÅ"])
def test_review_f7_what_stands_for_no_name_is_no_name(nothing: str) -> None:
    for other in (nothing, "Exemple"):
        assert both_ways(named(nothing, "Ada"), named(other, "Ada")).match is NEITHER
        assert both_ways(named("Exemple", nothing), named("Exemple", other)).match is NEITHER
    married = named((nothing, "Exemple"), "Ada")
    assert both_ways(married, named("Exemple", "Ada")).match is SAME
    assert both_ways(married, named((nothing, "Other"), "Ada")).match is DIFFERENT


def test_review_f7_an_initial_beside_another_forename_still_counts() -> None:
    assert both_ways(named("Exemple", "Ada J"), named("Exemple", "Ada J.")).match is SAME
    assert both_ways(named("Exemple", "Ada J"), named("Exemple", "Ada K")).match is DIFFERENT


def test_review_f7_a_name_of_any_length_is_compared_within_bounds() -> None:
    longest, longer = "Ab" * 128, "Ab" * 128 + "c"
    assert both_ways(named(longest, "Ada"), named(longest, "Ada")).match is SAME
    assert both_ways(named(longer, "Ada"), named(longer, "Ada")).match is NEITHER
    assert both_ways(named("Exemple", longer), named("Exemple", longer)).match is NEITHER
    huge = "É" * 100_000
    tracemalloc.start()
    assert both_ways(named(huge, huge, number=huge, country="FR"), named(huge, huge)).match is NEITHER
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


class TestNumbers:
    A1 = ShownPerson(kind="pda1", number="1 90.01-2/345", country="FR")
    CARD = ShownPerson(kind="ehic", number="19001 2345", country="FR")
    IDENTITY = ShownPerson(kind="pid", number="190012345", country="FR")

    def test_one_number_of_one_country_is_one_person(self) -> None:
        for one, other in ((self.A1, self.CARD), (self.A1, self.IDENTITY), (self.CARD, self.IDENTITY)):
            assert both_ways(one, other) == PersonComparison(SAME, "person_same_number")

    def test_a1_and_card_use_one_numbering_and_identity_may_use_another(self) -> None:
        other = "999999990"
        differ = PersonComparison(DIFFERENT, "person_number_differs")
        assert both_ways(self.A1, replace(self.CARD, number=other)) == differ
        assert both_ways(self.IDENTITY, replace(self.IDENTITY, number=other)) == differ
        assert both_ways(self.A1, replace(self.IDENTITY, number=other)).match is NEITHER

    def test_numbers_of_two_countries_or_of_nobody_knows_which_prove_nothing(self) -> None:
        assert both_ways(self.A1, replace(self.CARD, country="DE")).match is NEITHER
        assert both_ways(self.A1, replace(self.CARD, country=None)).match is NEITHER
        assert both_ways(replace(self.A1, country=None), replace(self.CARD, country=None)).match is NEITHER

    @pytest.mark.parametrize("nothing", ["000000", "0000 0000", "xxxxxxx", "12" * 128 + "3"])
    def test_review_f7_what_stands_for_no_number_proves_nothing(self, nothing: str) -> None:
        none = replace(self.A1, number=nothing)
        assert both_ways(none, replace(self.CARD, number=nothing)).match is NEITHER
        assert both_ways(none, self.CARD).match is NEITHER

    def test_review_f7_a_number_of_the_greatest_length_counts(self) -> None:
        longest = replace(self.A1, number="12" * 128)
        assert both_ways(longest, replace(self.CARD, number="12" * 128)).match is SAME

    def test_a_short_number_proves_nothing(self) -> None:
        assert both_ways(replace(self.A1, number="12345"), replace(self.CARD, number="12345")).match is NEITHER
        assert both_ways(replace(self.A1, number=None), self.CARD).match is NEITHER

    def test_one_key_of_one_holder_counts_where_nothing_else_is_shown(self) -> None:
        bound, identity = replace(self.A1, holder="k"), named("Exemple", "Ada", holder="k")
        assert both_ways(bound, identity) == PersonComparison(SAME, "person_same_holder")
        assert both_ways(bound, replace(identity, holder="l")).match is NEITHER
        assert both_ways(self.A1, replace(identity, holder=None)).match is NEITHER

    def test_who_represents_somebody_is_not_compared(self) -> None:
        represented = PersonComparison(NEITHER, "person_represented")
        assert both_ways(replace(self.CARD, represented=True), self.IDENTITY) == represented


class TestOfReports:
    """What is shown, whatever the layout."""

    def report(self, world: Any, layout: str, record: Any, **changes: Any) -> VerificationReport:
        projection = CREDENTIAL_TYPES[layout].projection
        envelope = {name: world.claims()[name] for name in ("iss", "iat", "exp", "cnf", "status")}
        claims = {**projection.project(record), **envelope, "vct": projection.vct, **changes}
        report: VerificationReport = world.verify(world.presentation(world.credential(claims)))
        return report

    def test_every_layout_shows_its_person(self, world: Any) -> None:
        record = example("posted-worker-fr-de")
        for layout in ("pda1", "pda1-rulebook", "pda1-webuild"):
            shown = shown_person(self.report(world, layout, record))
            assert (shown.kind, shown.number, shown.country) == ("pda1", record.person.pin, "FR")
            assert shown.holder is not None
        assert shown.forenames == record.person.forenames
        assert shown.date_of_birth == record.person.date_of_birth.isoformat()

    def test_a1_and_identity_of_one_worker_are_one_person(self, world: Any) -> None:
        identity = self.report(world, "pid", example("pid-posted-worker"))
        for layout in ("pda1", "pda1-rulebook", "pda1-webuild"):
            assert same_person(self.report(world, layout, example("posted-worker-fr-de")), identity) is SAME
        by_names = self.report(world, "pda1-webuild", example("posted-worker-fr-de"))
        assert compare_persons(shown_person(by_names), shown_person(identity)).code == "person_same_names"

    def test_the_identity_of_somebody_else_is_told_apart_by_the_names(self, world: Any) -> None:
        full = self.report(world, "pda1-webuild", example("posted-worker-fr-de"))
        other = self.report(world, "pid", replace(example("pid-posted-worker"), family_name="Autre"))
        assert same_person(full, other) is SAME, "the name at birth still agrees"
        stranger = replace(example("pid-posted-worker"), family_name="Autre", birth_family_name=None)
        assert same_person(full, self.report(world, "pid", stranger)) is DIFFERENT

    def test_a_card_held_by_a_representative_is_not_compared(self, world: Any) -> None:
        held = replace(example("insured-traveller"), to_representative=True)
        card, identity = self.report(world, "ehic", held), self.report(world, "pid", example("pid-posted-worker"))
        assert same_person(card, identity) is NEITHER

    def test_what_nobody_vouches_for_shows_nobody(self, world: Any) -> None:
        assert shown_person(world.verify("x")) == ShownPerson(kind="")
        assert same_person(world.verify("x"), world.verify("x")) is NEITHER


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "code",
    [
        "person_same_names",
        "person_same_number",
        "person_same_holder",
        "person_birth_differs",
        "person_names_differ",
        "person_number_differs",
        "person_represented",
        "person_nothing_comparable",
    ],
)
def test_every_code_has_its_sentence(code: str, language: str) -> None:
    assert render(code, {}, language).text


def test_each_word_of_a_name_is_spelt_by_itself() -> None:
    first, second = word_spellings("Müller Ba")
    assert {"MULLER", "MUELLER"} <= first
    assert second == {"BA"}
    assert word_spellings("XXX") == word_spellings("李雷") == ()


@pytest.mark.parametrize(
    ("text", "letters"), [("1 85-04.12/012", "1850412012"), ("ab 12", "AB12"), ("9" * 500, ""), ("", "")]
)
def test_a_number_is_compared_by_letters_and_digits(text: str, letters: str) -> None:
    assert number_letters(text) == letters
