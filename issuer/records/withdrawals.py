"""Withdrawal: of a record with all that was issued of it, or of one copy; final, and told by the next list.

Spec: Token Status List §7, Regulation (EC) 987/2009 art. 5.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Final

from portadoc.errors import Refused
from portadoc.formats.withdrawal_list import WithdrawalCause, WithdrawalRecord
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.store import credential_store, history_store, record_store
from portadoc.issuer.store.credential_store import CredentialRow
from portadoc.issuer.store.history_store import Act, Verb
from portadoc.issuer.store.withdrawal_store import copies_of, require_successor
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.events import EventKind
from portadoc.storage import Connection


class WithdrawalReason(StrEnum):
    """Why an attestation is withdrawn: a closed list, so that no free text carries personal data."""

    ISSUED_IN_ERROR = "issued_in_error"
    FRAUD = "fraud"
    FACTS_CHANGED = "facts_changed"
    HOLDER_REQUEST = "holder_request"
    SUPERSEDED = "superseded"

    @property
    def cause(self) -> WithdrawalCause:
        """Return what the world is told; suspicion and the holder's own wishes are nobody else's business."""
        return _PUBLIC_CAUSES.get(self.value, WithdrawalCause.OTHER)


INFORMED: Final = ("worker", "employer")
"""Who is told of what was done to a record: whoever reads the events sends it, this room knows no addresses."""

_PUBLIC_CAUSES: Final[Mapping[str, WithdrawalCause]] = {
    "issued_in_error": WithdrawalCause.ISSUED_IN_ERROR,
    "facts_changed": WithdrawalCause.FACTS_CHANGED,
    "superseded": WithdrawalCause.REPLACED,
}


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What a withdrawal has changed: the copies that are withdrawn by it, none when all were before."""

    credential_ids: tuple[str, ...]
    withdrawn_at: int
    effective_from: str
    cause: str
    successor: str | None


@dataclass(frozen=True, slots=True)
class Ended:
    """What a withdrawal has ended: whether a record, which was valid until then, and which copies."""

    is_news: bool
    credential_ids: tuple[str, ...]


class Withdrawals:
    """Withdraws records and copies."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def withdraw(
        self,
        institution: str,
        subject_id: str,
        *,
        reason: WithdrawalReason,
        effective_from: date | None = None,
        cause: WithdrawalCause | None = None,
        successor: str | None = None,
        asked_by: str | None = None,
    ) -> Withdrawal:
        """Withdraw a record with every copy of it, or one copy by its credential id. Final: nothing undoes it.

        ``effective_from`` is the first day without effect, by default today (UTC); ``cause`` is what the world is
        told, by default what ``reason`` comes to; ``successor`` is the id of the record that takes its place;
        ``asked_by`` says who asked, None for staff. The next ``publish_status_lists`` shows it. Copies that were
        only intended are withdrawn as well.
        Raises: Refused[withdrawal_subject_unknown], [withdrawal_date_future], [withdrawal_successor_unknown].
        Spec: Token Status List §7, Regulation (EC) 987/2009 art. 5.
        """
        self._deployment.institution(institution)
        record = self.withdrawal_record(effective_from, cause or reason.cause, successor)
        with self._deployment.database.transaction() as connection:
            ended = self.within(connection, institution, subject_id, reason=reason, record=record)
            if ended.is_news:
                self.note(connection, institution, subject_id, reason=reason, record=record, asked_by=asked_by)
        return Withdrawal(
            ended.credential_ids,
            record.recorded_at,
            record.effective_from.isoformat(),
            record.cause.value,
            successor,
        )

    def within(
        self,
        connection: Connection,
        institution: str,
        subject_id: str,
        *,
        reason: WithdrawalReason,
        record: WithdrawalRecord,
        alone: bool = True,
    ) -> Ended:
        """Withdraw in the caller's transaction. Nothing is issued of a record afterwards: issuing asks in its own.

        ``alone`` says that this is the news itself, and not a part of what the caller tells.
        Raises: Refused[withdrawal_subject_unknown], [withdrawal_successor_unknown].
        """
        copies = copies_of(connection, institution, subject_id)
        require_successor(connection, institution, subject_id, copies, record.successor)
        is_news = record_store.withdraw_record(
            connection, institution, subject_id, reason=reason, now=record.recorded_at
        )
        if is_news:
            told: JsonObject = {"reason": reason.value, "effective_from": record.effective_from.isoformat()}
            if alone:
                told["inform"] = list(INFORMED)
            self._deployment.tell(connection, EventKind.RECORD_WITHDRAWN, institution, subject_id, **told)
        return Ended(is_news, self.end_copies(connection, institution, copies, reason=reason, record=record))

    def end_copies(
        self,
        connection: Connection,
        institution: str,
        copies: Sequence[CredentialRow],
        *,
        reason: WithdrawalReason,
        record: WithdrawalRecord,
    ) -> tuple[str, ...]:
        """Withdraw those of some copies that are valid, in the caller's transaction, and return their ids."""
        told = {"reason": reason.value, "effective_from": record.effective_from.isoformat()}
        valid = [copy for copy in copies if copy.withdrawn_at is None]
        ended = tuple(copy.credential_id for copy in valid)
        credential_store.withdraw_credentials(connection, institution, ended, reason=reason, record=record)
        credential_store.mark_changed(connection, institution, {copy.list_id for copy in valid})
        for credential_id in ended:
            self._deployment.tell(connection, EventKind.CREDENTIAL_WITHDRAWN, institution, credential_id, **told)
        return ended

    def note(
        self,
        connection: Connection,
        institution: str,
        record_id: str,
        *,
        reason: WithdrawalReason,
        record: WithdrawalRecord,
        request_key: str | None = None,
        asked_by: str | None = None,
    ) -> None:
        """Keep a withdrawal in the history of the record."""
        act = Act(
            act_id=self._deployment.new_id(),
            verb=Verb.WITHDRAW.value,
            record_id=record_id,
            successor=record.successor,
            reason=reason.value,
            effective_from=record.effective_from.isoformat(),
            cause=record.cause.value,
            request_key=request_key,
            asked_by=asked_by,
            begun_at=record.recorded_at,
            done_at=record.recorded_at,
        )
        history_store.insert_act(connection, institution, act)

    def withdrawal_record(
        self, effective_from: date | None, cause: WithdrawalCause, successor: str | None
    ) -> WithdrawalRecord:
        """Return what is recorded. A day to come is refused: the status list knows no day, it says so at once.

        Raises Refused[withdrawal_date_future].
        """
        now = self._deployment.clock.now()
        today = datetime.fromtimestamp(now, UTC).date()
        if effective_from is not None and effective_from > today:
            raise Refused("withdrawal_date_future", today=today.isoformat())
        return WithdrawalRecord(effective_from or today, cause, now, successor)
