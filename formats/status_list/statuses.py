"""Token Status List content: one small number for each referenced token, packed and compressed.

Statuses are packed least significant bit first, 1, 2, 4 or 8 bits each (draft-ietf-oauth-status-list-20 §4).
Nothing here is signed: see ``jwt_form`` and ``cwt_form``.
"""

import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Any, Final

from portadoc import base64url
from portadoc.errors import Malformed, Untrusted

SPEC: Final = "Token Status List"
WIDTHS: Final = frozenset({1, 2, 4, 8})
MAX_INDEX: Final = 2**53 - 1
MAX_URI_CHARS: Final = 2048
_URI: Final = re.compile(r"[!-~]+")
SMALLEST_CROWD: Final = 10_000
"""Entries below which fetching a list tells a good deal about whom it concerns. Spec: §12.2, ARF TS3."""
DEFAULT_MAX_INFLATED: Final = 2 * 1024 * 1024
"""Bytes that a list may inflate to: 16 million statuses of one bit."""


class StatusValue(IntEnum):
    """The registered statuses; every other number is reserved or for one application. Spec: §7.1."""

    VALID = 0
    INVALID = 1
    SUSPENDED = 2


@dataclass(frozen=True, slots=True)
class StatusReference:
    """Where the status of a token stands: entry ``idx`` of the list published at ``uri``. Spec: §6.2."""

    uri: str
    idx: int

    def to_claim(self) -> dict[str, dict[str, str | int]]:
        """Return the value of the ``status`` claim."""
        return {"status_list": {"idx": self.idx, "uri": self.uri}}


