"""Tokens at the edges of their encoding, made by code: other spellings, other segments, other algorithms.

Only what its name says is wrong with a vector: where an encoding is spoilt, the token is signed as it then reads.
"""

import hmac
import json
from collections.abc import Callable, Iterator
from typing import Final

from cryptography.hazmat.primitives import hashes, serialization

from portadoc import base64url
from portadoc.keys.algorithms import SIGNATURE_ALGORITHMS
from portadoc.keys.jwk import VerificationKey, public_jwk
from tests.vectors.signature_vectors import SignatureVector, deterministic, input_of, private_key, raw, sign


def vectors() -> Iterator[SignatureVector]:
    """Yield every vector whose encoding or header is what it is about."""
    yield from encodings()
    yield from segments()
    yield from algorithms()


SPELLINGS: Final[dict[str, Callable[[str], str]]] = {
    "padded": lambda text: text + "=" * (-len(text) % 4 or 4),
    "padded by one": lambda text: text + "=",
    "padded by three": lambda text: text + "===",
    "padded as in a link": lambda text: text + "%3D",
    "padded inside": lambda text: f"{text[:4]}={text[4:]}",
    "padded in front": lambda text: "=" + text,
    "followed by a line end": lambda text: text + "\n",
    "followed by a carriage return": lambda text: text + "\r\n",
    "followed by a blank": lambda text: text + " ",
    "followed by a zero byte": lambda text: text + "\x00",
    "led by a blank": lambda text: " " + text,
    "led by a line end": lambda text: "\n" + text,
    "with a blank inside": lambda text: f"{text[:5]} {text[5:]}",
    "with a tab inside": lambda text: f"{text[:4]}\t{text[4:]}",
    "with a line end inside": lambda text: f"{text[:8]}\n{text[8:]}",
    "with a plus": lambda text: "+" + text[1:],
    "with a slash": lambda text: text[:-1] + "/",
    "with an asterisk": lambda text: f"{text[:3]}*{text[4:]}",
    "with a comma": lambda text: f"{text[:3]},{text[4:]}",
    "with a percent escape": lambda text: f"%{ord(text[0]):02X}{text[1:]}",
    "with a letter that no one sees": lambda text: f"{text[:4]}\u200b{text[4:]}",
    "with a letter from elsewhere": lambda text: "\uff21" + text[1:],
    "with a byte order mark": lambda text: "\ufeff" + text,
    "of an impossible length": lambda text: text + "A" * ((1 - len(text)) % 4 or 4),
    "with idle bits": lambda text: _idle(text),
}
_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def _idle(text: str) -> str:
    """Return another text for the same bytes, or an impossible one where there are no idle bits."""
    if len(text) % 4 == 0:
        return text + "A"
    return text[:-1] + _ALPHABET[_ALPHABET.index(text[-1]) | 1]


def encodings() -> Iterator[SignatureVector]:
    """V-02, A07 to A09: each segment in every spelling that is not the one of its bytes, three payloads long."""
    algorithm = SIGNATURE_ALGORITHMS["ES256"]
    private = private_key(algorithm)
    key = VerificationKey("ES256", private.public_key())
    for filling in ("", "x", "xx"):
        header, payload = input_of("ES256", json.dumps({"n": filling}).encode()).split(".")
        for spelling, spell in SPELLINGS.items():
            for segment in ("header", "payload", "signature"):
                content = f"{spell(header) if segment == 'header' else header}."
                content += spell(payload) if segment == "payload" else payload
                signed = raw(*sign(private, content.encode(), deterministic(hashes.SHA256())), 32)
                signature = base64url.encode(signed)
                token = f"{content}.{spell(signature) if segment == 'signature' else signature}"
                name = f"{segment} {spelling}, {len(filling)} more"
                yield SignatureVector(name, token, key, "malformed_token")


def segments() -> Iterator[SignatureVector]:
    """V-02: what is not three segments."""
    algorithm = SIGNATURE_ALGORITHMS["ES256"]
    private = private_key(algorithm)
    key = VerificationKey("ES256", private.public_key())
    content = input_of("ES256")
    signature = base64url.encode(raw(*sign(private, content.encode(), deterministic(hashes.SHA256())), 32))
    header, payload = content.split(".")
    for name, token in {
        "nothing": "",
        "one segment": header,
        "two segments": content,
        "four segments": f"{content}.{signature}.{signature}",
        "five segments": f"{header}...{payload}.{signature}",
        "no header": f".{payload}.{signature}",
        "two dots": "..",
        "a dot in front": f".{content}.{signature}",
        "a dot behind": f"{content}.{signature}.",
        "doubled dots": f"{header}..{payload}.{signature}",
    }.items():
        yield SignatureVector(name, token, key, "malformed_token")
    yield SignatureVector("no signature", f"{content}.", key, "signature_invalid")
    yield SignatureVector("no payload", f"{header}..{signature}", key, "signature_invalid")


# --- algorithms ----------------------------------------------------------------------------------------------


def algorithms() -> Iterator[SignatureVector]:
    """V-03, A01 to A03: algorithms that are none, that are symmetric, or that are not the key's."""
    algorithm = SIGNATURE_ALGORITHMS["ES256"]
    private = private_key(algorithm)
    public = private.public_key()
    key = VerificationKey("ES256", public)

    def vector(name: str, alg: str, signer: Callable[[bytes], bytes]) -> SignatureVector:
        content = input_of(alg)
        return SignatureVector(
            name, f"{content}.{base64url.encode(signer(content.encode()))}", key, "alg_not_allowed"
        )

    def sound(data: bytes) -> bytes:
        return raw(*sign(private, data, deterministic(hashes.SHA256())), 32)

    for alg in (
        "none",
        "None",
        "NONE",
        "nOnE",
        "",
        "es256",
        "ES256 ",
        "ES256K",
        "RS256",
        "PS256",
        "EdDSA",
        "ES255",
    ):
        yield vector(f"alg {alg!r} unsigned", alg, lambda data: b"")
        yield vector(f"alg {alg!r} under a sound signature", alg, sound)
    for other in ("ES384", "ES512", "Ed25519"):
        yield vector(f"alg {other} of another key", other, sound)
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    secrets = {
        "PEM": public.public_bytes(serialization.Encoding.PEM, spki),
        "PEM without its last line end": public.public_bytes(serialization.Encoding.PEM, spki).rstrip(),
        "DER": public.public_bytes(serialization.Encoding.DER, spki),
        "SSH": public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH),
        "point": public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint),
        "JWK": json.dumps(public_jwk(public)).encode(),
        "nothing": b"",
    }
    for alg, function in (("HS256", "sha256"), ("HS384", "sha384"), ("HS512", "sha512")):
        for name, secret in secrets.items():
            yield vector(
                f"{alg} under {name}",
                alg,
                lambda data, secret=secret, function=function: hmac.new(secret, data, function).digest(),  # type: ignore[misc]
            )
