"""Who may say this, is it what was asked, and does it read as its type says."""

from itertools import product

from portadoc.errors import Malformed, Refused, Untrusted
from portadoc.formats.numeric_date import numeric_date
from portadoc.keys.purposes import KeyPurpose
from portadoc.schemas.catalogue import issuing_countries, issuing_institution
from portadoc.schemas.codes import canonical_country
from portadoc.verification.answers import TrustAnswers
from portadoc.verification.checks import Finding, Outcome
from portadoc.verification.judging.reading import Reading
from portadoc.verification.policy import VerificationPolicy


def authorisation(
    chain: tuple[bytes, ...], reading: Reading, trust: TrustAnswers, policy: VerificationPolicy, now: int
) -> Finding:
    """Ask whether this chain may sign each type for this institution and country, now and when it signed.

    Spec: SD-JWT VC §2.5, ARF OIA_14.
    """
    claims = reading.claims
    signed_at = numeric_date(claims, "iat", required=False)
    times = {now, now if signed_at is None else min(signed_at, now)}
    for at, claimed in product(sorted(times), claimed_types(reading, policy) or (None,)):
        trusted = trust.resolve(
            chain,
            purpose=KeyPurpose.CREDENTIAL,
            at=at,
            credential_type=claimed,
            issuer=reading.text("iss"),
            institution=issuing_institution(claims),
        )
        if not issuing_countries(claims) <= {canonical_country(trusted.country)}:
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

    Spec: SD-JWT VC §2.2.2, rulebooks of the attestations.
    """
    for name in sorted(policy.profile.required_claims):
        if name not in reading.claims:
            raise Malformed("claim_missing", spec="SD-JWT VC §2.2.2", claim=name)
    deviations = reading.restored.deviations
    if deviations:
        return Finding(
            Outcome.WARNING, "content_deviates", {"count": len(deviations), "first": deviations[0].code}
        )
    return Finding(Outcome.PASS, "content_ok")


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
