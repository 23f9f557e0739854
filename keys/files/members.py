"""JSON files of the operator, read by member name and type: an unknown, missing or mistyped member is refused."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from portadoc.errors import Misconfigured
from portadoc.keys.files.durable import replace_file

_Kind = TypeVar("_Kind")


@dataclass(frozen=True, slots=True)
class FileMembers:
    """The members of one JSON object. ``where`` says which one, ``code`` is the refusal of its file."""

    values: Mapping[str, Any]
    where: str
    code: str

    def text(self, name: str) -> str:
        """Return a text member. Raises Misconfigured[code]."""
        return self._typed(name, str)

    def seconds(self, name: str) -> int:
        """Return a time in seconds since the epoch. Raises Misconfigured[code]."""
        return self._typed(name, int)

    def optional_text(self, name: str) -> str | None:
        """Return a text member or None for null. Raises Misconfigured[code]."""
        return None if self.values[name] is None else self.text(name)

    def optional_seconds(self, name: str) -> int | None:
        """Return a time or None for null. Raises Misconfigured[code]."""
        return None if self.values[name] is None else self.seconds(name)

    def optional_mapping(self, name: str) -> Mapping[str, str] | None:
        """Return an object of texts or None for null. Raises Misconfigured[code]."""
        if self.values[name] is None:
            return None
        mapping = self._typed(name, dict)
        if not all(isinstance(text, str) for text in mapping.values()):
            raise self._malformed(name)
        return mapping

    def texts(self, name: str) -> tuple[str, ...]:
        """Return an array of texts. Raises Misconfigured[code]."""
        texts = self._typed(name, list)
        if not all(isinstance(text, str) for text in texts):
            raise self._malformed(name)
        return tuple(texts)

    def objects(self, name: str, *members: str) -> tuple["FileMembers", ...]:
        """Return an array of objects that have exactly these members. Raises Misconfigured[code]."""
        return tuple(
            exact_members(value, *members, where=name, code=self.code) for value in self._typed(name, list)
        )

    def _typed(self, name: str, kind: type[_Kind]) -> _Kind:
        value = self.values[name]
        if type(value) is not kind:
            raise self._malformed(name)
        return value

    def _malformed(self, name: str) -> Misconfigured:
        return Misconfigured(self.code, where=self.where, reason=name)


def exact_members(value: object, *members: str, where: str, code: str) -> FileMembers:
    """Return a JSON object that has exactly these members. Raises Misconfigured[code]."""
    if not isinstance(value, dict):
        raise Misconfigured(code, where=where, reason="not_an_object")
    if value.keys() != set(members):
        raise Misconfigured(code, where=where, reason="members")
    return FileMembers(value, where, code)


def read_json_file(path: Path, *, missing: str, malformed: str) -> object:
    """Return the JSON value of a file; ``missing`` and ``malformed`` are the codes of Misconfigured it raises."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise Misconfigured(missing, file=path.name) from exc
    except ValueError as exc:
        raise Misconfigured(malformed, where=path.name, reason="json") from exc


def replace_json_file(path: Path, value: object) -> None:
    """Put a JSON value in place of a file, whole or not at all."""
    replace_file(path, (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode())
