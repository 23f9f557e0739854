"""The verbs of the business over records: issue, reissue, prolong, correct, withdraw, replace. Each acts once.

What publishes is not here: the status lists say what was withdrawn at the next ``publish_status_lists``, which
first goes on with what waits.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from portadoc.issuer.authorization.offers import Offer, Offers
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.life_cycle.history import Done, Histories, RecordView, require_version
from portadoc.issuer.life_cycle.reissuing import MakeOffer, Reissuing, Terms
from portadoc.issuer.life_cycle.succession import Asked, Change, Succession
from portadoc.issuer.records.records import Records
from portadoc.issuer.records.withdrawals import WithdrawalReason, Withdrawals
from portadoc.issuer.store import history_store
from portadoc.issuer.store.history_store import Act, Verb
from portadoc.schemas.records import Record

PROLONGED = Change(reason=WithdrawalReason.SUPERSEDED)


@dataclass(frozen=True, slots=True)
class Issued:
    """A record that is kept, and the offer of it."""

    record_id: str
    offer: Offer


class LifeCycle:
    """The verbs. Institutions are slugs; every refusal comes before anything has changed, unless it says so."""

    def __init__(
        self,
        deployment: Deployment,
        records: Records,
        withdrawals: Withdrawals,
        *,
        may_be_offered: Callable[[str, str, Sequence[str]], object],
        offer: MakeOffer,
        offers: Offers,
    ) -> None:
        self._deployment = deployment
        self._records = records
        self._withdrawals = withdrawals
        self._offer = offer
        self._succession = Succession(deployment, records, withdrawals)
        self._reissuing = Reissuing(
            deployment, withdrawals, may_be_offered=may_be_offered, offer=offer, offers=offers
        )
        self._histories = Histories(deployment)

    def view(self, institution: str, record_id: str) -> RecordView:
        """Return a record with its state, copies and history. Raises Refused[not_found], [record_unknown]."""
        return self._histories.view(institution, record_id)

    def of_person(self, institution: str, *, number: str, born: date) -> tuple[RecordView, ...]:
        """Return every record about a person. As ``Histories.of_person``."""
        return self._histories.of_person(institution, number=number, born=born)

    def acts_after(self, institution: str, number: int, *, limit: int) -> tuple[Done, ...]:
        """Return what was done to records after an act. As ``Histories.acts_after``."""
        return self._histories.acts_after(institution, number, limit=limit)

    def upload_once(self, institution: str, record: Record) -> tuple[str, bool]:
        """Keep a record unless one in force says the same; tell its id, and whether it is new.

        As ``Records.upload_once``.
        """
        return self._records.upload_once(institution, record)

    def issue(self, institution: str, record: Record, *, terms: Terms, record_id: str | None = None) -> Issued:
        """Keep a record and offer it. Raises as ``Records.upload``, and then as ``Issuer.offer``.

        The same record under the same id once more is kept once and offered anew.
        """
        # 1. The record, in one transaction, and 2. the offer of it, in another.
        kept = self._records.upload(institution, record, record_id=record_id)
        return Issued(kept, self.offer(institution, kept, terms=terms))

    def offer(self, institution: str, record_id: str, *, terms: Terms) -> Offer:
        """Return a new offer of a record, beside those that are open. Raises as ``Issuer.offer``."""
        return self._offer(
            institution,
            record_id,
            terms.configuration_ids,
            tx_code=terms.tx_code,
            by_reference=terms.by_reference,
            flow=terms.flow,
        )

    def reissue(
        self, institution: str, record_id: str, *, lost: bool, terms: Terms, asked: Asked
    ) -> tuple[Act, Offer]:
        """Issue a record again, for another phone. As ``Reissuing.reissue``."""
        return self._reissuing.reissue(institution, record_id, lost=lost, terms=terms, asked=asked)

    def prolong(
        self,
        institution: str,
        record_id: str,
        successor: Record,
        *,
        successor_id: str | None = None,
        asked: Asked,
    ) -> Act:
        """Let a record that ends later follow one, of the same person. As ``Succession.succeed``.

        One that begins no later takes its place; after one that begins later, both stand, each for its own days.
        """
        return self._succession.succeed(
            institution,
            record_id,
            successor,
            verb=Verb.PROLONG,
            change=PROLONGED,
            successor_id=successor_id,
            asked=asked,
        )

    def correct(
        self,
        institution: str,
        record_id: str,
        successor: Record,
        *,
        change: Change,
        successor_id: str | None = None,
        asked: Asked,
    ) -> Act:
        """Put a record in the place of one that says something wrong. As ``Succession.succeed``."""
        return self._succession.succeed(
            institution,
            record_id,
            successor,
            verb=Verb.CORRECT,
            change=change,
            successor_id=successor_id,
            asked=asked,
        )

    def replace(
        self,
        institution: str,
        record_id: str,
        successor: Record,
        *,
        change: Change = PROLONGED,
        successor_id: str | None = None,
        asked: Asked,
    ) -> Act:
        """Put another decision about the same person in the place of a record. As ``Succession.succeed``."""
        return self._succession.succeed(
            institution,
            record_id,
            successor,
            verb=Verb.REPLACE,
            change=change,
            successor_id=successor_id,
            asked=asked,
        )

    def withdraw(self, institution: str, record_id: str, *, change: Change, asked: Asked) -> RecordView:
        """Withdraw a record with every copy, for good, and return it; one that is withdrawn stays as it is.

        Raises Refused[not_found], [record_unknown], [withdrawal_date_future], Conflict[record_changed].
        """
        self._deployment.institution(institution)
        told = self._withdrawals.withdrawal_record(
            change.effective_from, change.cause or change.reason.cause, None
        )
        with self._deployment.database.transaction() as connection:
            done = history_store.act_of_request(connection, institution, asked.request_key)
            if done is None:
                require_version(connection, institution, record_id, asked.version)
                ended = self._withdrawals.within(
                    connection, institution, record_id, reason=change.reason, record=told
                )
                if ended.is_news:
                    self._withdrawals.note(
                        connection,
                        institution,
                        record_id,
                        reason=change.reason,
                        record=told,
                        request_key=asked.request_key,
                        asked_by=asked.by,
                    )
        return self.view(institution, record_id)

    def go_on(self, institution: str) -> int:
        """Go on with what waits, and return how much of it was finished. Raises Refused[not_found]."""
        self._deployment.institution(institution)
        return self._reissuing.go_on(institution)
