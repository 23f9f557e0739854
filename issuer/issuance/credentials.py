"""What a credential says and for how long: pure functions from a record to claims, and the check of the result."""

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Final

from portadoc import base64url
from portadoc.errors import Conflict, Error, Misconfigured, Refused
from portadoc.formats import jws, sd_jwt
from portadoc.formats.headers import signing_header
from portadoc.formats.jws import UnverifiedJws
from portadoc.formats.numeric_date import LATEST
from portadoc.formats.roles import CREDENTIAL_WITH_X5U
from portadoc.formats.sd_jwt import PreparedSdJwt
from portadoc.formats.status_list.statuses import StatusReference
from portadoc.formats.type_metadata import integrity
from portadoc.issuer.settings import SECONDS_PER_DAY
from portadoc.issuer.store.credential_store import CredentialRow
from portadoc.keys.certificates import certificate_country, certificate_key, parse_certificate
from portadoc.keys.jwk import VerificationKey, public_key_from_jwk
from portadoc.keys.signer import Signer
from portadoc.randomness import RandomBytes
from portadoc.schemas.catalogue import CredentialConfiguration
from portadoc.schemas.claims import ClaimPath, JsonObject
from portadoc.schemas.codes import canonical_country
from portadoc.schemas.coverage import CoverageCertificate
from portadoc.schemas.pda1 import Pda1
from portadoc.schemas.pid import Pid
from portadoc.schemas.profiles import ProtocolProfile
from portadoc.schemas.records import Record
from portadoc.schemas.type_metadata import type_metadata

UNBOUND: Final = "no binding"
"""What the layout that knows copies without a holder's key says of one. Spec: WE BUILD PD A1 1.0, binding"""
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Subject:
    """What every copy of one request says alike: claims, which of them are hidden, and the days it is good for."""

    configuration: CredentialConfiguration
    claims: JsonObject
    disclosable: tuple[ClaimPath, ...]
    valid_from: int
    valid_until: int


@dataclass(frozen=True, slots=True)
class PreparedCredential:
    """A copy whose intent is recorded: ``unsigned`` is what will be signed, ``claims`` what a reader must find."""

    row: CredentialRow
    claims: JsonObject
    unsigned: PreparedSdJwt


def require_own_legislation(record: Pda1 | CoverageCertificate, *, signer: Signer) -> None:
    """Refuse an A1 or certificate of coverage on the legislation of another State than the signer's.

    The institution of the State whose legislation applies attests that it does, and no other one may. Raises
    Refused[legislation_of_other_state]. Spec: Regulation (EC) 987/2009 art. 19(2).
    """
    state, legislation = canonical_country(certificate_country(signer.chain[0])), record.legislation.state
    if legislation != state:
        raise Refused(
            "legislation_of_other_state",
            spec="Regulation (EC) 987/2009 art. 19(2)",
            state=state,
            legislation=legislation,
        )


def make_subject(
    configuration: CredentialConfiguration,
    record: Record,
    *,
    now: int,
    coverage_grace_days: int | None,
    certified_until: int,
) -> Subject:
    """Return the claims of a record in a configuration's layout and the days a copy issued now is good for.

    Times are whole days, so that copies made within a day cannot be told apart by them (RFC 9901 §10.1). No copy
    outlives ``certified_until``, the first second at which the signer's certificate is dead. Raises:
    Conflict[record_expired], Misconfigured[signer_certificate_expired], and what the projection refuses.
    """
    projection = configuration.projection
    claims = projection.project(record)
    valid_from = day_of(now)
    ends = [valid_from + configuration.validity_days * SECONDS_PER_DAY]
    if record.document_end is not None:  # of the record: not every layout has a place for it
        ends.append(end_of(record.document_end))
    if record.coverage_end is not None and coverage_grace_days is not None:
        ends.append(end_of(record.coverage_end) + coverage_grace_days * SECONDS_PER_DAY)
    if min(ends) <= now:
        raise Conflict("record_expired", spec="OpenID4VCI 1.0 §8.3.1.2")
    if day_of(certified_until) <= now:
        raise Misconfigured("signer_certificate_expired")
    valid_until = min(*ends, day_of(certified_until))
    return Subject(configuration, claims, projection.disclosable(claims), valid_from, valid_until)


def certified_until(signer: Signer) -> int:
    """Return the first second at which the signer's certificate is dead; the end of time when it has none."""
    return min((parse_certificate(der).not_after + 1 for der in signer.chain), default=LATEST)


