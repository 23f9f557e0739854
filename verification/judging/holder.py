"""Is the presenter the holder."""

from portadoc.errors import Refused, Untrusted
from portadoc.formats.sd_jwt.key_binding import verify_key_binding
from portadoc.formats.sd_jwt.parse import UnverifiedSdJwt
from portadoc.formats.sd_jwt.processing import ProcessedClaims
from portadoc.keys.jwk import holder_key
from portadoc.verification.checks import Finding, Outcome
from portadoc.verification.policy import KeyBindingRefused, KeyBindingUnsolicited, VerificationPolicy


def key_binding(
    sd_jwt: UnverifiedSdJwt, processed: ProcessedClaims, policy: VerificationPolicy, now: int
) -> Finding:
    """Ask whether the presenter holds the key, by the rule that was fixed beforehand. Spec: RFC 9901 §7.3."""
    rule, kb_jwt = policy.key_binding, sd_jwt.key_binding_jwt
    if isinstance(rule, KeyBindingRefused):
        if kb_jwt is not None:
            raise Refused("kb_unexpected", spec="RFC 9901 §7.2")
        return Finding(Outcome.UNKNOWN if rule.shown else Outcome.NOT_APPLICABLE, "kb_not_asked")
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
        transaction_data=rule.transaction_data,
    )
    if isinstance(rule, KeyBindingUnsolicited):
        return Finding(Outcome.UNKNOWN, "kb_unsolicited")
    return Finding(Outcome.PASS, "key_binding_ok")
