"""One record takes the place of another: in one transaction, so that nothing that dies leaves half of it.

Whoever reads sees the old record in force or the new one, never both and never neither. A copy of the old one that
is issued at the same moment is either among those withdrawn or refused: issuing asks in a transaction of its own
whether the record is in force, and marks its copies as issued only while they are valid.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from portadoc.errors import Conflict, Refused
from portadoc.formats import strict_json
from portadoc.formats.withdrawal_list import WithdrawalCause, WithdrawalRecord
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.life_cycle.history import require_version
from portadoc.issuer.records.holders import holder_of
from portadoc.issuer.records.records import Records
from portadoc.issuer.records.withdrawals import INFORMED, WithdrawalReason, Withdrawals
from portadoc.issuer.store import history_store, record_store
from portadoc.issuer.store.history_store import Act, Verb
from portadoc.schemas.coverage import CoverageCertificate
from portadoc.schemas.ehic import Ehic
from portadoc.schemas.events import EventKind
from portadoc.schemas.pda1 import Pda1
from portadoc.schemas.records import Record, record_from_json
from portadoc.storage import Connection

_KINDS: Final = {
    Verb.PROLONG: EventKind.RECORD_PROLONGED,
    Verb.CORRECT: EventKind.RECORD_CORRECTED,
    Verb.REPLACE: EventKind.RECORD_REPLACED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How an act was asked for: the same ``request_key`` again acts no second time and is told what came of it.

    ``version`` is that of the record as the asker has seen it (``RecordView.version``), None for whatever it is;
    ``by`` names the source that asks.
    """

    by: str | None = None
    request_key: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Why a record gives way, and from which day: as ``Withdrawals.withdraw`` takes it."""

    reason: WithdrawalReason
    effective_from: date | None = None
    cause: WithdrawalCause | None = None


class Succession:
    """Puts records in the place of others."""

    def __init__(self, deployment: Deployment, records: Records, withdrawals: Withdrawals) -> None:
        self._deployment = deployment
        self._records = records
        self._withdrawals = withdrawals

    def succeed(
        self,
        institution: str,
        record_id: str,
        successor: Record,
        *,
        verb: Verb,
        change: Change,
        successor_id: str | None,
        asked: Asked,
    ) -> Act:
        """Keep ``successor`` and let it take the place of a record; return the act, which names its id.

        Raises as ``Records.upload`` and ``Withdrawals.withdraw``, the latter also for a ``successor_id`` that has
        ended, and: Refused[record_unknown], [successor_kind_differs], [records_of_several_persons],
        [prolongation_not_later]; Conflict[record_withdrawn], [record_has_successor], [record_changed].
        """
        # 1. What the institution may certify, before anything is written.
        self._records.require_certifiable(institution, successor)
        # 2. One transaction for all that follows; what was asked before is told again.
        with self._deployment.database.transaction() as connection:
            done = history_store.act_of_request(connection, institution, asked.request_key)
            if done is not None:
                return done
            # 3. The old record as the asker has seen it, in force, without another successor.
            require_version(connection, institution, record_id, asked.version)
            old = self._in_force(connection, institution, record_id)
            _require_fitting(verb, old, successor)
            # 4. The new record, and 5. the old one withdrawn with every copy, unless its days stay its own.
            successor_id = successor_id or self._deployment.new_id()
            _require_free(connection, institution, successor_id)
            self._records.keep(connection, institution, successor, record_id=successor_id)
            told = self._withdrawals.withdrawal_record(
                change.effective_from, change.cause or change.reason.cause, successor_id
            )
            ends = _takes_its_days(verb, old, successor)
            if ends:
                self._withdrawals.within(
                    connection, institution, record_id, reason=change.reason, record=told, alone=False
                )
            # 6. The act that links both, and 7. the news of it.
            act = self._act(record_id, verb, change.reason if ends else None, told, asked)
            history_store.insert_act(connection, institution, act)
            self._deployment.tell(
                connection,
                _KINDS[verb],
                institution,
                record_id,
                successor=successor_id,
                withdrawn=ends,
                inform=list(INFORMED),
            )
        return act

    def _in_force(self, connection: Connection, institution: str, record_id: str) -> Record:
        stored = record_store.find_record(connection, institution, record_id)
        if stored is None:
            raise Refused("record_unknown")
        if stored.withdrawn_at is not None:
            raise Conflict("record_withdrawn")
        around = history_store.acts_around(connection, institution, record_id)
        if any(act.record_id == record_id and act.successor is not None for act in around):
            raise Conflict("record_has_successor")
        return record_from_json(strict_json.loads_object(stored.body, what="record"))

    def _act(
        self,
        record_id: str,
        verb: Verb,
        reason: WithdrawalReason | None,
        told: WithdrawalRecord,
        asked: Asked,
    ) -> Act:
        return Act(
            act_id=self._deployment.new_id(),
            verb=verb.value,
            record_id=record_id,
            successor=told.successor,
            reason=None if reason is None else reason.value,
            effective_from=None if reason is None else told.effective_from.isoformat(),
            cause=None if reason is None else told.cause.value,
            request_key=asked.request_key,
            asked_by=asked.by,
            begun_at=told.recorded_at,
            done_at=told.recorded_at,
        )


def _require_free(connection: Connection, institution: str, successor_id: str) -> None:
    """Refuse a successor that is kept already and has ended, or gave way itself: no record comes of its own heirs.

    Raises Refused[withdrawal_successor_unknown], Conflict[record_has_successor].
    """
    held = record_store.find_record(connection, institution, successor_id)
    if held is not None and held.withdrawn_at is not None:
        raise Refused("withdrawal_successor_unknown")
    around = history_store.acts_around(connection, institution, successor_id)
    if any(act.record_id == successor_id and act.successor is not None for act in around):
        raise Conflict("record_has_successor")


def _require_fitting(verb: Verb, old: Record, new: Record) -> None:
    """Refuse what cannot take the place of a record; only a correction may change who it is about.

    Raises Refused[successor_kind_differs], [records_of_several_persons], [prolongation_not_later].
    """
    if old.KIND != new.KIND:
        raise Refused("successor_kind_differs", kind=old.KIND)
    before, after = holder_of(old), holder_of(new)
    same = (before.numbers, before.date_of_birth) == (after.numbers, after.date_of_birth)
    if verb is not Verb.CORRECT and not same:
        raise Refused("records_of_several_persons")
    if verb is Verb.PROLONG and not _is_later(_last_days(new), than=_last_days(old)):
        raise Refused("prolongation_not_later")


def _last_days(record: Record) -> tuple[date, date]:
    """Return when what a record covers ends, and when the document itself does."""
    return record.coverage_end or date.max, record.document_end or date.max


def _is_later(ends: tuple[date, date], *, than: tuple[date, date]) -> bool:
    """Tell whether one of both ends is later, and none is earlier."""
    return ends != than and all(new >= old for new, old in zip(ends, than, strict=True))


def _first_day(record: Record) -> date | None:
    if isinstance(record, Pda1 | CoverageCertificate):
        return record.legislation.start
    return record.start if isinstance(record, Ehic) else None


def _takes_its_days(verb: Verb, old: Record, new: Record) -> bool:
    """Tell whether the old record ends: not when a prolongation begins later, for its own days remain true.

    Withdrawing it would take the proof of days that were certified rightly. Spec: Regulation (EC) 987/2009 art. 5.
    """
    before, after = _first_day(old), _first_day(new)
    return verb is not Verb.PROLONG or before is None or after is None or after <= before
