"""The words of a report: days, times and values as people read them, and ``texts/<language>.json``."""

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from importlib import resources
from typing import Final

from portadoc.errors import Param
from portadoc.i18n import Message, render

_ISO_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_UNITS: Final = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


@cache
def _texts(language: str) -> Mapping[str, str]:
    file = resources.files("portadoc.verification.rendering") / "texts" / f"{language}.json"
    texts: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    return texts


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one of ``portadoc.i18n.LANGUAGES``."""

    language: str

    def say(self, name: str, /, **params: object) -> str:
        """Return a text of the report, filled. Raises KeyError for a name that there is not."""
        return _texts(self.language)[name].format_map(params)

    def message(self, code: str, params: Mapping[str, Param]) -> Message:
        """Return sentence and advice for a code, its days in words. Raises Misconfigured[message_missing]."""
        return render(code, {name: self.value(value) for name, value in params.items()}, self.language)

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
        """Return a length of time in its greatest unit of which there are two, rounded down."""
        unit, length = next((each for each in _UNITS if seconds >= 2 * each[1]), _UNITS[-1])
        return self.say(f"duration.{unit}", count=seconds // length)

    def value(self, value: object) -> str:
        """Return a value as text: a date in ISO form as a day in words, true and false as yes and no."""
        if isinstance(value, bool):
            return self.say("value.yes" if value else "value.no")
        if isinstance(value, str) and _ISO_DATE.fullmatch(value):
            try:
                return self.day(date.fromisoformat(value))
            except ValueError:
                return value
        return str(value)


def printable(text: str) -> str:
    """Return text that cannot steer a terminal or a page: control and direction characters are spelt out."""
    return text if text.isprintable() else "".join(map(_spelt_out, text))


def _spelt_out(character: str) -> str:
    """Return a character as JSON would escape it, unless it is printable or some kind of space."""
    if character.isprintable() or unicodedata.category(character) == "Zs":
        return character
    return json.dumps(character)[1:-1]
