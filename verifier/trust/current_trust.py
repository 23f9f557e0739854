"""Whom the verifier trusts now, for those beside it who have to believe the same and no less strictly."""

from collections.abc import Callable
from dataclasses import dataclass

from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.trust.trust_store import TrustedKey
from portadoc.keys.trust.web_issuers import WebIssuer
from portadoc.verification.answers import TrustAnswers


@dataclass(frozen=True, slots=True)
class CurrentTrust:
    """Answers by the trust in force when it is asked: the operator's file, trusted lists, published keys."""

    in_force: Callable[[], TrustAnswers]

    def resolve_chain(self, chain: tuple[bytes, ...], *, purpose: KeyPurpose, at: int) -> TrustedKey:
        """Answer as ``TrustStore.resolve_chain``."""
        return self.in_force().resolve_chain(chain, purpose=purpose, at=at)

    def resolve(
        self,
        chain: tuple[bytes, ...],
        *,
        purpose: KeyPurpose,
        at: int,
        credential_type: str | None,
        issuer: str | None,
        institution: str | None,
    ) -> TrustedKey:
        """Answer as ``TrustStore.resolve``."""
        return self.in_force().resolve(
            chain,
            purpose=purpose,
            at=at,
            credential_type=credential_type,
            issuer=issuer,
            institution=institution,
        )

    def web_issuer(self, issuer: str) -> WebIssuer | None:
        """Answer as ``TrustStore.web_issuer``."""
        return self.in_force().web_issuer(issuer)
