"""X.509 certificates, chains of them, and the trust configuration that is made of them."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from portadoc.cli.inspection.finding import Finding, Inspection, Said, Severity, refusal, refusals, unknown_input
from portadoc.cli.inspection.moments import moment, said_times
from portadoc.errors import Error, Untrusted
from portadoc.formats.trust_pack import (
    UnverifiedTrustPack,
    parse_trust_pack,
    unverified_content,
    verify_trust_pack,
)
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.keys.certificates import (
    ORGANIZATION_IDENTIFIER,
    CertificateFacts,
    UnverifiedCertificate,
    certificate_facts,
    certificate_key,
    from_pem,
    only_name,
    parse_certificate,
    parse_chain,
)
from portadoc.keys.trust.trust_file import trust_from_json
from portadoc.keys.trust.trust_store import TrustedKey
from portadoc.schemas.claims import JsonObject

_RFC5280: Final = "RFC 5280 §4.1.2.5"
_HAIP: Final = "HAIP 1.0 §6.1.1"


def inspect_pem(text: str, now: int) -> Inspection:
    """Return what PEM text holds; a private key is named and never shown. Raises Malformed[malformed_token]."""
    if "ENCRYPTED PRIVATE KEY-----" in text or "Proc-Type: 4,ENCRYPTED" in text:
        return Inspection(kind="encrypted_private_key", said=(Said("what_encrypted_private_key"),))
    if "PRIVATE KEY-----" in text:
        shown = Finding(Severity.FAULT, "private_key_shown")
        return Inspection(kind="private_key", said=(Said("what_private_key"),), findings=(shown,))
    if "-----BEGIN CERTIFICATE-----" not in text:
        raise unknown_input()
    return inspect_chain(from_pem(text), now)


def inspect_chain(chain: Sequence[str | bytes], now: int, *, in_header: bool = False) -> Inspection:
    """Return what certificates say, the signer's first; texts are standard base64 of DER.

    ``in_header`` adds what a reader of ``x5c`` minds. Raises Malformed[malformed_token].
    """
    certificates = parse_chain(chain)
    if len(certificates) == 1 and not in_header:
        return _certificate(certificates[0], now)
    if not in_header and all(each.is_self_issued for each in certificates):
        return Inspection(
            kind="anchors",
            said=(Said("what_anchors", {"count": len(certificates)}),),
            parts={f"anchor {n}": _certificate(each, now) for n, each in enumerate(certificates, 1)},
        )
    return Inspection(
        kind="certificate_chain",
        said=(Said("what_certificate_chain", {"count": len(certificates)}),),
        findings=tuple(_chain_findings(certificates)) if in_header else (),
        parts={f"certificate {n}": _certificate(each, now) for n, each in enumerate(certificates, 1)},
    )


def inspect_certificate(der: bytes, now: int) -> Inspection:
    """Return what one DER certificate says. Raises Malformed[malformed_token]."""
    return _certificate(parse_certificate(der), now)


def inspect_trust(members: JsonObject, now: int) -> Inspection:
    """Return what a trust configuration says; only a file that can be used is shown in full."""
    try:
        store = trust_from_json(members)
    except Error as error:
        return Inspection(kind="trust", said=(Said("what_trust_unreadable"),), findings=(refusal(error),))
    said = [Said("what_trust", {"anchors": len(store.anchors), "institutions": len(store.authorisations)})]
    for each in store.authorisations:
        terms = {
            "institution": each.institution,
            "country": each.country,
            "purposes": ", ".join(sorted(each.purposes)),
            "types": ", ".join(sorted(each.credential_types)) or "-",
        }
        said.append(Said("said_authorisation", terms))
        if each.withdrawn_at is not None:
            said.append(Said("said_withdrawn", {"institution": each.institution, "at": moment(each.withdrawn_at)}))
    return Inspection(
        kind="trust",
        said=tuple(said),
        content={"authorisations": members["authorisations"]},
        parts={each.name: inspect_certificate(each.certificate, now) for each in store.anchors},
    )


def inspect_trust_pack(message: bytes, now: int) -> Inspection:
    """Return what a trust pack says. Raises Untrusted[trust_pack_invalid] for what is none at all."""
    pack = parse_trust_pack(message, allowed_algs=ALL_ALGORITHMS)
    members, chain = unverified_content(pack), pack.unverified_chain
    parts = {"x5chain": inspect_chain(chain, now, in_header=True)} if chain else {}
    if isinstance(members.get("trust"), dict):
        parts["trust"] = inspect_trust(members["trust"], now)
    shown = {name: value for name, value in members.items() if name not in ("trust", "type_metadata")}
    said = {"operator": str(members.get("iss", "-")), "sequence": str(members.get("sequence", "-"))}
    times = {name: members[own] for name, own in (("iat", "as_of"), ("exp", "exp")) if own in members}
    return Inspection(
        kind="trust_pack",
        said=(Said("what_trust_pack", said), *said_times(times)),
        findings=_strict_pack(pack),
        content=shown,
        parts=parts,
    )


def _strict_pack(pack: UnverifiedTrustPack) -> tuple[Finding, ...]:
    """Return what a strict reader refuses, with the certificate that comes along taken for a trusted one."""
    if not pack.unverified_chain:
        return ()
    try:
        leaf = parse_chain(pack.unverified_chain[:1])[0]
        named = only_name(leaf, ORGANIZATION_IDENTIFIER)
        verify_trust_pack(pack, trusted=TrustedKey(certificate_key(leaf), named, "", leaf.not_after))
    except Error as error:
        return (refusal(error),)
    return (Finding(Severity.NOTE, "signature_fits"),)


def _certificate(certificate: UnverifiedCertificate, now: int) -> Inspection:
    facts = certificate_facts(certificate)
    return Inspection(
        kind="certificate",
        said=tuple(_sentences(certificate, facts)),
        findings=tuple(_findings(certificate, facts, now)),
        content=_content(certificate, facts),
    )


def _sentences(certificate: UnverifiedCertificate, facts: CertificateFacts) -> Iterator[Said]:
    yield Said("what_certificate", {"subject": facts.subject, "issuer": facts.issuer})
    period = {"first": moment(certificate.not_before), "last": moment(certificate.not_after)}
    yield Said("said_valid_between", period)
    for institution in facts.institutions:
        yield Said("said_institution", {"institution": institution})
    if facts.is_authority:
        yield Said("said_certificate_authority")
    if facts.purposes:
        yield Said("said_certificate_purposes", {"purposes": ", ".join(facts.purposes)})
    if facts.uris or facts.host_names:
        yield Said("said_certificate_names", {"names": ", ".join((*facts.uris, *facts.host_names))})


def _findings(certificate: UnverifiedCertificate, facts: CertificateFacts, now: int) -> Iterator[Finding]:
    reason = "expired" if now > certificate.not_after else "not_yet_valid" if now < certificate.not_before else ""
    if reason:
        yield refusal(Untrusted("chain_invalid", spec=_RFC5280, reason=reason))
    yield from refusals(lambda: certificate_key(certificate))
    if not facts.is_authority and not facts.purposes:
        yield Finding(Severity.WARNING, "certificate_without_purpose", clause="RFC 5280 §4.2.1.12")
    if not facts.is_authority and len(facts.institutions) != 1:
        yield Finding(Severity.WARNING, "certificate_without_institution", clause="ETSI EN 319 412-1 §5.1.4")


def _chain_findings(certificates: Sequence[UnverifiedCertificate]) -> Iterator[Finding]:
    """Tell what a header must not carry, and a chain out of order."""
    if certificates[0].is_self_issued:
        yield refusal(Untrusted("chain_invalid", spec=_HAIP, reason="leaf_self_signed"))
    elif any(each.is_self_issued for each in certificates):
        yield refusal(Untrusted("chain_invalid", spec=_HAIP, reason="anchor_included"))
    if certificates[0].is_authority:
        yield refusal(Untrusted("chain_invalid", spec="RFC 5280 §4.2.1.9", reason="leaf_is_authority"))
    if any(lower.issuer != upper.subject for lower, upper in pairwise(certificates)):
        yield refusal(Untrusted("chain_invalid", spec="RFC 5280 §6.1.3", reason="order_or_signature"))


def _content(certificate: UnverifiedCertificate, facts: CertificateFacts) -> JsonObject:
    content: dict[str, Any] = {
        "subject": facts.subject,
        "issuer": facts.issuer,
        "serial": facts.serial,
        "not_before": moment(certificate.not_before),
        "not_after": moment(certificate.not_after),
        "authority": facts.is_authority,
        "self_issued": certificate.is_self_issued,
        "organizationIdentifier": list(facts.institutions),
        "key_usage": list(facts.key_usages),
        "purposes": [str(each) for each in facts.purposes],
        "other_extended_key_usages": list(facts.other_usages),
        "uris": list(facts.uris),
        "host_names": list(facts.host_names),
        "key": _key(certificate),
        "sha256": hashlib.sha256(certificate.der).hexdigest(),
    }
    return {name: value for name, value in content.items() if value not in ([], None)}


def _key(certificate: UnverifiedCertificate) -> Mapping[str, str] | None:
    try:
        key = certificate_key(certificate)
    except Error:
        return None
    return {"alg": key.alg, "kid": key.kid}
