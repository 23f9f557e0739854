"""The judgement of a certificate chain: does it lead from a leaf of the right kind to an anchor we hold?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from threading import Lock
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import Criticality, ExtensionPolicy, PolicyBuilder, Store, VerificationError

from portadoc.errors import Untrusted
from portadoc.keys.certificates import (
    ORGANIZATION_IDENTIFIER,
    UnverifiedCertificate,
    certificate_key,
    only_name,
    parse_chain,
)
from portadoc.keys.jwk import VerificationKey
from portadoc.keys.purposes import DOMAIN_OF_PURPOSE, EXTENDED_KEY_USAGE, KeyPurpose, TrustDomain

MAX_CHAIN_LENGTH: Final = 4
"""Certificates in ``x5c``, anchor left out. Our own chains have two."""

_PURPOSE_USAGES: Final = frozenset(EXTENDED_KEY_USAGE.values())
_ANY_USAGE: Final = ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE.dotted_string
_CHECKED_NAMES: Final = (x509.DNSName, x509.IPAddress, x509.RFC822Name)
"""The forms of name whose constraints the library checks."""
_AUTHORITY_POLICY: Final = ExtensionPolicy.webpki_defaults_ca().may_be_present(
    x509.ExtendedKeyUsage, Criticality.AGNOSTIC, None
)


@dataclass(frozen=True, slots=True)
class ValidatedChain:
    """What a chain proves, between ``not_before`` and ``not_after`` (seconds, inclusive, of the whole path).

    ``anchor`` is the certificate (DER) that it leads to: an authority, or the signer's own from a trusted list.
    """

    key: VerificationKey
    institution_id: str
    country: str
    uris: frozenset[str]
    host_names: frozenset[str]
    not_before: int
    not_after: int
    anchor: bytes = b""

    def covers(self, at: int) -> bool:
        """Tell whether the whole path is valid at a time."""
        return self.not_before <= at <= self.not_after


class ValidatedChains:
    """The chains judged lately, so that a leaf seen before costs a look-up. Only proven chains get in.

    The key is the chain itself: compared in full, so that no two chains can meet in one entry.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = Lock()
        self._entries: dict[tuple[KeyPurpose, tuple[bytes, ...]], ValidatedChain] = {}

    def get(self, chain: tuple[bytes, ...], purpose: KeyPurpose) -> ValidatedChain | None:
        return self._entries.get((purpose, chain))

    def keep(self, chain: tuple[bytes, ...], purpose: KeyPurpose, validated: ValidatedChain) -> None:
        with self._lock:
            if len(self._entries) >= self._size:
                del self._entries[next(iter(self._entries))]
            self._entries[(purpose, chain)] = validated


def validate_chain(
    unverified_chain: tuple[bytes, ...],
    anchors: Sequence[UnverifiedCertificate],
    *,
    purpose: KeyPurpose,
    at: int,
    dedicated: frozenset[bytes] = frozenset(),
) -> ValidatedChain:
    """Prove that DER certificates, leaf first, lead to one of ``anchors`` and suit ``purpose`` at time ``at``.

    ``dedicated`` are the anchors (DER) that vouch for ``purpose`` alone, or for the one service it belongs to:
    under them, a leaf that names no extended key usage is for that purpose. Nothing is fetched: revocation lists
    and responders named in certificates are ignored. Raises Malformed[malformed_token], Untrusted[chain_invalid],
    Untrusted[issuer_untrusted].
    Spec: RFC 5280 §6.1, HAIP 1.0 §6.1.1, ETSI EN 319 412-3 §4.
    """
    check_length(unverified_chain)  # 1 bounded, no certificate twice (before anything is parsed)
    chain = parse_chain(unverified_chain)  # 2 strict DER
    leaf, authorities = chain[0], chain[1:]
    check_anchor_left_out(chain, anchors)  # 3 leaf not self-signed, anchor not sent
    check_leaf(leaf, purpose)  # 4 signs data, for no other purpose, and is no authority
    check_authorities(authorities)  # 5 every other certificate may sign certificates
    check_signatures(chain)  # 6 each is signed by the next
    path = path_to_anchor(chain, anchors, at)  # 7 the last is signed by an anchor we hold
    anchor = path[-1]
    check_purpose(path, purpose, dedicated=anchor.der in dedicated)  # 8 all for this purpose
    check_limits(path[1:])  # 9 nothing below an authority that it may not have
    check_validity(path, at)  # 10 all valid at the same time
    check_path(path, at)  # 11 everything else of RFC 5280
    return facts_of(path)  # 12 one institution, one key


def check_length(chain: tuple[bytes, ...]) -> None:
    """Require one to four certificates, none of them twice. Raises Untrusted[chain_invalid]."""
    if not chain:
        raise _invalid("chain_missing", "HAIP 1.0 §6.1.1")
    if len(chain) > MAX_CHAIN_LENGTH:
        raise _invalid("chain_too_long", "RFC 5280 §6.1")
    if len(set(chain)) != len(chain):
        raise _invalid("duplicate_certificate", "RFC 5280 §6.1")


