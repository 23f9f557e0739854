"""One set of facts: whatever a record says, page, digital seal and attached credential say the same."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pypdfium2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portadoc.catalogue import text
from portadoc.formats.visible_seal import parse_seal, verify_seal
from portadoc.issuer.paper.labels import printed
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.keys.certificates import certificate_key, parse_certificate
from portadoc.keys.key_ring import KeyPurpose
from portadoc.paper.attachments import attached_files
from portadoc.schemas.ehic import PRC_REASONS, InsuredPerson, Prc
from portadoc.schemas.examples import example
from portadoc.schemas.pda1 import (
    Address,
    BirthPlace,
    CountryOfWork,
    Employment,
    Legislation,
    Pda1,
    StatusConfirmation,
    Workplace,
)
from portadoc.schemas.projections import PDA1_WEBUILD, PRC_PORTADOC
from portadoc.schemas.records import record_to_json
from portadoc.schemas.seals import seal_record
from portadoc.verification.rendering.wording import Words
from tests.abuse.effort import LONG

A1, HEALTH = "fr-demo", "fr-health"
LETTERS = "abcxyzABCÉßçñøåłżřőțșğıĦαβγδωΏЖъиюЯ 0189 -'’.,/&()#*_$@\"<>[]\\"
EXAMPLE, STANDING_IN = example("posted-worker-fr-de"), example("replacement-certificate")
assert isinstance(EXAMPLE, Pda1)
assert isinstance(STANDING_IN, Prc)

TRIED = settings(
    max_examples=400 if LONG else 20,  # a paper takes a tenth of a second; ``make routes`` makes the many
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

words = st.text(LETTERS, min_size=1, max_size=40).filter(lambda value: value.strip() == value)
codes = st.text("ABCXYZ0123456789", min_size=4, max_size=14)
days = st.dates(date(2026, 9, 1), date(2026, 11, 22))


def addresses(country: str) -> st.SearchStrategy[Address]:
    some = st.none() | words
    return st.builds(
        Address,
        town=words,
        country=st.just(country),
        street_and_number=some,
        postcode=st.none() | codes,
        region=some,
    )


def workplaces(country: str) -> st.SearchStrategy[Workplace]:
    numbered = st.tuples(codes, st.sampled_from(["01", "02", "03", "98"])) | st.just((None, None))
    return st.builds(
        lambda name, address, flag, number: Workplace(
            name=name,
            address=address,
            flag_or_base_state=flag,
            company_id=number[0],
            company_id_type=number[1],
        ),
        words,
        addresses(country),
        st.sampled_from([None, "MT", "CY", "DE"]),
        numbered,
    )


employments = st.builds(
    Employment,
    type=st.sampled_from(["01", "02"]),
    name=words,
    id=codes,
    id_type=st.sampled_from(["01", "02", "03", "98"]),
    address=st.sampled_from(["FR", "DE", "JP"]).flatmap(addresses),
)
states_of_work = st.lists(st.sampled_from(["DE", "AT", "PL", "GR"]), min_size=1, max_size=3, unique=True).flatmap(
    lambda countries: st.tuples(
        *(
            st.builds(CountryOfWork, country=st.just(c), workplaces=st.lists(workplaces(c), max_size=3).map(tuple))
            for c in countries
        )
    )
)


@st.composite
def records(draw: st.DrawFn) -> Pda1:
    start = draw(days)
    person = replace(
        EXAMPLE.person,
        pin=draw(codes),
        gender=draw(st.sampled_from("012")),
        surnames=draw(words),
        forenames=draw(words),
        surname_at_birth=draw(st.none() | words),
        forenames_at_birth=draw(st.none() | words),
        date_of_birth=draw(st.dates(date(1940, 1, 1), date(2008, 1, 1))),
        nationalities=tuple(draw(st.lists(st.sampled_from(["FR", "DE", "IN", "GR"]), min_size=1, unique=True))),
        place_of_birth=BirthPlace(town=draw(words), country=draw(st.sampled_from(["FR", "MA", "VN"]))),
        residence=tuple(draw(st.lists(addresses("FR"), min_size=1, max_size=2))),
        stay=tuple(draw(st.lists(addresses("DE"), max_size=2))),
    )
    code = draw(st.sampled_from([f"{number:02}" for number in range(1, 13)]))
    return replace(
        EXAMPLE,
        document=replace(EXAMPLE.document, number=draw(codes), replaces=draw(st.none() | codes.map("X{}".format))),
        person=person,
        legislation=Legislation(
            state="FR",
            start=start,
            end=draw(st.none() | st.integers(100, 700).map(lambda length: start + timedelta(length))),
            for_duration_of_activity=draw(st.booleans()),
            provisional=draw(st.booleans()),
            transitional_rules=draw(st.booleans()),
        ),
        status=StatusConfirmation(code=code, exception_description=draw(words) if code == "11" else None),
        employments=tuple(draw(st.lists(employments, min_size=1, max_size=3))),
        countries_of_work=draw(states_of_work),
    )


@st.composite
def replacements(draw: st.DrawFn) -> Prc:
    first = draw(days)
    return replace(
        STANDING_IN,
        insured=InsuredPerson(
            pin=draw(codes),
            surnames=draw(words),
            forenames=draw(words),
            date_of_birth=draw(st.dates(date(1940, 1, 1), date(2026, 8, 1))),
        ),
        issuing_authority=replace(STANDING_IN.issuing_authority, name=draw(words)),
        acronym=draw(st.none() | codes),
        card_number=draw(st.none() | codes),
        card_expiry=draw(st.none() | days),
        valid_from=first,
        valid_to=first + timedelta(draw(st.integers(0, 200))),
        issued_on=draw(days),
        reason=draw(st.sampled_from(sorted(PRC_REASONS))),
    )


def squeezed(value: str) -> str:
    return re.sub(r"\s+", "", value)


def text_of(pdf: bytes, footer: str) -> str:
    """Return the words of the pages, without spaces and without what stands at the foot of each."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        pages = [page.get_textpage().get_text_range() for page in document]
    finally:
        document.close()
    found = (squeezed(page.replace("\u200b", "").replace("\ufffe", "-")) for page in pages)
    return "".join(re.sub(re.escape(squeezed(footer)) + r"\d+/\d+$", "", page) for page in found)


