"""What a registrar certifies of an institution: read when the issuer starts, shown in its metadata and requests.

A file that is not the institution's own, or has run out, stops the start: wallets would warn of the issuer.
Spec: ETSI TS 119 475 §5.2, ARF 3.0 RPRC_19, RPRC_22.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from portadoc.errors import Error, Misconfigured, Untrusted
from portadoc.formats.dcql.query import DcqlQuery
from portadoc.formats.openid4vp.registration_certificate import (
    VERIFIER_INFO_FORMAT,
    Registration,
    as_verifier_info,
    over_asking,
    parse_registration_certificate,
    verify_registration_certificate,
)
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.settings import InstitutionSettings
from portadoc.keys.algorithms import SIGNATURE_ALGORITHMS
from portadoc.keys.certificates import certificate_key, parse_certificate
from portadoc.schemas.claims import JsonObject

REGISTRATION_FORMAT: Final = VERIFIER_INFO_FORMAT
"""The format's name, the same for those who ask and those who issue."""
_ALGORITHMS: Final = frozenset(SIGNATURE_ALGORITHMS)


def read_registrations(deployment: Deployment) -> Mapping[str, str]:
    """Return the registration certificates by slug, under a profile that publishes them.

    Raises Misconfigured[paper_unusable] with the file and a reason.
    """
    if not deployment.profile.registration_published:
        return {}
    return {
        slug: _registration(deployment, institution, institution.registration_certificate)[0]
        for slug, institution in deployment.settings.by_slug.items()
        if institution.registration_certificate
    }


def read_request_registrations(deployment: Deployment, query: DcqlQuery) -> Mapping[str, tuple[JsonObject, ...]]:
    """Return what requests carry of their institution by a registrar's word, by slug.

    A certificate that does not cover the question is left out: a wallet would hold the two against each other.
    Raises Misconfigured[paper_unusable] with the file and a reason. Spec: OpenID4VP 1.0 §5.1, ARF 3.0 RPRC_21.
    """
    carried: dict[str, tuple[JsonObject, ...]] = {}
    for slug, institution in deployment.settings.by_slug.items():
        if institution.request_registration_certificate:
            text, registration = _registration(
                deployment, institution, institution.request_registration_certificate
            )
            if not over_asking(registration, query):
                carried[slug] = (as_verifier_info(text),)
    return carried


def _registration(deployment: Deployment, institution: InstitutionSettings, file: str) -> tuple[str, Registration]:
    """Return the certificate and what it says, by its own chain: whom wallets trust is theirs to say."""
    try:
        text = Path(file).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise Misconfigured("paper_unusable", file=file, reason="unreadable") from exc
    try:
        unverified = parse_registration_certificate(text, allowed_algs=_ALGORITHMS)
        certificate = verify_registration_certificate(
            unverified,
            key=certificate_key(parse_certificate(unverified.unverified_chain[0])),
            now=deployment.clock.now(),
            skew_s=deployment.settings.clock_skew_s,
        )
        if certificate.registration.sub != institution.institution_id:
            raise Untrusted("registration_invalid", reason="institution_mismatch")
    except Error as error:
        reason = error.params.get("reason", error.code)
        raise Misconfigured("paper_unusable", file=file, reason=reason) from error
    return text, certificate.registration
