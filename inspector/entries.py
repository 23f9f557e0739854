"""Entries of a visit, read strictly: what a device writes down, one act each, never changed afterwards.

Who holds the public key of a device may have written an entry: what one says of a scan is unverified until the
server has judged the text again.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Final

from portadoc.errors import Malformed
from portadoc.formats import strict_json
from portadoc.formats.numeric_date import LATEST
from portadoc.schemas.claims import Json, JsonObject
from portadoc.verification.verdict import Colour, Verdict

SPEC: Final = "Entry"
VERSION: Final = 1
MAX_SEQUENCE: Final = 1_000_000
MAX_TEXT: Final = 64 * 1024
MAX_LINE: Final = 200
MAX_WORKERS: Final = 2000
MAX_DEPTH: Final = 16
MAX_PARTS: Final = 100_000
"""Commas and brackets of an entry: small parts take far more memory once they are read than their bytes."""
MEDIA_TYPES: Final[Mapping[str, bytes]] = {"image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG\r\n\x1a\n"}
"""What photographs may be, and how their bytes begin."""
NOT_JUDGED: Final = "not_judged"
"""The verdict on a paper without a code: nothing on it could be authenticated."""
PERSONAL_NUMBERS: Final = frozenset(
    {"pin", "personal_number", "personal_administrative_number", "social_security_pin"}
)
"""How records and every layout of credentials name a personal number."""
_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_WORD: Final = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class EntryKind(StrEnum):
    """What happened on a visit."""

    VISIT_OPENED = "visit_opened"
    SCAN = "scan"
    NOTE = "note"
    PHOTO = "photo"
    ROSTER = "roster"
    FINDING = "finding"
    COMPARED = "compared"
    VISIT_CLOSED = "visit_closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One act of a visit, in order of ``sequence``; ``at`` in epoch seconds by the clock of the device."""

    visit: str
    entry: str
    sequence: int
    kind: EntryKind
    at: int
    body: JsonObject = field(repr=False)

    def to_json(self) -> JsonObject:
        """Return the entry as it is written."""
        return {
            "version": VERSION,
            "visit": self.visit,
            "entry": self.entry,
            "sequence": self.sequence,
            "kind": self.kind.value,
            "at": self.at,
            "body": self.body,
        }


def parse_entry(raw: bytes, *, max_bytes: int) -> Entry:
    """Return the entry that a device wrote.

    Raises Malformed[json_malformed], [limit_exceeded], [entry_malformed] with the member and what it has to be.
    """
    if sum(map(raw.count, (b",", b"{", b"["))) > MAX_PARTS:
        raise Malformed("limit_exceeded", spec=SPEC, what="parts of an entry", limit=MAX_PARTS)
    members = strict_json.loads_object(raw, what="entry", max_bytes=max_bytes, max_depth=MAX_DEPTH)
    _Shape(_ENTRY).check(members, "")
    if type(members["version"]) is not int or members["version"] != VERSION:
        raise _malformed("/version", str(VERSION))
    kind = EntryKind(members["kind"])
    _BODIES[kind].check(members["body"], "/body")
    return Entry(
        visit=members["visit"],
        entry=members["entry"],
        sequence=members["sequence"],
        kind=kind,
        at=members["at"],
        body=members["body"],
    )


def is_uuid(text: object) -> bool:
    """Tell whether a text is a UUID in its one canonical form."""
    return isinstance(text, str) and _UUID.fullmatch(text) is not None


def _malformed(member: str, expected: str) -> Malformed:
    return Malformed("entry_malformed", spec=SPEC, member=member[:100], expected=expected)


Check = Callable[[Any, str], None]


class _Shape:
    """An object whose members are all named; a name that ends in ``?`` may be absent or null."""

    def __init__(self, members: Mapping[str, Check]) -> None:
        self._required = {name: check for name, check in members.items() if not name.endswith("?")}
        self._known = {name.removesuffix("?"): check for name, check in members.items()}

    def check(self, value: Any, where: str) -> None:
        """Raise Malformed[entry_malformed] unless the value has this shape."""
        if not isinstance(value, dict):
            raise _malformed(where or "/", "object")
        for name in value:
            if name not in self._known:
                raise _malformed(f"{where}/{name}", f"one of {', '.join(self._known)}")
        for name, check in self._known.items():
            if name in self._required or value.get(name) is not None:
                check(value.get(name), f"{where}/{name}")


def _uuid(value: Any, where: str) -> None:
    if not is_uuid(value):
        raise _malformed(where, "UUID in lower case")


def _text(limit: int, *, least: int = 0) -> Check:
    def check(value: Any, where: str) -> None:
        if not isinstance(value, str) or not least <= len(value) <= limit or _CONTROL.search(value):
            raise _malformed(where, f"text of {least} to {limit} characters")

    return check


def _matching(pattern: re.Pattern[str], expected: str) -> Check:
    def check(value: Any, where: str) -> None:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise _malformed(where, expected)

    return check


def _whole(least: int, most: int) -> Check:
    def check(value: Any, where: str) -> None:
        if type(value) is not int or not least <= value <= most:
            raise _malformed(where, f"whole number from {least} to {most}")

    return check


def _one_of(*known: str) -> Check:
    def check(value: Any, where: str) -> None:
        if value not in known:
            raise _malformed(where, ", ".join(known))

    return check