def say(key: str) -> str:
    book = "texts" if key in text.__globals__["texts"]("en").entries else "portal"
    return text(key, "en", book)


def country(code: str) -> str:
    return f"{code} {Words('en').country(code)}"


def expected(record: Pda1) -> str:
    """Return what has to stand on the page between its heading and the seal, written down apart from the page."""
    return squeezed("".join(_all(record)))


def _all(record: Pda1) -> Iterator[str]:
    person, law = record.person, record.legislation
    yield f"1{say('section.person')}"
    yield from _field("1.1", "field.pin", person.pin)
    yield from _field("1.1", "field.sex", say(f"paper.sex.{person.gender}"))
    yield from _field("1.2", "field.surnames", person.surnames)
    yield from _field("1.3", "field.forenames", person.forenames)
    yield from _field("1.4", "field.surname_at_birth", person.surname_at_birth)
    if person.forenames_at_birth is not None:
        yield from _field("1.4", "form.forenames_at_birth", person.forenames_at_birth)
    yield from _field("1.5", "field.date_of_birth", person.date_of_birth.isoformat())
    yield from _field("1.6", "field.nationality", ", ".join(map(country, person.nationalities)))
    birth = f"{person.place_of_birth.town}, {country(person.place_of_birth.country)}"
    yield from _field("1.7", "field.birth_place", birth)
    for number, key, found in (("1.8", "field.residence", person.residence), ("1.9", "field.stay", person.stay)):
        if not found:
            yield from _field(number, key, None)
        for address in found:
            yield f"{number} · {say(key)}"
            yield from _address(number, address)
    yield f"2{say('section.legislation')}"
    yield from _field("2.1", "form.a1.state", country(law.state))
    yield from _field("2.2", "form.first_day", law.start.isoformat())
    yield from _field("2.3", "form.last_day", say("value.no_end") if law.end is None else law.end.isoformat())
    yield _tick("2.4", "field.for_duration", law.for_duration_of_activity)
    yield _tick("2.5", "field.provisional", law.provisional)
    yield _tick("2.6", "field.transitional", law.transitional_rules)
    yield f"3{say('section.situation')}"
    for number in range(1, 13):
        yield _tick(f"3.{number}", f"situation.{number:02}", record.status.code == f"{number:02}")
    if record.status.exception_description is not None:
        yield from _field("3.11", "form.exception", record.status.exception_description)
    yield f"4{say('section.employer')}"
    for at, each in enumerate(record.employments, start=1):
        yield f"{at}/{len(record.employments)}" if len(record.employments) > 1 else ""
        yield _tick("4.1.1", "form.employed", each.type == "01")
        yield _tick("4.1.2", "form.self_employed", each.type == "02")
        yield from _field("4.2", "field.employer_id", each.id)
        yield from _field("4.2", "form.id_type", say(f"form.id_type.{each.id_type}"))
        yield from _field("4.3", "form.name", each.name)
        yield from _address("4.4", each.address)
    yield f"5{say('section.work')}"
    for state in record.countries_of_work:
        if not state.workplaces:
            yield country(state.country)
            yield _tick("5.3", "field.no_fixed_place", True)
        for at, place in enumerate(state.workplaces, start=1):
            many = f" {at}/{len(state.workplaces)}" if len(state.workplaces) > 1 else ""
            yield f"{country(state.country)}{many}"
            yield from _workplace(place)
    yield f"6{say('section.institution')}6.1"


