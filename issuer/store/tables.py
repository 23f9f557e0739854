"""The issuer's tables. Every key begins with the institution, but for misses: who guesses at codes names none.

Times are seconds since the epoch (UTC). Secrets are held as digests only: no code, token, offer reference, nonce
or transaction code can be read back. A seal is held locked under its verification code, which is not held.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from portadoc.issuer.store.upgrades import UPGRADES
from portadoc.storage.engine import new_metadata

METADATA: Final = new_metadata("issuer", version=4, upgrades=UPGRADES)

RECORDS: Final = Table(
    "issuer_records",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("record_id", String(64), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("body", Text, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("withdrawn_at", BigInteger),
    Column("withdrawal_reason", String(64)),
    Column("born", String(10)),
    Index("issuer_records_of_birth_date", "institution", "born"),
)
"""``born`` is the holder's date of birth as in ``body``, by which the records of a person are found."""

RECORD_NUMBERS: Final = Table(
    "issuer_record_numbers",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("number", String(64), primary_key=True),
    Column("record_id", String(64), primary_key=True),
)
"""Whom records are about: personal numbers, letters and digits in capitals, by which a person's own are found."""

OFFERS: Final = Table(
    "issuer_offers",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("offer_id", String(64), primary_key=True),
    Column("entitlements", Text, nullable=False),
    Column("code_digest", String(64)),
    Column("issuer_state_digest", String(64)),
    Column("reference_digest", String(64)),
    Column("tx_code_tag", String(64)),
    Column("tries_left", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("recipient", String(16), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    UniqueConstraint("institution", "code_digest"),
    UniqueConstraint("institution", "issuer_state_digest"),
    UniqueConstraint("institution", "reference_digest"),
    CheckConstraint("tries_left >= 0"),
)
"""``recipient`` says for whose wallet an offer is, and so for good whose the copies are that came of it."""

OFFERED_RECORDS: Final = Table(
    "issuer_offered_records",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("record_id", String(64), primary_key=True),
    Column("offer_id", String(64), primary_key=True),
)

AUTHORIZATIONS: Final = Table(
    "issuer_authorizations",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("authorization_id", String(64), primary_key=True),
    Column("request_digest", String(64)),
    Column("request", Text, nullable=False),
    Column("stage", String(16), nullable=False),
    Column("browser_digest", String(64)),
    Column("identity", Text),
    Column("entitlements", Text),
    Column("code_digest", String(64)),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    UniqueConstraint("institution", "request_digest"),
    UniqueConstraint("institution", "code_digest"),
)
"""Authorizations that wallets have pushed, from the request to the code. ``identity`` is emptied with the code."""

ACCESS_TOKENS: Final = Table(
    "issuer_access_tokens",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("token_digest", String(64), primary_key=True),
    Column("grant_id", String(64), nullable=False),
    Column("entitlements", Text, nullable=False),
    Column("identified", Boolean, nullable=False),
    Column("client_id", String(255)),
    Column("dpop_thumbprint", String(64)),
    Column("expires_at", BigInteger, nullable=False),
    Index("issuer_access_tokens_of_grant", "institution", "grant_id"),
)

REFRESH_TOKENS: Final = Table(
    "issuer_refresh_tokens",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("token_digest", String(64), primary_key=True),
    Column("grant_id", String(64), nullable=False),
    Column("entitlements", Text, nullable=False),
    Column("identified", Boolean, nullable=False),
    Column("client_id", String(255), nullable=False),
    Column("dpop_thumbprint", String(64), nullable=False),
    Column("instance_thumbprint", String(64)),
    Column("used_at", BigInteger),
    Column("expires_at", BigInteger, nullable=False),
    Index("issuer_refresh_tokens_of_grant", "institution", "grant_id"),
)

GRANTED_COPIES: Final = Table(
    "issuer_granted_copies",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("grant_id", String(64), primary_key=True),
    Column("copies_left", Integer, nullable=False),
    Column("counted_since", BigInteger, nullable=False),
    CheckConstraint("copies_left >= 0"),
)
"""Copies that all tokens of an offer or authorization may still obtain together; kept while one of them is."""

USED_ONCE: Final = Table(
    "issuer_used_once",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("kind", String(32), primary_key=True),
    Column("value_digest", String(64), primary_key=True),
    Column("expires_at", BigInteger, nullable=False),
)
"""Challenges and identifiers of proofs that were used and are still live: of each, the first use counts."""

DEFERRED: Final = Table(
    "issuer_deferred",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("transaction_digest", String(64), primary_key=True),
    Column("grant_id", String(64), nullable=False),
    Column("client_id", String(255)),
    Column("dpop_thumbprint", String(64)),
    Column("record_id", String(64), nullable=False),
    Column("configuration_id", String(128), nullable=False),
    Column("holder_keys", Text, nullable=False),
    Column("taken_at", BigInteger),
    Column("response_id", String(64)),
    Column("delivered_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)
"""Credential requests that wait for a decision. The holder's keys were proven when it was asked, and stay until
they are delivered. ``response_id`` is the delivery that was begun last, at ``taken_at``."""

EXPECTED_RECORDS: Final = Table(
    "issuer_expected_records",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("record_id", String(64), primary_key=True),
    Column("holder", Text, nullable=False),
    Column("configuration_ids", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("expected_at", BigInteger, nullable=False),
    Column("decided_at", BigInteger),
)
"""Records that are asked for and not decided: under the id that the record will have."""

STATUS_LISTS: Final = Table(
    "issuer_status_lists",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("list_id", String(128), primary_key=True),
    Column("size", Integer, nullable=False),
    Column("reserved", Integer, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("published_version", BigInteger, nullable=False),
    Column("token", LargeBinary, nullable=False),
    Column("cwt", LargeBinary, nullable=False),
    Column("withdrawals", LargeBinary, nullable=False),
    Column("etag", String(64), nullable=False),
    Column("signed_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    CheckConstraint("reserved * 2 <= size"),
)

CREDENTIALS: Final = Table(
    "issuer_credentials",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("credential_id", String(64), primary_key=True),
    Column("record_id", String(64), nullable=False),
    Column("grant_id", String(64), nullable=False),
    Column("notification_id", String(64), nullable=False),
    Column("configuration_id", String(128), nullable=False),
    Column("vct", String(255), nullable=False),
    Column("holder_thumbprint", String(64), nullable=False),
    Column("payload_digest", String(64), nullable=False),
    Column("valid_from", BigInteger, nullable=False),
    Column("valid_until", BigInteger, nullable=False),
    Column("list_id", String(128), nullable=False),
    Column("idx", Integer, nullable=False),
    Column("intended_at", BigInteger, nullable=False),
    Column("issued_at", BigInteger),
    Column("notified", String(32)),
    Column("withdrawn_at", BigInteger),
    Column("withdrawal_reason", String(64)),
    Column("effective_from", String(10)),
    Column("cause", String(32)),
    Column("successor", String(64)),
    Column("policy_digest", String(64)),
    UniqueConstraint("institution", "list_id", "idx"),
    Index("issuer_credentials_of_record", "institution", "record_id"),
    Index("issuer_credentials_of_notification", "institution", "notification_id"),
)
"""``policy_digest`` tells the disclosure policy under which a copy was issued; none: to be shown to anybody."""

SEAL_CODES: Final = Table(
    "issuer_seal_codes",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("code_digest", String(64), primary_key=True),
    Column("credential_id", String(64), nullable=False),
    Column("by_number", LargeBinary),
    Column("by_birth_date", LargeBinary),
    Column("tries_left", Integer, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    CheckConstraint("tries_left >= 0"),
    Index("issuer_seal_codes_by_digest", "code_digest", unique=True),
)

CODE_MISSES: Final = Table(
    "issuer_code_misses",
    METADATA,
    Column("source_tag", String(64), primary_key=True),
    Column("misses", Integer, nullable=False),
    Column("since", BigInteger, nullable=False),
)

ACTS: Final = Table(
    "issuer_acts",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("act_id", String(64), primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("verb", String(16), nullable=False),
    Column("record_id", String(64), nullable=False),
    Column("successor", String(64)),
    Column("reason", String(64)),
    Column("effective_from", String(10)),
    Column("cause", String(32)),
    Column("offer_id", String(64)),
    Column("request_key", String(64)),
    Column("asked_by", String(128)),
    Column("begun_at", BigInteger, nullable=False),
    Column("done_at", BigInteger),
    Column("outcome", String(16)),
    UniqueConstraint("institution", "request_key"),
    UniqueConstraint("institution", "number"),
    Index("issuer_acts_on_record", "institution", "record_id"),
    Index("issuer_acts_going_on", "institution", "done_at"),
    Index("issuer_acts_for_successor", "institution", "successor"),
)
"""What was done to a record after it was kept, and which record came of it. Without ``done_at``, it goes on."""

REPLACED_GRANTS: Final = Table(
    "issuer_replaced_grants",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("act_id", String(64), primary_key=True),
    Column("grant_id", String(64), primary_key=True),
)
"""What the person's copies came of, or could come of, when a reissue began: they end when the new ones are
collected."""

SOURCE_RECORDS: Final = Table(
    "issuer_source_records",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("source_record_id", String(64), primary_key=True),
    Column("record_id", String(64), nullable=False),
    Column("kept_at", BigInteger, nullable=False),
    UniqueConstraint("institution", "record_id"),
    Index("issuer_source_records_in_order", "institution", "kept_at", "source_record_id"),
)
"""The ids of an authentic source beside ours: its own never get into anything that is published."""

SOURCE_TOKENS: Final = Table(
    "issuer_source_tokens",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("token_digest", String(64), primary_key=True),
    Column("client_id", String(128), nullable=False),
    Column("verbs", String(255), nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index("issuer_source_tokens_by_digest", "token_digest", unique=True),
)

SOURCE_REQUESTS: Final = Table(
    "issuer_source_requests",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("client_id", String(128), primary_key=True),
    Column("key_digest", String(64), primary_key=True),
    Column("request_digest", String(64), nullable=False),
    Column("answer", LargeBinary),
    Column("claimed_until", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)
"""Requests by Idempotency-Key. ``answer`` is locked under the key, which is not held: it may hold an offer."""

IDENTIFICATIONS: Final = Table(
    "issuer_identifications",
    METADATA,
    Column("institution", String(64), primary_key=True),
    Column("attempt_id", String(64), primary_key=True),
    Column("authorization_id", String(64), nullable=False),
    Column("means", String(16), nullable=False),
    Column("provider", String(64)),
    Column("client_id", String(2048)),
    Column("state", String(64), nullable=False),
    Column("nonce", String(64), nullable=False),
    Column("secret", Text),
    Column("phase", String(16), nullable=False),
    Column("response_code_digest", String(64)),
    Column("identity", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    UniqueConstraint("institution", "state"),
    Index("issuer_identifications_of_authorization", "institution", "authorization_id"),
)
"""Tries to identify whoever sits before an authorization. ``secret`` (the key of a request, the verifier of a
sign-in) is deleted with the answer, ``identity`` as soon as the person has come back."""
