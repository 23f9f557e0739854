"""What a credential has to show before the wallet keeps it: the verdict, the wallet's key, the type asked for.

Spec: RFC 9901 §7.1, §7.2; OpenID4VCI 1.0 §8.3; ARF ISSU_06.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from portadoc.errors import Untrusted
from portadoc.keys.algorithms import ALL_ALGORITHMS
from portadoc.keys.jwk import holder_key
from portadoc.schemas.claims import JsonObject
from portadoc.verification.answers import HeldStatusLists
from portadoc.verification.policy import KeyBindingRefused, VerificationPolicy
from portadoc.verification.procedure import verify_presentation
from portadoc.verification.report import COVERAGE_PERIOD, DOCUMENT_VALIDITY, STATUS, Check, Outcome
from portadoc.wallet_sim.peers import CLOCK_SKEW_S, Means

POLICY_ID: Final = "wallet-receipt"
_LETS_THROUGH: Final = frozenset({Outcome.PASS, Outcome.WARNING, Outcome.NOT_APPLICABLE})
_FOR_LATER: Final = frozenset({DOCUMENT_VALIDITY.id, COVERAGE_PERIOD.id})


@dataclass(frozen=True, slots=True)
class ReceivedCredential:
    """A credential that may be kept: its claims verified, bound to the key with this thumbprint."""

    text: str
    claims: JsonObject
    holder_thumbprint: str


def check_received(
    unverified_texts: Sequence[str], *, vct: str, holder_thumbprints: frozenset[str], means: Means
) -> tuple[ReceivedCredential, ...]:
    """Return the credentials of one answer, each bound to another key of the wallet.

    Raises Untrusted with the code of the first check that failed, Untrusted[holder_key_mismatch] for a key that is
    not the wallet's, or that two copies share. Spec: OpenID4VCI 1.0 §8.3, §13.
    """
    received = tuple(_check_one(text, vct=vct, means=means) for text in unverified_texts)
    bound_to = [credential.holder_thumbprint for credential in received]
    if not holder_thumbprints.issuperset(bound_to) or len(set(bound_to)) != len(bound_to):
        raise Untrusted("holder_key_mismatch", spec="OpenID4VCI 1.0 §8.2")
    return received


def _check_one(unverified_text: str, *, vct: str, means: Means) -> ReceivedCredential:
    now = means.clock.now()
    policy = VerificationPolicy(
        policy_id=POLICY_ID,
        accepted_types=frozenset({vct}),
        key_binding=KeyBindingRefused(),
        status_required=False,
        profile=means.profile,
        on_date=datetime.fromtimestamp(now, UTC).date(),
        clock_skew_s=CLOCK_SKEW_S,
    )
    report = verify_presentation(
        unverified_text, trust=means.trust, status=HeldStatusLists(), policy=policy, now=now
    )
    for check in report.checks:
        if not _acceptable(check):
            raise Untrusted(check.code, spec=check.clause, **check.params)
    return ReceivedCredential(unverified_text, report.claims, _holder_thumbprint(report.claims))


def _holder_thumbprint(claims: JsonObject) -> str:
    return holder_key(claims.get("cnf"), allowed_algs=ALL_ALGORITHMS).kid


def _acceptable(check: Check) -> bool:
    """Let through what passed; an unknown status or a period to come is no fault of a new credential."""
    if check.id == STATUS.id and check.outcome is Outcome.UNKNOWN:
        return True
    return check.id in _FOR_LATER or check.outcome in _LETS_THROUGH
