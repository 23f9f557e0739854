"""Readers of what wallets and their providers send with requests for tokens and credentials."""

from collections.abc import Mapping
from typing import Any, Final

from portadoc.formats import jws, strict_json
from portadoc.formats.key_proof import verify_key_proof
from portadoc.formats.oauth.client_attestation import (
    LONGEST_LIFE_S,
    AttestationTerms,
    make_client_attestation,
    verify_client_attestation,
)
from portadoc.formats.oauth.dpop import make_dpop_proof, verify_dpop_proof
from portadoc.formats.oauth.wallet_facts import WalletFacts
from portadoc.formats.openid4vci.key_attestation import (
    AttestationPolicy,
    make_key_attestation,
    verify_attestation_proof,
)
from portadoc.formats.status_list.maintained import MaintainedStatus
from portadoc.formats.status_list.statuses import StatusReference
from portadoc.keys.purposes import KeyPurpose
from tests.fuzz.targets import SKEW_S, FuzzTarget, as_text
from tests.fuzz.world import ALGS, LIST_URI, NONCE, NOW, World

SERVER: Final = "https://issuer.example/issuer/fr-demo"
TOKEN_URI: Final = f"{SERVER}/token"
STATUS: Final = MaintainedStatus(StatusReference(LIST_URI, 7), NOW + 86_400)


def wallet_targets(world: World) -> Mapping[str, FuzzTarget]:
    """Return the readers of proofs and attestations at issuance."""
    terms = AttestationTerms(
        audience=SERVER,
        trust=world.trust,
        max_age_s=300,
        skew_s=SKEW_S,
        max_life_s=LONGEST_LIFE_S,
        allowed_algs=ALGS,
    )
    policy = AttestationPolicy(
        trust=world.trust,
        key_storage=frozenset({"iso_18045_moderate"}),
        user_authentication=frozenset(),
        first_key_signs=True,
        own_nonce=False,
        required=True,
    )
    attestation, key_attestation = _client_attestation(world), _key_attestation(world)

    def dpop(text: str) -> object:
        return verify_dpop_proof(
            text,
            method="POST",
            uri=TOKEN_URI,
            access_token=None,
            now=NOW,
            max_age_s=300,
            skew_s=SKEW_S,
            allowed_algs=ALGS,
        )

    def authenticated(attested: str, pop: str) -> object:
        return verify_client_attestation([attested], [pop], dpop=None, client_id=None, terms=terms, now=NOW)

    def attested_keys(text: str) -> object:
        return verify_attestation_proof(text, policy=policy, now=NOW, skew_s=SKEW_S, allowed_algs=ALGS)

    def proven(raw: bytes) -> object:
        header = {"typ": "openid4vci-proof+jwt", "key_attestation": key_attestation}
        return verify_key_proof(
            jws.sign(header, raw, world.holder),
            audience=SERVER,
            client_id=None,
            now=NOW,
            max_age_s=300,
            skew_s=SKEW_S,
            allowed_algs=ALGS,
            attestations=policy,
        )

    dpop_header = {"typ": "dpop+jwt", "jwk": dict(world.holder.public_jwk)}
    pop = {"aud": SERVER, "iss": "wallet", "iat": NOW, "jti": "j", "challenge": NONCE}
    made = make_dpop_proof(
        method="POST", uri=TOKEN_URI, iat=NOW, jti="j", nonce=NONCE, access_token=None, signer=world.holder
    )
    return {
        "dpop_proof": FuzzTarget(as_text(dpop), (made.encode(),)),
        "dpop_proof_behind_the_signature": FuzzTarget(
            lambda raw: dpop(jws.sign(dpop_header, raw, world.holder)), (_payload(made),)
        ),
        "client_attestation": FuzzTarget(
            lambda raw: authenticated(
                world.token(KeyPurpose.CLIENT_ATTESTATION, "oauth-client-attestation+jwt", raw), _pop(world, pop)
            ),
            (_payload(attestation),),
        ),
        "client_attestation_pop": FuzzTarget(
            lambda raw: authenticated(attestation, _pop(world, raw)), (strict_json.dumps(pop),)
        ),
        "key_attestation": FuzzTarget(
            lambda raw: attested_keys(world.token(KeyPurpose.KEY_ATTESTATION, "key-attestation+jwt", raw)),
            (_payload(key_attestation),),
        ),
        "attested_key_proof": FuzzTarget(
            proven, (strict_json.dumps({"aud": SERVER, "iat": NOW, "nonce": NONCE}),)
        ),
    }


def _payload(token: str) -> bytes:
    return strict_json.dumps(jws.unverified_claims(token))


def _pop(world: World, payload: dict[str, Any] | bytes) -> str:
    return jws.sign({"typ": "oauth-client-attestation-pop+jwt"}, payload, world.holder)


def _client_attestation(world: World) -> str:
    return make_client_attestation(
        client_id="wallet",
        instance_jwk=dict(world.holder.public_jwk),
        iat=NOW,
        exp=NOW + 3600,
        issuer="https://wallet.example",
        wallet=WalletFacts(name="Wallet", version="1", unverified_client_status=STATUS),
        signer=world.signers[KeyPurpose.CLIENT_ATTESTATION],
    )


def _key_attestation(world: World) -> str:
    return make_key_attestation(
        attested_jwks=[dict(world.holder.public_jwk)],
        iat=NOW,
        exp=NOW + 3600,
        nonce=NONCE,
        key_storage=["iso_18045_high"],
        user_authentication=["iso_18045_moderate"],
        signer=world.signers[KeyPurpose.KEY_ATTESTATION],
        key_storage_status=STATUS,
    )
