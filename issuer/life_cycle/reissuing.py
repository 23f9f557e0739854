"""The same record once more, for another phone: new copies first, and the old ones end when those are collected.

Steps: begun (what the old phone has is noted, and ended at once when the phone is lost), offered, collected. Each
is one transaction; what dies in between is gone on with by ``go_on`` or by the same request once more. What nobody
collects in its term lapses: the history says so, and the old phone keeps what it has.

A reissue concerns the person whom the record is about and nobody else: copies, grants and open offers of an
employer stay, and what it collects neither finishes nor hinders a reissue. Which grants end is kept with the act.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from portadoc.errors import Conflict, Refused
from portadoc.issuer.authorization.offers import Offer, OfferFlow, Offers
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.life_cycle.history import require_version
from portadoc.issuer.life_cycle.succession import Asked
from portadoc.issuer.records.withdrawals import INFORMED, WithdrawalReason, Withdrawals
from portadoc.issuer.settings import SECONDS_PER_DAY
from portadoc.issuer.store import credential_store, history_store, record_store, token_store
from portadoc.issuer.store.history_store import Act, Outcome, Verb
from portadoc.schemas.events import EventKind
from portadoc.storage import Connection

REPLACED: Final = WithdrawalReason.SUPERSEDED
LOST: Final = WithdrawalReason.HOLDER_REQUEST


class MakeOffer(Protocol):
    """Makes an offer of a record. Raises as ``Issuer.offer``."""

    def __call__(
        self,
        institution: str,
        record_id: str,
        configuration_ids: Sequence[str],
        *,
        tx_code: bool = False,
        by_reference: bool = False,
        flow: OfferFlow | None = None,
    ) -> Offer: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is offered and how: the configurations, by default those that the person has copies in; ``flow`` None
    takes the profile's usual one."""

    configuration_ids: tuple[str, ...] = ()
    tx_code: bool = False
    by_reference: bool = False
    flow: OfferFlow | None = None


