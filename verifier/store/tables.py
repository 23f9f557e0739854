"""The verifier's tables.

Every key begins with the institution; times are seconds since the epoch (UTC). Session secrets and response codes
are held as digests. The private encryption key of a request is there only while the request is open. What must
happen once is decided by the database: a conditional UPDATE that changes exactly one row.
"""

from typing import Final

from sqlalchemy import BigInteger, Column, Index, String, Table, Text, UniqueConstraint

from portadoc.storage.engine import new_metadata

METADATA: Final = new_metadata("verifier")

REQUESTS: Final = Table(
    "verifier_requests",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("request_id", String(64), primary_key=True),
    Column("transaction_id", String(64), nullable=False),
    Column("secret_digest", String(64), nullable=False),
    Column("client_id", Text, nullable=False),
    Column("terms", Text, nullable=False),
    Column("nonce", String(64), nullable=False),
    Column("state", String(64), nullable=False),
    Column("encryption_key", Text),
    Column("return_uri", Text),
    Column("response_code_digest", String(64)),
    Column("phase", String(16), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    UniqueConstraint("institution", "transaction_id"),
    Index("verifier_requests_by_age", "institution", "created_at"),
)

RESULTS: Final = Table(
    "verifier_results",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("request_id", String(64), primary_key=True),
    Column("body", Text, nullable=False),
    Column("answered_at", BigInteger, nullable=False),
)

STATUS_LISTS: Final = Table(
    "verifier_status_lists",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("uri", String(2048), primary_key=True),
    Column("issued_by", String(64), nullable=False),
    Column("token", Text, nullable=False),
    Column("iat", BigInteger, nullable=False),
    Column("fetched_at", BigInteger, nullable=False),
    Column("refresh_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("used_at", BigInteger, nullable=False),
)
