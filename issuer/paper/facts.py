"""What a sealed document says, as sections to print: exactly what the seal holds, in the reader's language.

Input is what a seal was read back as (``schemas.seals.seal_record``), so paper and seal cannot tell different
things. Codes of states and dates (YYYY-MM-DD) are the same in every language and stay as they are.
"""

from collections.abc import Iterator
from typing import Final

from portadoc.catalogue import Texts
from portadoc.issuer.paper.page import Section
from portadoc.schemas.claims import JsonObject

Fact = tuple[str, str]
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
            ("field.issued_on", paper["date_of_issuance"]),
            ("field.expires_on", paper.get("date_of_expiry")),
            ("field.signed_by", _institution(document["issuing_authority"])),
        ),
        _person(document["person"], texts),
        _section(
            texts,
            "section.legislation",
            ("field.legislation", legislation["state"]),
            ("field.coverage", _period(legislation["start"], legislation.get("end"), texts)),
            *flags,
        ),
        _section(
            texts,
            "section.situation",
            ("field.situation", texts.text(f"situation.{situation['code']}")),
            ("", situation.get("exception_description")),
        ),
        _section(texts, "section.employer", *_employers(document["employments"])),
        _section(texts, "section.work", *_work(document, texts)),
        _section(texts, "section.institution", ("field.institution", _institution(document["institution"]))),
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
            ("field.issued_on", document.get("date_of_issuance", document.get("issued_on"))),
            ("field.expires_on", document.get("date_of_expiry", document.get("card_expiry"))),
            ("paper.prc_reason.title", texts.text(f"paper.prc_reason.{reason}") if reason else None),
        ),
        _person(document["insured"], texts),
        _section(texts, "field.entitled", ("field.coverage", _period(first, last, texts))),
        _section(
            texts,
            "section.institution",
            ("field.institution", _institution(document["issuing_authority"])),
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
        ("field.date_of_birth", person["date_of_birth"]),
        ("field.birth_place", _place(person.get("place_of_birth"))),
        ("field.nationality", ", ".join(person.get("nationalities", ()))),
        ("field.sex", texts.text(f"paper.sex.{sex}") if sex else None),
        ("field.pin", person.get("pin") or (f"…{ending}" if ending else None)),
    )


def _employers(employments: list[JsonObject]) -> Iterator[tuple[str, str | None]]:
    for each in employments:
        yield "field.employer", each["name"]
        yield "field.employer_id", each["id"]
        yield "field.employer_address", _place(each["address"])


def _work(document: JsonObject, texts: Texts) -> Iterator[tuple[str, str | None]]:
    states = document["countries_of_work"]
    yield "field.states_of_work", ", ".join(state["country"] for state in states)
    for state in states:
        if not state["workplaces"]:
            yield "field.no_fixed_place", state["country"]
        for workplace in state["workplaces"]:
            address = _place(workplace["address"])
            parts = (
                workplace["name"],
                workplace.get("company_id"),
                address,
                workplace.get("flag_or_base_state"),
            )
            yield "field.workplaces", ", ".join(part for part in parts if part)
    if document.get("more_workplaces"):
        yield "", texts.text("note.more_workplaces", count=document["more_workplaces"])


def _section(texts: Texts, title: str, *facts: tuple[str, str | None]) -> Section:
    labelled = tuple((texts.text(label) if label else "", value) for label, value in facts if value)
    return Section(texts.text(title), labelled)


def _institution(institution: JsonObject) -> str:
    return f"{institution['name']} ({institution['id']}, {institution['country']})"


def _place(place: JsonObject | None) -> str | None:
    if place is None:
        return None
    town = " ".join(part for part in (place.get("postcode"), place.get("town")) if part)
    parts = (place.get("street_and_number"), town, place.get("region"), place.get("country"))
    return ", ".join(part for part in parts if part)


def _period(first: str, last: str | None, texts: Texts) -> str:
    return texts.text("value.period", first=first, last=last or texts.text("value.no_end"))
