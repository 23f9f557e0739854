"""The words of the pages: ``texts/<language>.json``, each a flat object from a name to a text.

They are kept apart from ``portadoc/messages``, whose entries are codes of errors and checks, public by their code.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from importlib import resources
from typing import Final

from fastapi import Request

from portadoc.i18n import LANGUAGES
from portadoc.web.language import preferred_language

_ISO_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


@cache
def page_texts(language: str) -> Mapping[str, str]:
    """Return every page text of one of ``LANGUAGES``."""
    file = resources.files("portadoc.tour") / "texts" / f"{language}.json"
    texts: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    return texts


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom a page is written. ``chosen`` says that the language was asked for in the address."""

    language: str
    chosen: bool = False

    @property
    def query(self) -> str:
        """The query that keeps a chosen language on the way to the next page."""
        return f"?lang={self.language}" if self.chosen else ""

    def say(self, name: str, /, **params: object) -> str:
        """Return a page text, filled. Raises KeyError for a name that no catalogue has."""
        return page_texts(self.language)[name].format_map(params)

    def variant(self, name: str, journey: str, /, **params: object) -> str:
        """Return the text that a journey has of its own, or else the one for all."""
        own = f"{journey}.{name}"
        return self.say(own if own in page_texts(self.language) else name, **params)

    def lines(self, name: str) -> tuple[str, ...]:
        """Return the texts ``name.1``, ``name.2`` and so on, as many as there are."""
        texts = page_texts(self.language)
        found: list[str] = []
        while (numbered := f"{name}.{len(found) + 1}") in texts:
            found.append(texts[numbered])
        return tuple(found)

    def day(self, day: date) -> str:
        """Return a day in words, such as ``1 November 2026``."""
        months = self.say("date.months").split()
        first = self.say("date.first") if day.day == 1 else str(day.day)
        return f"{first} {months[day.month - 1]} {day.year}"

    def readable(self, value: object) -> str:
        """Return a value as text, a date in ISO form as a day in words."""
        if isinstance(value, str) and _ISO_DATE.fullmatch(value):
            try:
                return self.day(date.fromisoformat(value))
            except ValueError:
                return value
        return str(value)

    def time(self, epoch_s: int) -> str:
        """Return the time of day in UTC."""
        return f"{datetime.fromtimestamp(epoch_s, UTC):%H:%M} UTC"


def reader_of(request: Request) -> Reader:
    """Return the reader: ``?lang=`` before the languages of the browser."""
    chosen = request.query_params.get("lang")
    if chosen in LANGUAGES:
        return Reader(chosen, chosen=True)
    return Reader(preferred_language(request.headers.get("accept-language")))
