"""What happens once: a conditional UPDATE that changes one row, or a key that nobody has inserted before."""

from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, delete, insert
from sqlalchemy.exc import IntegrityError

from portadoc.issuer.store.tables import USED_ONCE


class Once(StrEnum):
    """Kinds of values that are good for one use."""

    C_NONCE = "c_nonce"
    DPOP_PROOF = "dpop_proof"
    CLIENT_ATTESTATION_POP = "client_attestation_pop"
    ATTESTATION_CHALLENGE = "attestation_challenge"
    CLIENT_ASSERTION = "client_assertion"


def use_once(connection: Connection, institution: str, kind: Once, value_digest: str, *, expires_at: int) -> bool:
    """Note that a value is used; True for the first caller only, of whatever thread or process.

    ``expires_at`` is when the value itself stops being accepted; it is remembered at least as long.
    """
    values = {
        "institution": institution,
        "kind": kind.value,
        "value_digest": value_digest,
        "expires_at": expires_at,
    }
    try:
        with connection.begin_nested():
            connection.execute(insert(USED_ONCE).values(values))
    except IntegrityError:
        return False
    return True


def forget_used(connection: Connection, *, before: int) -> None:
    """Delete the values that stopped being accepted before a time."""
    connection.execute(delete(USED_ONCE).where(USED_ONCE.c.expires_at <= before))


def changed_one(connection: Connection, statement: Any) -> bool:
    """Run a conditional UPDATE or DELETE and tell whether it found its one row."""
    return connection.execute(statement).rowcount == 1
