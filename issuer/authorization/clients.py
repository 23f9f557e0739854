"""Client authentication: which wallet asks, by the word of its provider and the key of this instance.

Spec: draft-ietf-oauth-attestation-based-client-auth -07, -10; OpenID4VCI 1.0 App. E; HAIP 1.0 §4.4.1.
"""

from typing import Final

from portadoc.errors import Malformed, Refused, Untrusted
from portadoc.formats.oauth.client_attestation import (
    LONGEST_LIFE_S,
    AttestationTerms,
    VerifiedClientAttestation,
    verify_client_attestation,
)
from portadoc.formats.oauth.dpop import VerifiedDpopProof
from portadoc.issuer.attestation_status import require_in_force
from portadoc.issuer.challenges import ChallengeKind, Challenges
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.store.single_use import Once, use_once
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.storage import Connection
from portadoc.storage.installation import digest

ATTESTATION_ALGORITHMS: Final = ALL_ALGORITHMS
"""Algorithms of client attestations and of their proofs, as the metadata lists them."""
NO_AUTHENTICATION: Final = "none"
BY_ATTESTATION: Final = "attest_jwt_client_auth"
WITH_DPOP: Final = "attest_jwt_client_auth_dpop"
"""The same with one DPoP proof by the attested key in place of two proofs. Spec: draft -10 §7.3"""
POSSESSION_PROOFS: Final = ("attestation_pop_jwt", "dpop_combined")
"""How a wallet can show the attested key, as the metadata lists it. Spec: draft -10 §8"""
MAX_CLIENT_ID_CHARS: Final = 255
_SPEC: Final = "draft-ietf-oauth-attestation-based-client-auth-10"


class Clients:
    """Authenticates the clients of an installation."""

    def __init__(self, deployment: Deployment, challenges: Challenges) -> None:
        self._deployment = deployment
        self._challenges = challenges

    def attested(
        self,
        institution: str,
        *,
        client_id: str | None,
        attestations: tuple[str, ...],
        pops: tuple[str, ...],
        dpop: VerifiedDpopProof | None,
    ) -> VerifiedClientAttestation | None:
        """Return the wallet that a request is authenticated for, None for one that says nothing where it may.

        Input is unverified, but for ``dpop``. The challenge is live, if there is one, and still has to be used up.
        Raises Untrusted[client_attestation_invalid], Refused[client_authentication_missing],
        Refused[attestation_challenge_required], Malformed[client_id_too_long], and as ``require_in_force`` does.
        Spec: draft -10 §7.1 to §7.3, TS3 v1.5 §2.4.1.
        """
        _require_short(client_id or "")
        # 1. a client may be nobody where the profile says so
        if not attestations and not pops:
            if NO_AUTHENTICATION not in self._deployment.profile.client_authentication:
                raise Refused("client_authentication_missing", spec=_SPEC)
            return None
        # 2. the wallet, by its provider, and its instance, by its key
        verified = verify_client_attestation(
            attestations,
            pops,
            dpop=dpop,
            client_id=client_id,
            terms=self._terms(institution),
            now=self._deployment.clock.now(),
        )
        _require_short(verified.client_id)
        # 3. now, and not from a stock of proofs: under a challenge of ours
        self._require_challenge(institution, verified)
        # 4. a wallet that its provider still stands by
        self._require_in_force(verified)
        return verified

    def use(self, connection: Connection, institution: str, verified: VerifiedClientAttestation) -> None:
        """Use proof and challenge up in the caller's transaction; both are good for the first request only.

        Raises Untrusted[client_attestation_invalid] for the proof, Refused[attestation_challenge_required] for the
        challenge. Spec: draft -10 §12.1.
        """
        settings = self._deployment.settings
        if verified.jti is not None:
            named = digest(f"{verified.instance_thumbprint}:{verified.jti}")
            until = self._deployment.clock.now() + settings.proof_max_age_s + 2 * settings.clock_skew_s + 1
            if not use_once(connection, institution, Once.CLIENT_ATTESTATION_POP, named, expires_at=until):
                raise Untrusted("client_attestation_invalid", spec=_SPEC, reason="pop_jti_used")
        until_challenge = self._challenge_expiry(institution, verified.challenge)
        if verified.challenge is None or until_challenge is None:
            return
        named = digest(verified.challenge)
        if not use_once(connection, institution, Once.ATTESTATION_CHALLENGE, named, expires_at=until_challenge):
            raise self._challenge_required(institution)

    def _require_in_force(self, verified: VerifiedClientAttestation) -> None:
        require_in_force(
            self._deployment,
            provider_id=verified.provider_id,
            status=verified.wallet.unverified_status,
            maintained=verified.wallet.unverified_client_status,
            refusal="client_attestation_invalid",
        )

    def _require_challenge(self, institution: str, verified: VerifiedClientAttestation) -> None:
        """A DPoP proof that stands in for the proof of possession comes under a DPoP nonce, or a challenge."""
        given = verified.challenge
        if given is None:
            if NO_AUTHENTICATION in self._deployment.profile.client_authentication:
                return
            raise self._challenge_required(institution)
        if self._challenge_expiry(institution, given) is not None:
            return
        by_dpop = verified.jti is None
        nonce_until = self._challenges.live_until(institution, ChallengeKind.DPOP_NONCE, given)
        if not by_dpop or nonce_until is None:
            raise self._challenge_required(institution)

    def _challenge_expiry(self, institution: str, challenge: str | None) -> int | None:
        if challenge is None:
            return None
        return self._challenges.live_until(institution, ChallengeKind.CLIENT_ATTESTATION, challenge)

    def _challenge_required(self, institution: str) -> Refused:
        fresh = self._challenges.make(institution, ChallengeKind.CLIENT_ATTESTATION)
        return Refused("attestation_challenge_required", spec=_SPEC, challenge=fresh)

    def _terms(self, institution: str) -> AttestationTerms:
        settings = self._deployment.settings
        strict = NO_AUTHENTICATION not in self._deployment.profile.client_authentication
        return AttestationTerms(
            audience=self._deployment.issuer_id(institution),
            trust=self._deployment.wallet_trust,
            max_age_s=settings.proof_max_age_s,
            skew_s=settings.clock_skew_s,
            max_life_s=LONGEST_LIFE_S if strict else None,
            allowed_algs=ATTESTATION_ALGORITHMS,
        )


def _require_short(client_id: str) -> None:
    if len(client_id) > MAX_CLIENT_ID_CHARS:
        raise Malformed("client_id_too_long", limit=MAX_CLIENT_ID_CHARS)