def _workplace(place: Workplace) -> Iterator[str]:
    yield from _field("5.1", "form.a1.workplace", place.name)
    if place.company_id is not None:
        yield from _field("5.1", "form.company_id", place.company_id)
        yield from _field("5.1", "form.id_type", say(f"form.id_type.{place.company_id_type}"))
    if place.flag_or_base_state is not None:
        yield from _field("5.1", "form.flag_or_base", country(place.flag_or_base_state))
    yield from _address("5.2", place.address)


def expected_of(record: Prc) -> str:
    """Return the same for a replacement certificate, by the numbers of the card."""
    return squeezed("".join(_of_replacement(record)))


def _of_replacement(record: Prc) -> Iterator[str]:
    person, authority = record.insured, record.issuing_authority
    yield f"1{say('form.prc.state')}"
    yield from _field("2", "field.issuing_state", country(authority.country))
    yield f"2{say('section.person')}"
    yield from _field("3", "field.surnames", person.surnames)
    yield from _field("4", "field.forenames", person.forenames)
    yield from _field("5", "field.date_of_birth", person.date_of_birth.isoformat())
    yield from _field("6", "field.pin", person.pin)
    yield from _field("8", "field.card_number", record.card_number)
    yield from _field("9", "field.card_expires_on", record.card_expiry and record.card_expiry.isoformat())
    yield f"3{say('form.prc.validity')}"
    yield from _field("(a)", "form.first_day", record.valid_from.isoformat())
    yield from _field("(b)", "form.last_day", record.valid_to.isoformat())
    yield from _field("(c)", "field.issued_on", record.issued_on.isoformat())
    yield from _field("", "paper.prc_reason.title", say(f"paper.prc_reason.{record.reason}"))
    yield f"4{say('section.institution')}"
    yield from _field("7.1", "field.institution", authority.name)
    yield from _field("7.2", "field.institution_id", authority.id)
    yield from _field("7.3", "form.country", country(authority.country))
    yield from _field("7", "form.acronym", record.acronym)


def _field(number: str, key: str, value: str | None) -> Iterator[str]:
    yield f"{number}{say(key)}{'–' if value is None else printed(value)}"


def _address(number: str, address: Address) -> Iterator[str]:
    region = "" if address.region is None else f" ({address.region})"
    yield from _field(f"{number}.1", "form.street", address.street_and_number)
    yield from _field(f"{number}.2", "form.town", f"{address.town}{region}")
    yield from _field(f"{number}.3", "form.postcode", address.postcode)
    yield from _field(f"{number}.4", "form.country", country(address.country))


