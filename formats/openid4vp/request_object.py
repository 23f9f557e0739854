"""A verifier's request: what it says, its signed form, and the reading on the wallet's side.

Who signs is said by the client identifier; what has to stand behind it is checked here, whether the certificate or
the attestation behind it is trusted is the caller's to judge first. Spec: OpenID4VP 1.0 §5, RFC 9101, HAIP 1.0 §5.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from portadoc import base64url
from portadoc.errors import Malformed, Misconfigured, Untrusted
from portadoc.formats import jws
from portadoc.formats.dcql.query import DcqlQuery, parse_query
from portadoc.formats.headers import signing_header
from portadoc.formats.jws import UnverifiedJws
from portadoc.formats.numeric_date import check_times, numeric_date
from portadoc.formats.openid4vp.client_identifier import (
    ClientIdentifier,
    ClientIdPrefix,
    check_certificate,
    check_response_uri,
    parse_client_identifier,
    x509_hash_identifier,
)
from portadoc.formats.openid4vp.transaction_data import TransactionData, read_all
from portadoc.formats.openid4vp.verifier_attestation import VerifierAttestation
from portadoc.formats.reasons import told_as
from portadoc.formats.roles import REQUEST_OBJECT, TokenRole
from portadoc.keys.jwk import VerificationKey
from portadoc.keys.signer import Signer
from portadoc.schemas.claims import Json, JsonObject

SPEC: Final = "OpenID4VP 1.0 §5"
TYP: Final = "oauth-authz-req+jwt"
AUDIENCE: Final = "https://self-issued.me/v2"
_URL_SAFE: Final = re.compile(r"[A-Za-z0-9._~-]{1,512}")
_MAX_URI_CHARS: Final = 2048
_MAX_VERIFIER_INFO: Final = 16


class ResponseMode(StrEnum):
    """How the answer travels: posted or through the browser's API, in clear or encrypted (``.jwt``)."""

    DIRECT_POST = "direct_post"
    DIRECT_POST_JWT = "direct_post.jwt"
    DC_API = "dc_api"
    DC_API_JWT = "dc_api.jwt"

    @property
    def is_encrypted(self) -> bool:
        """Whether the answer has to be encrypted. Spec: OpenID4VP 1.0 §8.3."""
        return self in {ResponseMode.DIRECT_POST_JWT, ResponseMode.DC_API_JWT}

    @property
    def is_posted(self) -> bool:
        """Whether the answer goes to a ``response_uri``. Spec: OpenID4VP 1.0 §8.2."""
        return self in {ResponseMode.DIRECT_POST, ResponseMode.DIRECT_POST_JWT}


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentationRequest:
    """What a verifier asks: the part of a request that does not depend on who signs it. Times in epoch seconds.

    Posted answers need ``response_uri`` and go with ``state``; through the browser's API there is neither, and a
    signed request names the pages that it may come from (``expected_origins``). ``transaction_data`` are texts of
    ``make_transaction_data``.
    """

    nonce: str
    dcql_query: JsonObject
    client_metadata: JsonObject
    iat: int
    exp: int
    response_uri: str | None = None
    state: str | None = None
    response_mode: ResponseMode = ResponseMode.DIRECT_POST_JWT
    transaction_data: tuple[str, ...] = ()
    verifier_info: tuple[JsonObject, ...] = ()
    expected_origins: tuple[str, ...] = ()

    def parameters(self) -> JsonObject:
        """Return the parameters of the request without who asks and for when. Spec: OpenID4VP 1.0 §5.1, §A.2."""
        members: JsonObject = {
            "response_type": "vp_token",
            "response_mode": str(self.response_mode),
            "response_uri": self.response_uri,
            "nonce": self.nonce,
            "state": self.state,
            "dcql_query": self.dcql_query,
            "client_metadata": self.client_metadata,
            "transaction_data": list(self.transaction_data) or None,
            "verifier_info": list(self.verifier_info) or None,
            "expected_origins": list(self.expected_origins) or None,
        }
        return {name: value for name, value in members.items() if value is not None}


@dataclass(frozen=True, slots=True)
class UnverifiedRequestObject:
    """A request object whose signature has not been checked; ``chain`` is DER, leaf first.

    Without a chain it carries an attestation of its verifier (compact JWT).
    """

    unverified_jws: UnverifiedJws
    unverified_chain: tuple[bytes, ...]
    unverified_attestation: str | None


@dataclass(frozen=True, slots=True)
class VerifierInfo:
    """Something that the verifier says of itself, by somebody's word or its own: unverified. Spec: §5.1."""

    format: str
    data: Json
    credential_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedRequest:
    """A request in order; ``claims`` holds all that it said, ``verifier_info`` is still to be judged.

    ``client_id`` is who asks, ``audience`` what a presentation is bound to: the same, but through the browser it
    is the page's origin. ``response_uri`` is there exactly when the answer is posted.
    """

    client_id: str
    audience: str
    response_mode: ResponseMode
    response_uri: str | None
    nonce: str
    state: str | None
    query: DcqlQuery
    client_metadata: JsonObject
    transaction_data: tuple[TransactionData, ...]
    verifier_info: tuple[VerifierInfo, ...]
    claims: JsonObject


