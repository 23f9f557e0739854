"""The tables of signing in. A person or a machine is no institution's, so these keys begin with a digest instead.

Secrets (states, session ids, access tokens, assertion ids) are held as digests; times are epoch seconds. What must
happen once is decided by a primary key or by a DELETE that hits exactly one row.
"""

from typing import Final

from sqlalchemy import BigInteger, Column, Integer, String, Table, Text

from portadoc.storage.engine import new_metadata

METADATA: Final = new_metadata("portal_login", version=1)

SIGN_INS: Final = Table(
    "portal_sign_ins",
    METADATA,
    Column("state_digest", String(64), primary_key=True),
    Column("browser_digest", String(64), nullable=False),
    Column("provider", String(64), nullable=False),
    Column("nonce", String(64), nullable=False),
    Column("verifier", String(64), nullable=False),
    Column("destination", Text, nullable=False),
    Column("staff", Integer, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)
"""Sign-ins that have begun: what the answer of the provider is held against."""

SESSIONS: Final = Table(
    "portal_sessions",
    METADATA,
    Column("session_digest", String(64), primary_key=True),
    Column("proved", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("last_seen_at", BigInteger, nullable=False),
)

MACHINE_TOKENS: Final = Table(
    "portal_machine_tokens",
    METADATA,
    Column("token_digest", String(64), primary_key=True),
    Column("client_id", String(120), nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)

ASSERTIONS: Final = Table(
    "portal_assertions",
    METADATA,
    Column("client_id", String(120), primary_key=True),
    Column("jti_digest", String(64), primary_key=True),
    Column("expires_at", BigInteger, nullable=False),
)
"""Assertions that were used: none counts twice."""

MISSES: Final = Table(
    "portal_misses",
    METADATA,
    Column("who", String(64), primary_key=True),
    Column("misses", Integer, nullable=False),
    Column("since", BigInteger, nullable=False),
)
"""Unknown identifiers that were asked for, by a keyed tag of who asked."""
