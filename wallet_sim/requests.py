"""A verifier's request: fetched, authenticated and taken apart before anything of the holder is touched.

Until every check here has passed, nothing is sent to the verifier, not even an error. Spec: OpenID4VP 1.0 §5, §14.
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from portadoc import base64url
from portadoc.errors import Malformed, Refused, Untrusted
from portadoc.formats import jwe, strict_json
from portadoc.formats.openid4vp.client_identifier import ClientIdPrefix
from portadoc.formats.openid4vp.disclosure_policy import ProvenAsker
from portadoc.formats.openid4vp.request_object import (
    ResponseMode,
    VerifiedRequest,
    parse_request_object,
    verify_request_object,
)
from portadoc.formats.openid4vp.unsigned_request import read_unsigned_request
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.schemas.claims import Json, JsonObject
from portadoc.schemas.openid4vci import read_message
from portadoc.schemas.openid4vp import AuthorizationRequestLink
from portadoc.wallet_sim.peers import CLOCK_SKEW_S, GONE, Means, admitted, link_parameters, require_success
from portadoc.wallet_sim.registration import NOBODY, HolderWarning, judge_asker
from portadoc.wallet_sim.transport import FORM_TYPE, TransportResponse
from portadoc.wallet_sim.verifiers import KnownVerifier, known_verifier

REQUEST_SCHEMES: Final = frozenset({"openid4vp", "haip-vp", "eudi-openid4vp", "eu-eaap"})
REQUEST_TYPE: Final = "application/oauth-authz-req+jwt"
DEFAULT_ENC: Final = "A128GCM"


@dataclass(frozen=True, slots=True)
class TrustedRequest:
    """A request in order, who asks, how to encrypt the answer, and what the holder should know before agreeing.

    ``verifier_id`` is the identifier that the verifier's certificate or attestation vouches for; where nobody
    signed, the address or origin that the answer goes to. ``verifier_country`` is empty when nobody vouches for
    it. ``encryption_jwk`` and ``enc`` are there exactly when the answer has to be encrypted. ``asker`` is what its
    certificates prove.
    """

    request: VerifiedRequest
    verifier_id: str
    verifier_country: str
    encryption_jwk: JsonObject | None
    enc: str | None
    warnings: tuple[HolderWarning, ...] = ()
    asker: ProvenAsker = NOBODY


def read_request(link: str, means: Means) -> TrustedRequest:
    """Return the request behind a link or QR code.

    Raises Malformed[link_invalid], Malformed[message_invalid], Refused[fetch_blocked],
    Untrusted[request_object_invalid] with a reason, Untrusted[verifier_attestation_invalid],
    Untrusted[encryption_invalid], and as the chain is judged.
    """
    parameters = link_parameters(link, schemes=REQUEST_SCHEMES)
    if parameters.keys().isdisjoint({"request", "request_uri"}):  # everything in the link, and nobody signed it
        return judged_request(read_unsigned_request(parameters), None, means)
    start = read_message(AuthorizationRequestLink, parameters)  # 1 who asks, and where the request lies
    wallet_nonce = base64url.encode(means.random_bytes(16)) if start.request_uri_method == "post" else None
    text = start.request or _fetch_object(start.request_uri or "", wallet_nonce, means)  # 2 the signed request
    unverified = parse_request_object(text, allowed_algs=ALL_ALGORITHMS)
    verifier = known_verifier(unverified, means)  # 3 a certificate or attestation that we trust for requests
    request = verify_request_object(  # 4 signature, identity, recipient, form
        unverified,
        key=verifier.key,
        client_id=start.client_id,
        wallet_nonce=wallet_nonce,
        now=means.clock.now(),
        skew_s=CLOCK_SKEW_S,
        attestation=verifier.attestation,
    )
    return judged_request(request, verifier, means)  # 5 an answer can go there, and may


def judged_request(request: VerifiedRequest, verifier: KnownVerifier | None, means: Means) -> TrustedRequest:
    """Return a request that the wallet can answer, with what the holder should know; None: nobody signed it.

    Raises Untrusted[request_object_invalid] (``signature_missing``, ``response_not_encrypted``) where the profile
    asks for more, Refused[fetch_blocked], Untrusted[encryption_invalid]. Spec: HAIP 1.0 §5, OpenID4VP 1.0 §8.3.
    """
    mode = request.response_mode
    if means.profile.high_assurance and verifier is None and mode.is_posted:
        raise Untrusted("request_object_invalid", spec="HAIP 1.0 §5.1", reason="signature_missing")
    if means.profile.high_assurance and not mode.is_encrypted:
        raise Untrusted("request_object_invalid", spec="HAIP 1.0 §5", reason="response_not_encrypted")
    if request.response_uri is not None:
        admitted(request.response_uri, means.transport)
    jwk, enc = _encryption(request) if mode.is_encrypted else (None, None)
    warnings, asker = judge_asker(request, verifier, means)
    if verifier is None:
        return TrustedRequest(request, request.client_id, "", jwk, enc, warnings, asker)
    return TrustedRequest(request, verifier.id, verifier.country, jwk, enc, warnings, asker)


def _encryption(request: VerifiedRequest) -> tuple[JsonObject, str]:
    """Return a key and a cipher for the answer. Raises Untrusted[encryption_invalid]."""
    offered = request.client_metadata.get("encrypted_response_enc_values_supported", [DEFAULT_ENC])
    return jwe.choose_encryption_key(_key_set(request)), _choose_enc(offered)


def _fetch_object(url: str, wallet_nonce: str | None, means: Means) -> str:
    """Return the text of a request object. Spec: OpenID4VP 1.0 §5.10, RFC 9101 §5.2."""
    admitted(url, means.transport)
    headers = {"accept": REQUEST_TYPE}
    if wallet_nonce is None:
        response = means.transport.get(url, headers=headers)
    else:
        form = {"wallet_nonce": wallet_nonce, "wallet_metadata": _wallet_metadata(means)}
        sent = {**headers, "content-type": FORM_TYPE}
        response = means.transport.request("POST", url, headers=sent, body=urlencode(form).encode())
    return _object_text(response)


def _object_text(response: TransportResponse) -> str:
    """Return the body of an answer that is a request object. Raises Refused[request_closed] and others."""
    if response.status in GONE:
        raise Refused("request_closed", spec="OpenID4VP 1.0 §14.1")
    require_success(response, endpoint="request")
    if response.content_type != REQUEST_TYPE:
        raise Malformed("peer_answer_invalid", spec="RFC 9101 §5.2.3", endpoint="request", reason="content_type")
    return response.text


def _wallet_metadata(means: Means) -> str:
    """Return what the wallet can do, for verifiers that adapt their request to it. Spec: OpenID4VP 1.0 §10."""
    algs = sorted(ALL_ALGORITHMS)
    metadata: JsonObject = {
        "vp_formats_supported": {"dc+sd-jwt": {"sd-jwt_alg_values": algs, "kb-jwt_alg_values": ["ES256"]}},
        "client_id_prefixes_supported": [str(prefix) for prefix in ClientIdPrefix],
        "response_modes_supported": [str(mode) for mode in ResponseMode if mode.is_posted],
        "request_object_signing_alg_values_supported": algs,
        "authorization_encryption_alg_values_supported": list(means.profile.encryption_algs),
        "authorization_encryption_enc_values_supported": list(means.profile.encryption_encs),
    }
    return strict_json.dumps(metadata).decode()


def _key_set(request: VerifiedRequest) -> JsonObject:
    jwks = request.client_metadata.get("jwks")
    if not isinstance(jwks, dict):
        raise Untrusted("encryption_invalid", spec="OpenID4VP 1.0 §8.3", reason="no_usable_key")
    return jwks


def _choose_enc(offered: Json) -> str:
    """Return the verifier's first cipher that we have. Raises Untrusted[encryption_invalid], reason ``enc``."""
    for enc in offered if isinstance(offered, list) else ():
        if enc in jwe.ENCRYPTIONS:
            return str(enc)
    raise Untrusted("encryption_invalid", spec="OpenID4VP 1.0 §5.1", reason="enc")
