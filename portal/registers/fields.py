"""Read members of a JSON document strictly: each by name and type, and none that nobody knows."""

import re
from collections.abc import Callable, Collection
from datetime import date
from typing import Final, TypeVar

from portadoc.days import read_day
from portadoc.errors import Malformed
from portadoc.schemas.claims import Json, JsonObject

_STATE: Final = re.compile(r"[A-Z]{2}")
_MAX_TEXT: Final = 200
_Read = TypeVar("_Read")


class Fields:
    """One object of a document, with the JSON Pointer to it.

    Every method raises Malformed[register_malformed] with the pointer of a member that does not fit.
    """

    def __init__(self, value: Json, pointer: str, *, known: Collection[str]) -> None:
        if not isinstance(value, dict):
            raise _malformed(pointer, "an object")
        if unknown := sorted(value.keys() - set(known)):
            raise _malformed(f"{pointer}/{unknown[0]}", "no such member")
        self._value: JsonObject = value
        self._pointer = pointer

    def text(self, name: str) -> str:
        """Return a text that is not empty."""
        found = self.optional_text(name)
        if found is None:
            raise self._wrong(name, "text")
        return found

    def optional_text(self, name: str) -> str | None:
        """Return a text, None for one that is null or absent."""
        value = self._value.get(name)
        if value is not None and not (
            isinstance(value, str) and len(value.strip()) > 0 and len(value) <= _MAX_TEXT
        ):
            raise self._wrong(name, "text")
        return value

    def state(self, name: str) -> str:
        """Return a two-letter code of a state."""
        value = self.text(name)
        if not _STATE.fullmatch(value):
            raise self._wrong(name, "code of a state")
        return value

    def day(self, name: str) -> date:
        """Return a day."""
        found = self.optional_day(name)
        if found is None:
            raise self._wrong(name, "day")
        return found

    def optional_day(self, name: str) -> date | None:
        """Return a day (``2026-11-22``), None for one that is null or absent."""
        value = self.optional_text(name)
        if value is None:
            return None
        try:
            return read_day(value)
        except ValueError as exc:
            raise self._wrong(name, "day") from exc

    def flag(self, name: str) -> bool | None:
        """Return true or false, None for unknown."""
        value = self._value.get(name)
        if value is not None and not isinstance(value, bool):
            raise self._wrong(name, "true, false or null")
        return value

    def share(self, name: str) -> float | None:
        """Return a percentage, None for unknown."""
        value = self._value.get(name)
        if value is None:
            return None
        if type(value) not in (int, float) or not 0 <= value <= 100:
            raise self._wrong(name, "number in 0..100")
        return float(value)

    def count(self, name: str) -> int | None:
        """Return a whole number that is not negative, None for unknown."""
        value = self._value.get(name)
        if value is not None and not (type(value) is int and 0 <= value <= 100_000):
            raise self._wrong(name, "whole number")
        return value

    def word(self, name: str, words: Callable[[str], _Read]) -> _Read:
        """Return a word out of a list."""
        try:
            return words(self.text(name))
        except ValueError as exc:
            raise self._wrong(name, "known word") from exc

    def each(self, name: str, read: Callable[[Json, str], _Read]) -> tuple[_Read, ...]:
        """Return what ``read`` makes of each element of a list; none for one that is absent."""
        value = self._value.get(name, [])
        if not isinstance(value, list):
            raise self._wrong(name, "list")
        return tuple(read(each, f"{self._pointer}/{name}/{place}") for place, each in enumerate(value))

    def inner(self, name: str, read: Callable[[Json, str], _Read]) -> _Read:
        """Return what ``read`` makes of a member that has to be there."""
        return read(self._value.get(name), f"{self._pointer}/{name}")

    def optional_inner(self, name: str, read: Callable[[Json, str], _Read]) -> _Read | None:
        """Return what ``read`` makes of a member, None for one that is null or absent."""
        return None if self._value.get(name) is None else self.inner(name, read)

    def _wrong(self, name: str, expected: str) -> Malformed:
        return _malformed(f"{self._pointer}/{name}", expected)


def read_state(value: Json, pointer: str) -> str:
    """Return a code of a state that stands in a list."""
    return Fields({"state": value}, pointer, known=("state",)).state("state")


def read_text(value: Json, pointer: str) -> str:
    """Return a text that stands in a list."""
    return Fields({"text": value}, pointer, known=("text",)).text("text")


def _malformed(pointer: str, expected: str) -> Malformed:
    return Malformed("register_malformed", pointer=pointer, expected=expected)
