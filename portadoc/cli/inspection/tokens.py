"""Signed and encrypted tokens, opened without believing them.

A strict reading comes first; where it refuses, a lenient one still shows what was written.
"""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from portadoc import base64url
from portadoc.cli.inputs import MAX_INPUT_BYTES
from portadoc.cli.inspection.certificates import inspect_chain
from portadoc.cli.inspection.finding import (
    Finding,
    Inspection,
    Said,
    Severity,
    old_shape,
    refusal,
    refusals,
)
from portadoc.cli.inspection.moments import said_times, time_findings
from portadoc.errors import Error, Malformed, Untrusted
from portadoc.formats import jwe, jws, roles, strict_json
from portadoc.formats.roles import TokenRole
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.keys.certificates import certificate_key, parse_chain
from portadoc.keys.jwk import VerificationKey, public_key_from_jwk
from portadoc.schemas.claims import Json, JsonObject

_SHOWN_ALG_CHARS: Final = 32

_KNOWN: Final[Mapping[str, tuple[str, TokenRole | None]]] = {
    "kb+jwt": ("what_key_binding", roles.KEY_BINDING),
    "openid4vci-proof+jwt": ("what_key_proof", roles.KEY_PROOF),
    "dpop+jwt": ("what_dpop_proof", None),
    "at+jwt": ("what_access_token", None),
    "key-attestation+jwt": ("what_key_attestation", None),
    "keyattestation+jwt": ("what_key_attestation", None),
    "oauth-client-attestation+jwt": ("what_wallet_attestation", None),
    "oauth-client-attestation-pop+jwt": ("what_wallet_attestation_proof", None),
    "rc-wrp+jwt": ("what_registration_certificate", roles.REGISTRATION_CERTIFICATE),
    "verification-receipt+jwt": ("what_receipt", roles.RECEIPT),
    "verifier-attestation+jwt": ("what_verifier_attestation", roles.VERIFIER_ATTESTATION),
}


@dataclass(frozen=True, slots=True)
class OpenedToken:
    """A compact JWS as it was written. ``payload`` is None when it is no JSON object."""

    text: str
    header: JsonObject
    payload: JsonObject
    findings: tuple[Finding, ...]

    @property
    def typ(self) -> str:
        """Return the header's ``typ``, empty when there is none."""
        return str(self.header.get("typ", ""))


def read_json(raw: bytes | str, what: str) -> tuple[Json, tuple[Finding, ...]]:
    """Return a JSON value and what the strict reader minded about it.

    Raises Malformed[limit_exceeded], and Malformed[json_malformed] for what is no JSON at all.
    """
    try:
        return strict_json.loads(raw, what=what, max_bytes=MAX_INPUT_BYTES), ()
    except Malformed as error:
        if error.code == "limit_exceeded":
            raise
        text = raw if isinstance(raw, str) else raw.decode("utf-8", "replace")
        try:
            return json.loads(text, parse_constant=str, parse_float=str), (refusal(error),)
        except ValueError:
            raise error from None


def open_token(text: str) -> OpenedToken:
    """Return header and payload of a compact JWS. Raises Malformed[malformed_token], [limit_exceeded]."""
    segments = text.split(".")
    if len(segments) != 3:
        raise Malformed("malformed_token", spec="RFC 7515 §7.1", part="token", reason="segments")
    header, header_findings = _header(segments[0])
    payload, payload_findings = _segment(segments[1], "payload")
    findings = (*header_findings, *payload_findings)
    return OpenedToken(text, header, payload if isinstance(payload, dict) else {}, findings)


def inspect_token(token: OpenedToken, now: int) -> Inspection:
    """Return what a signed token of no special kind says."""
    code, role = _KNOWN.get(token.typ, ("what_jwt", None))
    return Inspection(
        kind=code.removeprefix("what_"),
        said=(Said(code, {"typ": token.typ or "-"}), *_who(token.payload), *said_times(token.payload)),
        findings=(
            *token.findings,
            *(strict_findings(token, role) if role else _loose_findings(token)),
            *time_findings(token.payload, now),
        ),
        content=content_of(token),
        parts=parts_of(token, now),
    )


def content_of(token: OpenedToken) -> JsonObject:
    """Return header and payload for showing; certificates are parts of their own."""
    header = {name: value for name, value in token.header.items() if name != "x5c"}
    return {"header": header, "payload": token.payload}


def parts_of(token: OpenedToken, now: int) -> dict[str, Inspection]:
    """Return what the header carries: the certificate chain in ``x5c``."""
    chain = token.header.get("x5c")
    if not isinstance(chain, list) or not all(isinstance(each, str) for each in chain) or not chain:
        return {}
    try:
        return {"x5c": inspect_chain(chain, now, in_header=True)}
    except Error as error:
        said = Said("what_certificate_chain", {"count": len(chain)})
        return {"x5c": Inspection(kind="certificate_chain", said=(said,), findings=(refusal(error),))}


