"""The signed request of a verifier: make it, and read it on the wallet's side.

The only way to name a verifier here is ``x509_hash``: the client id is the hash of the certificate that signs.
Spec: OpenID4VP 1.0 §5, RFC 9101, HAIP 1.0 §5.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Any, Final

from portadoc import base64url
from portadoc.errors import Untrusted
from portadoc.formats import jws
from portadoc.formats.dcql.query import DcqlQuery, parse_query
from portadoc.formats.headers import signing_header
from portadoc.formats.jws import UnverifiedJws
from portadoc.formats.numeric_date import check_times
from portadoc.formats.reasons import told_as
from portadoc.formats.roles import REQUEST_OBJECT
from portadoc.keys.jwk import VerificationKey
from portadoc.keys.signer import Signer
from portadoc.schemas.claims import JsonObject

SPEC: Final = "OpenID4VP 1.0 §5"
TYP: Final = "oauth-authz-req+jwt"
AUDIENCE: Final = "https://self-issued.me/v2"
RESPONSE_MODE: Final = "direct_post.jwt"
_PREFIX: Final = "x509_hash:"
_URL_SAFE: Final = re.compile(r"[A-Za-z0-9._~-]{1,512}")
_MAX_URI_CHARS: Final = 2048


@dataclass(frozen=True, slots=True)
class PresentationRequest:
    """What a verifier asks: the part of a request that does not depend on who signs it. Times in epoch seconds."""

    response_uri: str
    nonce: str
    state: str
    dcql_query: JsonObject
    client_metadata: JsonObject
    iat: int
    exp: int
    verifier_info: tuple[JsonObject, ...] = ()


@dataclass(frozen=True, slots=True)
class UnverifiedRequestObject:
    """A request object whose signature has not been checked; ``chain`` is DER, leaf first, at least one."""

    unverified_jws: UnverifiedJws
    unverified_chain: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class VerifiedRequest:
    """A request that the certificate behind ``client_id`` signed; ``claims`` holds all that it said."""

    client_id: str
    response_uri: str
    nonce: str
    state: str | None
    query: DcqlQuery
    client_metadata: JsonObject
    claims: JsonObject


def x509_hash(leaf_der: bytes) -> str:
    """Return the client identifier part for a certificate: base64url of SHA-256 over its DER. Spec: §5.9.3."""
    return base64url.encode(hashlib.sha256(leaf_der).digest())


def client_id_of(signer: Signer) -> str:
    """Return the full client identifier, prefix included, of a signer that has a certificate."""
    return _PREFIX + x509_hash(signer.chain[0])


def make_request_object(request: PresentationRequest, *, signer: Signer, wallet_nonce: str | None) -> str:
    """Return the signed request; ``wallet_nonce`` is echoed when the wallet posted one. Spec: §5.1, §5.10."""
    payload: JsonObject = {
        "client_id": client_id_of(signer),
        "aud": AUDIENCE,
        "response_type": "vp_token",
        "response_mode": RESPONSE_MODE,
        "response_uri": request.response_uri,
        "nonce": request.nonce,
        "state": request.state,
        "dcql_query": request.dcql_query,
        "client_metadata": request.client_metadata,
        "iat": request.iat,
        "exp": request.exp,
    }
    if request.verifier_info:
        payload["verifier_info"] = list(request.verifier_info)
    if wallet_nonce is not None:
        payload["wallet_nonce"] = wallet_nonce
    return jws.sign(signing_header(TYP, signer), payload, signer)


def parse_request_object(text: str, *, allowed_algs: frozenset[str]) -> UnverifiedRequestObject:
    """Return the parts of a request object so that its chain can be judged; nothing in it is verified yet.

    Raises: Untrusted[request_object_invalid] with a reason, Malformed[limit_exceeded]. Spec: RFC 9101 §6.
    """
    with told_as("request_object_invalid"):
        unverified = jws.split(text, REQUEST_OBJECT, allowed_algs=allowed_algs)
        chain = jws.certificate_chain(unverified)
        if not chain:
            raise _invalid("x5c_missing")
        return UnverifiedRequestObject(unverified, chain)


def verify_request_object(
    request: UnverifiedRequestObject,
    *,
    key: VerificationKey,
    client_id: str,
    wallet_nonce: str | None,
    now: int,
    skew_s: int,
) -> VerifiedRequest:
    """Return the request after checking signature, identity and form.

    ``key`` is the leaf's key after the caller has judged the chain; ``client_id`` comes from the link or QR code;
    ``wallet_nonce`` is what the wallet posted, if it did.
    Raises: Untrusted[request_object_invalid] with a reason, Malformed[limit_exceeded]. Spec: OpenID4VP 1.0 §5.
    """
    with told_as("request_object_invalid"):
        # 1. signature, with the key of the leaf certificate
        claims = jws.verify(request.unverified_jws, key)
        # 2. who asks: the same client id outside and inside, and the certificate behind it
        _check_client(claims, client_id, request.unverified_chain[0])
        # 3. for this wallet, now, and in answer to its nonce
        _check_recipient(claims, wallet_nonce)
        check_times(claims, now=now, skew_s=skew_s)
        # 4. what is asked and where the answer goes
        _check_response(claims)
        return VerifiedRequest(
            client_id=client_id,
            response_uri=claims["response_uri"],
            nonce=_url_safe(claims, "nonce"),
            state=_url_safe(claims, "state") if "state" in claims else None,
            query=_query(claims),
            client_metadata=_client_metadata(claims),
            claims=claims,
        )


def _check_client(claims: JsonObject, client_id: str, leaf_der: bytes) -> None:
    """Require one client id, of the one prefix that we know. ``iss`` is ignored. Spec: §5.2, §5.9."""
    if claims.get("client_id") != client_id:
        raise _invalid("client_id_mismatch")
    if not client_id.startswith(_PREFIX):
        raise _invalid("client_id_prefix")
    if client_id != _PREFIX + x509_hash(leaf_der):
        raise _invalid("x509_hash_mismatch")


def _check_recipient(claims: JsonObject, wallet_nonce: str | None) -> None:
    if claims.get("aud") != AUDIENCE:
        raise _invalid("aud")
    if wallet_nonce is not None and claims.get("wallet_nonce") != wallet_nonce:
        raise _invalid("wallet_nonce")


def _check_response(claims: JsonObject) -> None:
    """Require an encrypted answer to one ``response_uri``. Spec: §5.1, §8.2, HAIP 1.0 §5.1."""
    if claims.get("response_type") != "vp_token":
        raise _invalid("response_type")
    if claims.get("response_mode") != RESPONSE_MODE:
        raise _invalid("response_mode")
    if "redirect_uri" in claims:
        raise _invalid("redirect_uri_present")
    uri: Any = claims.get("response_uri")
    if not isinstance(uri, str) or not 0 < len(uri) <= _MAX_URI_CHARS:
        raise _invalid("response_uri_missing")
    if "transaction_data" in claims:
        raise _invalid("transaction_data_unsupported")


def _query(claims: JsonObject) -> DcqlQuery:
    query = claims.get("dcql_query")
    if "scope" in claims or not isinstance(query, dict):
        raise _invalid("query_form")
    return parse_query(query)


def _client_metadata(claims: JsonObject) -> JsonObject:
    metadata = claims.get("client_metadata")
    if not isinstance(metadata, dict):
        raise _invalid("client_metadata_missing")
    return metadata


def _url_safe(claims: JsonObject, name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not _URL_SAFE.fullmatch(value):
        raise _invalid(f"{name}_form")
    return value


def _invalid(reason: str) -> Untrusted:
    return Untrusted("request_object_invalid", spec=SPEC, reason=reason)