def _tick(number: str, key: str, crossed: bool) -> str:
    return f"{'☒' if crossed else '☐'}{number}{say(key)}"


def in_paper(made: Any, number: str) -> str:
    ends = date.fromtimestamp(made.expires_at - 1).isoformat()
    until = text("paper.seal_until", "en", date=ends) if made.seal else ""
    return text_of(made.pdf, f"{until}{number} · {made.code}" if number else f"{until}{made.code}")


def without(tree: Any, *paths: tuple[str, ...]) -> Any:
    """Return JSON without the members named and without what has no value."""
    if isinstance(tree, list):
        return [without(each, *paths) for each in tree]
    if not isinstance(tree, dict):
        return tree
    dropped = {path[0] for path in paths if len(path) == 1}
    inside = {name: [path[1:] for path in paths if path[0] == name and len(path) > 1] for name in tree}
    kept = {name: without(each, *inside[name]) for name, each in tree.items() if name not in dropped}
    return {name: each for name, each in kept.items() if each not in (None, False, [], {})}


def read_seal(rig: Any, seal: str, institution: str = A1) -> Any:
    (leaf, *_) = rig.key_ring.signer(institution, KeyPurpose.DOCUMENT_SEAL).chain
    key = certificate_key(parse_certificate(leaf))
    return seal_record(verify_seal(parse_seal(seal, allowed_algs=ALL_ALGORITHMS), key=key).content)


OF_AN_ADDRESS = ("street_and_number", "postcode", "region")
NOT_IN_SEAL = (
    ("kind",),
    ("record_version",),
    ("decision",),
    ("person", "residence"),
    ("person", "stay"),
    *(("employments", "address", name) for name in OF_AN_ADDRESS),
    *(("countries_of_work", "workplaces", "address", name) for name in ("street_and_number", "region")),
    *(("institution", name) for name in ("address", "phone", "fax", "email")),
)
NOT_IN_CREDENTIAL = (
    ("kind",),
    ("record_version",),
    ("document", "date_of_issuance"),
    ("document", "date_of_expiry"),
    ("document", "replaces"),
    *(("person", name, "region") for name in ("residence", "stay")),
    ("employments", "address", "region"),
    ("countries_of_work", "workplaces", "address", "region"),
    ("institution", "address", "region"),
    ("issuing_authority",),
    ("authentic_source",),
    ("decision",),
)


@TRIED
@given(record=records())
def test_page_seal_and_credential_say_the_same(rig: Any, record: Pda1) -> None:
    made = rig.issuer.paper(A1, rig.issuer.upload(A1, record), languages=("en",), pin="full")
    whole = record_to_json(record)
    # the page
    assert expected(record) in in_paper(made, record.document.number)
    # the digital seal, as a reader of the code has it
    if made.seal and not made.workplaces_left_out:
        assert without(read_seal(rig, made.seal), ("kind",), ("record_version",)) == without(whole, *NOT_IN_SEAL)
    # the credential inside the file
    (found,) = attached_files(made.pdf)
    restored = PDA1_WEBUILD.restore(rig.claims_of(found.content.decode("ascii")))
    assert restored.deviations == ()
    assert without(restored.record_fields) == without(whole, *NOT_IN_CREDENTIAL)


@TRIED
@given(record=replacements())
def test_page_seal_and_credential_of_a_replacement_certificate_say_all_that_it_says(rig: Any, record: Prc) -> None:
    made = rig.issuer.paper(HEALTH, rig.issuer.upload(HEALTH, record), languages=("en",), pin="full")
    whole = without(record_to_json(record), ("kind",), ("record_version",))
    assert expected_of(record) in in_paper(made, record.card_number or "")
    assert without(read_seal(rig, made.seal, HEALTH)) == whole
    (found,) = attached_files(made.pdf)
    restored = PRC_PORTADOC.restore(rig.claims_of(found.content.decode("ascii")))
    assert restored.deviations == ()
    assert without(restored.record_fields) == whole


def test_the_values_that_are_tried_are_composed() -> None:
    assert unicodedata.normalize("NFC", LETTERS) == LETTERS
