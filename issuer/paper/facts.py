"""What a sealed document says, as sections to print: exactly what the seal holds, in the reader's language.

Input is what a seal was read back as (``schemas.seals.seal_record``), so paper and seal cannot tell different
things. Days and States are in words; the code of a State that nobody named stays.
"""

from collections.abc import Iterator
from datetime import date
from typing import Final

from portadoc.catalogue import Texts, day_in_words
from portadoc.catalogue.countries import country_name
from portadoc.issuer.paper.page import Section
from portadoc.schemas.claims import JsonObject

_FLAGS: Final = (
    ("for_duration_of_activity", "field.for_duration"),
    ("provisional", "field.provisional"),
    ("transitional_rules", "field.transitional"),
)


def sections(kind: str, document: JsonObject, texts: Texts) -> tuple[Section, ...]:
    """Return the sections of a document of a kind that is sealed, without empty ones."""
    made = _pda1(document, texts) if kind == "pda1" else _health(document, texts)
    return tuple(section for section in made if section.facts)


def _pda1(document: JsonObject, texts: Texts) -> tuple[Section, ...]:
    paper, legislation = document["document"], document["legislation"]
    flags = [(label, texts.text("value.yes")) for name, label in _FLAGS if legislation.get(name)]
    situation = document["status"]
    return (
        _section(
            texts,
            "paper.document",
            ("field.document_number", paper["number"]),
            ("field.issued_on", day_or_text(paper["date_of_issuance"], texts)),
            ("field.expires_on", day_or_text(paper.get("date_of_expiry"), texts)),
            ("field.signed_by", _institution(document["issuing_authority"], texts)),
        ),
        _person(document["person"], texts),
        _section(
            texts,
            "section.legislation",
            ("field.legislation", _country(legislation["state"], texts)),
            ("field.coverage", _period(legislation["start"], legislation.get("end"), texts)),
            *flags,
        ),
        _section(
            texts,
            "section.situation",
            ("field.situation", texts.text(f"situation.{situation['code']}")),
            ("", situation.get("exception_description")),
        ),
        _section(texts, "section.employer", *_employers(document["employments"], texts)),
        _section(texts, "section.work", *_work(document, texts)),
        _section(
            texts, "section.institution", ("field.institution", _institution(document["institution"], texts))
        ),
    )


def _health(document: JsonObject, texts: Texts) -> tuple[Section, ...]:
    """Return the sections of a health card or of the certificate that stands in for it."""
    stands_in = "valid_from" in document
    first, last = (
        document["valid_from" if stands_in else "start"],
        document.get("valid_to" if stands_in else "end"),
    )
    reason = document.get("reason")
    return (
        _section(
            texts,
            "paper.document",
            ("field.card_number", document.get("card_number")),
            ("field.issued_on", day_or_text(document.get("date_of_issuance", document.get("issued_on")), texts)),
            ("field.expires_on", day_or_text(document.get("date_of_expiry"), texts)),
            ("field.card_expires_on", day_or_text(document.get("card_expiry"), texts)),
            ("paper.prc_reason.title", texts.text(f"paper.prc_reason.{reason}") if reason else None),
        ),
        _person(document["insured"], texts),
        _section(
            texts,
            "field.entitled",
            ("field.document_period" if stands_in else "field.coverage", _period(first, last, texts)),
        ),
        _section(
            texts,
            "section.institution",
            ("field.institution", _institution(document["issuing_authority"], texts)),
            ("", document.get("acronym")),
        ),
    )


def _person(person: JsonObject, texts: Texts) -> Section:
    ending = person.get("pin_ending")
    sex = person.get("gender")
    return _section(
        texts,
        "section.person",
        ("field.surnames", person["surnames"]),
        ("field.forenames", person["forenames"]),
        ("field.surname_at_birth", person.get("surname_at_birth")),
        ("field.date_of_birth", day_or_text(person["date_of_birth"], texts)),
        ("field.birth_place", _place(person.get("place_of_birth"), texts)),
        ("field.nationality", ", ".join(_country(each, texts) for each in person.get("nationalities", ()))),
        ("field.sex", texts.text(f"paper.sex.{sex}") if sex else None),
        ("field.pin", person.get("pin") or (f"…{ending}" if ending else None)),
    )


def _employers(employments: list[JsonObject], texts: Texts) -> Iterator[tuple[str, str | None]]:
    for each in employments:
        yield "field.employer", each["name"]
        yield "field.employer_id", each["id"]
        yield "field.employer_address", _place(each["address"], texts)


def _work(document: JsonObject, texts: Texts) -> Iterator[tuple[str, str | None]]:
    states = document["countries_of_work"]
    yield "field.states_of_work", ", ".join(_country(state["country"], texts) for state in states)
    for state in states:
        if not state["workplaces"]:
            yield "field.no_fixed_place", _country(state["country"], texts)
        for workplace in state["workplaces"]:
            address = _place(workplace["address"], texts)
            parts = (
                workplace["name"],
                workplace.get("company_id"),
                address,
                _country(workplace.get("flag_or_base_state") or "", texts),
            )
            yield "field.workplaces", ", ".join(part for part in parts if part)
    if document.get("more_workplaces"):
        yield "", texts.text("note.more_workplaces", count=document["more_workplaces"])


def _section(texts: Texts, title: str, *facts: tuple[str, str | None]) -> Section:
    labelled = tuple((texts.text(label) if label else "", value) for label, value in facts if value)
    return Section(texts.text(title), labelled)


def _institution(institution: JsonObject, texts: Texts) -> str:
    return f"{institution['name']} ({institution['id']}, {_country(institution['country'], texts)})"


def day_or_text(text: str | None, texts: Texts) -> str | None:
    """Return a day in words; what is no whole day, such as a year of birth, stays as the document has it."""
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return text
    return day_in_words(day, texts.language)


def _country(code: str, texts: Texts) -> str:
    return country_name(code, texts.language)


def _place(place: JsonObject | None, texts: Texts) -> str | None:
    if place is None:
        return None
    town = " ".join(part for part in (place.get("postcode"), place.get("town")) if part)
    parts = (
        place.get("street_and_number"),
        town,
        place.get("region"),
        _country(place.get("country") or "", texts),
    )
    return ", ".join(part for part in parts if part)


def _period(first: str, last: str | None, texts: Texts) -> str:
    return texts.text(
        "value.period",
        first=day_or_text(first, texts),
        last=day_or_text(last, texts) or texts.text("value.no_end"),
    )
