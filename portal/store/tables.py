"""The portal role's tables.

Every key begins with the institution; times are in seconds since the epoch (UTC). History, decisions and tasks are
only ever added to. What must happen once is decided by the database: a primary key, or a conditional UPDATE of one
version that changes exactly one row.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from portadoc.storage.engine import new_metadata

METADATA: Final = new_metadata("portal", version=1)

APPLICATIONS: Final = Table(
    "portal_applications",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("application_id", String(64), primary_key=True),
    Column("case_number", String(32)),
    Column("version", Integer, nullable=False),
    Column("state", String(32), nullable=False),
    Column("request_kind", String(16), nullable=False),
    Column("certificate_kind", String(16), nullable=False),
    Column("capacity", String(16), nullable=False),
    Column("subject_id", String(200), nullable=False),
    Column("employer_id", String(64)),
    Column("worker_pin", String(64)),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("opened_at", BigInteger),
    Column("decided_at", BigInteger),
    Column("automated", Boolean, nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("assigned_to", String(200)),
    Column("predecessor", String(64)),
    Column("record_id", String(64)),
    Column("valid_to", String(10)),
    Column("step", String(16)),
    Column("step_due_at", BigInteger, nullable=False),
    Column("step_tries", Integer, nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("institution", "case_number"),
    Index("portal_applications_of_employer", "institution", "employer_id"),
    Index("portal_applications_of_person", "institution", "worker_pin"),
    Index("portal_applications_of_subject", "institution", "subject_id"),
    Index("portal_applications_by_state", "institution", "state"),
    Index("portal_applications_after", "institution", "predecessor"),
    Index("portal_applications_by_end", "institution", "valid_to"),
    Index("portal_applications_unfinished", "step"),
    Index("portal_applications_closed", "institution", "certificate_kind", "request_kind", "decided_at"),
)

HISTORY: Final = Table(
    "portal_history",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("application_id", String(64), primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("what", String(32), nullable=False),
    Column("actor", String(16), nullable=False),
    Column("actor_id", String(200), nullable=False),
    Column("state", String(32), nullable=False),
    Column("reason", Text, nullable=False),
    Column("details", Text, nullable=False),
)

DECISIONS: Final = Table(
    "portal_decisions",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("application_id", String(64), primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("automated", Boolean, nullable=False),
    Column("decided_by", String(200), nullable=False),
    Column("facts", Text, nullable=False),
    Column("decision", Text, nullable=False),
)

CASE_NUMBERS: Final = Table(
    "portal_case_numbers",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("series", String(16), primary_key=True),
    Column("last", Integer, nullable=False),
)

MACHINE_REQUESTS: Final = Table(
    "portal_machine_requests",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("client", String(200), primary_key=True),
    Column("key_digest", String(64), primary_key=True),
    Column("body_digest", String(64), nullable=False),
    Column("application_id", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
)

TASKS: Final = Table(
    "portal_tasks",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("task_id", String(64), primary_key=True),
    Column("application_id", String(64), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("detail", String(200), nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("done_at", BigInteger),
    Column("done_by", String(200)),
    Index("portal_tasks_open", "institution", "done_at"),
)

DOCUMENTS: Final = Table(
    "portal_documents",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("application_id", String(64), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("language", String(8), primary_key=True),
    Column("about", String(64), primary_key=True),
    Column("made_at", BigInteger, nullable=False),
    Column("pdf", LargeBinary, nullable=False),
    Column("code", Text, nullable=False),
    Column("seal", Text, nullable=False),
)
"""Papers as they were released, by what they are about: the record, or the version that was filed."""

OFFERS: Final = Table(
    "portal_offers",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("offer_id", String(64), primary_key=True),
    Column("application_id", String(64), nullable=False),
    Column("for_whom", String(16), nullable=False),
    Column("made_by", String(200), nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("closed_at", BigInteger),
    Index("portal_offers_of", "institution", "application_id"),
)

OFFERS_BEGUN: Final = Table(
    "portal_offers_begun",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("begun_id", String(64), primary_key=True),
    Column("application_id", String(64), nullable=False),
    Column("begun_at", BigInteger, nullable=False),
    Index("portal_offers_begun_of", "institution", "application_id"),
)
"""Offers that are about to be made: they count as made ones do, so that many at one moment are not too many."""

NEWS: Final = Table(
    "portal_news",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("deed_id", String(64), primary_key=True),
    Column("party", String(64), primary_key=True),
    Column("worker_pin", String(64), nullable=False),
    Column("born", String(10), nullable=False),
    Column("verb", String(16), nullable=False),
    Column("number", String(80), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("is_worker", Boolean, nullable=False),
    Column("told_at", BigInteger),
    Index("portal_news_of_party", "institution", "party", "at"),
    Index("portal_news_of_worker", "institution", "worker_pin"),
    Index("portal_news_untold", "institution", "told_at", "at"),
)
"""What was done to certificates at the issuer, for each who is told of it."""

NEWS_READ: Final = Table(
    "portal_news_read",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("deed_number", BigInteger, nullable=False),
)
"""How far the issuer's history was read."""

REMINDERS: Final = Table(
    "portal_reminders",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("application_id", String(64), primary_key=True),
    Column("kind", String(32), primary_key=True),
    Column("about", String(10), primary_key=True),
    Column("sent_at", BigInteger, nullable=False),
)
