"""Encrypted requests and answers between wallet and issuer. Spec: OpenID4VCI 1.0 §10."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from portadoc.errors import Malformed, Refused, Untrusted
from portadoc.formats import jwe, strict_json
from portadoc.formats.jwe import EncryptionKey
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.openid4vci import CredentialResponseEncryption, IssuerMetadata
from portadoc.wallet_sim.issuance.channel import JSON_TYPE, JWT_TYPE
from portadoc.wallet_sim.peers import Means, read_answer, require_success
from portadoc.wallet_sim.transport import MAX_RESPONSE_BYTES, TransportResponse

_BEST_FIRST: Final = ("A256GCM", "A128GCM")
_SPEC: Final = "OpenID4VCI 1.0 §10"


@dataclass(frozen=True, slots=True)
class Envelope:
    """How one exchange is encrypted: ``request`` to the issuer's key, ``answer`` to the wallet's; None: plain."""

    request: tuple[JsonObject, str] | None
    answer: tuple[EncryptionKey, str] | None

    @property
    def asked(self) -> CredentialResponseEncryption | None:
        """What the request says about the answer."""
        if self.answer is None:
            return None
        key, enc = self.answer
        return CredentialResponseEncryption(jwk=key.public_jwk, enc=enc)

    def seal(self, content: JsonObject) -> tuple[bytes, str]:
        """Return the body of a request and its media type."""
        plain = strict_json.dumps(content)
        if self.request is None:
            return plain, JSON_TYPE
        jwk, enc = self.request
        return jwe.encrypt(plain, jwk, enc=enc, apu=None, apv=None).encode("ascii"), JWT_TYPE

    def open(self, response: TransportResponse, *, endpoint: str) -> JsonObject:
        """Return the content of a successful answer, encrypted to this exchange's key where that was asked for.

        Raises Malformed[peer_answer_invalid] (reason ``not_encrypted``) for a plain one then, Untrusted
        [encryption_invalid], and as ``read_answer``. Spec: OpenID4VCI 1.0 §8.3.
        """
        if self.answer is None:
            return read_answer(response, endpoint=endpoint)
        require_success(response, endpoint=endpoint)
        if response.content_type != JWT_TYPE:
            raise Malformed("peer_answer_invalid", spec=_SPEC, endpoint=endpoint, reason="not_encrypted")
        key, enc = self.answer
        plain = jwe.decrypt(
            response.text.strip(), key, allowed_enc=frozenset({enc}), max_plaintext=MAX_RESPONSE_BYTES
        )
        return strict_json.loads_object(plain, what=f"{endpoint} answer")


def new_envelope(issuer: IssuerMetadata, means: Means) -> Envelope:
    """Return how to encrypt the next exchange: where the issuer requires it, and where a wallet with a name can.

    The key for the answer is fresh each time; an encrypted answer takes an encrypted request.
    Raises Refused[configuration_unsupported] for a required encryption that this wallet does not have.
    Spec: OpenID4VCI 1.0 §10, §12.2.4.
    """
    wished = means.identity is not None or means.profile.high_assurance
    for_answer, for_request = issuer.credential_response_encryption, issuer.credential_request_encryption
    answer_needed = for_answer is not None and for_answer.encryption_required
    request_needed = answer_needed or (for_request is not None and for_request.encryption_required)
    request = _request_key(issuer) if wished or request_needed else None
    if request_needed and request is None:
        raise _unsupported("request_encryption")
    answer = _answer_enc(issuer) if answer_needed or (wished and request is not None) else None
    if answer_needed and answer is None:
        raise _unsupported("response_encryption")
    return Envelope(request, (jwe.new_encryption_key(means.random_bytes), answer) if answer else None)


def _request_key(issuer: IssuerMetadata) -> tuple[JsonObject, str] | None:
    offered = issuer.credential_request_encryption
    enc = _enc(offered.enc_values_supported) if offered else None
    if offered is None or enc is None:
        return None
    try:
        return jwe.choose_encryption_key(offered.jwks.to_json()), enc
    except Untrusted:
        return None


def _answer_enc(issuer: IssuerMetadata) -> str | None:
    offered = issuer.credential_response_encryption
    if offered is None or jwe.ALG not in offered.alg_values_supported:
        return None
    return _enc(offered.enc_values_supported)


def _enc(offered: Sequence[str]) -> str | None:
    return next((each for each in _BEST_FIRST if each in offered), None)


def _unsupported(reason: str) -> Refused:
    return Refused("configuration_unsupported", spec=_SPEC, reason=reason)
