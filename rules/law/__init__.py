"""The law on a day: dated parameters, tables and packs, frozen and cached.

``law_at(day)`` is what was in force on that day. Names of parameters are dotted paths of the YAML files, as
``posting.max_months``. A pack that is switched off (``eu-2026-revision``) is used only when it is named; what is
decided under it is a simulation.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Final

from portadoc.errors import Refused
from portadoc.rules.facts import Regime
from portadoc.rules.law.loading import (
    DatedValue,
    PackFile,
    Parameter,
    Value,
    content_version,
    law_folder,
    read_packs,
    read_parameters,
)

__all__ = ["CURRENT_PACK", "DatedValue", "Law", "Pack", "Parameter", "Value", "law_at", "law_of", "sources"]

CURRENT_PACK: Final = "eu-2012"


@dataclass(frozen=True, slots=True)
class Pack:
    """One instrument. ``articles`` translates the articles of Regulation 883/2004; None keeps them."""

    id: str
    title: str
    instrument: str
    in_force_from: date | None
    in_force_to: date | None
    exception_possible: bool
    decides: bool
    verified: bool
    articles: Mapping[str, str] | None

    def article(self, article: str | None) -> str | None:
        """Return the instrument's article for one of Regulation 883/2004; None where it has none."""
        if article is None or self.articles is None:
            return article
        return self.articles.get(article)

    def in_force_on(self, day: date) -> bool:
        return (self.in_force_from is None or self.in_force_from <= day) and (
            self.in_force_to is None or day <= self.in_force_to
        )


@dataclass(frozen=True, slots=True)
class Law:
    """Everything that is in force on one day. ``quotes`` are the (name, value) pairs that derivations repeat.

    ``unread`` are the names whose value nobody has read in its source.
    """

    pack: str
    simulation: bool
    version: str
    values: Mapping[str, Value]
    quotes: Mapping[str, tuple[str, Value]]
    since: Mapping[str, date]
    packs: Mapping[Regime, Pack]
    unread: frozenset[str]

    def integer(self, name: str) -> int:
        found = self.values[name]
        assert isinstance(found, int), name
        return found

    def number(self, name: str) -> float:
        found = self.values[name]
        assert isinstance(found, int | float), name
        return found

    def flag(self, name: str) -> bool:
        found = self.values[name]
        assert isinstance(found, bool), name
        return found

    def states(self, name: str) -> frozenset[str]:
        """Return a list of States (or other words)."""
        found = self.values[name]
        assert isinstance(found, frozenset), name
        return found

    def get(self, name: str) -> Value:
        """Return a value, or None for a name that the tables do not have on this day."""
        return self.values.get(name)

    def first_day(self, name: str) -> date | None:
        """Return the day from which a parameter has any value at all, whatever day this law is of."""
        return self.since.get(name)

    def partners(self, state: str) -> frozenset[str] | None:
        """Return the States outside the coordination that a State has agreements with, None where nobody knows."""
        found = self.values.get(f"bilateral.partners.{state}")
        return found if isinstance(found, frozenset) else None

    def pack_of(self, regime: Regime) -> Pack:
        return self.packs[regime]


@dataclass(frozen=True, slots=True)
class Sources:
    """All parameters and packs with their history and references, as they stand in the files."""

    parameters: tuple[Parameter, ...]
    packs: tuple[PackFile, ...]
    days: tuple[date, ...]
    version: str


@lru_cache(maxsize=1)
def sources() -> Sources:
    """Read the files once."""
    folder = law_folder()
    parameters, packs = read_parameters(folder), read_packs(folder)
    return law_sources(parameters, packs, content_version(resources.files("portadoc.rules")))


def law_sources(parameters: tuple[Parameter, ...], packs: tuple[PackFile, ...], version: str) -> Sources:
    """Join parameters and packs, which may be other than the files', to what ``law_of`` reads."""
    every = [*parameters, *(one for pack in packs for one in pack.parameters)]
    days = sorted({dated.since for parameter in every for dated in parameter.values})
    return Sources(parameters, packs, tuple(days), version)


def law_at(day: date, *, pack: str = CURRENT_PACK) -> Law:
    """Return the law of a day. Raises Refused[law_pack_unknown] for a name that is no pack of the Union."""
    return _law_between_changes(bisect_right(sources().days, day), pack)


@lru_cache(maxsize=256)
def _law_between_changes(place: int, pack: str) -> Law:
    found = sources()
    return law_of(found, found.days[place - 1] if place else date.min, pack=pack)


def law_of(found: Sources, day: date, *, pack: str = CURRENT_PACK) -> Law:
    """Make the law of a day from sources; the parameters of a named pack stand before the general ones."""
    named = next((one for one in found.packs if one.id == pack and Regime.EU in one.regimes), None)
    if named is None:
        raise Refused("law_pack_unknown", pack=pack[:40])
    values: dict[str, Value] = {}
    unread: set[str] = set()
    for parameter in (*found.parameters, *named.parameters):
        dated = [one for one in parameter.values if one.since <= day]
        if dated and dated[-1].value is not None:
            values[parameter.name] = dated[-1].value
            (unread.discard if dated[-1].verified else unread.add)(parameter.name)
    return Law(
        pack=pack,
        simulation=not named.switched_on,
        version=found.version,
        values=MappingProxyType(values),
        quotes=MappingProxyType({name: (name, value) for name, value in values.items()}),
        since=MappingProxyType({one.name: one.values[0].since for one in found.parameters}),
        packs=MappingProxyType(_packs_by_regime(found.packs, pack)),
        unread=frozenset(unread),
    )


def _packs_by_regime(packs: tuple[PackFile, ...], named: str) -> dict[Regime, Pack]:
    by_regime: dict[Regime, Pack] = {}
    for one in packs:
        if one.switched_on or one.id == named:
            frozen = Pack(
                one.id,
                one.title,
                one.instrument,
                one.in_force_from,
                one.in_force_to,
                one.exception_possible,
                one.decides,
                one.verified,
                None if one.articles is None else MappingProxyType(dict(one.articles)),
            )
            for regime in one.regimes:
                if Regime(regime) not in by_regime or one.id == named:
                    by_regime[Regime(regime)] = frozen
    return by_regime