def _flag(value: Any, where: str) -> None:
    if not isinstance(value, bool):
        raise _malformed(where, "true or false")


def _day(value: Any, where: str) -> None:
    try:
        if isinstance(value, str) and date.fromisoformat(value).isoformat() == value:
            return
    except ValueError:
        pass
    raise _malformed(where, "YYYY-MM-DD")


def _each(check: Check, most: int) -> Check:
    def check_all(value: Any, where: str) -> None:
        if not isinstance(value, list) or len(value) > most:
            raise _malformed(where, f"array of at most {most}")
        for place, each in enumerate(value):
            check(each, f"{where}/{place}")

    return check_all


def _object(value: Any, where: str) -> None:
    if not isinstance(value, dict):
        raise _malformed(where, "object")


def _facts(value: Any, where: str) -> None:
    """What was read, for people: any object, but never a personal number."""
    _object(value, where)
    if PERSONAL_NUMBERS & set(_names(value)):
        raise _malformed(where, "facts without a personal number")


def _names(value: Json) -> list[str]:
    if isinstance(value, dict):
        return [*value, *(name for each in value.values() for name in _names(each))]
    return [name for each in value for name in _names(each)] if isinstance(value, list) else []


def _image(value: Any, where: str) -> None:
    """A photograph in base64; that its bytes are of its media type is checked with the whole body."""
    try:
        photo_bytes(value)
    except (TypeError, ValueError) as exc:
        raise _malformed(where, "base64") from exc


def photo_bytes(encoded: str) -> bytes:
    """Return the bytes of a photograph. Raises ValueError, TypeError."""
    try:
        return base64.b64decode(encoded.encode("ascii"), validate=True)
    except (AttributeError, binascii.Error) as exc:
        raise ValueError from exc


class _Photo(_Shape):
    def check(self, value: Any, where: str) -> None:
        super().check(value, where)
        if not photo_bytes(value["data"]).startswith(MEDIA_TYPES[value["mediaType"]]):
            raise _malformed(f"{where}/data", value["mediaType"])


_LINE: Final = _text(MAX_LINE)
_NAME: Final = _text(MAX_LINE, least=1)
_PROSE: Final = _text(MAX_TEXT)
_TIME: Final = _whole(0, LATEST)
_WORD_CHECK: Final = _matching(_WORD, "a code")
_ENTRY: Final[Mapping[str, Check]] = {
    "version": _whole(VERSION, VERSION),
    "visit": _uuid,
    "entry": _uuid,
    "sequence": _whole(0, MAX_SEQUENCE),
    "kind": _one_of(*EntryKind),
    "at": _TIME,
    "body": _object,
}
_SITE: Final = _Shape(
    {
        "name": _NAME,
        "address?": _LINE,
        "town?": _LINE,
        "country?": _matching(_COUNTRY, "country code of two letters"),
        "reference?": _LINE,
    }
)
_WORKER: Final = _Shape(
    {
        "id": _NAME,
        "surname": _LINE,
        "forenames": _LINE,
        "birthDate?": _day,
        "employerId?": _LINE,
        "employerName?": _LINE,
        "number?": _LINE,
        "first?": _day,
        "last?": _day,
    }
)
_WORK: Final = _Shape(
    {
        "state?": _matching(_COUNTRY, "country code of two letters"),
        "employers?": _each(_NAME, 20),
        "first?": _day,
        "last?": _day,
    }
)
_BODIES: Final[Mapping[EntryKind, _Shape]] = {
    EntryKind.VISIT_OPENED: _Shape(
        {
            "site": _SITE.check,
            "purpose?": _WORD_CHECK,
            "inspector?": _LINE,
            "employerId?": _LINE,
            "note?": _PROSE,
        }
    ),
    EntryKind.SCAN: _Shape(
        {
            "scan": _uuid,
            "text": _PROSE,
            "verdict": _one_of(*Verdict, NOT_JUDGED),
            "colour": _one_of(*Colour),
            "code?": _WORD_CHECK,
            "onDate": _day,
            "statusAsOf?": _TIME,
            "packSequence?": _whole(0, 2**53 - 1),
            "facts": _facts,
            "purpose": _WORD_CHECK,
            "kind?": _WORD_CHECK,
            "worker?": _NAME,
            "nonce?": _matching(_WORD, "the nonce that was shown"),
            "transaction?": _WORD_CHECK,
            "work?": _WORK.check,
        }
    ),
    EntryKind.NOTE: _Shape({"text": _text(MAX_TEXT, least=1), "scan?": _uuid}),
    EntryKind.PHOTO: _Photo(
        {"photo": _uuid, "mediaType": _one_of(*MEDIA_TYPES), "data": _image, "caption?": _LINE, "scan?": _uuid}
    ),
    EntryKind.ROSTER: _Shape({"workers": _each(_WORKER.check, MAX_WORKERS)}),
    EntryKind.FINDING: _Shape(
        {
            "code": _WORD_CHECK,
            "worker?": _NAME,
            "scans?": _each(_uuid, MAX_WORKERS),
            "params?": _facts,
            "note?": _PROSE,
        }
    ),
    EntryKind.COMPARED: _Shape({"scan": _uuid, "samePerson": _flag, "note?": _PROSE}),
    EntryKind.VISIT_CLOSED: _Shape({"note?": _PROSE}),
}
