"""The judging steps: each reads authenticated claims and returns what it found, or raises why it cannot hold."""

from datetime import UTC, date, datetime
from itertools import product
from typing import Final

from portadoc.errors import Malformed, Refused, Untrusted
from portadoc.formats.numeric_date import check_times, numeric_date
from portadoc.formats.sd_jwt.key_binding import verify_key_binding
from portadoc.formats.sd_jwt.parse import UnverifiedSdJwt
from portadoc.formats.sd_jwt.processing import ProcessedClaims
from portadoc.formats.status_list.statuses import status_reference
from portadoc.keys.jwk import holder_key
from portadoc.keys.purposes import KeyPurpose
from portadoc.schemas.catalogue import issuing_countries, issuing_institution, projection_for
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.codes import canonical_country
from portadoc.schemas.profiles import StatusRule
from portadoc.schemas.projections import Projection
from portadoc.schemas.projections.layout import Period
from portadoc.verification.answers import StatusAnswer, StatusAnswers, StatusKnowledge, TrustAnswers
from portadoc.verification.policy import KeyBindingRequired, VerificationPolicy
from portadoc.verification.report import Outcome
from portadoc.verification.run import Finding

VALID: Final = 0
INVALID: Final = 1
SUSPENDED: Final = 2
SECONDS_PER_DAY: Final = 86_400
NOT_SHOWN: Final = Period(None, None)


def authorisation(
    chain: tuple[bytes, ...], claims: JsonObject, trust: TrustAnswers, policy: VerificationPolicy, now: int
) -> Finding:
    """Ask whether this chain may sign each type for this institution and country, now and when it signed.

    Spec: SD-JWT VC §2.5, ARF OIA_14.
    """
    signed_at = numeric_date(claims, "iat", required=False)
    times = {now, now if signed_at is None else min(signed_at, now)}
    for at, claimed in product(sorted(times), claimed_types(claims, policy) or (None,)):
        trusted = trust.resolve(
            chain,
            purpose=KeyPurpose.CREDENTIAL,
            at=at,
            credential_type=claimed,
            issuer=text_claim(claims, "iss"),
            institution=issuing_institution(claims),
        )
        if not issuing_countries(claims) <= {canonical_country(trusted.country)}:
            raise Untrusted("issuer_untrusted", spec="ARF 3.0 OIA_14", reason="country_mismatch")
    return Finding(Outcome.PASS, "authorisation_ok")


def credential_type(claims: JsonObject, policy: VerificationPolicy) -> Finding:
    """Ask whether the verifier wanted this type, or one that the credential is also known as.

    Spec: SD-JWT VC §2.2.2.1.
    """
    if policy.accepted_types.isdisjoint(claimed_types(claims, policy)):
        raise Refused("type_not_accepted", spec="SD-JWT VC §2.2.2.1")
    return Finding(Outcome.PASS, "type_ok")


def key_binding(
    sd_jwt: UnverifiedSdJwt, processed: ProcessedClaims, policy: VerificationPolicy, now: int
) -> Finding:
    """Ask whether the presenter holds the key, by the rule that was fixed beforehand. Spec: RFC 9901 §7.3."""
    rule, kb_jwt = policy.key_binding, sd_jwt.key_binding_jwt
    if not isinstance(rule, KeyBindingRequired):
        if kb_jwt is not None:
            raise Refused("kb_unexpected", spec="RFC 9901 §7.2")
        return Finding(Outcome.NOT_APPLICABLE, "kb_not_asked")
    if kb_jwt is None:
        raise Untrusted("kb_missing", spec="RFC 9901 §7.3")
    verify_key_binding(
        kb_jwt,
        presented_text=sd_jwt.presented_text,
        holder_key=holder_key(processed.claims.get("cnf"), allowed_algs=policy.allowed_algs),
        audience=rule.audience,
        nonce=rule.nonce,
        now=now,
        max_age_s=rule.max_age_s,
        skew_s=policy.clock_skew_s,
        hash_alg=processed.hash_alg,
    )
    return Finding(Outcome.PASS, "key_binding_ok")


def content(claims: JsonObject, policy: VerificationPolicy) -> Finding:
    """Ask whether the claims read as their type says; deviations from the layout are a warning.

    Spec: SD-JWT VC §2.2.2, rulebooks of the attestations.
    """
    for name in sorted(policy.profile.required_claims):
        if name not in claims:
            raise Malformed("claim_missing", spec="SD-JWT VC §2.2.2", claim=name)
    deviations = layout_of(claims).restore(claims).deviations
    if deviations:
        return Finding(
            Outcome.WARNING, "content_deviates", {"count": len(deviations), "first": deviations[0].code}
        )
    return Finding(Outcome.PASS, "content_ok")


