"""Whether a wallet provider has withdrawn what it attested: a wallet, or the storage of its keys.

Asked of the provider's own status list, once everything else about the attestation holds. Spec: TS3 v1.5 §2.3,
§2.4.1; OpenID4VCI 1.0 App. D, App. E; ARF 3.0 ISSU_30; Token Status List §8.3.
"""

from typing import Final, Literal

from portadoc.clock import Clock
from portadoc.errors import Unavailable, Untrusted
from portadoc.formats.status_list.maintained import MaintainedStatus
from portadoc.formats.status_list.statuses import StatusReference, StatusValue
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.identification.pid_status import StatusLookup
from portadoc.verification.answers import StatusAnswer, StatusAnswers, StatusKnowledge

SPEC: Final = "TS3 v1.5 §2.4.1"
REMEMBERED_S: Final = 60
_MOST_LISTS: Final = 32
AttestationRefusal = Literal["client_attestation_invalid", "key_attestation_invalid"]


class RememberedStatuses:
    """Keeps what a look-up gave for a minute, failures too: a wallet asks several times in a row, and a list that
    cannot be had is not waited for by everybody."""

    def __init__(self, lookup: StatusLookup, clock: Clock) -> None:
        self._lookup = lookup
        self._clock = clock
        self._held: dict[str, tuple[int, StatusAnswers]] = {}

    def answers(self, uri: str) -> StatusAnswers:
        """Return the answers of the list at ``uri``, asked for within the last minute."""
        now = self._clock.now()
        asked_at, answers = self._held.get(uri, (now, None))
        if answers is not None and 0 <= now - asked_at < REMEMBERED_S:
            return answers
        fresh = self._lookup.answers(uri)
        if len(self._held) >= _MOST_LISTS:
            self._held.clear()
        self._held[uri] = (now, fresh)
        return fresh


def require_in_force(
    deployment: Deployment,
    *,
    provider_id: str,
    status: StatusReference | None,
    maintained: MaintainedStatus | None,
    refusal: AttestationRefusal,
) -> None:
    """Accept a verified attestation that its provider has not withdrawn; without a status its ``exp`` is enough.

    ``provider_id`` is the institution whose chain has signed it, and the only one whose list counts; ``status`` is
    that of the attestation, ``maintained`` its ``client_status`` or ``key_storage_status``. What was withdrawn is
    refused under every profile, what cannot be learned where ``attestation_status_required``. Raises
    Untrusted[``refusal``] (reason ``status_withdrawn``, ``status_ended``, ``status_invalid``);
    Unavailable[attestation_status_unknown]: the same attestation may do later.
    """
    required = deployment.profile.attestation_status_required
    lately = deployment.clock.now() - deployment.settings.clock_skew_s
    # 1. a status that its provider still keeps up to date
    if maintained is not None and maintained.kept_until < lately:
        if required:
            raise Untrusted(refusal, spec=SPEC, reason="status_ended")
        maintained = None
    # 2. every list that is named
    for reference in (status, None if maintained is None else maintained.reference):
        if reference is None:
            continue
        answer = _answer(deployment, reference, provider_id, refusal)
        if answer.knowledge is StatusKnowledge.UNKNOWN:
            if required:
                raise Unavailable("attestation_status_unknown", retry_after_s=REMEMBERED_S, spec=SPEC)
        elif answer.value != StatusValue.VALID:
            raise Untrusted(refusal, spec=SPEC, reason="status_withdrawn")


def _answer(
    deployment: Deployment, reference: StatusReference, provider_id: str, refusal: AttestationRefusal
) -> StatusAnswer:
    answers = deployment.wallet_statuses.answers(reference.uri)
    try:
        return answers.answer(reference, institution=provider_id, now=deployment.clock.now())
    except Untrusted as exc:  # an index that its list does not have
        raise Untrusted(refusal, spec=exc.spec, reason="status_invalid") from exc