def make_request_object(
    request: PresentationRequest,
    *,
    signer: Signer,
    wallet_nonce: str | None,
    client: ClientIdentifier | None = None,
    verifier_attestation: str | None = None,
) -> str:
    """Return the signed request; ``wallet_nonce`` is echoed when the wallet posted one.

    ``client`` None is the ``x509_hash`` of the signer's certificate; the prefix ``verifier_attestation`` needs the
    attestation of the signer's key. Raises Misconfigured[client_id_unfit] when signer and identifier do not belong
    together. Spec: OpenID4VP 1.0 §5.1, §5.9, §5.10.
    """
    named = client or x509_hash_identifier(signer.chain[0])
    payload: JsonObject = {
        "client_id": named.full,
        "aud": AUDIENCE,
        **request.parameters(),
        "iat": request.iat,
        "exp": request.exp,
    }
    if wallet_nonce is not None:
        payload["wallet_nonce"] = wallet_nonce
    return jws.sign(request_header(named, signer, verifier_attestation), payload, signer)


def request_header(client: ClientIdentifier, signer: Signer, verifier_attestation: str | None) -> JsonObject:
    """Return the header that proves ``client``: the certificate's chain, or the attestation.

    Raises Misconfigured[client_id_unfit].
    """
    attested = client.prefix is ClientIdPrefix.VERIFIER_ATTESTATION
    if attested != (verifier_attestation is not None) or client.prefix is ClientIdPrefix.REDIRECT_URI:
        raise Misconfigured("client_id_unfit", prefix=client.prefix)
    if attested:
        return {"typ": TYP, "jwt": verifier_attestation}
    try:
        check_certificate(client, signer.chain[0] if signer.chain else b"")
    except (Untrusted, Malformed) as exc:
        raise Misconfigured("client_id_unfit", prefix=client.prefix) from exc
    return signing_header(TYP, signer)


def parse_request_object(
    text: str, *, allowed_algs: frozenset[str], role: TokenRole = REQUEST_OBJECT
) -> UnverifiedRequestObject:
    """Return the parts of a request object so that its chain or attestation can be judged; nothing is verified.

    Raises: Untrusted[request_object_invalid] with a reason, Malformed[limit_exceeded]. Spec: RFC 9101 §6.
    """
    with told_as("request_object_invalid"):
        unverified = jws.split(text, role, allowed_algs=allowed_algs)
        chain = jws.certificate_chain(unverified)
        attestation = unverified.header.get("jwt")
        if attestation is not None and not isinstance(attestation, str):
            raise _invalid("attestation_form")
        if chain and attestation is not None:
            raise _invalid("proof_ambiguous")
        if not chain and attestation is None:
            raise _invalid("x5c_missing")
        return UnverifiedRequestObject(unverified, chain, attestation)


def verify_request_object(
    request: UnverifiedRequestObject,
    *,
    key: VerificationKey,
    client_id: str,
    wallet_nonce: str | None,
    now: int,
    skew_s: int,
    attestation: VerifierAttestation | None = None,
) -> VerifiedRequest:
    """Return the request after checking signature, identity and form.

    ``key`` is the leaf's key after the caller has judged the chain, or that of the verified ``attestation``;
    ``client_id`` comes from the link or QR code; ``wallet_nonce`` is what the wallet posted, if it did.
    Raises: Untrusted[request_object_invalid] with a reason, Malformed[limit_exceeded]. Spec: OpenID4VP 1.0 §5.
    """
    with told_as("request_object_invalid"):
        # 1. signature, with the key of the leaf certificate or of the attestation
        claims = jws.verify(request.unverified_jws, key)
        # 2. who asks: the same client id outside and inside, and what stands behind it
        if claims.get("client_id") != client_id:
            raise _invalid("client_id_mismatch")
        client = parse_client_identifier(client_id)
        check_client(client, request, attestation)
        # 3. for this wallet, now, and in answer to its nonce
        _check_recipient(claims, wallet_nonce)
        check_times(claims, now=now, skew_s=skew_s)
        # 4. where the answer goes, and what is asked
        uri = _response_uri(claims)
        check_response_uri(client, uri, attested_uris=attestation.uris if attestation else ())
        return read_question(claims, client_id=client.full, audience=client.full, response_uri=uri)


def check_client(
    client: ClientIdentifier, request: UnverifiedRequestObject, attestation: VerifierAttestation | None
) -> None:
    """Require that the certificate or the attestation stands behind the name. ``iss`` is ignored.

    Raises Untrusted[request_object_invalid] with a reason, Malformed. Spec: OpenID4VP 1.0 §5.2, §5.9.3.
    """
    _check_header(request)
    if client.prefix is ClientIdPrefix.REDIRECT_URI:
        raise _invalid("redirect_uri_signed")
    if client.prefix is ClientIdPrefix.VERIFIER_ATTESTATION:
        if attestation is None or attestation.subject != client.value:
            raise _invalid("attestation_mismatch")
    elif not request.unverified_chain or attestation is not None:
        raise _invalid("x5c_missing")
    else:
        check_certificate(client, request.unverified_chain[0])


