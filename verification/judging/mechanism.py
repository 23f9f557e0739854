"""How an issuer's key is found: by the certificates in the header, or among the keys that the issuer publishes.

The verifier's trust says which of the two counts for an issuer; a credential cannot choose. Spec: SD-JWT VC §2.5.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Protocol

from portadoc.errors import Untrusted
from portadoc.formats.jws import UnverifiedJws, unverified_payload
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.trust.trust_store import TrustedKey
from portadoc.keys.trust.web_issuers import WebIssuer
from portadoc.verification.answers import TrustAnswers
from portadoc.verification.policy import VerificationPolicy
from portadoc.verification.report import TRUST_CHAIN, VerificationReport

_MENDED_BY_FETCHING: Final = frozenset({"keys_not_held", "keys_stale", "kid_unknown"})


class Mechanism(Protocol):
    """One way to the key of an issuer, and to what the issuer may sign by it."""

    def trusted_key(self, trust: TrustAnswers, *, at: int) -> TrustedKey:
        """Return the key to verify with; nothing is authorised yet. Raises Untrusted[issuer_untrusted]."""

    def authorised_country(
        self,
        trust: TrustAnswers,
        *,
        at: int,
        credential_type: str | None,
        issuer: str | None,
        institution: str | None,
    ) -> str:
        """Return the country of who may sign this at ``at``; all but ``at`` comes from the verified payload."""


@dataclass(frozen=True, slots=True)
class ByChain:
    """By the certificates of ``x5c`` (DER, leaf first; unverified). Spec: HAIP 1.0 §6.1.1."""

    unverified_chain: tuple[bytes, ...]

    def trusted_key(self, trust: TrustAnswers, *, at: int) -> TrustedKey:
        return trust.resolve_chain(self.unverified_chain, purpose=KeyPurpose.CREDENTIAL, at=at)

    def authorised_country(
        self,
        trust: TrustAnswers,
        *,
        at: int,
        credential_type: str | None,
        issuer: str | None,
        institution: str | None,
    ) -> str:
        return trust.resolve(
            self.unverified_chain,
            purpose=KeyPurpose.CREDENTIAL,
            at=at,
            credential_type=credential_type,
            issuer=issuer,
            institution=institution,
        ).country


@dataclass(frozen=True, slots=True)
class ByWebKey:
    """By the key that ``unverified_kid`` names among those an issuer publishes. Spec: SD-JWT VC §2.5."""

    web_issuer: WebIssuer
    unverified_kid: object
    allowed_algs: Collection[str]

    def trusted_key(self, trust: TrustAnswers, *, at: int) -> TrustedKey:
        web = self.web_issuer
        key = web.key(self.unverified_kid, at=at, allowed_algs=self.allowed_algs)
        return TrustedKey(key, web.institution, web.country, web.believed_until)

    def authorised_country(
        self,
        trust: TrustAnswers,
        *,
        at: int,
        credential_type: str | None,
        issuer: str | None,
        institution: str | None,
    ) -> str:
        if issuer != self.web_issuer.issuer:  # what chose the key was not verified yet
            raise Untrusted("issuer_untrusted", spec="SD-JWT VC §2.5", reason="issuer_mismatch")
        self.web_issuer.authorise(at=at, credential_type=credential_type, institution=institution)
        return self.web_issuer.country


def mechanism_of(
    jws: UnverifiedJws, chain: tuple[bytes, ...], trust: TrustAnswers, policy: VerificationPolicy
) -> Mechanism:
    """Return how the key of a credential has to be found. Raises Malformed[malformed_token].

    ``iss`` is read unverified where there is no chain, and only to look up what was configured for it.
    """
    if chain or not policy.profile.web_keys_allowed:
        return ByChain(chain)
    issuer = unverified_payload(jws).get("iss")
    web_issuer = trust.web_issuer(issuer) if isinstance(issuer, str) else None
    if web_issuer is None:
        return ByChain(chain)
    return ByWebKey(web_issuer, jws.header.get("kid"), policy.allowed_algs)


def unknown_key_of(report: VerificationReport) -> str | None:
    """Return the configured issuer whose published keys were not enough to judge; None when that was not it."""
    check = report.check(TRUST_CHAIN)
    return str(check.params["issuer"]) if check.params.get("reason") in _MENDED_BY_FETCHING else None
