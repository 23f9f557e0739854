"""Requests and answers through the browser's Digital Credentials API: the objects, on both sides.

The browser tells the wallet which page asks. That origin, and not the client identifier, is what a presentation is
bound to; a signed request says from which pages it may come. Spec: OpenID4VP 1.0 Appendix A.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlsplit

from portadoc import base64url
from portadoc.errors import Malformed, Misconfigured, Untrusted
from portadoc.formats import jws, strict_json
from portadoc.formats.numeric_date import check_times
from portadoc.formats.openid4vp.client_identifier import ClientIdentifier, parse_client_identifier
from portadoc.formats.openid4vp.request_object import (
    AUDIENCE,
    PresentationRequest,
    UnverifiedRequestObject,
    VerifiedRequest,
    check_client,
    make_request_object,
    parse_request_object,
    read_question,
    request_header,
)
from portadoc.formats.openid4vp.verifier_attestation import VerifierAttestation
from portadoc.formats.reasons import told_as
from portadoc.formats.roles import REQUEST_SIGNATURE
from portadoc.keys.jwk import VerificationKey
from portadoc.keys.signer import Signer
from portadoc.schemas.claims import JsonObject

SPEC: Final = "OpenID4VP 1.0 Appendix A"
MAX_SIGNATURES: Final = 8
MAX_ORIGINS: Final = 32
_PER_SIGNATURE: Final = ("client_id", "verifier_info")
_ERROR_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
_SCHEMES: Final = frozenset({"https", "http"})


class ExchangeProtocol(StrEnum):
    """The protocol ids of the three kinds of request. Spec: OpenID4VP 1.0 §A.1."""

    UNSIGNED = "openid4vp-v1-unsigned"
    SIGNED = "openid4vp-v1-signed"
    MULTISIGNED = "openid4vp-v1-multisigned"


@dataclass(frozen=True, slots=True)
class RequestSignature:
    """Who signs a request that several may sign: the identifier, its key, and the attestation if it needs one."""

    client: ClientIdentifier
    signer: Signer
    verifier_attestation: str | None = None
    verifier_info: tuple[JsonObject, ...] = ()


@dataclass(frozen=True, slots=True)
class BrowserRequest:
    """A request as a page hands it to the browser: ``data`` for the wallets that speak ``protocol``."""

    protocol: ExchangeProtocol
    data: JsonObject

    def to_json(self) -> JsonObject:
        """Return the entry of ``digital.requests``."""
        return {"protocol": str(self.protocol), "data": self.data}


@dataclass(frozen=True, slots=True)
class BrowserAnswer:
    """What a wallet handed back: exactly one of an encrypted response, presentations by query id, an error."""

    response: str | None = None
    vp_token: JsonObject | None = field(default=None, repr=False)
    error: str | None = None

    def to_json(self) -> JsonObject:
        """Return ``data`` of the answer. Spec: OpenID4VP 1.0 §A.4."""
        members = {"response": self.response, "vp_token": self.vp_token, "error": self.error}
        return {name: value for name, value in members.items() if value is not None}


def origin_audience(origin: str) -> str:
    """Return what a presentation to a page is bound to. Spec: OpenID4VP 1.0 §A.4."""
    return f"origin:{origin}"


def unsigned_request(request: PresentationRequest) -> BrowserRequest:
    """Return a request that only the page's origin vouches for. Spec: OpenID4VP 1.0 §A.3.1.

    Raises Misconfigured[browser_request_unfit] with a reason.
    """
    _require_browser_mode(request)
    parameters = request.parameters()
    parameters.pop("expected_origins", None)
    return BrowserRequest(ExchangeProtocol.UNSIGNED, parameters)


def signed_request(
    request: PresentationRequest,
    *,
    signer: Signer,
    client: ClientIdentifier | None = None,
    verifier_attestation: str | None = None,
) -> BrowserRequest:
    """Return a request that one access certificate or attestation vouches for. Spec: OpenID4VP 1.0 §A.3.2.1.

    Raises Misconfigured[browser_request_unfit] with a reason, Misconfigured[client_id_unfit].
    """
    _require_signable(request)
    text = make_request_object(
        request, signer=signer, wallet_nonce=None, client=client, verifier_attestation=verifier_attestation
    )
    return BrowserRequest(ExchangeProtocol.SIGNED, {"request": text})


def multisigned_request(request: PresentationRequest, signatures: Sequence[RequestSignature]) -> BrowserRequest:
    """Return a request under several names, each with its own signature. Spec: OpenID4VP 1.0 §A.3.2.2.

    Raises Misconfigured[browser_request_unfit] with a reason, Misconfigured[client_id_unfit].
    """
    _require_signable(request)
    if not signatures or request.verifier_info:
        raise _unfit("signatures")
    common = {"aud": AUDIENCE, **request.parameters(), "iat": request.iat, "exp": request.exp}
    payload = strict_json.dumps(common)
    signed = [_sign_one(each, payload) for each in signatures]
    data = {"payload": base64url.encode(payload), "signatures": signed}
    return BrowserRequest(ExchangeProtocol.MULTISIGNED, data)


def parse_browser_request(
    protocol: str, data: object, *, allowed_algs: frozenset[str]
) -> tuple[UnverifiedRequestObject, ...]:
    """Return the signed forms of a request, one for each name that asks; none for an unsigned request.

    ``data`` is parsed JSON as received. Raises Untrusted[request_object_invalid] with a reason,
    Malformed[limit_exceeded]. Spec: OpenID4VP 1.0 §A.1, §A.3.
    """
    with told_as("request_object_invalid"):
        if not isinstance(data, dict):
            raise _invalid("data_form")
        if protocol == ExchangeProtocol.UNSIGNED:
            return ()
        if protocol == ExchangeProtocol.SIGNED and isinstance(data.get("request"), str):
            return (parse_request_object(data["request"], allowed_algs=allowed_algs),)
        if protocol == ExchangeProtocol.MULTISIGNED:
            return _parse_signatures(data, allowed_algs)
        raise _invalid("data_form" if protocol == ExchangeProtocol.SIGNED else "protocol_unknown")


def read_unsigned_browser_request(data: JsonObject, *, origin: str) -> VerifiedRequest:
    """Return a request that only its page vouches for; ``origin`` is what the browser says of the page.

    A client identifier and expected origins in it mean nothing. Raises Untrusted[request_object_invalid] with a
    reason, Malformed[limit_exceeded]. Spec: OpenID4VP 1.0 §A.2, §A.3.1.
    """
    audience = origin_audience(origin)
    with told_as("request_object_invalid"):
        return read_question(data, client_id=audience, audience=audience, response_uri=None)


def verify_browser_request(
    request: UnverifiedRequestObject,
    *,
    key: VerificationKey,
    origin: str,
    now: int,
    skew_s: int,
    attestation: VerifierAttestation | None = None,
) -> VerifiedRequest:
    """Return a signed request that came from a page from which it may come.

    ``key`` and ``attestation`` as for ``verify_request_object``; ``origin`` is the browser's word.
    Raises Untrusted[request_object_invalid] with a reason, Malformed[limit_exceeded]. Spec: OpenID4VP 1.0 §A.2.
    """
    with told_as("request_object_invalid"):
        # 1. signature
        claims = _all_claims(request, jws.verify(request.unverified_jws, key))
        # 2. who asks, and what stands behind the name
        client = parse_client_identifier(_client_id(claims))
        check_client(client, request, attestation)
        # 3. from this page, now
        _check_origin(claims, origin)
        if claims.get("aud", AUDIENCE) != AUDIENCE:
            raise _invalid("aud")
        check_times(claims, now=now, skew_s=skew_s)
        # 4. what is asked
        return read_question(claims, client_id=client.full, audience=origin_audience(origin), response_uri=None)


def read_browser_answer(data: object, *, encrypted: bool) -> BrowserAnswer:
    """Return what a wallet handed back to the page; unverified, and of the kind that was asked for.

    Raises Malformed[browser_answer_invalid] with a reason: ``form``, ``not_encrypted``, ``encrypted``.
    Spec: OpenID4VP 1.0 §A.4.
    """
    kinds: Mapping[str, type] = {"response": str, "vp_token": dict, "error": str}
    present = [name for name in kinds if isinstance(data, dict) and name in data]
    if not isinstance(data, dict) or len(present) != 1 or not isinstance(data[present[0]], kinds[present[0]]):
        raise _answer_invalid("form")
    if "error" in data:
        return BrowserAnswer(error=data["error"] if _ERROR_NAME.fullmatch(data["error"]) else "unreadable_error")
    if encrypted != ("response" in data):
        raise _answer_invalid("not_encrypted" if encrypted else "encrypted")
    return BrowserAnswer(response=data.get("response"), vp_token=data.get("vp_token"))


def _require_browser_mode(request: PresentationRequest) -> None:
    if request.response_mode.is_posted or request.response_uri is not None or request.state is not None:
        raise _unfit("response_mode")


def _require_signable(request: PresentationRequest) -> None:
    """Require pages that the request may come from: HTTPS origins, or HTTP on this machine. Spec: §A.2."""
    _require_browser_mode(request)
    if not request.expected_origins or not all(map(_is_origin, request.expected_origins)):
        raise _unfit("expected_origins")


def _is_origin(text: str) -> bool:
    try:
        parts = urlsplit(text)
        host = parts.netloc.rpartition(":")[0] if parts.port is not None else parts.netloc
    except ValueError:
        return False
    if parts.scheme not in _SCHEMES or not host or text != f"{parts.scheme}://{parts.netloc}" or "@" in host:
        return False
    return parts.scheme == "https" or host in _LOOPBACK


def _sign_one(signature: RequestSignature, payload: bytes) -> JsonObject:
    header = request_header(signature.client, signature.signer, signature.verifier_attestation)
    header["client_id"] = signature.client.full
    if signature.verifier_info:
        header["verifier_info"] = list(signature.verifier_info)
    protected, _, made = jws.sign(header, payload, signature.signer).split(".")
    return {"protected": protected, "signature": made}


def _parse_signatures(
    data: Mapping[str, Any], allowed_algs: frozenset[str]
) -> tuple[UnverifiedRequestObject, ...]:
    payload, signatures = data.get("payload"), data.get("signatures")
    if not isinstance(payload, str) or not isinstance(signatures, list) or not signatures:
        raise _invalid("data_form")
    if len(signatures) > MAX_SIGNATURES:
        raise Malformed("limit_exceeded", spec=SPEC, what="signatures", limit=MAX_SIGNATURES)
    read: list[UnverifiedRequestObject] = []
    refusals: list[Untrusted] = []
    for each in signatures:
        try:
            read.append(_parse_signature(each, payload, allowed_algs))
        except Untrusted as refusal:  # made for wallets of another trust framework
            refusals.append(refusal)
    if not read:
        raise refusals[0]
    return tuple(read)


def _parse_signature(entry: Any, payload: str, allowed_algs: frozenset[str]) -> UnverifiedRequestObject:
    """Read one signature as the compact token that it stands for; unprotected headers are not allowed."""
    if not isinstance(entry, dict) or set(entry) != {"protected", "signature"}:
        raise _invalid("data_form")
    text = f"{entry['protected']}.{payload}.{entry['signature']}"
    return parse_request_object(text, allowed_algs=allowed_algs, role=REQUEST_SIGNATURE)


def _all_claims(request: UnverifiedRequestObject, claims: JsonObject) -> JsonObject:
    """Return the parameters, with those that belong to one of several signatures. Spec: OpenID4VP 1.0 §A.3.2.2."""
    if request.unverified_jws.role is not REQUEST_SIGNATURE:
        return claims
    if any(name in claims for name in _PER_SIGNATURE):
        raise _invalid("parameter_outside_signature")
    header = request.unverified_jws.header
    return {**claims, **{name: header[name] for name in _PER_SIGNATURE if name in header}}


def _client_id(claims: JsonObject) -> str:
    client_id = claims.get("client_id")
    if not isinstance(client_id, str):
        raise _invalid("client_id_form")
    return client_id


def _check_origin(claims: JsonObject, origin: str) -> None:
    """Compare as texts, letter by letter. Spec: OpenID4VP 1.0 §A.2."""
    expected = claims.get("expected_origins")
    if not isinstance(expected, list) or not 0 < len(expected) <= MAX_ORIGINS:
        raise _invalid("expected_origins_missing")
    if origin not in expected:
        raise _invalid("origin_mismatch")


def _unfit(reason: str) -> Misconfigured:
    return Misconfigured("browser_request_unfit", reason=reason)


def _answer_invalid(reason: str) -> Malformed:
    return Malformed("browser_answer_invalid", spec="OpenID4VP 1.0 §A.4", reason=reason)


def _invalid(reason: str) -> Untrusted:
    return Untrusted("request_object_invalid", spec=SPEC, reason=reason)
