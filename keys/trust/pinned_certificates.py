"""Certificates that somebody was given by hand and believes: enough for one signed file, with no trust list."""

from portadoc.errors import Misconfigured, Untrusted
from portadoc.keys.certificates import UnverifiedCertificate, certificate_facts, parse_chain
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.trust.chain_validation import validate_chain
from portadoc.keys.trust.trust_store import TrustedKey
from portadoc.keys.trust.web_issuers import WebIssuer


class PinnedCertificates:
    """Believe whoever one of these authorities (DER) certified for a purpose: a root, or an operator's own.

    They authorise all that their certificates say, and no credential type. Raises Misconfigured[trust_empty],
    [trust_malformed] for a certificate that is no authority, Malformed[malformed_token].
    """

    def __init__(self, certificates: tuple[bytes, ...]) -> None:
        if not certificates:
            raise Misconfigured("trust_empty")
        self._anchors: tuple[UnverifiedCertificate, ...] = parse_chain(certificates)
        if not all(anchor.is_authority for anchor in self._anchors):
            raise Misconfigured("trust_malformed", where="anchor", reason="anchor_not_authority")

    def only_institution(self, _purpose: KeyPurpose) -> str | None:
        """Return whose own authorities these are; None for a root, which may certify any institution."""
        named = {certificate_facts(anchor).institutions for anchor in self._anchors}
        (only,) = named if len(named) == 1 else ((),)
        return only[0] if len(only) == 1 else None

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
        """Return the key of a chain as ``TrustStore.resolve`` does; no type or issuer is authorised.

        Raises Malformed[malformed_token], Untrusted[chain_invalid], Untrusted[issuer_untrusted].
        """
        if credential_type is not None or issuer is not None:
            raise Untrusted("issuer_untrusted", reason="purpose_not_authorised")
        trusted = self.resolve_chain(chain, purpose=purpose, at=at)
        if institution is not None and trusted.institution_id != institution:
            raise Untrusted("issuer_untrusted", reason="institution_mismatch")
        return trusted

    def resolve_chain(self, chain: tuple[bytes, ...], *, purpose: KeyPurpose, at: int) -> TrustedKey:
        """Return the key of a chain (DER, leaf first) that leads to one of the certificates.

        One of them may stand in the chain itself: what comes above it is not needed. Raises as ``resolve``.
        Spec: RFC 5280 §6.1.
        """
        pinned = {anchor.der for anchor in self._anchors}
        above = [place for place, der in enumerate(chain) if der in pinned]
        below = chain[: above[0]] if above else chain
        validated = validate_chain(below, self._anchors, purpose=purpose, at=at)
        return TrustedKey(
            validated.key,
            validated.institution_id,
            validated.country,
            validated.not_after,
            anchor_certificate=validated.anchor,
        )

    def web_issuer(self, _issuer: str) -> WebIssuer | None:
        """Return None: nobody is believed by keys of the web here."""
        return None