def strict_findings(
    token: OpenedToken, role: TokenRole, *, tolerated_typ: frozenset[str] = frozenset()
) -> tuple[Finding, ...]:
    """Return what a strict reader of ``role`` refuses, or whether the signature fits the key that comes along."""
    try:
        read = jws.split(token.text, role, allowed_algs=ALL_ALGORITHMS, tolerated_typ=tolerated_typ)
        key = carried_key(token)
        if key is None:
            return ()
        jws.verify(read, key)
    except Error as error:
        told_already = error.code == "malformed_token" and token.findings
        return () if told_already else (refusal(error),)
    return (Finding(Severity.NOTE, "signature_fits"),)


def carried_key(token: OpenedToken) -> VerificationKey | None:
    """Return the key that the token itself carries (leaf of ``x5c``, or ``jwk``); it proves nothing.

    Raises as certificates and keys are read.
    """
    chain, jwk = token.header.get("x5c"), token.header.get("jwk")
    if isinstance(chain, list) and chain and isinstance(chain[0], str):
        return certificate_key(parse_chain(chain[:1])[0])
    return public_key_from_jwk(jwk, allowed_algs=ALL_ALGORITHMS) if isinstance(jwk, dict) else None


def inspect_jwe(text: str) -> Inspection:
    """Return what the header of an encrypted message says. Raises Malformed[malformed_token], [limit_exceeded]."""
    header, findings = _header(text.split(".")[0])
    terms = {name: str(header.get(name, "-")) for name in ("alg", "enc", "kid")}
    return Inspection(
        kind="jwe",
        said=(Said("what_jwe", terms),),
        findings=(*findings, *_encryption_findings(header)),
        content={"header": header},
    )


def _encryption_findings(header: JsonObject) -> Iterator[Finding]:
    for wrong, reason in (
        (header.get("alg") != jwe.ALG, "alg"),
        (header.get("enc") not in jwe.ENCRYPTIONS, "enc"),
        ("zip" in header or "crit" in header, "header_param_forbidden"),
        ("epk" not in header, "epk"),
    ):
        if wrong:
            yield refusal(Untrusted("encryption_invalid", spec=jwe.SPEC, reason=reason))


def _header(text: str) -> tuple[JsonObject, tuple[Finding, ...]]:
    header, findings = _segment(text, "header")
    if not isinstance(header, dict):
        raise Malformed("malformed_token", spec="RFC 7515 §4", part="header", reason="syntax")
    return header, findings


def _segment(text: str, what: str) -> tuple[Json, tuple[Finding, ...]]:
    """Return the JSON of one segment, None when it has none, and what the strict reader minded."""
    findings: tuple[Finding, ...] = ()
    try:
        raw = base64url.decode(text, what=what)
    except Malformed as error:
        findings = (refusal(error),)
        raw = lenient_base64(text)
    try:
        value, more = read_json(raw, what)
    except Malformed as error:
        if error.code == "limit_exceeded":
            raise
        return None, (*findings, refusal(error))
    return value, (*findings, *more)


def lenient_base64(text: str) -> bytes:
    """Return the bytes of base64 in either alphabet, padded or not; empty when nothing can be made of it."""
    standard = text.translate(str.maketrans("-_", "+/")).rstrip("=")
    try:
        return base64.b64decode(standard.encode("ascii", "replace") + b"=" * (-len(standard) % 4))
    except binascii.Error:
        return b""


def _who(payload: JsonObject) -> Iterator[Said]:
    for name, code in (("iss", "said_issuer"), ("aud", "said_audience")):
        if name in payload:
            yield Said(code, {name: str(payload[name])})


def _loose_findings(token: OpenedToken) -> Iterator[Finding]:
    """Yield what anybody would mind about a token for which we have no strict reader."""
    alg = token.header.get("alg")
    if not isinstance(alg, str) or alg not in ALL_ALGORITHMS:
        yield refusal(Untrusted("alg_not_allowed", spec="RFC 8725 §3.1", alg=str(alg)[:_SHOWN_ALG_CHARS]))
    if not token.typ:
        yield Finding(Severity.WARNING, "typ_absent", clause="RFC 8725 §3.11")
    if token.typ == "keyattestation+jwt":
        yield old_shape("keyattestation+jwt", "key-attestation+jwt", "OpenID4VCI 1.0 App. D")
    if "crit" in token.header:
        yield refusal(Untrusted("crit_unsupported", spec="RFC 7515 §4.1.11", role="jwt"))
    yield from refusals(lambda: base64url.decode(token.text.rpartition(".")[2], what="signature"))