@dataclass(frozen=True, slots=True)
class StatusList:
    """Hold ``capacity`` statuses of ``bits`` bits each; frozen, a change makes a new list.

    Raises: Untrusted[status_invalid] (reason ``bits`` or ``list_empty``). Spec: §4.1.
    """

    bits: int
    packed: bytes

    def __post_init__(self) -> None:
        _require_width(self.bits)
        if not self.packed:
            raise Untrusted("status_invalid", spec=f"{SPEC} §4.1", reason="list_empty")

    @classmethod
    def of(cls, size: int, *, bits: int) -> "StatusList":
        """Return a list of at least ``size`` statuses, all valid; the rest of the last byte is filled up."""
        _require_width(bits)
        return cls(bits, bytes((size * bits + 7) // 8))

    @property
    def capacity(self) -> int:
        """The number of statuses held."""
        return len(self.packed) * 8 // self.bits

    def get(self, idx: int) -> int:
        """Return the status at ``idx``.

        Raises: Untrusted[status_invalid] (reason ``index_form``, ``index_out_of_range``). Spec: §8.3.
        """
        byte, shift = self._place(idx)
        return self.packed[byte] >> shift & self._mask

    def set(self, changes: Mapping[int, int]) -> "StatusList":
        """Return a new list with the statuses of ``changes`` (index to status) written.

        Raises: Untrusted[status_invalid] (``index_form``, ``index_out_of_range``, ``value_out_of_range``).
        """
        packed = bytearray(self.packed)
        for idx, value in changes.items():
            if not is_index(value) or value > self._mask:
                raise Untrusted("status_invalid", spec=f"{SPEC} §4.1", reason="value_out_of_range")
            byte, shift = self._place(idx)
            packed[byte] = packed[byte] & ~(self._mask << shift) | value << shift
        return StatusList(self.bits, bytes(packed))

    def with_status(self, indices: Iterable[int], status: int) -> "StatusList":
        """Return a new list in which every one of ``indices`` has ``status``."""
        return self.set(dict.fromkeys(indices, status))

    def compressed(self) -> bytes:
        """Return the ``lst`` bytes: zlib at its highest level. Spec: §4.1, §4.3."""
        return _compressed(self.packed)

    def encode_lst(self) -> str:
        """Return the ``lst`` text: the compressed bytes in base64url. Spec: §4.2."""
        return base64url.encode(self.compressed())

    @property
    def _mask(self) -> int:
        return (1 << self.bits) - 1

    def _place(self, idx: int) -> tuple[int, int]:
        if not is_index(idx):
            raise Untrusted("status_invalid", spec=f"{SPEC} §6.2", reason="index_form")
        if idx >= self.capacity:
            raise Untrusted("status_invalid", spec=f"{SPEC} §8.3", reason="index_out_of_range")
        bit = idx * self.bits
        return bit >> 3, bit & 7


def decode_lst(lst: object, *, bits: object, max_inflated: int) -> StatusList:
    """Return the list that ``bits`` and ``lst`` describe, inflating at most ``max_inflated`` bytes.

    Input is unverified or from a peer. Raises: Untrusted[status_invalid] (reason ``bits``, ``lst_form``,
    ``lst_compression``, ``list_empty``), Malformed[limit_exceeded]. Spec: §4.2.
    """
    return inflate_lst(_lst_bytes(lst), bits=bits, max_inflated=max_inflated)


def inflate_lst(lst: object, *, bits: object, max_inflated: int) -> StatusList:
    """Return the list that ``bits`` and the byte string ``lst`` describe. Raises as ``decode_lst``. Spec: §4.3."""
    width = _require_width(bits)
    if type(lst) is not bytes:
        raise Untrusted("status_invalid", spec=f"{SPEC} §4.3", reason="lst_form")
    return StatusList(width, _inflate(lst, max_inflated))


def status_reference(claims: Mapping[str, Any]) -> StatusReference | None:
    """Return the reference in the ``status`` claim; None only when there is no ``status`` claim at all.

    A ``status`` claim that holds another mechanism only is refused: unknown is not valid.
    Raises: Untrusted[status_invalid] (``mechanism_unknown``, ``reference_form``, ``index_form``, ``uri_form``).
    Spec: §6.1, §6.2.
    """
    if "status" not in claims:
        return None
    status = claims["status"]
    if not isinstance(status, dict):
        raise Untrusted("status_invalid", spec=f"{SPEC} §6.1", reason="reference_form")
    if "status_list" not in status:
        raise Untrusted("status_invalid", spec=f"{SPEC} §6.1", reason="mechanism_unknown")
    reference = status["status_list"]
    if not isinstance(reference, dict):
        raise Untrusted("status_invalid", spec=f"{SPEC} §6.2", reason="reference_form")
    return StatusReference(uri_text(reference.get("uri")), _index(reference.get("idx")))


def is_index(value: object) -> bool:
    """Say whether ``value`` is a whole number from 0 to 2^53-1 (``true`` and ``1.0`` are not)."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_INDEX


def uri_text(value: object) -> str:
    """Return a URI of printable ASCII and bounded length. Raises Untrusted[status_invalid] (``uri_form``)."""
    if not isinstance(value, str) or not 0 < len(value) <= MAX_URI_CHARS or not _URI.fullmatch(value):
        raise Untrusted("status_invalid", spec=f"{SPEC} §6.2", reason="uri_form")
    return value


def _index(value: Any) -> int:
    if not is_index(value):
        raise Untrusted("status_invalid", spec=f"{SPEC} §6.2", reason="index_form")
    return int(value)


def _require_width(bits: object) -> int:
    if type(bits) is not int or bits not in WIDTHS:
        raise Untrusted("status_invalid", spec=f"{SPEC} §4.1", reason="bits")
    return bits


def _lst_bytes(lst: object) -> bytes:
    if not isinstance(lst, str):
        raise Untrusted("status_invalid", spec=f"{SPEC} §4.2", reason="lst_form")
    try:
        return base64url.decode(lst, what="lst")
    except Malformed as exc:
        raise Untrusted("status_invalid", spec=f"{SPEC} §4.2", reason="lst_form") from exc


@lru_cache(maxsize=2)
def _compressed(packed: bytes) -> bytes:
    """Return the bytes at the highest level, once for the forms of one list: most of what signing it costs."""
    return zlib.compress(packed, 9)


def _inflate(compressed: bytes, max_inflated: int) -> bytes:
    stream = zlib.decompressobj(wbits=zlib.MAX_WBITS)
    try:
        packed = stream.decompress(compressed, max_inflated + 1)
    except zlib.error as exc:
        raise Untrusted("status_invalid", spec=f"{SPEC} §4.2", reason="lst_compression") from exc
    if len(packed) > max_inflated:
        raise Malformed("limit_exceeded", spec=f"{SPEC} §4.2", what="status list", limit=max_inflated)
    if stream.unconsumed_tail or stream.unused_data or not stream.eof:
        raise Untrusted("status_invalid", spec=f"{SPEC} §4.2", reason="lst_compression")
    return packed
