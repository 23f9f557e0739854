"""Which claims belong together, and under which column of "who sees what" they fall: for every layout."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

from portadoc.schemas.catalogue import current_type
from portadoc.schemas.claims import EACH_MEMBER, ClaimPattern
from portadoc.schemas.projections import LAYOUTS, Projection

_SHORT_FOR: Final[Mapping[str, tuple[str, ...]]] = {
    "pda1-dc4eu": ("pda1-dc4eu-a", "pda1-dc4eu-b"),
    "coverage": ("coverage-bilateral", "coverage-maintenance"),
}


@dataclass(frozen=True, slots=True)
class Field:
    """A piece of knowledge that is asked for as one; ``claims`` holds the places by layout id."""

    id: str
    column: str
    claims: Mapping[str, tuple[ClaimPattern, ...]]


@cache
def table(name: str) -> Mapping[str, Any]:
    """Return one of the four tables of ``presets.toml``."""
    file = resources.files("portadoc.verification.presets") / "presets.toml"
    tables: Mapping[str, Mapping[str, Any]] = tomllib.loads(file.read_text(encoding="utf-8"))
    return tables[name]


@cache
def fields() -> Mapping[str, Field]:
    """Return every field by id."""
    return {id_: _field(id_, row) for id_, row in table("fields").items()}


def _field(id_: str, row: Mapping[str, Any]) -> Field:
    claims: dict[str, tuple[ClaimPattern, ...]] = {}
    for layout, paths in row.items():
        if layout != "column":
            read = tuple(_pattern(path) for path in paths)
            claims.update((each, (*claims.get(each, ()), *read)) for each in _SHORT_FOR.get(layout, (layout,)))
    return Field(id_, row["column"], claims)


def _pattern(path: str) -> ClaimPattern:
    return tuple(None if step == "*" else step for step in path.split("."))


def layouts_of(vct: str) -> tuple[Projection, ...]:
    """Return the layouts of a credential type, older names of it included; none of an unknown type."""
    names = {vct, current_type(vct)}
    return tuple(projection for projection in LAYOUTS.values() if projection.vct in names)


def columns_of(projection: Projection, path: ClaimPattern) -> frozenset[str]:
    """Return the columns under which a claim falls, with everything beneath it; none of an unknown claim."""
    beneath = {_column_above(projection, place) for place in _places(projection) if starts_with(place, path)}
    found = beneath or {_column_above(projection, path)}
    return frozenset(column for column in found if column is not None)


def starts_with(place: ClaimPattern, path: ClaimPattern) -> bool:
    """Tell whether ``place`` is what ``path`` names, or lies beneath it; an index is one of all elements."""
    return len(place) >= len(path) and all(map(_same_step, place, path))


def _same_step(here: str | int | None, asked: str | int | None) -> bool:
    if here is None:
        return asked is None or isinstance(asked, int)
    return here == asked or (here == EACH_MEMBER and isinstance(asked, str))


def _places(projection: Projection) -> Iterator[ClaimPattern]:
    """Yield the place of every value that a layout names, those of peers included, and those beside the layout."""
    for claim in projection.claims:
        if claim.form is not None:
            yield from (claim.path, *claim.also)
    for field in fields().values():
        yield from field.claims.get(projection.id, ())


def _column_above(projection: Projection, place: ClaimPattern) -> str | None:
    """Return the column of the field whose claim is the nearest one above ``place``, or the place itself."""
    own = _renamed(projection, place)
    above = [
        (len(path), field.column)
        for field in fields().values()
        for path in field.claims.get(projection.id, ())
        if starts_with(own, path)
    ]
    return max(above)[1] if above else None


def _renamed(projection: Projection, place: ClaimPattern) -> ClaimPattern:
    """Return the place that the layout gives to what a peer puts at ``place``."""
    return next((claim.path for claim in projection.claims if place in claim.also), place)
