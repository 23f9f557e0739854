"""Who may say this, is it what was asked, and does it read as its type says."""

from itertools import product

from portadoc.errors import Malformed, Refused, Untrusted
from portadoc.formats.numeric_date import numeric_date
from portadoc.formats.type_metadata import check_disclosability
from portadoc.schemas.catalogue import issuing_countries, issuing_institution
from portadoc.schemas.codes import canonical_country
from portadoc.schemas.pid import Pid
from portadoc.verification.answers import TrustAnswers
from portadoc.verification.checks import Finding, Outcome
from portadoc.verification.judging.mechanism import Mechanism
from portadoc.verification.judging.reading import Reading
from portadoc.verification.policy import VerificationPolicy


def authorisation(
    signer: Mechanism, reading: Reading, trust: TrustAnswers, policy: VerificationPolicy, now: int
) -> Finding:
    """Ask whether this signer may sign each type for this institution and country, now and when it signed.

    Spec: SD-JWT VC §2.5, ARF OIA_14.
    """
    claims = reading.claims
    signed_at = numeric_date(claims, "iat", required=False)
    times = {now, now if signed_at is None else min(signed_at, now)}
    issuer, institution, countries = reading.text("iss"), issuing_institution(claims), issuing_countries(claims)
    for at, claimed in product(sorted(times), claimed_types(reading, policy) or (None,)):
        country = signer.authorised_country(
            trust, at=at, credential_type=claimed, issuer=issuer, institution=institution
        )
        if not countries <= {canonical_country(country)}:
            raise Untrusted("issuer_untrusted", spec="ARF 3.0 OIA_14", reason="country_mismatch")
    return Finding(Outcome.PASS, "authorisation_ok")


def credential_type(reading: Reading, policy: VerificationPolicy) -> Finding:
    """Ask whether the verifier wanted this type, or one that the credential is also known as.

    Spec: SD-JWT VC §2.2.2.1.
    """
    if policy.accepted_types.isdisjoint(claimed_types(reading, policy)):
        raise Refused("type_not_accepted", spec="SD-JWT VC §2.2.2.1")
    return Finding(Outcome.PASS, "type_ok")


def content(reading: Reading, policy: VerificationPolicy) -> Finding:
    """Ask whether the claims read as their type says; deviations from the layout are a warning.

    Spec: SD-JWT VC §2.2.2 and Type Metadata, ETSI TS 119 472-1 §5.2, rulebooks of the attestations.
    """
    for name in sorted(policy.profile.required_claims):
        if name not in reading.claims:
            raise Malformed("claim_missing", spec="SD-JWT VC §2.2.2", claim=name)
    deviations = reading.restored.deviations
    _require_category(reading, policy)
    edition_unknown = _is_of_unknown_edition(reading, policy)
    if deviations:
        return Finding(
            Outcome.WARNING, "content_deviates", {"count": len(deviations), "first": deviations[0].code}
        )
    if edition_unknown:
        return Finding(Outcome.WARNING, "type_metadata_unknown")
    return Finding(Outcome.PASS, "content_ok")


def _require_category(reading: Reading, policy: VerificationPolicy) -> None:
    """Require that an attestation of a public body says that it is one; identity data are none.

    Spec: ETSI TS 119 472-1 §5.2.2.3.
    """
    category = policy.profile.attestation_category
    if category is None or reading.layout.kind == Pid.KIND:
        return
    if "category" not in reading.claims:
        raise Malformed("claim_missing", spec="ETSI TS 119 472-1 §5.2.2.3", claim="category")
    if reading.claims["category"] != category:
        raise Malformed("claim_invalid", spec="ETSI TS 119 472-1 §5.2.2.3", claim="category")


def _is_of_unknown_edition(reading: Reading, policy: VerificationPolicy) -> bool:
    """Judge how the claims travelled by the Type Metadata to which the issuer binds them, if it does.

    Return whether the document that it means is none of those that are known; only a profile that demands the
    binding refuses that. Raises Untrusted[type_metadata_invalid]. Spec: SD-JWT VC, Type Metadata.
    """
    pin = reading.text("vct#integrity")
    if pin is None or reading.vct is None:
        return False
    metadata = policy.type_metadata.of_type(reading.vct, pin)
    if metadata is not None:
        check_disclosability(metadata, reading.processed)
        return False
    if "vct#integrity" in policy.profile.required_claims and policy.type_metadata.knows(reading.vct):
        raise Untrusted("type_metadata_invalid", spec="SD-JWT VC, Type Metadata", reason="integrity_mismatch")
    return True


def claimed_types(reading: Reading, policy: VerificationPolicy) -> tuple[str, ...]:
    """Return the types that a credential claims to be of, as far as the profile reads them.

    Raises Malformed[claim_invalid] for ``aka_vcts`` that is no list of other types. Spec: SD-JWT VC §2.2.2.1.
    """
    vct = reading.vct
    named = () if vct is None else (vct,)
    if "aka_vcts" not in reading.claims or "aka_vcts" not in policy.profile.type_claims:
        return named
    others = reading.claims["aka_vcts"]
    if not isinstance(others, list) or not others or not all(isinstance(other, str) for other in others):
        raise Malformed("claim_invalid", spec="SD-JWT VC §2.2.2.1", claim="aka_vcts")
    if vct in others:
        raise Malformed("claim_invalid", spec="SD-JWT VC §2.2.2.1", claim="aka_vcts")
    return (*named, *others)