def check_anchor_left_out(
    chain: tuple[UnverifiedCertificate, ...], anchors: Sequence[UnverifiedCertificate]
) -> None:
    """Require a leaf that somebody else signed and no anchor in the chain. Raises Untrusted[chain_invalid]."""
    if chain[0].is_self_issued:
        raise _invalid("leaf_self_signed", "HAIP 1.0 §6.1.1")
    held = {anchor.der for anchor in anchors}
    above = chain[1:] if _is_listed_signer(chain[0], anchors) else chain
    if any(certificate.is_self_issued or certificate.der in held for certificate in above):
        raise _invalid("anchor_included", "HAIP 1.0 §6.1.1")


def check_leaf(leaf: UnverifiedCertificate, purpose: KeyPurpose) -> None:
    """Require that the leaf is no authority, may sign data, and is for no other purpose. Raises as the others."""
    constraints, usage = leaf.extension(x509.BasicConstraints), leaf.extension(x509.KeyUsage)
    if constraints and constraints.ca:
        raise _invalid("leaf_is_authority", "RFC 5280 §4.2.1.9")
    if not usage or not _signs(usage, purpose) or usage.key_cert_sign:
        raise _invalid("key_usage", "RFC 5280 §4.2.1.3")
    own = EXTENDED_KEY_USAGE.get(purpose)
    named = _extended_usages(leaf)
    if own is None or (named is not None and named & _PURPOSE_USAGES != {own}):
        raise _invalid("extended_key_usage", "RFC 5280 §4.2.1.12")


def _signs(usage: x509.KeyUsage, purpose: KeyPurpose) -> bool:
    """Tell whether the key may sign data; a seal's certificate often allows commitment to content and no more.

    Spec: RFC 5280 §4.2.1.3, ETSI EN 319 412-2 §4.3.2 (type A).
    """
    is_seal = DOMAIN_OF_PURPOSE.get(purpose) is TrustDomain.ATTESTATION
    return usage.digital_signature or (is_seal and usage.content_commitment)


def _extended_usages(certificate: UnverifiedCertificate) -> frozenset[str] | None:
    """Return the dotted identifiers of the extended key usage, None when the certificate sets no bound by it."""
    extended = certificate.extension(x509.ExtendedKeyUsage)
    return None if extended is None else frozenset(oid.dotted_string for oid in extended)


def check_purpose(path: tuple[UnverifiedCertificate, ...], purpose: KeyPurpose, *, dedicated: bool) -> None:
    """Require that the leaf is for the purpose by its own words or by its anchor's, and that no authority objects.

    Spec: RFC 5280 §4.2.1.12, ETSI TS 119 412-6 §8.
    """
    if _extended_usages(path[0]) is None and not dedicated:
        raise _invalid("extended_key_usage", "RFC 5280 §4.2.1.12")
    for authority in path[1:]:
        named = _extended_usages(authority)
        if named is not None and named.isdisjoint({EXTENDED_KEY_USAGE[purpose], _ANY_USAGE}):
            raise _invalid("authority_for_other_purpose", "RFC 5280 §4.2.1.12")


def check_authorities(authorities: tuple[UnverifiedCertificate, ...]) -> None:
    """Require that certificates may sign others. Raises Untrusted[chain_invalid]."""
    if not all(authority.is_authority for authority in authorities):
        raise _invalid("issuer_not_authority", "RFC 5280 §6.1.4")


def check_limits(authorities: tuple[UnverifiedCertificate, ...]) -> None:
    """Refuse a path that is longer than an authority may lead, and name constraints that nobody here can check.

    The library reads constraints on names of other forms only where they are critical, and the subject's name is
    what says which institution signs. Spec: RFC 5280 §4.2.1.9, §4.2.1.10.
    """
    for below, authority in enumerate(authorities):
        constraints = authority.extension(x509.BasicConstraints)
        if constraints and constraints.path_length is not None and below > constraints.path_length:
            raise _invalid("path_length", "RFC 5280 §4.2.1.9")
        names = authority.extension(x509.NameConstraints)
        subtrees = [*(names.permitted_subtrees or ()), *(names.excluded_subtrees or ())] if names else []
        if not all(isinstance(subtree, _CHECKED_NAMES) for subtree in subtrees):
            raise _invalid("name_constraints", "RFC 5280 §4.2.1.10")


def check_signatures(chain: tuple[UnverifiedCertificate, ...]) -> None:
    """Require that each certificate is signed by the next. Raises Untrusted[chain_invalid]."""
    for certificate, issuer in pairwise(chain):
        if not _is_issued_by(certificate, issuer):
            raise _invalid("order_or_signature", "RFC 5280 §6.1.3")


