"""The inspector role's tables.

Every key begins with the institution; times are in seconds since the epoch (UTC). Pairing codes, the secrets of
devices and the names of dossier links are held as digests. What must happen once is decided by the database: a
primary key, or a conditional UPDATE that changes exactly one row.
"""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table, Text

from portadoc.storage.engine import new_metadata

METADATA: Final = new_metadata("inspector", version=3)

PAIRINGS: Final = Table(
    "inspector_pairings",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("code_digest", String(64), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
)

TRIES: Final = Table(
    "inspector_pairing_tries",
    METADATA,
    Column("source", String(64), primary_key=True),
    Column("minute", BigInteger, primary_key=True, autoincrement=False),
    Column("count", Integer, nullable=False),
)
"""Wrong pairing codes by a keyed tag of where they came from; which institution was meant, nobody knows."""

DEVICES: Final = Table(
    "inspector_devices",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("device_id", String(64), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("own_name", String(120), nullable=False),
    Column("secret_digest", String(64), nullable=False, unique=True),
    Column("encryption_key", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
)

USES: Final = Table(
    "inspector_uses",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("device_id", String(64), primary_key=True),
    Column("what", String(16), primary_key=True),
    Column("minute", BigInteger, primary_key=True, autoincrement=False),
    Column("count", Integer, nullable=False),
)

ASKS: Final = Table(
    "inspector_asks",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("transaction_id", String(64), primary_key=True),
    Column("device_id", String(64), nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

ENTRIES: Final = Table(
    "inspector_entries",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("entry_id", String(36), primary_key=True),
    Column("visit_id", String(36), nullable=False),
    Column("device_id", String(64), nullable=False),
    Column("sealed_for", String(64), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("message_digest", String(64), nullable=False),
    Column("content_digest", String(64), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("judgement", Text),
    Column("differs", Boolean, nullable=False),
    Index("inspector_entries_of_visit", "institution", "visit_id", "sequence"),
)

VISITS: Final = Table(
    "inspector_visits",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("visit_id", String(36), primary_key=True),
    Column("device_id", String(64), nullable=False),
    Column("site", String(800), nullable=False),
    Column("site_key", String(800), nullable=False),
    Column("first_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("closed_at", BigInteger),
    Column("received_at", BigInteger, nullable=False),
    Column("entries", Integer, nullable=False),
    Index("inspector_visits_by_site", "institution", "site_key"),
)

DOSSIERS: Final = Table(
    "inspector_dossiers",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("dossier_id", String(64), primary_key=True),
    Column("secret_digest", String(64), nullable=False, unique=True),
    Column("site_key", String(800), nullable=False),
    Column("title", String(800), nullable=False),
    Column("device_id", String(64)),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
)

EXPORTS: Final = Table(
    "inspector_exports",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("export_id", String(64), primary_key=True),
    Column("visit_id", String(36), nullable=False),
    Column("form", String(8), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("digest", String(64), nullable=False),
)
