"""One seal, one message: whoever has no key cannot write another message that says the same.

Neither an encoder nor a signature has only one result by itself. What is left open there is settled here. How well
a message is compressed stays open: to tell seals apart, compare messages. Described in docs/seal.md.
"""

import zlib
from typing import Final

from portadoc.errors import Malformed, Untrusted
from portadoc.keys.algorithms import SIGNATURE_ALGORITHMS
from portadoc.keys.signer import Signer

SPEC: Final = "Seal §2"
_CHECKSUM_BYTES: Final = 4
_ZLIB_HEAD_BYTES: Final = 2
_BLOCK_TYPE, _BLOCK_HEAD_BITS = 0b110, 3


def deflated(message: bytes) -> bytes:
    """Return the bytes as one zlib stream at the highest level. Spec: RFC 1950."""
    return zlib.compress(message, 9)


def inflated(stream: bytes, *, limit: int) -> bytes:
    """Return what one zlib stream holds, ``limit`` bytes at most, with nothing behind it.

    Input is unverified. Raises Malformed[seal_malformed] (reason: compression, trailing, padding),
    Malformed[limit_exceeded].
    """
    message, rest = _inflate(stream, limit)
    if rest:
        raise _malformed("trailing")
    if _has_idle_bits(stream, message):
        raise _malformed("padding")
    return message


def _inflate(stream: bytes, limit: int) -> tuple[bytes, bytes]:
    inflater = zlib.decompressobj()
    try:
        message = inflater.decompress(stream, limit + 1)
    except zlib.error as exc:
        raise _malformed("compression") from exc
    if len(message) > limit:
        raise Malformed("limit_exceeded", spec=SPEC, what="seal", limit=limit)
    if not inflater.eof:
        raise _malformed("compression")
    return message, inflater.unused_data


def _has_idle_bits(stream: bytes, message: bytes) -> bool:
    """Tell whether a bit is set that no block reads: behind the head of a stored block that comes first, or behind
    the last block.

    There the highest bit set in its byte would be such a bit: taking it away then changes nothing; taking away a
    bit that counts always does. Spec: RFC 1951 §3.2.3, §3.2.4.
    """
    if not stream[_ZLIB_HEAD_BYTES] & _BLOCK_TYPE and stream[_ZLIB_HEAD_BYTES] >> _BLOCK_HEAD_BITS:
        return True
    at = len(stream) - _CHECKSUM_BYTES - 1
    last = stream[at]
    if not last:
        return False
    without = last ^ 1 << last.bit_length() - 1
    try:
        found = zlib.decompressobj().decompress(
            stream[:at] + bytes([without]) + stream[at + 1 :], len(message) + 1
        )
    except zlib.error:
        return False
    return found == message


def check_signature_form(alg: str, signature: bytes) -> None:
    """Require the lesser of the two values of s with which an ECDSA signature holds.

    Raises Untrusted[signature_invalid] (reason ``high_s``). Spec: SEC 1 §4.1.3.
    """
    if _with_low_s(alg, signature) != signature:
        raise Untrusted("signature_invalid", spec=SPEC, reason="high_s")


class OneSignature:
    """A signer whose ECDSA signatures have the lesser value of s; everything else is the signer's own."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer
        self.alg, self.kid, self.public_jwk, self.chain = signer.alg, signer.kid, signer.public_jwk, signer.chain

    def sign(self, data: bytes) -> bytes:
        """Return the raw signature over ``data``."""
        return _with_low_s(self.alg, self._signer.sign(data))


def _with_low_s(alg: str, signature: bytes) -> bytes:
    algorithm = SIGNATURE_ALGORITHMS[alg]
    if algorithm.ecdsa is None or len(signature) != algorithm.signature_size:
        return signature
    size, order = algorithm.coordinate_size, algorithm.ecdsa.order
    s = int.from_bytes(signature[size:], "big")
    return signature if s <= order // 2 else signature[:size] + ((order - s) % order).to_bytes(size, "big")


def _malformed(reason: str) -> Malformed:
    return Malformed("seal_malformed", spec=SPEC, reason=reason)
