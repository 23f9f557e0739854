"""What a withdrawal is about, and what takes its place: read in the transaction that withdraws."""

from collections.abc import Sequence

from portadoc.errors import Refused
from portadoc.issuer.store import credential_store, record_store
from portadoc.issuer.store.credential_store import CredentialRow
from portadoc.storage import Connection


def copies_of(connection: Connection, institution: str, subject_id: str) -> tuple[CredentialRow, ...]:
    """Return every copy of a record, perhaps none, or the one copy that the id names.

    Raises: Refused[withdrawal_subject_unknown].
    """
    if record_store.find_record(connection, institution, subject_id) is not None:
        return credential_store.list_credentials(connection, institution, record_id=subject_id)
    copies = credential_store.list_credentials(connection, institution, credential_id=subject_id)
    if not copies:
        raise Refused("withdrawal_subject_unknown")
    return copies


def require_successor(
    connection: Connection,
    institution: str,
    subject_id: str,
    copies: Sequence[CredentialRow],
    successor: str | None,
) -> None:
    """Refuse a successor that is not another record of the institution, in force.

    Raises: Refused[withdrawal_successor_unknown].
    """
    if successor is None:
        return
    found = record_store.find_record(connection, institution, successor)
    itself = {subject_id, *(copy.record_id for copy in copies)}
    if found is None or found.withdrawn_at is not None or successor in itself:
        raise Refused("withdrawal_successor_unknown")
