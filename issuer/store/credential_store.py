"""Statements over credentials and status lists, each in a connection of the caller's transaction."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, and_, exists, false, insert, or_, select, update

from portadoc.formats.withdrawal_list import WithdrawalCause, WithdrawalRecord
from portadoc.issuer.store.tables import CREDENTIALS, STATUS_LISTS

ACCEPTED: Final = "credential_accepted"


@dataclass(frozen=True, slots=True)
class CredentialRow:
    """One copy of a credential: the intent recorded before signing, and what became of it."""

    credential_id: str
    record_id: str
    grant_id: str
    notification_id: str
    configuration_id: str
    vct: str
    holder_thumbprint: str
    payload_digest: str
    valid_from: int
    valid_until: int
    list_id: str
    idx: int
    intended_at: int
    issued_at: int | None = None
    notified: str | None = None
    withdrawn_at: int | None = None
    withdrawal_reason: str | None = None
    effective_from: str | None = None
    cause: str | None = None
    successor: str | None = None
    policy_digest: str | None = None


@dataclass(frozen=True, slots=True)
class StatusListRow:
    """A published status list: ``token``, ``cwt`` and ``withdrawals`` hold the very bytes served.

    ``etag`` is that of the first.
    """

    institution: str
    list_id: str
    size: int
    version: int
    published_version: int
    token: bytes
    cwt: bytes
    withdrawals: bytes
    etag: str
    signed_at: int
    expires_at: int


def insert_intents(connection: Connection, institution: str, rows: Sequence[CredentialRow]) -> None:
    """Record what is about to be signed. Raises IntegrityError when a status index is already taken."""
    connection.execute(insert(CREDENTIALS), [{"institution": institution, **_values(row)} for row in rows])


def mark_issued(connection: Connection, institution: str, notification_id: str, *, now: int) -> int:
    """Note that the copies of one response were signed and checked; return how many: not those withdrawn since."""
    of_response = and_(
        CREDENTIALS.c.institution == institution,
        CREDENTIALS.c.notification_id == notification_id,
        CREDENTIALS.c.withdrawn_at.is_(None),
    )
    return connection.execute(update(CREDENTIALS).where(of_response).values(issued_at=now)).rowcount


def note_notification(
    connection: Connection, institution: str, *, notification_id: str, grant_id: str, event: str
) -> bool | None:
    """Keep what the wallet reports of a response; True when it is news, None when the id is not of this grant.

    What was accepted may be gone later; what is gone stays so, so nobody can report for ever.
    """
    known = and_(
        CREDENTIALS.c.institution == institution,
        CREDENTIALS.c.notification_id == notification_id,
        CREDENTIALS.c.grant_id == grant_id,
    )
    accepted = CREDENTIALS.c.notified == ACCEPTED
    news = or_(CREDENTIALS.c.notified.is_(None), accepted if event != ACCEPTED else false())
    if connection.execute(update(CREDENTIALS).where(known, news).values(notified=event)).rowcount > 0:
        return True
    found = connection.execute(select(CREDENTIALS.c.credential_id).where(known).limit(1)).first()
    return None if found is None else False


def record_of_response(connection: Connection, institution: str, notification_id: str) -> str:
    """Return the record whose copies a response holds; the response is one of ours."""
    named = (CREDENTIALS.c.institution == institution) & (CREDENTIALS.c.notification_id == notification_id)
    return str(connection.scalars(select(CREDENTIALS.c.record_id).where(named).limit(1)).one())


def list_credentials(
    connection: Connection,
    institution: str,
    *,
    record_id: str | None = None,
    credential_id: str | None = None,
    notification_id: str | None = None,
    unfinished_before: int | None = None,
) -> tuple[CredentialRow, ...]:
    """Return copies in the order of their intents: all, of a record, one, of a response, or those never issued."""
    columns = [column for column in CREDENTIALS.c if column.name != "institution"]
    query = select(*columns).where(CREDENTIALS.c.institution == institution)
    if record_id is not None:
        query = query.where(CREDENTIALS.c.record_id == record_id)
    if credential_id is not None:
        query = query.where(CREDENTIALS.c.credential_id == credential_id)
    if notification_id is not None:
        query = query.where(CREDENTIALS.c.notification_id == notification_id)
    if unfinished_before is not None:
        query = query.where(CREDENTIALS.c.issued_at.is_(None), CREDENTIALS.c.intended_at < unfinished_before)
    ordered = query.order_by(CREDENTIALS.c.intended_at, CREDENTIALS.c.credential_id)
    return tuple(CredentialRow(**row._mapping) for row in connection.execute(ordered))


def issued_under_other_policies(
    connection: Connection,
    institution: str,
    in_force: Mapping[str, str | None],
    *,
    now: int,
    limit: int | None,
) -> tuple[CredentialRow, ...]:
    """Return the copies in wallets that are valid and not under the policy in force for their configuration.

    The oldest come first; of many, only ``limit``.
    """
    other = or_(
        *(
            and_(CREDENTIALS.c.configuration_id == each, CREDENTIALS.c.policy_digest.is_distinct_from(digest))
            for each, digest in in_force.items()
        )
    )
    columns = [column for column in CREDENTIALS.c if column.name != "institution"]
    query = select(*columns).where(
        CREDENTIALS.c.institution == institution,
        CREDENTIALS.c.holder_thumbprint != "",
        CREDENTIALS.c.withdrawn_at.is_(None),
        CREDENTIALS.c.valid_until > now,
        other,
    )
    ordered = query.order_by(CREDENTIALS.c.intended_at, CREDENTIALS.c.credential_id).limit(limit)
    return tuple(CredentialRow(**row._mapping) for row in connection.execute(ordered))


def withdraw_credentials(
    connection: Connection,
    institution: str,
    credential_ids: Collection[str],
    *,
    reason: str,
    record: WithdrawalRecord,
) -> None:
    """Mark copies withdrawn; those that already are keep their first date, reason and effect."""
    connection.execute(
        update(CREDENTIALS)
        .where(
            CREDENTIALS.c.institution == institution,
            CREDENTIALS.c.credential_id.in_(credential_ids),
            CREDENTIALS.c.withdrawn_at.is_(None),
        )
        .values(
            withdrawn_at=record.recorded_at,
            withdrawal_reason=reason,
            effective_from=record.effective_from.isoformat(),
            cause=record.cause.value,
            successor=record.successor,
        )
    )


def strangers_with_living_credentials(
    connection: Connection, known: Collection[str], *, now: int
) -> frozenset[str]:
    """Return the institutions beside the known ones whose status lists somebody may still ask for."""
    living = exists().where(
        CREDENTIALS.c.institution == STATUS_LISTS.c.institution, CREDENTIALS.c.valid_until > now
    )
    strangers = select(STATUS_LISTS.c.institution).where(STATUS_LISTS.c.institution.not_in(known), living)
    return frozenset(connection.scalars(strangers))


def insert_status_list(connection: Connection, row: StatusListRow) -> None:
    """Keep a new list together with its first token."""
    connection.execute(insert(STATUS_LISTS).values(reserved=0, **_values(row)))


def roomy_status_list(connection: Connection, institution: str, *, copies: int) -> StatusListRow | None:
    """Return a list with room for ``copies`` below half its size, or None."""
    room = (STATUS_LISTS.c.reserved + copies) * 2 <= STATUS_LISTS.c.size
    query = _status_list_query().where(STATUS_LISTS.c.institution == institution, room)
    row = connection.execute(query.order_by(STATUS_LISTS.c.list_id).limit(1)).one_or_none()
    return None if row is None else StatusListRow(*row)


def take_room(connection: Connection, institution: str, list_id: str, *, copies: int) -> None:
    """Count ``copies`` more entries as reserved; the table refuses more than half."""
    connection.execute(
        update(STATUS_LISTS)
        .where(STATUS_LISTS.c.institution == institution, STATUS_LISTS.c.list_id == list_id)
        .values(reserved=STATUS_LISTS.c.reserved + copies)
    )


def taken_indices(connection: Connection, institution: str, list_id: str, among: Collection[int]) -> set[int]:
    """Return those of ``among`` that some credential already has."""
    query = select(CREDENTIALS.c.idx).where(
        CREDENTIALS.c.institution == institution, CREDENTIALS.c.list_id == list_id, CREDENTIALS.c.idx.in_(among)
    )
    return set(connection.scalars(query))


def mark_changed(connection: Connection, institution: str, list_ids: Collection[str]) -> None:
    """Note that lists no longer say what was published of them."""
    connection.execute(
        update(STATUS_LISTS)
        .where(STATUS_LISTS.c.institution == institution, STATUS_LISTS.c.list_id.in_(list_ids))
        .values(version=STATUS_LISTS.c.version + 1)
    )


def find_status_list(connection: Connection, institution: str, list_id: str) -> StatusListRow | None:
    """Return a list with the bytes published of it, or None."""
    query = _status_list_query().where(
        STATUS_LISTS.c.institution == institution, STATUS_LISTS.c.list_id == list_id
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else StatusListRow(*row)


def published_list_ids(connection: Connection, institution: str, *, now: int) -> tuple[str, ...]:
    """Return the lists of an institution whose published token still holds, in a fixed order."""
    query = select(STATUS_LISTS.c.list_id).where(
        STATUS_LISTS.c.institution == institution, STATUS_LISTS.c.expires_at > now
    )
    return tuple(connection.scalars(query.order_by(STATUS_LISTS.c.list_id)))


def due_status_lists(
    connection: Connection, institution: str, *, signed_before: int, signed_after: int, ends_before: int
) -> tuple[StatusListRow, ...]:
    """Return the lists that have changed since they were published, or whose times call for a new token."""
    due = or_(
        STATUS_LISTS.c.version > STATUS_LISTS.c.published_version,
        STATUS_LISTS.c.signed_at < signed_before,
        STATUS_LISTS.c.signed_at > signed_after,
        STATUS_LISTS.c.expires_at < ends_before,
    )
    query = _status_list_query().where(STATUS_LISTS.c.institution == institution, due)
    return tuple(StatusListRow(*row) for row in connection.execute(query))


def withdrawals(connection: Connection, institution: str, list_id: str) -> dict[int, WithdrawalRecord]:
    """Return the record of every withdrawn credential of a list, by index."""
    columns = ("idx", "effective_from", "cause", "withdrawn_at", "successor")
    query = select(*(CREDENTIALS.c[name] for name in columns)).where(
        CREDENTIALS.c.institution == institution,
        CREDENTIALS.c.list_id == list_id,
        CREDENTIALS.c.withdrawn_at.is_not(None),
    )
    return {
        idx: WithdrawalRecord(date.fromisoformat(effective_from), WithdrawalCause(cause), recorded_at, successor)
        for idx, effective_from, cause, recorded_at, successor in connection.execute(query)
    }


def replace_token(connection: Connection, row: StatusListRow, *, instead_of: int) -> bool:
    """Put a newer token in place of the one signed at ``instead_of``; False when a newer one stands there."""
    older = and_(
        STATUS_LISTS.c.published_version <= row.published_version,
        or_(STATUS_LISTS.c.signed_at <= row.signed_at, STATUS_LISTS.c.signed_at == instead_of),
    )
    return _changed_one(
        connection,
        update(STATUS_LISTS)
        .where(STATUS_LISTS.c.institution == row.institution, STATUS_LISTS.c.list_id == row.list_id, older)
        .values(
            token=row.token,
            cwt=row.cwt,
            withdrawals=row.withdrawals,
            etag=row.etag,
            signed_at=row.signed_at,
            expires_at=row.expires_at,
            published_version=row.published_version,
        ),
    )


def _status_list_query() -> Any:
    return select(*(STATUS_LISTS.c[name] for name in StatusListRow.__slots__))


def _values(row: CredentialRow | StatusListRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__slots__}


def _changed_one(connection: Connection, statement: Any) -> bool:
    return connection.execute(statement).rowcount == 1
