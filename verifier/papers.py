"""What others certify of an institution that asks: read when the verifier starts, sent along with its requests.

A file that is not the institution's own, or has run out, stops the start: wallets would refuse every request.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from portadoc.errors import Error, Misconfigured, Untrusted
from portadoc.formats.openid4vp.registration_certificate import (
    Registration,
    as_verifier_info,
    parse_registration_certificate,
    verify_registration_certificate,
)
from portadoc.formats.openid4vp.verifier_attestation import (
    VerifierAttestation,
    parse_verifier_attestation,
    verify_verifier_attestation,
)
from portadoc.keys.algorithms import SIGNATURE_ALGORITHMS
from portadoc.keys.certificates import certificate_key, parse_certificate
from portadoc.keys.jwk import VerificationKey, thumbprint
from portadoc.keys.signer import Signer
from portadoc.schemas.claims import JsonObject
from portadoc.verifier.settings import InstitutionSettings

_ALGORITHMS = frozenset(SIGNATURE_ALGORITHMS)


@dataclass(frozen=True, slots=True)
class Papers:
    """The attestation and the registration certificate of one institution, where it has them."""

    attestation: str | None = None
    attested_name: str = ""
    certificate: str | None = None
    registration: Registration | None = None

    @property
    def verifier_info(self) -> tuple[JsonObject, ...]:
        """What a request says of its verifier by somebody's word. Spec: OpenID4VP 1.0 §5.1, ARF RPRC_19."""
        return () if self.certificate is None else (as_verifier_info(self.certificate),)


def read_papers(institution: InstitutionSettings, *, signer: Signer, now: int, skew_s: int) -> Papers:
    """Return the papers of an institution. Raises Misconfigured[paper_unusable] with the file and a reason."""
    attestation, attested = None, None
    if institution.verifier_attestation:
        attestation, attested = _attestation(institution.verifier_attestation, signer, now, skew_s)
    certificate, registration = None, None
    if institution.registration_certificate:
        certificate, registration = read_registration(institution, now=now, skew_s=skew_s)
    name = "" if attested is None else attested.subject
    return Papers(attestation, name, certificate, registration)


def _attestation(file: str, signer: Signer, now: int, skew_s: int) -> tuple[str, VerifierAttestation]:
    """Read the attestation; it has to be about the key that signs requests. Spec: OpenID4VP 1.0 §12."""
    text = _text(file)
    with _usable(file):
        unverified = parse_verifier_attestation(text, allowed_algs=_ALGORITHMS)
        key = _leaf_key(unverified.unverified_chain)
        attested = verify_verifier_attestation(
            unverified, key=key, now=now, skew_s=skew_s, allowed_algs=_ALGORITHMS
        )
        if attested.key.kid != thumbprint(signer.public_jwk):
            raise Untrusted("verifier_attestation_invalid", reason="key_mismatch")
    return text, attested


def read_registration(institution: InstitutionSettings, *, now: int, skew_s: int) -> tuple[str, Registration]:
    """Return text and content of the registration certificate that the settings name.

    It has to be the institution's own. Raises Misconfigured[paper_unusable] with the file and a reason.
    Spec: ETSI TS 119 475 §5.2.
    """
    file = institution.registration_certificate
    text = _text(file)
    with _usable(file):
        unverified = parse_registration_certificate(text, allowed_algs=_ALGORITHMS)
        key = _leaf_key(unverified.unverified_chain)
        certificate = verify_registration_certificate(unverified, key=key, now=now, skew_s=skew_s)
        if certificate.registration.sub != institution.institution_id:
            raise Untrusted("registration_invalid", reason="institution_mismatch")
    return text, certificate.registration


def _leaf_key(chain: tuple[bytes, ...]) -> VerificationKey:
    """Return the key that signed, by its own certificate: whether wallets trust it is theirs to say."""
    if not chain:
        raise Untrusted("verifier_attestation_invalid", reason="x5c_missing")
    return certificate_key(parse_certificate(chain[0]))


def _text(file: str) -> str:
    try:
        return Path(file).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise Misconfigured("paper_unusable", file=file, reason="unreadable") from exc


@contextmanager
def _usable(file: str) -> Iterator[None]:
    try:
        yield
    except Error as error:
        reason = error.params.get("reason", error.code)
        raise Misconfigured("paper_unusable", file=file, reason=reason) from error