def make_envelope(
    subject: Subject,
    *,
    issuer_id: str,
    holder_jwk: Mapping[str, Any] | None,
    status: StatusReference,
    profile: ProtocolProfile,
    random_bytes: RandomBytes,
) -> JsonObject:
    """Return the claims around the subject claims; identifiers and status entry are this copy's own.

    ``holder_jwk`` is the holder's key, None for a copy that is bound to nobody: its layout says so where it can.
    Spec: SD-JWT VC §2.2.2.2, HAIP 1.0 §6.1.
    """
    envelope: JsonObject = {
        "vct": subject.configuration.vct,
        "vct#integrity": _pinned_type(subject.configuration.vct),
        "iss": issuer_id,
        "iat": subject.valid_from,
        "nbf": subject.valid_from,
        "exp": subject.valid_until,
        "jti": _random_urn(random_bytes),
        "sub": _random_urn(random_bytes),
        **({} if holder_jwk is None else {"cnf": {"jwk": holder_jwk}}),
        "status": status.to_claim(),
    }
    if holder_jwk is None and "binding" in subject.configuration.projection.envelope:
        envelope["binding"] = UNBOUND
    if profile.attestation_category is not None and subject.configuration.projection.kind != Pid.KIND:
        envelope["category"] = profile.attestation_category
    return envelope


@cache
def _pinned_type(vct: str) -> str:
    """Return the digest of a type's document: by it a verifier knows which claims are never kept back."""
    return integrity(type_metadata(vct))


def _random_urn(random_bytes: RandomBytes) -> str:
    return uuid.UUID(bytes=random_bytes(16), version=4).urn


def day_of(second: int) -> int:
    """Return the first second of a day (UTC)."""
    return second // SECONDS_PER_DAY * SECONDS_PER_DAY


def end_of(last_day: date) -> int:
    """Return the first second after a day (UTC): ``exp`` is the first second at which a token is dead."""
    return (last_day.toordinal() - _EPOCH_DAY + 1) * SECONDS_PER_DAY


def sign_prepared(copy: PreparedCredential, signer: Signer, profile: ProtocolProfile, *, issuer_id: str) -> str:
    """Return the signed copy after reading it back. Raises: Misconfigured[own_output_invalid]."""
    header = {
        "kid": signer.kid,
        **_named_certificate(signer, issuer_id),
        **signing_header(profile.credential_typ, signer),
    }
    allowed = {name: value for name, value in header.items() if name in profile.issue_header_params}
    text = copy.unsigned.sign(allowed, signer).text
    _require_as_planned(text, copy, signer)
    return text


def certificate_name(der: bytes) -> str:
    """Return the name of a certificate: its SHA-256 thumbprint. Spec: RFC 7515 §4.1.8."""
    return base64url.encode(hashlib.sha256(der).digest())


def chain_uri(issuer_id: str, name: str) -> str:
    """Return where the chain of the certificate of a name is published. Spec: RFC 7515 §4.1.5."""
    return f"{issuer_id}/certificates/{name}.pem"


def _named_certificate(signer: Signer, issuer_id: str) -> JsonObject:
    """Return the headers that name the signer's certificate, alike in all that it signs.

    Spec: RFC 7515 §4.1.5, §4.1.8, ETSI TS 119 472-1 §5.6.3.
    """
    if not signer.chain:
        return {}
    name = certificate_name(signer.chain[0])
    return {"x5u": chain_uri(issuer_id, name), "x5t#S256": name}


def _require_as_planned(text: str, copy: PreparedCredential, signer: Signer) -> None:
    """Read our own output as a stranger would and compare it with the plan: signature, payload, every claim.

    Raises: Misconfigured[own_output_invalid]. Spec: RFC 9901 §7.1.
    """
    try:
        parts = sd_jwt.parse(text)
        token = jws.split(parts.jws_text, CREDENTIAL_WITH_X5U, allowed_algs=frozenset({signer.alg}))
        payload = jws.verify(token, _shown_key(token, signer))
        claims = sd_jwt.process(payload, parts.disclosures).claims
    except Error as exc:
        raise Misconfigured("own_output_invalid", reason=exc.code) from exc
    if hashlib.sha256(token.payload).hexdigest() != copy.row.payload_digest or claims != copy.claims:
        raise Misconfigured("own_output_invalid", reason="differs_from_plan")


def _shown_key(token: UnverifiedJws, signer: Signer) -> VerificationKey:
    """Return the key that a stranger would use: the leaf's, or the published one when there is no certificate."""
    chain = jws.certificate_chain(token)
    if chain:
        return certificate_key(parse_certificate(chain[0]))
    return public_key_from_jwk(signer.public_jwk, allowed_algs={signer.alg})
