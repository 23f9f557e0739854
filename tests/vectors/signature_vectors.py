"""Signatures at the edges, made by code: what a verifier of compact JWS has to accept or refuse.

Each vector is one token, one key and the one outcome that is right. TEST KEYS, which anybody can derive.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature, encode_dss_signature

from portadoc import base64url
from portadoc.keys.algorithms import ED25519, SIGNATURE_ALGORITHMS, SignatureAlgorithm
from portadoc.keys.jwk import VerificationKey

PAYLOAD: Final = json.dumps({"vct": "urn:eudi:pda1:1", "n": "é"}).encode()
VALID: Final = "valid"
PRIMES: Final = {
    "ES256": 2**256 - 2**224 + 2**192 + 2**96 - 1,
    "ES384": 2**384 - 2**128 - 2**96 + 2**32 - 1,
    "ES512": 2**521 - 1,
}
ORDER_25519: Final = 2**252 + 27742317777372353535851937790883648493
HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "ES256": hashes.SHA256(),
    "ES384": hashes.SHA384(),
    "ES512": hashes.SHA512(),
}
ECDSA: Final = tuple(each for each in SIGNATURE_ALGORITHMS.values() if each.ecdsa is not None)


@dataclass(frozen=True)
class SignatureVector:
    """``expected`` is ``valid`` or the code of the refusal."""

    name: str
    token: str
    key: VerificationKey
    expected: str


def vectors() -> Iterator[SignatureVector]:
    """Yield every vector whose signature is what it is about."""
    for algorithm in ECDSA:
        yield from ecdsa(algorithm)
    yield from edwards()


# --- keys and tokens -----------------------------------------------------------------------------------------


def private_key(algorithm: SignatureAlgorithm, scalar: int = 11) -> ec.EllipticCurvePrivateKey:
    assert algorithm.ecdsa is not None
    return ec.derive_private_key(scalar, algorithm.ecdsa.curve)


def input_of(alg: str, payload: bytes = PAYLOAD) -> str:
    header = json.dumps({"alg": alg, "typ": "dc+sd-jwt"}).encode()
    return f"{base64url.encode(header)}.{base64url.encode(payload)}"


def sign(key: ec.EllipticCurvePrivateKey, data: bytes, scheme: ec.ECDSA) -> tuple[int, int]:
    return decode_dss_signature(key.sign(data, scheme))


def deterministic(function: hashes.HashAlgorithm) -> ec.ECDSA:
    return ec.ECDSA(function, deterministic_signing=True)


def raw(r: int, s: int, size: int) -> bytes:
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


# --- ECDSA ---------------------------------------------------------------------------------------------------


def ecdsa(algorithm: SignatureAlgorithm) -> Iterator[SignatureVector]:
    """A21, V-05: numbers, lengths, forms, hashes."""
    assert algorithm.ecdsa is not None
    name, size, order = algorithm.name, algorithm.coordinate_size, algorithm.ecdsa.order
    private, content = private_key(algorithm), input_of(algorithm.name)
    key = VerificationKey(name, private.public_key())
    r, s = sign(private, content.encode(), deterministic(HASHES[name]))
    sound = raw(r, s, size)

    def vector(what: str, signature: bytes, expected: str = "signature_invalid") -> SignatureVector:
        return SignatureVector(f"{name} {what}", f"{content}.{base64url.encode(signature)}", key, expected)

    yield vector("sound", sound, VALID)
    yield vector("s negated", raw(r, order - s, size), VALID)
    for what, spoilt in {**_lengths(r, s, size), **_forms(r, s, size), **_numbers(r, s, order, size)}.items():
        yield vector(what, spoilt)
    for bit in range(0, len(sound) * 8, 37):
        flipped = bytearray(sound)
        flipped[bit // 8] ^= 1 << bit % 8
        yield vector(f"bit {bit} flipped", bytes(flipped))
    yield from _special_numbers(algorithm, vector)
    yield from _hashes(algorithm, private, vector)
    yield from _leading_zeros(algorithm, private, key)
    other = VerificationKey(name, private_key(algorithm, 12).public_key())
    yield SignatureVector(
        f"{name} of another key", f"{content}.{base64url.encode(sound)}", other, "signature_invalid"
    )


def _lengths(r: int, s: int, size: int) -> dict[str, bytes]:
    sound = raw(r, s, size)
    return {
        "empty": b"",
        "one byte": sound[:1],
        "r alone": sound[:size],
        "one byte short": sound[:-1],
        "one byte less in front": sound[1:],
        "one byte more": sound + b"\x00",
        "one byte more in front": b"\x00" + sound,
        "each a byte longer": raw(r, s, size + 1),
        "twice": sound + sound,
        "21,830 bytes": bytes(21_830),
        "zeros": bytes(2 * size),
        "ones": b"\xff" * (2 * size),
    }


def _forms(r: int, s: int, size: int) -> dict[str, bytes]:
    der = encode_dss_signature(r, s)
    body = der[2:] if der[1] < 0x80 else der[3:]
    return {
        "in DER": der,
        "in DER with a long length": b"\x30\x82" + len(body).to_bytes(2, "big") + body,
        "in DER of indefinite length": b"\x30\x80" + body + b"\x00\x00",
        "in DER, filled up": der.ljust(2 * size, b"\x00")[: 2 * size],
        "in hexadecimal": raw(r, s, size).hex().encode(),
        "in base64": base64url.encode(raw(r, s, size)).encode(),
        "r and s swapped": raw(s, r, size),
        "little-endian": r.to_bytes(size, "little") + s.to_bytes(size, "little"),
        "r without s": raw(r, 0, size),
        "s without r": raw(0, s, size),
    }


def _numbers(r: int, s: int, order: int, size: int) -> dict[str, bytes]:
    changed = {
        "r plus n": (r + order, s),
        "s plus n": (r, s + order),
        "r minus one": (r - 1, s),
        "s plus one": (r, s + 1),
        "r negated": (order - r, s),
        "both negated": (order - r, order - s),
        "r doubled": (2 * r % order, s),
        "r is s": (s, s),
    }
    fitting = {what: pair for what, pair in changed.items() if max(pair) < 256**size}
    return {what: raw(*pair, size) for what, pair in fitting.items()}


def _special_numbers(
    algorithm: SignatureAlgorithm, vector: Callable[[str, bytes], SignatureVector]
) -> Iterator[SignatureVector]:
    assert algorithm.ecdsa is not None
    size, order, prime = algorithm.coordinate_size, algorithm.ecdsa.order, PRIMES[algorithm.name]
    special = {
        "0": 0,
        "1": 1,
        "2": 2,
        "n-1": order - 1,
        "n": order,
        "n+1": order + 1,
        "p": prime,
        "largest": 256**size - 1,
    }
    for r_name, r in special.items():
        for s_name, s in special.items():
            yield vector(f"r={r_name} s={s_name}", raw(r, s, size))


def _hashes(
    algorithm: SignatureAlgorithm,
    private: ec.EllipticCurvePrivateKey,
    vector: Callable[[str, bytes], SignatureVector],
) -> Iterator[SignatureVector]:
    """Signatures by the right key over what is not the digest that the algorithm names."""
    size, content = algorithm.coordinate_size, input_of(algorithm.name).encode()
    digest = hashlib.new(HASHES[algorithm.name].name, content).digest()
    for other in (hashes.SHA1(), hashes.SHA224(), *HASHES.values(), hashes.SHA3_256()):
        if other.name != HASHES[algorithm.name].name:
            yield vector(f"over {other.name}", raw(*sign(private, content, ec.ECDSA(other)), size))
    for what, data in {
        "the digest of the digest": digest,
        "an empty text": b"",
        "the payload alone": content.partition(b".")[2],
        "the header alone": content.partition(b".")[0],
        "the bytes before encoding": PAYLOAD,
        "the text without its dot": content.replace(b".", b""),
        "the text and a dot": content + b".",
    }.items():
        yield vector(f"over {what}", raw(*sign(private, data, deterministic(HASHES[algorithm.name])), size))
    shortened = digest[: len(digest) // 2] + bytes(len(digest) - len(digest) // 2)
    prehashed = ec.ECDSA(Prehashed(HASHES[algorithm.name]))
    for what, given in {"a shortened digest": shortened, "a digest of zeros": bytes(len(digest))}.items():
        yield vector(f"over {what}", raw(*sign(private, given, prehashed), size))


def _leading_zeros(
    algorithm: SignatureAlgorithm, private: ec.EllipticCurvePrivateKey, key: VerificationKey
) -> Iterator[SignatureVector]:
    """Numbers that are shorter than the others stay as long as they are written."""
    name, size, found = algorithm.name, algorithm.coordinate_size, set()
    short = 1 << (private.curve.group_order.bit_length() - 8)
    for attempt in range(10_000):
        content = input_of(name, b'{"n":%d}' % attempt)
        r, s = sign(private, content.encode(), deterministic(HASHES[name]))
        kind = "r" if r < short else "s" if s < short else None
        if kind is None or kind in found:
            continue
        found.add(kind)
        signature = raw(r, s, size)
        stripped = signature[1:] if kind == "r" else signature[:size] + signature[size + 1 :]
        head = f"{name} {kind} begins with zeros"
        yield SignatureVector(head, f"{content}.{base64url.encode(signature)}", key, VALID)
        yield SignatureVector(
            f"{head}, left out", f"{content}.{base64url.encode(stripped)}", key, "signature_invalid"
        )
        if len(found) == 2:
            return


# --- Ed25519 -------------------------------------------------------------------------------------------------


def edwards() -> Iterator[SignatureVector]:
    """A21: the same for Ed25519, where a number and its sum with the order must not both be good."""
    private = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    key, content = VerificationKey("Ed25519", private.public_key()), input_of("Ed25519")
    sound = private.sign(content.encode())
    point, number = sound[:32], int.from_bytes(sound[32:], "little")

    def vector(what: str, signature: bytes, expected: str = "signature_invalid") -> SignatureVector:
        return SignatureVector(f"Ed25519 {what}", f"{content}.{base64url.encode(signature)}", key, expected)

    yield vector("sound", sound, VALID)
    for times in (1, 2, 4, 8):
        if number + times * ORDER_25519 < 256**32:
            yield vector(f"s plus {times} L", point + (number + times * ORDER_25519).to_bytes(32, "little"))
    for what, spoilt in {
        "empty": b"",
        "one byte short": sound[:-1],
        "one byte more": sound + b"\x00",
        "halves swapped": sound[32:] + sound[:32],
        "s is zero": point + bytes(32),
        "s is L": point + ORDER_25519.to_bytes(32, "little"),
        "s is one": point + (1).to_bytes(32, "little"),
        "s is the largest": point + b"\xff" * 32,
        "sign of R turned": bytes([*point[:31], point[31] ^ 0x80]) + sound[32:],
        "R is the neutral element": (1).to_bytes(32, "little") + sound[32:],
        "R is no point": b"\x02" + bytes(31) + sound[32:],
        "zeros": bytes(64),
        "over the digest": private.sign(hashlib.sha512(content.encode()).digest()),
        "over the payload": private.sign(PAYLOAD),
    }.items():
        yield vector(what, spoilt)
    for bit in range(0, 512, 37):
        flipped = bytearray(sound)
        flipped[bit // 8] ^= 1 << bit % 8
        yield vector(f"bit {bit} flipped", bytes(flipped))
    assert ED25519.signature_size == len(sound)
