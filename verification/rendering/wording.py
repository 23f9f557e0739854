"""The words of a report: days, times, ages, countries and values as people read them, and ``texts/*.json``."""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from importlib import resources
from typing import Final

from portadoc.errors import Param
from portadoc.i18n import Message, render
from portadoc.schemas.codes import canonical_country

_ISO_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_ISO_MINUTE: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}) ([0-9]{2}:[0-9]{2}) UTC", re.ASCII)
EMPTY: Final = frozenset({"", "-", "withheld"})
"""Params that say nothing: not there, not stated, not told to whoever reads."""
_DETAILS: Final[Mapping[str, tuple[str, ...]]] = {
    "revoked": ("effective_from", "cause", "successor"),
    "withdrawn_later": ("cause", "successor", "age_s"),
    "withdrawn_during_work": ("cause", "successor"),
    "status_ok": ("age_s",),
    "status_stale": ("age_s",),
    "status_too_old": ("age_s", "limit_s"),
    "status_unavailable": ("reason", "since"),
    "work_not_shown": ("reason",),
}
"""Which params follow the sentence of a code in sentences of their own; what is empty or has no word is left."""


@cache
def _texts(language: str) -> Mapping[str, str]:
    return _read(language)


@cache
def _countries(language: str) -> Mapping[str, str]:
    return _read(f"countries.{language}")


def _read(name: str) -> Mapping[str, str]:
    file = resources.files("portadoc.verification.rendering") / "texts" / f"{name}.json"
    texts: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    return texts


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one of ``portadoc.i18n.LANGUAGES``."""

    language: str

    def say(self, name: str, /, **params: object) -> str:
        """Return a text of the report, filled. Raises KeyError for a name that there is not."""
        return _texts(self.language)[name].format_map(params)

    def has(self, name: str) -> bool:
        """Tell whether there is a text of this name."""
        return name in _texts(self.language)

    def message(self, code: str, params: Mapping[str, Param]) -> Message:
        """Return sentence and advice for a code, its days in words; what there is to add follows the sentence.

        Raises Misconfigured[message_missing].
        """
        told = render(code, {name: self.value(value) for name, value in params.items()}, self.language)
        return Message(" ".join((told.text, *self._details(code, params))), told.action)

    def _details(self, code: str, params: Mapping[str, Param]) -> Iterator[str]:
        for name in _DETAILS.get(code, ()):
            value = params.get(name, "")
            if value in EMPTY:
                continue
            if isinstance(value, int):
                yield self.say(f"detail.{name}", value=self.duration(value))
            elif name in ("cause", "reason"):
                key = f"{name}.{value}"
                yield from (self.say(f"detail.{name}", value=self.say(key)) for _ in range(self.has(key)))
            else:
                yield self.say(f"detail.{name}", value=self.value(value))

    def day(self, day: date) -> str:
        """Return a day in words, such as ``1 November 2026``."""
        months = self.say("date.months").split()
        first = self.say("date.first") if day.day == 1 else str(day.day)
        return f"{first} {months[day.month - 1]} {day.year}"

    def moment(self, epoch_s: int) -> str:
        """Return day and time of day in UTC."""
        at = datetime.fromtimestamp(epoch_s, UTC)
        return self.say("time", day=self.day(at.date()), time=f"{at:%H:%M}")

    def duration(self, seconds: int) -> str:
        """Return a length of time in two units, the greater of which there are two days, or one of the others.

        Seconds are told below two minutes only.
        """
        days, hours, minutes = seconds // 86_400, seconds // 3_600, seconds // 60
        if days >= 2:
            return self._units(("d", days), ("h", hours % 24))
        if hours:
            return self._units(("h", hours), ("min", minutes % 60))
        return self._units(("min", minutes)) if minutes >= 2 else self._units(("s", seconds))

    def _units(self, first: tuple[str, int], *more: tuple[str, int]) -> str:
        counted = (first, *(each for each in more if each[1]))
        return " ".join(self.say(f"duration.{unit}", count=count) for unit, count in counted)

    def country(self, code: str) -> str:
        """Return the name of a country; a code that has none is returned as it is."""
        return _countries(self.language).get(canonical_country(code), code)

    def value(self, value: object) -> str:
        """Return a value as text: days in words, true and false as yes and no, a dash where nothing was stated."""
        if isinstance(value, bool):
            return self.say("value.yes" if value else "value.no")
        if not isinstance(value, str):
            return str(value)
        if value == "-":
            return self.say("value.not_stated")
        return self._day_or_text(value)

    def _day_or_text(self, value: str) -> str:
        moment = _ISO_MINUTE.fullmatch(value)
        try:
            if moment is not None:
                return self.say("time", day=self.day(date.fromisoformat(moment[1])), time=moment[2])
            return self.day(date.fromisoformat(value)) if _ISO_DATE.fullmatch(value) else value
        except ValueError:
            return value


def printable(text: str) -> str:
    """Return text that cannot steer a terminal or a page: control and direction characters are spelt out."""
    return text if text.isprintable() else "".join(map(_spelt_out, text))


def _spelt_out(character: str) -> str:
    """Return a character as JSON would escape it, unless it is printable or some kind of space."""
    if character.isprintable() or unicodedata.category(character) == "Zs":
        return character
    return json.dumps(character)[1:-1]
