"""What both forms of trusted lists share: their times, the certificates in them, and who may sign one."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import NameOID

from portadoc.errors import Error, Malformed, Untrusted
from portadoc.keys.certificates import UnverifiedCertificate, parse_certificate
from portadoc.keys.trust.trust_list import Approval

_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z", re.ASCII)
_LONGEST_S: Final = 184 * 86_400
"""Six months, at their longest. Spec: ETSI TS 119 602 Annex H, ETSI TS 119 612 §5.3.15."""


@dataclass(frozen=True, slots=True)
class SchemeOperators:
    """Whose signature a list needs: the certificates (DER) of its scheme operator, set beforehand.

    A list is signed by one of these and by nobody that they certified. Several stand side by side while a key
    changes. Spec: ETSI TS 119 612 §5.7.1, ETSI TS 119 602 §6.8.
    """

    certificates: tuple[bytes, ...]

    def require(self, der: bytes, *, now: int) -> UnverifiedCertificate:
        """Return the certificate that signed when it is one of these and in its time.

        Raises Untrusted[trust_list_untrusted] with a reason.
        """
        if der not in self.certificates:
            raise untrusted("signer_unknown")
        certificate = parse_certificate(der)
        if not certificate.not_before <= now <= certificate.not_after:
            raise untrusted("signer_outside_validity")
        constraints = certificate.extension(x509.BasicConstraints)
        if constraints and constraints.ca:
            raise untrusted("signer_is_authority")
        return certificate


@dataclass(frozen=True, slots=True)
class StatusChange:
    """A status of a service and since when it holds."""

    since: int
    approved: bool


def approvals(changes: Iterable[StatusChange]) -> tuple[Approval, ...]:
    """Return the times in which a service is approved, from its status changes in any order.

    Of two changes in one second the one that does not approve counts. A service that was never approved has one
    time without length, so that its withdrawal is known. Spec: ETSI TS 119 602 §6.7.
    """
    ordered = sorted(changes, key=lambda change: (change.since, not change.approved))
    found: list[Approval] = []
    since: int | None = None
    for change in ordered:
        if change.approved and since is None:
            since = change.since
        elif not change.approved and since is not None:
            if change.since > since:
                found.append(Approval(since, change.since))
            since = None
    if since is not None:
        return (*found, Approval(since))
    return tuple(found) or tuple(Approval(change.since, change.since) for change in ordered[-1:])


def moment(text: object, *, member: str) -> int:
    """Return the seconds of a time in UTC such as ``2026-11-22T00:00:00Z``.

    Raises Malformed[trust_list_malformed]. Spec: ETSI TS 119 602 §6.1.3.
    """
    if not isinstance(text, str) or not _MOMENT.fullmatch(text):
        raise malformed(member)
    try:
        return int(datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC).timestamp())
    except ValueError as exc:
        raise malformed(member) from exc


def moment_text(seconds: int) -> str:
    """Return a time as lists write it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def check_period(issued_at: int, next_update: int, *, now: int, skew_s: int) -> None:
    """Refuse a list from the future and one that would stand for longer than six months.

    Raises Malformed[trust_list_malformed].
    """
    if issued_at > now + skew_s:
        raise malformed("issue_time")
    if not 0 < next_update - issued_at <= _LONGEST_S:
        raise malformed("next_update")


def listed_certificate(der: bytes) -> UnverifiedCertificate:
    """Return a certificate of a list. Raises Malformed[trust_list_malformed]."""
    try:
        return parse_certificate(der)
    except Error as exc:
        raise malformed("certificate") from exc


def check_same_key(certificates: Iterable[UnverifiedCertificate]) -> None:
    """Require that the certificates of one service are for one key and one name.

    Raises Malformed[trust_list_malformed]. Spec: ETSI TS 119 602 Table H.3, ETSI TS 119 612 §5.5.3.
    """
    facts = {(public_key_bytes(each), each.subject.public_bytes()) for each in certificates}
    if len(facts) > 1:
        raise malformed("service_identity")


def public_key_bytes(certificate: UnverifiedCertificate) -> bytes:
    """Return the public key of a certificate in DER. Raises Malformed[trust_list_malformed]."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    try:
        return certificate.certificate.public_key().public_bytes(serialization.Encoding.DER, form)
    except (ValueError, UnsupportedAlgorithm) as exc:
        raise malformed("certificate") from exc


def organisation(certificate: UnverifiedCertificate) -> str | None:
    """Return the one organizationName of the subject, None where there is none or several."""
    names = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return str(names[0].value) if len(names) == 1 else None


def key_identifier(certificate: UnverifiedCertificate) -> bytes | None:
    """Return the subject key identifier, None where there is none."""
    extension = certificate.extension(x509.SubjectKeyIdentifier)
    return None if extension is None else extension.digest


def malformed(member: str) -> Malformed:
    """Return the refusal of a list in which ``member`` is not as it has to be."""
    return Malformed("trust_list_malformed", spec="ETSI TS 119 602 §6, ETSI TS 119 612 §5", reason=member)


def untrusted(reason: str) -> Untrusted:
    """Return the refusal of a list that its scheme operator did not sign."""
    return Untrusted("trust_list_untrusted", spec="ETSI TS 119 602 §6.8, ETSI TS 119 612 §5.7", reason=reason)