def status(
    claims: JsonObject, institution: str, answers: StatusAnswers, policy: VerificationPolicy, now: int
) -> Finding:
    """Ask whether the credential was withdrawn, by a list of the ``institution`` that signed it.

    Spec: Token Status List §8.3.
    """
    reference = status_reference(claims)
    if reference is None:
        if policy.status_required or _outlives_a_day(claims, policy):
            raise Malformed("claim_missing", spec="SD-JWT VC §2.2.2.3", claim="status")
        return Finding(Outcome.NOT_APPLICABLE, "status_not_named")
    answer = answers.answer(reference, institution=institution, now=now)
    if answer.knowledge is StatusKnowledge.UNKNOWN:
        return Finding(Outcome.UNKNOWN, answer.code, {"reason": answer.reason})
    if answer.value != VALID:
        raise _withdrawn(answer)
    stale = answer.knowledge is StatusKnowledge.STALE
    outcome, code = (Outcome.WARNING, "status_stale") if stale else (Outcome.PASS, "status_ok")
    return Finding(outcome, code, {"age_s": max(0, now - answer.as_of)})


def technical_validity(claims: JsonObject, policy: VerificationPolicy, now: int) -> Finding:
    """First line of validity: the token's own times. Spec: RFC 7519 §4.1.4-6."""
    check_times(claims, now=now, skew_s=policy.clock_skew_s)
    start = numeric_date(claims, "nbf" if "nbf" in claims else "iat", required=False)
    end = numeric_date(claims, "exp", required=False)
    return Finding(Outcome.PASS, "technical_validity_ok", {"first": _moment(start), "last": _moment(end)})


def document_validity(claims: JsonObject, policy: VerificationPolicy) -> Finding:
    """Second line of validity: the document, from its issuance to its expiry."""
    period = layout_of(claims).document_period(claims)
    if period == NOT_SHOWN:
        return Finding(Outcome.NOT_APPLICABLE, "document_period_not_shown")
    _within(period, policy.on_date, before="document_not_yet_issued", after="document_expired")
    return Finding(Outcome.PASS, "document_validity_ok", _shown(period))


def coverage_period(claims: JsonObject, policy: VerificationPolicy) -> Finding:
    """Third line of validity: the period that the decision covers."""
    period = layout_of(claims).coverage_period(claims)
    if period == NOT_SHOWN:
        return Finding(Outcome.NOT_APPLICABLE, "coverage_period_not_shown")
    _within(period, policy.on_date, before="coverage_not_started", after="coverage_ended")
    return Finding(Outcome.PASS, "coverage_period_ok", _shown(period))


def claimed_types(claims: JsonObject, policy: VerificationPolicy) -> tuple[str, ...]:
    """Return the types that a credential claims to be of, as far as the profile reads them.

    Raises Malformed[claim_invalid] for ``aka_vcts`` that is no list of other types. Spec: SD-JWT VC §2.2.2.1.
    """
    vct = text_claim(claims, "vct")
    named = () if vct is None else (vct,)
    if "aka_vcts" not in claims or "aka_vcts" not in policy.profile.type_claims:
        return named
    others = claims["aka_vcts"]
    if not isinstance(others, list) or not others or not all(isinstance(other, str) for other in others):
        raise Malformed("claim_invalid", spec="SD-JWT VC §2.2.2.1", claim="aka_vcts")
    if vct in others:
        raise Malformed("claim_invalid", spec="SD-JWT VC §2.2.2.1", claim="aka_vcts")
    return (*named, *others)


def layout_of(claims: JsonObject) -> Projection:
    """Return the layout in which the claims are to be read.

    Raises Malformed[claim_missing], Refused[vct_unknown], Malformed[layout_unknown].
    """
    vct = text_claim(claims, "vct")
    if vct is None:
        raise Malformed("claim_missing", spec="SD-JWT VC §2.2.2.1", claim="vct")
    return projection_for(vct, claims)


def text_claim(claims: JsonObject, name: str) -> str | None:
    """Return a text claim, or None when it is absent. Raises Malformed[claim_invalid] for another type."""
    value = claims.get(name)
    if value is not None and not isinstance(value, str):
        raise Malformed("claim_invalid", spec="RFC 7519 §4.1", claim=name)
    return value


def _outlives_a_day(claims: JsonObject, policy: VerificationPolicy) -> bool:
    """Tell whether the profile wants a status of a credential that lives so long. Spec: CIR (EU) 2026/1731."""
    if policy.profile.status_rule is not StatusRule.OR_SHORT_LIVED:
        return False
    start = numeric_date(claims, "nbf" if "nbf" in claims else "iat", required=False)
    end = numeric_date(claims, "exp", required=False)
    return start is None or end is None or end - start > SECONDS_PER_DAY


def _withdrawn(answer: StatusAnswer) -> Refused | Malformed:
    if answer.value == INVALID:
        return Refused("revoked", spec="Token Status List §7.1", as_of=answer.as_of)
    if answer.value == SUSPENDED:
        return Refused("suspended", spec="Token Status List §7.1", as_of=answer.as_of)
    return Malformed("status_invalid", spec="Token Status List §7.1", reason="value_reserved")


def _within(period: Period, day: date, *, before: str, after: str) -> None:
    if period.start is not None and day < period.start:
        raise Refused(before, first=period.start.isoformat(), day=day.isoformat())
    if period.end is not None and day > period.end:
        raise Refused(after, last=period.end.isoformat(), day=day.isoformat())


def _moment(seconds: int | None) -> str:
    return "-" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _shown(period: Period) -> dict[str, str | int]:
    first, last = ("-" if day is None else day.isoformat() for day in period)
    return {"first": first, "last": last}
