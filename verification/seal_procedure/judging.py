"""The judging steps that are of their own kind for seals."""

from collections.abc import Mapping

from portadoc.errors import Error, Malformed, Refused, Untrusted
from portadoc.formats.numeric_date import numeric_date
from portadoc.keys.purposes import KeyPurpose
from portadoc.schemas.catalogue import credential_types_for
from portadoc.schemas.claims import JsonObject, claims_at, dotted
from portadoc.schemas.coverage.application import ApplicationProof
from portadoc.schemas.projections.rows import Claim
from portadoc.verification.answers import TrustAnswers
from portadoc.verification.checks import Finding, Outcome
from portadoc.verification.judging import validity
from portadoc.verification.policy import VerificationPolicy
from portadoc.verification.seal_procedure.authenticating import Signer
from portadoc.verification.seal_procedure.reading import SealReading
from portadoc.verification.verdict import NOT_DECIDED


def authorisation(signer: Signer, reading: SealReading, trust: TrustAnswers, now: int) -> Finding:
    """Ask whether this signer may seal for this institution and country, now and when it sealed.

    Who may seal a kind of document is who may seal at all and may issue a credential of that kind; of a kind that
    is not known, the first is asked alone. Spec: docs/seal.md §5, ARF OIA_14.
    """
    institution = reading.text("iss")
    if institution is None:
        raise Malformed("claim_missing", spec="RFC 8392 §3.1.1", claim="iss")
    times = {now, min(numeric_date(reading.claims, "iat", required=True), now)}
    for at in sorted(times):
        country = _authorised_country(signer, reading, trust, at=at, institution=institution)
        if _named(reading, "issuing_authority").get("id", institution) != institution:
            raise Untrusted("issuer_untrusted", spec="Seal §5", reason="institution_mismatch")
        for named in ("issuing_authority", "institution"):
            if _named(reading, named).get("country", country) != country:
                raise Untrusted("issuer_untrusted", spec="ARF 3.0 OIA_14", reason="country_mismatch")
    return Finding(Outcome.PASS, "authorisation_ok")


def _authorised_country(
    signer: Signer, reading: SealReading, trust: TrustAnswers, *, at: int, institution: str
) -> str:
    """Return the country of who may seal; one credential type of the kind is enough."""
    refusals = []
    for credential_type in _types_of(reading) or (None,):
        try:
            return trust.resolve(
                signer.unverified_chain,
                purpose=KeyPurpose.DOCUMENT_SEAL,
                at=at,
                credential_type=credential_type,
                issuer=None,
                institution=institution,
            ).country
        except Error as error:
            refusals.append(error)
    raise refusals[0]


def _types_of(reading: SealReading) -> tuple[str, ...]:
    return () if reading.known_layout is None else credential_types_for(reading.layout.kind)


def _named(reading: SealReading, role: str) -> Mapping[str, str]:
    """Return id and country of the authority or the competent institution, as far as the content names them."""
    if reading.known_layout is None:
        return {}
    found: Mapping[str, str] = reading.restored.record_fields.get(role, {})
    return found


def seal_type(reading: SealReading, policy: VerificationPolicy) -> Finding:
    """Ask whether the verifier wanted seals of this kind. Spec: docs/seal.md §4."""
    if reading.layout.vct not in policy.accepted_types:
        raise Refused("type_not_accepted", spec="Seal §4")
    return Finding(Outcome.PASS, "type_ok")


def content(reading: SealReading) -> Finding:
    """Ask whether the content reads as its table says; what is unknown or optional and does not is a warning.

    A seal keeps nothing back: without a place that every seal has, it says another thing than the document does.
    Raises Malformed[claim_missing], [claim_invalid]. Spec: docs/seal.md §4.
    """
    deviations = reading.restored.deviations
    for each in deviations:
        if each.code == "claim_missing":
            raise Malformed("claim_missing", spec="Seal §4", claim=each.claim)
    for claim in reading.layout.claims:
        if _is_in_every_seal(claim) and not _is_read(claim, reading.restored.record_fields):
            raise Malformed("claim_invalid", spec="Seal §4", claim=dotted(claim.path))
    if deviations:
        return Finding(
            Outcome.WARNING, "content_deviates", {"count": len(deviations), "first": deviations[0].code}
        )
    return Finding(Outcome.PASS, "content_ok")


def _is_in_every_seal(claim: Claim) -> bool:
    return claim.mandatory and claim.field is not None and None not in claim.path


def _is_read(claim: Claim, fields: JsonObject) -> bool:
    """Tell whether there is something to read in a place: a list has at least one entry that can be."""
    return claim.field is not None and any(value for _, value in claims_at(fields, claim.field))


def technical_validity(reading: SealReading, policy: VerificationPolicy, now: int) -> Finding:
    """First line of validity: the seal's own times, both of which it has to say. Spec: RFC 8392 §3.1.4, §3.1.6."""
    for name in ("iat", "exp"):
        numeric_date(reading.claims, name, required=True)
    return validity.technical_validity(reading.claims, policy, now)


def coverage_period(reading: SealReading, policy: VerificationPolicy) -> Finding:
    """Third line of validity; a proof of application covers no day, whatever days it asks for.

    Spec: docs/seal.md §3. Raises as ``validity.coverage_period``.
    """
    if reading.layout.kind != ApplicationProof.KIND:
        return validity.coverage_period(reading, policy)
    filed_on = reading.restored.record_fields.get("filed_on", "-")
    return Finding(Outcome.UNKNOWN, NOT_DECIDED, {"filed_on": filed_on})
