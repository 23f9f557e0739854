"""The layouts in which seals are read, made from the tables of their labels: rows as those of credentials.

In the claims of a seal the content stands by the names of the record under ``content``.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from portadoc.schemas.claims import ClaimPattern, Json, JsonObject
from portadoc.schemas.codes import (
    EMPLOYMENT_TYPES,
    GENDERS,
    IDENTIFIER_TYPES,
    NATIONALITIES,
    PDA1_STATES,
    STATUS_CONFIRMATIONS,
    WORLD_COUNTRIES,
)
from portadoc.schemas.coverage.application import ASKED_KINDS
from portadoc.schemas.ehic import PRC_REASONS
from portadoc.schemas.projections.forms import FLAG, FULL_DATE, Form, code, institution_id, text
from portadoc.schemas.projections.layout import Projection
from portadoc.schemas.projections.rows import Claim
from portadoc.schemas.seals.labels import LEFT_OUT, SEAL_ROWS, SEAL_TYPES, SealForm, SealRow
from portadoc.schemas.seals.restoring import named_content, seal_kind

_CONTENT: Final = "content"
_CODES: Final[Mapping[tuple[str, ...], Form]] = {
    ("person", "gender"): code(GENDERS),
    ("person", "place_of_birth", "country"): code(WORLD_COUNTRIES),
    ("person", "nationalities"): code(NATIONALITIES),
    ("legislation", "state"): code(PDA1_STATES),
    ("status", "code"): code(STATUS_CONFIRMATIONS),
    ("institution", "country"): code(PDA1_STATES),
    ("issuing_authority", "country"): code(PDA1_STATES),
    ("employments", "type"): code(EMPLOYMENT_TYPES),
    ("employments", "id_type"): code(IDENTIFIER_TYPES),
    ("employments", "address", "country"): code(WORLD_COUNTRIES),
    ("countries_of_work", "country"): code(PDA1_STATES),
    ("countries_of_work", "workplaces", "company_id_type"): code(IDENTIFIER_TYPES),
    ("institution", "id"): institution_id(),
    ("issuing_authority", "id"): institution_id(),
    ("authentic_source", "id"): institution_id(),
    ("reason",): code(PRC_REASONS),
    ("asked", "kind"): code(ASKED_KINDS),
    ("asked", "state"): code(PDA1_STATES),
    ("asked", "states_of_work"): code(PDA1_STATES),
}
"""The forms of values that are more than text, by their places; the rest is text."""
_COUNT: Final = Form(("count",), lambda value: type(value) is int and value > 0)


def seal_record(content: Json) -> JsonObject:
    """Return what a content says as JSON of the record, as far as it can be read.

    Raises Malformed[claim_missing], [claim_invalid], Refused[seal_kind_unknown].
    """
    return SEAL_LAYOUTS[seal_kind(content)].restore({_CONTENT: named_content(content)}).record_fields


def _claims_of(rows: tuple[SealRow, ...], around: tuple[str, ...], place: ClaimPattern) -> Iterator[Claim]:
    """Yield the rows of the layout: of each place, and of each object that a mandatory one stands in."""
    seen = set()
    for row in rows:
        for depth in range(1, len(row.path)):
            if row.path[:depth] not in seen:
                seen.add(row.path[:depth])
                within = [each for each in rows if each.path[:depth] == row.path[:depth]]
                needed = any(each.mandatory for each in within)
                yield Claim(path=(*place, *row.path[:depth]), en=row.en, fr=row.fr, mandatory=needed)
        yield from _claim_of(row, (*around, *row.path), (*place, *row.path))


def _claim_of(row: SealRow, named: tuple[str, ...], place: ClaimPattern) -> Iterator[Claim]:
    field = place[1:]
    if row.form in (SealForm.ROWS, SealForm.TEXTS):
        yield Claim(path=place, en=row.en, fr=row.fr, field=field, mandatory=row.mandatory)
    if row.form is SealForm.ROWS:
        yield from _claims_of(row.rows, named, (*place, None))
    elif row.form is SealForm.TEXTS:
        yield Claim(path=(*place, None), en=row.en, fr=row.fr, field=(*field, None), form=_form(row, named))
    else:
        yield Claim(path=place, en=row.en, fr=row.fr, field=field, form=_form(row, named), mandatory=row.mandatory)


def _form(row: SealRow, named: tuple[str, ...]) -> Form:
    plain = {SealForm.DAYS: FULL_DATE, SealForm.FLAG: FLAG, SealForm.COUNT: _COUNT}
    return plain.get(row.form) or _CODES.get(named) or text()


def _layout(kind: str, document: tuple[str, str] | None, coverage: tuple[str, str] | None) -> Projection:
    def at(places: tuple[str, str] | None) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
        if places is None:
            return None, None
        first, last = ((_CONTENT, *place.split(".")) for place in places)
        return first, last

    return Projection(
        id=f"seal-{kind}",
        vct=SEAL_TYPES[kind],
        kind=kind,
        claims=tuple(_claims_of(SEAL_ROWS[kind], (), (_CONTENT,))),
        document=at(document),
        coverage=at(coverage),
        left_out=LEFT_OUT[kind],
        demanded=frozenset({"iss", "iat", "exp", "status"}),
        rearrange=_COMPLETIONS[kind],
    )


def _complete_pda1(fields: JsonObject) -> JsonObject:
    """Return the fields with all that a seal leaves unsaid because it goes without saying."""
    legislation = fields.setdefault("legislation", {})
    for flag in ("for_duration_of_activity", "provisional", "transitional_rules"):
        legislation.setdefault(flag, False)
    legislation.setdefault("end", None)
    for state in fields.get("countries_of_work", ()):
        places = state.setdefault("workplaces", [])
        for place in places:
            place.setdefault("address", {}).setdefault("country", state.get("country"))
    institution = fields.get("institution", {})
    fields.setdefault("issuing_authority", dict(institution))
    fields.setdefault("authentic_source", _id_and_name(institution))
    return fields


def _complete_ehic(fields: JsonObject) -> JsonObject:
    fields.setdefault("to_representative", False)
    fields.setdefault("authentic_source", _id_and_name(fields.get("issuing_authority", {})))
    return fields


def _complete_prc(fields: JsonObject) -> JsonObject:
    return fields


def _complete_application(fields: JsonObject) -> JsonObject:
    fields.setdefault("urgent", False)
    return fields


def _id_and_name(institution: JsonObject) -> JsonObject:
    return {name: value for name, value in institution.items() if name in ("id", "name")}


_COMPLETIONS: Final[Mapping[str, Callable[[JsonObject], JsonObject]]] = {
    "pda1": _complete_pda1,
    "ehic": _complete_ehic,
    "prc": _complete_prc,
    "application": _complete_application,
}

SEAL_LAYOUTS: Final[Mapping[str, Projection]] = {
    "pda1": _layout(
        "pda1",
        ("document.date_of_issuance", "document.date_of_expiry"),
        ("legislation.start", "legislation.end"),
    ),
    "ehic": _layout("ehic", ("date_of_issuance", "date_of_expiry"), ("start", "end")),
    "prc": _layout("prc", None, ("valid_from", "valid_to")),
    "application": _layout("application", None, None),
}
"""The layout of each kind. A replacement certificate may be issued after the days that it covers; an application
covers none: the days that it asks for are no period of anything."""
