"""The tables of health cards and of consent to replacement certificates.

Every key begins with the institution, but for the count of tries, which is about who asks. A consent code and a
birth date are held as keyed tags: whoever has the table can try none out. What must happen once is decided by a
primary key or by a conditional UPDATE that changes exactly one row.
"""

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, UniqueConstraint, text

from portadoc.storage.engine import new_metadata

_IS_OPEN_CODE: Final = text("way = 'code' AND state = 'open'")
METADATA: Final = new_metadata("portal_health", version=1)

CARD_CASES: Final = Table(
    "portal_card_cases",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("person", String(64), primary_key=True),
    Column("application_id", String(64), nullable=False),
)
"""The latest case about the card of a person, by a keyed tag: of two at the same time, one is the next."""

CONSENTS: Final = Table(
    "portal_consents",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("consent_id", String(64), primary_key=True),
    Column("person_pin", String(64)),
    Column("way", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("code_tag", String(64)),
    Column("birth_tag", String(64)),
    Column("made_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("settled_at", BigInteger),
    Column("tries", Integer, nullable=False),
    Column("given_to", String(200)),
    Column("given_name", String(200), nullable=False),
    Column("reason", String(16), nullable=False),
    Column("first_day", String(10), nullable=False),
    Column("language", String(8), nullable=False),
    Column("application_id", String(64)),
    UniqueConstraint("institution", "code_tag"),
    Index(
        "portal_consents_one_open_code",
        "institution",
        "person_pin",
        unique=True,
        sqlite_where=_IS_OPEN_CODE,
        postgresql_where=_IS_OPEN_CODE,
    ),
    Index("portal_consents_of_person", "institution", "person_pin"),
    Index("portal_consents_over", "expires_at"),
)

ASKED: Final = Table(
    "portal_asked",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("asked_id", String(64), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("asked_by", String(200), nullable=False),
    Column("asked_name", String(200), nullable=False),
    Column("person_pin", String(64)),
    Column("outcome", String(16), nullable=False),
    Column("reason", String(32), nullable=False),
    Column("application_id", String(64)),
    Index("portal_asked_of_person", "institution", "person_pin"),
)
"""Who asked for a replacement certificate, and what came of it: only ever added to."""

TRIES: Final = Table(
    "portal_tries",
    METADATA,
    Column("who", String(64), primary_key=True),
    Column("tries", Integer, nullable=False),
    Column("since", BigInteger, nullable=False),
)
"""Codes and persons that were tried, by a keyed tag of who tried."""
