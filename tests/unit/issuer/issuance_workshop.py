"""Grants without a token request, and what a wallet that encrypts or is vouched for sends."""

from collections.abc import Mapping, Sequence
from typing import Any

from portadoc.formats import jwe, strict_json
from portadoc.formats.jwe import EncryptionKey
from portadoc.formats.key_proof import make_key_proof
from portadoc.formats.openid4vci.key_attestation import make_key_attestation
from portadoc.formats.status_list.maintained import MaintainedStatus
from portadoc.formats.status_list.statuses import StatusReference
from portadoc.issuer.entitlements import entitlement
from portadoc.issuer.store import token_store
from portadoc.issuer.store.token_store import Grant
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.signer import LocalSigner
from portadoc.randomness import system_random_bytes
from portadoc.schemas.openid4vci import CredentialRequest, Proofs
from portadoc.storage.installation import digest
from portadoc.wallet_sim.transport import TransportResponse
from tests.unit.formats import wallet_provider_workshop as providers

LATER = 10_000
PROVIDER = providers.signer(KeyPurpose.KEY_ATTESTATION)
LEVELS = ("iso_18045_moderate",)


def grant_of(
    rig: Any,
    *record_ids: str,
    configuration_id: str = "pda1",
    institution: str = "fr-demo",
    token: str = "token",
    **bound_to: Any,
) -> Grant:
    """Return a live grant for records, as a token request would have made it."""
    bound = {"grant_id": "grant", "client_id": None, "dpop_thumbprint": None, "identified": False, **bound_to}
    entitlements = tuple(entitlement(each, configuration_id) for each in record_ids)
    grant = Grant(institution=institution, token_digest=digest(token), entitlements=entitlements, **bound)
    with rig.database.transaction() as connection:
        now = rig.clock.now()
        token_store.insert_token(connection, grant, copies=30, now=now, expires_at=now + LATER)
    return grant


def attestation(
    rig: Any,
    keys: Sequence[LocalSigner],
    *,
    nonce: str | None = None,
    signer: LocalSigner = PROVIDER,
    levels: Sequence[str] = LEVELS,
    ttl_s: int | None = 3600,
    status: StatusReference | None = None,
    key_storage_status: MaintainedStatus | None = None,
) -> str:
    """Return a wallet provider's word for keys."""
    now = rig.clock.now()
    return make_key_attestation(
        attested_jwks=[dict(key.public_jwk) for key in keys],
        iat=now,
        exp=None if ttl_s is None else now + ttl_s,
        nonce=nonce,
        key_storage=levels,
        user_authentication=levels,
        signer=signer,
        status=status,
        key_storage_status=key_storage_status,
    )


def attested_proof(
    rig: Any, key: LocalSigner, key_attestation: str | None, *, nonce: str, client_id: str | None = None
) -> str:
    """Return a key proof with an attestation in its header."""
    return make_key_proof(
        audience="http://127.0.0.1:8700/issuer/fr-demo",
        nonce=nonce,
        iat=rig.clock.now(),
        signer=key,
        client_id=client_id,
        key_attestation=key_attestation,
    )


def issued_whatever_the_profile(rig: Any, *, copies: int = 1) -> list[str]:
    """Return credentials that were issued in this process, whatever the profile asks of tokens and keys."""
    grant = grant_of(rig, rig.record(), token=rig.nonce())
    word = attestation(rig, [rig.new_key() for _ in range(copies)], nonce=rig.nonce())
    request = CredentialRequest(credential_configuration_id="pda1", proofs=Proofs(attestation=(word,)))
    return [str(each.credential) for each in rig.issuer.issuance.issue(grant, request).credentials]


def new_wallet_key() -> EncryptionKey:
    """Return a key to which a wallet wants its responses."""
    return jwe.new_encryption_key(system_random_bytes)


def request_keys(rig: Any, institution: str = "fr-demo") -> list[dict[str, Any]]:
    """Return the keys that the metadata names for requests."""
    content = rig.transport.get(f"/.well-known/openid-credential-issuer/issuer/{institution}").json()
    keys: list[dict[str, Any]] = content["credential_request_encryption"]["jwks"]["keys"]
    return keys


def send_encrypted(
    rig: Any,
    token: str,
    content: Mapping[str, Any],
    *,
    jwk: Mapping[str, Any] | None = None,
    enc: str = "A128GCM",
    endpoint: str = "credential",
) -> TransportResponse:
    """Send a request encrypted to the issuer's key."""
    key = dict(jwk or request_keys(rig)[0])
    text = jwe.encrypt(strict_json.dumps(dict(content)), key, enc=enc, apu=None, apv=None)
    headers = {"authorization": f"Bearer {token}"}
    answer: TransportResponse = rig.post(f"/issuer/fr-demo/{endpoint}", text.encode(), "application/jwt", headers)
    return answer


def opened(response: TransportResponse, key: EncryptionKey) -> dict[str, Any]:
    """Return what an encrypted response says."""
    assert response.headers["content-type"] == "application/jwt"
    assert response.headers["cache-control"] == "no-store"
    both = frozenset({"A128GCM", "A256GCM"})
    plaintext = jwe.decrypt(response.text, key, allowed_enc=both, max_plaintext=1_000_000)
    return strict_json.loads_object(plaintext, what="response")


def asked_encrypted(key: EncryptionKey, *, enc: str = "A256GCM", **changes: Any) -> dict[str, Any]:
    """Return the member that asks for an encrypted response."""
    jwk = {name: value for name, value in {**key.public_jwk, **changes}.items() if value is not None}
    return {"credential_response_encryption": {"jwk": jwk, "enc": enc}}
