"""Fields that forms share: addresses, days, boxes, the institution and its electronic seal."""

from collections.abc import Iterator
from datetime import date

from portadoc.issuer.paper.labels import Labels
from portadoc.issuer.paper.official import HALF, WHOLE, Field, Group, Tick
from portadoc.schemas.pda1 import Address, Institution, IssuingAuthority

NONE = "–"
"""Stands in a field of the form that has nothing, so that nobody adds it by hand."""


def field(words: Labels, number: str, key: str, value: str | None, *, span: int = HALF) -> Field:
    """Return a field; one without a value shows that it has none."""
    return Field(number=number, label=words.of(key), value=value or NONE, span=span)


def day(value: date | None) -> str | None:
    """Return a day as every language of the Union reads it alike: year, month, day."""
    return None if value is None else value.isoformat()


def tick(words: Labels, number: str, key: str, is_set: bool) -> Tick:
    """Return a box."""
    return Tick(number=number, label=words.of(key), is_set=is_set)


def address_fields(words: Labels, number: str, address: Address) -> Iterator[Field]:
    """Yield the lines of an address under the number of the field."""
    region = "" if address.region is None else f" ({address.region})"
    yield field(words, f"{number}.1", "form.street", address.street_and_number, span=4)
    yield field(words, f"{number}.2", "form.town", f"{address.town}{region}", span=4)
    yield field(words, f"{number}.3", "form.postcode", address.postcode, span=2)
    yield field(words, f"{number}.4", "form.country", words.country(address.country), span=2)


def addresses(words: Labels, number: str, key: str, found: tuple[Address, ...]) -> Iterator[Group]:
    """Yield a group for each address, one that says so where there is none."""
    heading = (("", number), *words.of(key))
    for address in found:
        yield Group(heading=heading, fields=tuple(address_fields(words, number, address)))
    if not found:
        yield Group(fields=(field(words, number, key, None, span=WHOLE),))


def institution_fields(words: Labels, section: str, institution: Institution) -> tuple[Field, ...]:
    """Return the fields of the competent institution."""
    place = institution.address
    region = "" if place.region is None else f" ({place.region})"
    return (
        field(words, f"{section}.1", "field.institution", institution.name, span=WHOLE),
        field(words, f"{section}.2", "form.street", place.street_and_number, span=4),
        field(words, f"{section}.3", "form.town", f"{place.town}{region}", span=4),
        field(words, f"{section}.4", "form.postcode", place.postcode, span=2),
        field(words, f"{section}.5", "form.country", words.country(place.country), span=2),
        field(words, f"{section}.6", "field.institution_id", institution.id, span=4),
        field(words, f"{section}.7", "form.fax", institution.fax, span=4),
        field(words, f"{section}.8", "form.phone", institution.phone, span=4),
        field(words, f"{section}.9", "form.email", institution.email),
    )


def authority_fields(words: Labels, section: str, authority: IssuingAuthority) -> tuple[Field, ...]:
    """Return the fields of the institution in whose name a document is issued."""
    return (
        field(words, f"{section}.1", "field.institution", authority.name, span=WHOLE),
        field(words, f"{section}.2", "field.institution_id", authority.id),
        field(words, f"{section}.3", "form.country", words.country(authority.country)),
    )