class Reissuing:
    """Issues records again."""

    def __init__(
        self,
        deployment: Deployment,
        withdrawals: Withdrawals,
        *,
        may_be_offered: Callable[[str, str, Sequence[str]], object],
        offer: MakeOffer,
        offers: Offers,
    ) -> None:
        self._deployment = deployment
        self._withdrawals = withdrawals
        self._may_be_offered = may_be_offered
        self._offer = offer
        self._offers = offers

    def reissue(
        self, institution: str, record_id: str, *, lost: bool, terms: Terms, asked: Asked
    ) -> tuple[Act, Offer]:
        """Return the act and a new offer. ``lost``: the old phone is gone, so what it holds ends now.

        Raises as ``Issuer.offer``; Conflict[record_changed]; Conflict[reissue_finished] for a repeated request
        whose offer was collected.
        """
        self._deployment.institution(institution)
        # 1. Whether it can be offered at all, before anything ends.
        wanted = terms.configuration_ids or self._held(institution, record_id)
        self._may_be_offered(institution, record_id, wanted)
        self._offers.flow_of(terms.flow, with_tx_code=terms.tx_code)
        # 2. One transaction: the act, what the old phone has and, of a lost one, its end.
        act = self._begin(institution, record_id, lost=lost, asked=asked)
        if act.offer_id is not None:
            self._offers.cancel(institution, act.offer_id)  # told to somebody who never heard it
        # 3. The offer, and 4. the note of it; 5. is ``go_on``, when it was collected.
        offer = self._offer(
            institution,
            record_id,
            wanted,
            tx_code=terms.tx_code,
            by_reference=terms.by_reference,
            flow=terms.flow,
        )
        with self._deployment.database.transaction() as connection:
            history_store.note_offer(connection, institution, act.act_id, offer.offer_id)
        return act, offer

    def go_on(self, institution: str) -> int:
        """Finish the reissues whose new copies were collected, or whose term is over; return how many.

        Again changes nothing.
        """
        with self._deployment.database.read() as connection:
            waiting = [
                act
                for act in history_store.unfinished_reissues(connection, institution)
                if self._outcome(connection, institution, act) is not None
            ]
        return sum(self._finish(institution, act) for act in waiting)

    def _held(self, institution: str, record_id: str) -> tuple[str, ...]:
        with self._deployment.database.read() as connection:
            if record_store.find_record(connection, institution, record_id) is None:
                raise Refused("record_unknown")
            copies = credential_store.list_credentials(connection, institution, record_id=record_id)
            not_theirs = {"", *history_store.grants_of_others(connection, institution, record_id)}
        return tuple(dict.fromkeys(copy.configuration_id for copy in copies if copy.grant_id not in not_theirs))

    def _begin(self, institution: str, record_id: str, *, lost: bool, asked: Asked) -> Act:
        here, now = self._deployment, self._deployment.clock.now()
        with here.database.transaction() as connection:
            begun = history_store.act_of_request(connection, institution, asked.request_key)
            if begun is not None:
                _require_open(begun, lost=lost)
                return begun
            require_version(connection, institution, record_id, asked.version)
            _require_in_force(connection, institution, record_id)
            for earlier in history_store.unfinished_reissues(connection, institution, record_id):
                history_store.finish_act(
                    connection, institution, earlier.act_id, outcome=Outcome.OVERTAKEN, now=now
                )
            act = Act(
                act_id=here.new_id(),
                verb=Verb.REISSUE.value,
                record_id=record_id,
                reason=(LOST if lost else REPLACED).value,
                request_key=asked.request_key,
                asked_by=asked.by,
                begun_at=now,
                done_at=now if lost else None,
            )
            history_store.insert_act(connection, institution, act)
            grants = history_store.grants_covering(connection, institution, record_id)
            history_store.keep_replaced_grants(connection, institution, act.act_id, grants)
            for offer_id in history_store.kill_offers_of(connection, institution, record_id):
                here.tell(connection, EventKind.OFFER_CANCELLED, institution, offer_id)
            if lost:
                self._end_old(connection, institution, act, LOST)
            here.tell(
                connection,
                EventKind.RECORD_REISSUED,
                institution,
                record_id,
                lost=lost,
                inform=list(INFORMED),
            )
        return act

    def _outcome(self, connection: Connection, institution: str, act: Act) -> Outcome | None:
        """Return what has become of a reissue by now; None while it waits."""
        old = history_store.replaced_grants(connection, institution, act.act_id)
        if history_store.is_collected(connection, institution, act.record_id, apart_from=old):
            return Outcome.COLLECTED
        record = record_store.find_record(connection, institution, act.record_id)
        if record is None or record.withdrawn_at is not None:
            return Outcome.RECORD_ENDED
        here = self._deployment
        is_over = act.begun_at + here.settings.reissue_days * SECONDS_PER_DAY <= here.clock.now()
        return Outcome.LAPSED if is_over else None

    def _finish(self, institution: str, act: Act) -> bool:
        here = self._deployment
        with here.database.transaction() as connection:
            outcome = self._outcome(connection, institution, act)
            if outcome is None or not history_store.finish_act(
                connection, institution, act.act_id, outcome=outcome, now=here.clock.now()
            ):
                return False
            if outcome is not Outcome.LAPSED:
                self._end_old(connection, institution, act, REPLACED)
        return True

    def _end_old(self, connection: Connection, institution: str, act: Act, reason: WithdrawalReason) -> None:
        """End the copies of the old grants, and what more could come of them.

        A copy that is issued at this moment is either among them or refused: its tokens are gone.
        """
        old = history_store.replaced_grants(connection, institution, act.act_id)
        for grant_id in sorted(old):
            token_store.revoke_tokens(connection, institution, grant_id)
        history_store.end_grants(connection, institution, old)
        copies = credential_store.list_credentials(connection, institution, record_id=act.record_id)
        told = self._withdrawals.withdrawal_record(None, reason.cause, None)
        theirs = [copy for copy in copies if copy.grant_id in old]
        self._withdrawals.end_copies(connection, institution, theirs, reason=reason, record=told)


def _require_open(act: Act, *, lost: bool) -> None:
    if act.done_at is not None and not (lost and act.reason == LOST.value):
        raise Conflict("reissue_finished")


def _require_in_force(connection: Connection, institution: str, record_id: str) -> None:
    stored = record_store.find_record(connection, institution, record_id)
    if stored is None:
        raise Refused("record_unknown")
    if stored.withdrawn_at is not None:
        raise Conflict("record_withdrawn")
