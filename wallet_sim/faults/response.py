"""Faults of the response around a presentation: the encryption, its header, the session it belongs to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from portadoc import base64url
from portadoc.formats import jwe, strict_json
from portadoc.schemas.claims import JsonObject
from portadoc.wallet_sim.faults.fault import FaultCategory, header_of, with_header

Form = Mapping[str, str]
"""What goes to the response address, application/x-www-form-urlencoded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodResponse:
    """What a wallet is about to send: a ``vp_token`` that would be accepted, for the key and state of its session.

    ``another_jwk`` is the encryption key of another session of the same verifier, or of anybody else.
    """

    vp_token: Mapping[str, list[str]]
    state: str | None
    encryption_jwk: JsonObject
    another_jwk: JsonObject
    enc: str

    def payload(self, **change: Any) -> bytes:
        """Return the plaintext with members changed; a member None is left out."""
        members = {"vp_token": self.vp_token, "state": self.state, **change}
        return strict_json.dumps({name: value for name, value in members.items() if value is not None})

    def encrypted(self, plaintext: bytes, jwk: JsonObject | None = None) -> str:
        """Return a compact JWE for the session's key, or for ``jwk``."""
        return jwe.encrypt(plaintext, jwk or self.encryption_jwk, enc=self.enc, apu=None, apv=None)


@dataclass(frozen=True, slots=True)
class ResponseFault:
    """A misbehaviour in the response; ``expected_code`` is what the verifier refuses it with."""

    name: str
    category: FaultCategory
    expected_code: str
    apply: Callable[[GoodResponse], Form]


def good_form(good: GoodResponse) -> Form:
    """Return the form of an honest wallet."""
    return {"response": good.encrypted(good.payload())}


def _unencrypted(good: GoodResponse) -> Form:
    form = {"vp_token": strict_json.dumps(dict(good.vp_token)).decode()}
    return form if good.state is None else {**form, "state": good.state}


def _of_header(name: str, reason: str, **members: Any) -> ResponseFault:
    def apply(good: GoodResponse) -> Form:
        text = good.encrypted(good.payload())
        return {"response": with_header(text, {**header_of(text), **members})}

    return ResponseFault(name, FaultCategory.SESSION, f"encryption_invalid.{reason}", apply)


def _with_bit_flipped(good: GoodResponse) -> Form:
    head, _, tag = good.encrypted(good.payload()).rpartition(".")
    raw = base64url.decode(tag)
    return {"response": f"{head}.{base64url.encode(raw[:-1] + bytes((raw[-1] ^ 1,)))}"}


def _for_another_session(good: GoodResponse) -> Form:
    return {"response": good.encrypted(good.payload(), good.another_jwk)}


def _for_another_key_under_this_name(good: GoodResponse) -> Form:
    misnamed = {**good.another_jwk, "kid": good.encryption_jwk["kid"]}
    return {"response": good.encrypted(good.payload(), misnamed)}


def _with_payload(name: str, code: str, **members: Any) -> ResponseFault:
    def apply(good: GoodResponse) -> Form:
        return {"response": good.encrypted(good.payload(**members))}

    return ResponseFault(name, FaultCategory.SESSION, code, apply)


_SESSION = FaultCategory.SESSION

RESPONSE_FAULTS: Final = (
    ResponseFault("response-in-clear", _SESSION, "response_not_encrypted", _unencrypted),
    ResponseFault("response-for-another-session", _SESSION, "encryption_invalid.kid", _for_another_session),
    ResponseFault(
        "response-for-another-key", _SESSION, "encryption_invalid.decryption", _for_another_key_under_this_name
    ),
    ResponseFault("response-altered", _SESSION, "encryption_invalid.decryption", _with_bit_flipped),
    _with_payload("state-of-another-session", "state_mismatch", state="state-of-another-session"),
    _with_payload("state-left-out", "state_mismatch", state=None),
    _of_header("response-compressed", "header_param_forbidden", zip="DEF"),
    _of_header("response-under-another-algorithm", "alg", alg="RSA-OAEP-256"),
    _of_header("response-under-another-cipher", "enc", enc="A128CBC-HS256"),
    _of_header(
        "response-with-point-off-curve", "epk", epk={"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43}
    ),
)
