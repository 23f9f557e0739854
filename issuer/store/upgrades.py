"""How the issuer's tables of an earlier release take their present form, step by step.

A step is never changed once it was released: it says what that form lacked, in words of its own, whatever the
tables are by now.
"""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection, text

from portadoc.formats import strict_json
from portadoc.issuer.records.holders import holder_of
from portadoc.schemas.records import record_from_json
from portadoc.storage.engine import Upgrade
from portadoc.verification.persons import number_letters

_FROM_3: Final = """
ALTER TABLE issuer_deferred ADD COLUMN taken_at BIGINT;
ALTER TABLE issuer_deferred ADD COLUMN response_id VARCHAR(64);

ALTER TABLE issuer_acts ADD COLUMN outcome VARCHAR(16);

ALTER TABLE issuer_offers ADD COLUMN recipient VARCHAR(16) NOT NULL DEFAULT 'person';

ALTER TABLE issuer_credentials ADD COLUMN policy_digest VARCHAR(64);

DROP INDEX issuer_access_tokens_of_grant;
ALTER TABLE issuer_access_tokens RENAME TO issuer_access_tokens_3;
CREATE TABLE issuer_access_tokens (
    institution VARCHAR(64) NOT NULL,
    token_digest VARCHAR(64) NOT NULL,
    grant_id VARCHAR(64) NOT NULL,
    entitlements TEXT NOT NULL,
    identified BOOLEAN NOT NULL,
    client_id VARCHAR(255),
    dpop_thumbprint VARCHAR(64),
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (institution, token_digest)
);
CREATE INDEX issuer_access_tokens_of_grant ON issuer_access_tokens (institution, grant_id);
INSERT INTO issuer_access_tokens
    SELECT institution, token_digest, grant_id, entitlements, identified, client_id, dpop_thumbprint, expires_at
    FROM issuer_access_tokens_3;
CREATE TABLE issuer_granted_copies (
    institution VARCHAR(64) NOT NULL,
    grant_id VARCHAR(64) NOT NULL,
    copies_left INTEGER NOT NULL,
    counted_since BIGINT NOT NULL,
    PRIMARY KEY (institution, grant_id),
    CHECK (copies_left >= 0)
);
INSERT INTO issuer_granted_copies
    SELECT institution, grant_id, MIN(copies_left), MIN(expires_at)
    FROM issuer_access_tokens_3 GROUP BY institution, grant_id;
DROP TABLE issuer_access_tokens_3;

ALTER TABLE issuer_records ADD COLUMN born VARCHAR(10);
CREATE INDEX issuer_records_of_birth_date ON issuer_records (institution, born);
CREATE TABLE issuer_record_numbers (
    institution VARCHAR(64) NOT NULL,
    number VARCHAR(64) NOT NULL,
    record_id VARCHAR(64) NOT NULL,
    PRIMARY KEY (institution, number, record_id)
);
"""
"""Deliveries that were begun; outcomes of reissues; for whom offers are (earlier ones count as the person's);
disclosure policies of copies; copies counted for a grant and not for each of its tokens; records found by their
holders."""


def _from_3(connection: Connection) -> None:
    for statement in _FROM_3.split(";\n"):
        if statement.strip():
            connection.execute(text(statement))
    _note_holders(connection)


_RECORDS_AFTER: Final = text(
    "SELECT institution, record_id, body FROM issuer_records"
    " WHERE (institution, record_id) > (:institution, :record_id) ORDER BY institution, record_id LIMIT 1000"
)
_NOTE_BIRTH_DATE: Final = text(
    "UPDATE issuer_records SET born = :born WHERE institution = :institution AND record_id = :record_id"
)
_NOTE_NUMBER: Final = text("INSERT INTO issuer_record_numbers VALUES (:institution, :number, :record_id)")


def _note_holders(connection: Connection) -> None:
    """Note the date of birth and the personal numbers of every record, a thousand at a time."""
    last = {"institution": "", "record_id": ""}
    while page := connection.execute(_RECORDS_AFTER, last).all():
        for institution, record_id, body in page:
            holder = holder_of(record_from_json(strict_json.loads_object(body, what="record")))
            last = {"institution": institution, "record_id": record_id}
            connection.execute(_NOTE_BIRTH_DATE, {**last, "born": holder.date_of_birth.isoformat()})
            for number in sorted({*filter(None, map(number_letters, holder.numbers))}):
                connection.execute(_NOTE_NUMBER, {**last, "number": number})


UPGRADES: Final[Mapping[int, Upgrade]] = {3: _from_3}
"""By the version that each begins with; each leads to the next."""
