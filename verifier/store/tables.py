"""The verifier's tables.

Every key begins with the institution, but for trusted lists and what issuers publish, which all share; times are
in seconds since the epoch (UTC). Session secrets and response codes are held as digests. The private encryption
key of a request is there only while the request is open. What must happen once is decided by the database: a
conditional UPDATE that changes exactly one row.
"""

from typing import Final

from sqlalchemy import BigInteger, Column, Index, LargeBinary, String, Table, Text, UniqueConstraint

from portadoc.storage.engine import new_metadata

METADATA: Final = new_metadata("verifier", version=2)

REQUESTS: Final = Table(
    "verifier_requests",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("request_id", String(64), primary_key=True),
    Column("transaction_id", String(64), nullable=False),
    Column("secret_digest", String(64), nullable=False),
    Column("client_id", Text, nullable=False),
    Column("channel", String(16), nullable=False),
    Column("response_mode", String(16), nullable=False),
    Column("terms", Text, nullable=False),
    Column("nonce", String(64), nullable=False),
    Column("state", String(64), nullable=False),
    Column("confirmation", String(16), nullable=False),
    Column("encryption_key", Text),
    Column("origin", Text),
    Column("return_uri", Text),
    Column("response_code_digest", String(64)),
    Column("returned_at", BigInteger),
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
    Column("receipt", Text),
    Column("answered_at", BigInteger, nullable=False),
)

STATUS_LISTS: Final = Table(
    "verifier_status_lists",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("uri", String(2048), primary_key=True),
    Column("issued_by", String(64), nullable=False),
    Column("form", String(8), nullable=False),
    Column("token", LargeBinary, nullable=False),
    Column("withdrawals", Text),
    Column("iat", BigInteger, nullable=False),
    Column("fetched_at", BigInteger, nullable=False),
    Column("refresh_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("used_at", BigInteger, nullable=False),
)

TRUST_PACKS: Final = Table(
    "verifier_trust_packs",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("as_of", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("pack", LargeBinary),
)

TRUST_LISTS: Final = Table(
    "verifier_trust_lists",
    METADATA,
    Column("uri", String(2048), primary_key=True),
    Column("form", String(16), nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("issued_at", BigInteger, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("fetched_at", BigInteger, nullable=False),
)

ISSUER_KEYS: Final = Table(
    "verifier_issuer_keys",
    METADATA,
    Column("issuer", String(2048), primary_key=True),
    Column("key_set", Text),
    Column("fetched_at", BigInteger),
    Column("attempted_at", BigInteger, nullable=False),
)

SEAL_CERTIFICATES: Final = Table(
    "verifier_seal_certificates",
    METADATA,
    Column("uri", String(2048), primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("fetched_at", BigInteger, nullable=False),
)