def _is_listed_signer(leaf: UnverifiedCertificate, anchors: Sequence[UnverifiedCertificate]) -> bool:
    """Tell whether an anchor is this leaf itself; only lists hold such. Spec: ETSI TS 119 602 Table H.3."""
    return not leaf.is_authority and any(anchor.der == leaf.der for anchor in anchors)


def path_to_anchor(
    chain: tuple[UnverifiedCertificate, ...], anchors: Sequence[UnverifiedCertificate], at: int
) -> tuple[UnverifiedCertificate, ...]:
    """Return the path that counts: the chain and its anchor, or the leaf alone where that is the anchor."""
    if _is_listed_signer(chain[0], anchors):
        return chain[:1]
    return (*chain, _anchor_of(chain[-1], anchors, at))


def _anchor_of(
    last: UnverifiedCertificate, anchors: Sequence[UnverifiedCertificate], at: int
) -> UnverifiedCertificate:
    """Return the anchor that signed; of several with one key (a root and its renewal) one that is valid now."""
    signers = [anchor for anchor in anchors if anchor.is_authority and _is_issued_by(last, anchor)]
    if not signers:
        raise Untrusted("issuer_untrusted", spec="RFC 5280 §6.1", reason="anchor_unknown")
    return next((anchor for anchor in signers if anchor.not_before <= at <= anchor.not_after), signers[0])


def _is_issued_by(certificate: UnverifiedCertificate, issuer: UnverifiedCertificate) -> bool:
    if certificate.issuer != issuer.subject:
        return False
    try:
        certificate.certificate.verify_directly_issued_by(issuer.certificate)
    except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return True


def check_validity(path: tuple[UnverifiedCertificate, ...], at: int) -> None:
    """Require that certificates are in their time at ``at``. Raises Untrusted[chain_invalid]."""
    if any(at > certificate.not_after for certificate in path):
        raise _invalid("expired", "RFC 5280 §6.1.3")
    if any(at < certificate.not_before for certificate in path):
        raise _invalid("not_yet_valid", "RFC 5280 §6.1.3")


def check_path(path: tuple[UnverifiedCertificate, ...], at: int) -> None:
    """Require everything else of path validation, by the library. Raises Untrusted[chain_invalid]."""
    # The library's own policies are for TLS; ours are steps 4 and 8. Unknown critical extensions stay refused.
    for certificate in path:
        _check_no_critical_policies(certificate)
    builder = PolicyBuilder().store(Store([path[-1].certificate])).time(datetime.fromtimestamp(at, UTC))
    verifier = (
        builder.max_chain_depth(MAX_CHAIN_LENGTH)
        .extension_policies(ca_policy=_AUTHORITY_POLICY, ee_policy=ExtensionPolicy.permit_all())
        .build_client_verifier()
    )
    try:
        found = verifier.verify(path[0].certificate, [issuer.certificate for issuer in path[1:-1]])
    except (VerificationError, ValueError) as exc:
        raise _invalid("path_rejected", "RFC 5280 §6.1") from exc
    if found.chain != [certificate.certificate for certificate in path]:
        raise _invalid("path_rejected", "RFC 5280 §6.1")


def _check_no_critical_policies(certificate: UnverifiedCertificate) -> None:
    """Refuse critical policies by name: the library reads none, and a path must not be judged without them.

    Spec: RFC 5280 §4.2.1.4, §4.2.1.11.
    """
    for extension in certificate.extensions:
        if extension.critical and isinstance(extension.value, x509.CertificatePolicies | x509.PolicyConstraints):
            raise _invalid("critical_policies", "RFC 5280 §4.2.1.4")


def facts_of(path: tuple[UnverifiedCertificate, ...]) -> ValidatedChain:
    """Return what a path proves: one institution, one key. Raises Untrusted[chain_invalid], [issuer_untrusted]."""
    leaf, authorities = path[0], path[1:-1]
    institution_id = only_name(leaf, ORGANIZATION_IDENTIFIER)
    # An institution's own authority must not be able to mint certificates in the name of another institution.
    if any(only_name(authority, ORGANIZATION_IDENTIFIER) != institution_id for authority in authorities):
        raise Untrusted("issuer_untrusted", spec="ETSI EN 319 412-1 §5.1.4", reason="institution_mismatch")
    names = leaf.extension(x509.SubjectAlternativeName)
    return ValidatedChain(
        key=certificate_key(leaf),
        institution_id=institution_id,
        country=only_name(leaf, NameOID.COUNTRY_NAME),
        uris=frozenset(names.get_values_for_type(x509.UniformResourceIdentifier)) if names else frozenset(),
        host_names=frozenset(names.get_values_for_type(x509.DNSName)) if names else frozenset(),
        not_before=max(certificate.not_before for certificate in path),
        not_after=min(certificate.not_after for certificate in path),
        anchor=path[-1].der,
    )


def _invalid(reason: str, spec: str) -> Untrusted:
    return Untrusted("chain_invalid", spec=spec, reason=reason)