def read_question(
    claims: JsonObject, *, client_id: str, audience: str, response_uri: str | None
) -> VerifiedRequest:
    """Return what is asked; who asks and where the answer goes has been judged before.

    Raises Untrusted[request_object_invalid] with a reason, Untrusted[transaction_data_invalid],
    Malformed[query_malformed], Malformed[limit_exceeded]. Spec: OpenID4VP 1.0 §5.1.
    """
    if claims.get("response_type") != "vp_token":
        raise _invalid("response_type")
    mode = _response_mode(claims, posted=response_uri is not None)
    query = _query(claims)
    return VerifiedRequest(
        client_id=client_id,
        audience=audience,
        response_mode=mode,
        response_uri=response_uri,
        nonce=_url_safe(claims, "nonce"),
        state=_url_safe(claims, "state") if "state" in claims and response_uri is not None else None,
        query=query,
        client_metadata=_client_metadata(claims, mode),
        transaction_data=_transaction_data(claims, query),
        verifier_info=_verifier_info(claims),
        claims=claims,
    )


def _check_header(request: UnverifiedRequestObject) -> None:
    """Check the header parameters that rules of the EU add. Spec: ETSI TS 119 472-2 §6, RFC 7515 §4.1.8."""
    header = request.unverified_jws.header
    numeric_date(header, "iat", required=False)
    if "x5t#S256" in header:
        leaf = request.unverified_chain[0] if request.unverified_chain else b""
        if header["x5t#S256"] != base64url.encode(hashlib.sha256(leaf).digest()):
            raise _invalid("x5t_mismatch")


def _check_recipient(claims: JsonObject, wallet_nonce: str | None) -> None:
    if claims.get("aud") != AUDIENCE:
        raise _invalid("aud")
    if wallet_nonce is not None and claims.get("wallet_nonce") != wallet_nonce:
        raise _invalid("wallet_nonce")


def _response_mode(claims: JsonObject, *, posted: bool) -> ResponseMode:
    modes = {str(mode): mode for mode in ResponseMode if mode.is_posted is posted}
    mode = modes.get(str(claims.get("response_mode")))
    if mode is None:
        raise _invalid("response_mode")
    return mode


def _response_uri(claims: JsonObject) -> str:
    """Return where the answer is posted to. Spec: OpenID4VP 1.0 §8.2."""
    if "redirect_uri" in claims:
        raise _invalid("redirect_uri_present")
    uri: Any = claims.get("response_uri")
    if not isinstance(uri, str) or not 0 < len(uri) <= _MAX_URI_CHARS:
        raise _invalid("response_uri_missing")
    return uri


def _query(claims: JsonObject) -> DcqlQuery:
    query = claims.get("dcql_query")
    if "scope" in claims or not isinstance(query, dict):
        raise _invalid("query_form")
    return parse_query(query)


def _client_metadata(claims: JsonObject, mode: ResponseMode) -> JsonObject:
    """Return what the verifier says of itself; an encrypted answer cannot do without. Spec: §5.1, §8.3."""
    metadata = claims.get("client_metadata", None if mode.is_encrypted else {})
    if not isinstance(metadata, dict):
        raise _invalid("client_metadata_missing")
    return metadata


def _transaction_data(claims: JsonObject, query: DcqlQuery) -> tuple[TransactionData, ...]:
    if "transaction_data" not in claims:
        return ()
    return read_all(claims["transaction_data"], query_ids=[each.id for each in query.credentials])


def _verifier_info(claims: JsonObject) -> tuple[VerifierInfo, ...]:
    if "verifier_info" not in claims:
        return ()
    entries = claims["verifier_info"]
    if not isinstance(entries, list) or not 0 < len(entries) <= _MAX_VERIFIER_INFO:
        raise _invalid("verifier_info_form")
    return tuple(map(_verifier_info_entry, entries))


def _verifier_info_entry(entry: Any) -> VerifierInfo:
    if not isinstance(entry, dict) or not isinstance(entry.get("format"), str) or "data" not in entry:
        raise _invalid("verifier_info_form")
    ids = entry.get("credential_ids", [])
    if not isinstance(ids, list) or not all(isinstance(each, str) for each in ids):
        raise _invalid("verifier_info_form")
    return VerifierInfo(entry["format"], entry["data"], tuple(ids))


def _url_safe(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not _URL_SAFE.fullmatch(value):
        raise _invalid(f"{name}_form")
    return value


def _invalid(reason: str) -> Untrusted:
    return Untrusted("request_object_invalid", spec=SPEC, reason=reason)
