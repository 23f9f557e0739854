"""Sender constraint: tokens are bound to a key, and each request that uses one shows that key again.

Spec: RFC 9449, HAIP 1.0 §4.
"""

from dataclasses import dataclass, field
from typing import Final

from portadoc.errors import Refused, Untrusted
from portadoc.formats.oauth.dpop import VerifiedDpopProof, verify_dpop_proof
from portadoc.issuer.challenges import ChallengeKind, Challenges
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.store.single_use import Once, use_once
from portadoc.issuer.store.token_store import Grant
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.storage import Connection
from portadoc.storage.installation import digest

DPOP_ALGORITHMS: Final = ALL_ALGORITHMS
"""Algorithms of DPoP proofs, as the metadata lists them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentedToken:
    """An access token and what came beside it; all of it unverified.

    ``as_dpop``: the scheme was DPoP, not Bearer. ``path`` is that of the request, from the root of the origin.
    """

    token: str = field(repr=False)
    as_dpop: bool
    proofs: tuple[str, ...]
    method: str
    path: str


class Senders:
    """Verifies DPoP proofs."""

    def __init__(self, deployment: Deployment, challenges: Challenges) -> None:
        self._deployment = deployment
        self._challenges = challenges

    def proof(
        self, proofs: tuple[str, ...], *, method: str, path: str, access_token: str | None
    ) -> VerifiedDpopProof:
        """Return the one proof of a request; its nonce and its identifier still have to be looked at.

        Raises Untrusted[dpop_proof_invalid]. Spec: RFC 9449 §4.3.
        """
        if len(proofs) != 1:
            raise Untrusted("dpop_proof_invalid", spec="RFC 9449 §4.3", reason="count")
        settings = self._deployment.settings
        return verify_dpop_proof(
            proofs[0],
            method=method,
            uri=f"{settings.base_url}{path}",
            access_token=access_token,
            now=self._deployment.clock.now(),
            max_age_s=settings.proof_max_age_s,
            skew_s=settings.clock_skew_s,
            allowed_algs=DPOP_ALGORITHMS,
        )

    def require_nonce(self, institution: str, proof: VerifiedDpopProof) -> None:
        """Accept a proof under a live nonce of this institution; under none where the profile asks for none.

        Raises Refused[dpop_nonce_required], which carries the next nonce. Spec: RFC 9449 §8, §9.
        """
        if proof.nonce is None and not self._deployment.profile.dpop_required:
            return
        nonce = proof.nonce or ""
        if self._challenges.live_until(institution, ChallengeKind.DPOP_NONCE, nonce) is None:
            fresh = self._challenges.make(institution, ChallengeKind.DPOP_NONCE)
            raise Refused("dpop_nonce_required", spec="RFC 9449 §8", nonce=fresh)

    def use(self, connection: Connection, institution: str, proof: VerifiedDpopProof) -> None:
        """Use a proof up in the caller's transaction. Raises Untrusted[dpop_proof_invalid] for all but the first.

        Spec: RFC 9449 §11.1.
        """
        settings = self._deployment.settings
        expires_at = proof.iat + settings.proof_max_age_s + settings.clock_skew_s
        named = digest(f"{proof.thumbprint}:{proof.jti}")
        if not use_once(connection, institution, Once.DPOP_PROOF, named, expires_at=expires_at + 1):
            raise Untrusted("dpop_proof_invalid", spec="RFC 9449 §11.1", reason="jti_used")

    def require_sender(self, grant: Grant, presented: PresentedToken) -> None:
        """Accept the use of a token by whom it was given to.

        Raises Refused[access_token_invalid] for the other scheme than the token's, Untrusted[token_proof_invalid],
        Refused[token_nonce_required]. Spec: RFC 9449 §7.1, §7.2, §9.
        """
        # 1. a bound token comes with DPoP, and another one without, unless the profile has none of those any more
        if presented.as_dpop != (grant.dpop_thumbprint is not None):
            raise Refused("access_token_invalid", spec="RFC 9449 §7.1", scheme=scheme_of(grant))
        if grant.dpop_thumbprint is None:
            if self._deployment.profile.dpop_required:
                raise Refused("access_token_invalid", spec="HAIP 1.0 §4", scheme="DPoP")
            return
        try:
            # 2. one proof for this very request and token
            proof = self.proof(
                presented.proofs, method=presented.method, path=presented.path, access_token=presented.token
            )
            # 3. by the key of the token
            if proof.thumbprint != grant.dpop_thumbprint:
                raise Untrusted("dpop_proof_invalid", spec="RFC 9449 §7.1", reason="key")
            # 4. under a nonce of ours, and never seen before
            self.require_nonce(grant.institution, proof)
            with self._deployment.database.transaction() as connection:
                self.use(connection, grant.institution, proof)
        except Untrusted as exc:
            raise Untrusted("token_proof_invalid", spec=exc.spec, reason=exc.params["reason"]) from exc
        except Refused as exc:
            raise Refused("token_nonce_required", spec="RFC 9449 §9", nonce=exc.params["nonce"]) from exc


def scheme_of(grant: Grant) -> str:
    """Return the authentication scheme, and the type, of a grant's token."""
    return "Bearer" if grant.dpop_thumbprint is None else "DPoP"
