CREATE TABLE issuer_records (
    institution VARCHAR(64) NOT NULL,
    record_id VARCHAR(64) NOT NULL,
    kind VARCHAR(32) NOT NULL,
    body TEXT NOT NULL,
    recorded_at BIGINT NOT NULL,
    withdrawn_at BIGINT,
    withdrawal_reason VARCHAR(64),
    PRIMARY KEY (institution, record_id)
);

CREATE TABLE issuer_offers (
    institution VARCHAR(64) NOT NULL,
    offer_id VARCHAR(64) NOT NULL,
    entitlements TEXT NOT NULL,
    code_digest VARCHAR(64),
    issuer_state_digest VARCHAR(64),
    reference_digest VARCHAR(64),
    tx_code_tag VARCHAR(64),
    tries_left INTEGER NOT NULL,
    state VARCHAR(16) NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (institution, offer_id),
    UNIQUE (institution, code_digest),
    UNIQUE (institution, issuer_state_digest),
    UNIQUE (institution, reference_digest),
    CHECK (tries_left >= 0)
);

CREATE TABLE issuer_offered_records (
    institution VARCHAR(64) NOT NULL,
    record_id VARCHAR(64) NOT NULL,
    offer_id VARCHAR(64) NOT NULL,
    PRIMARY KEY (institution, record_id, offer_id)
);

CREATE TABLE issuer_authorizations (
    institution VARCHAR(64) NOT NULL,
    authorization_id VARCHAR(64) NOT NULL,
    request_digest VARCHAR(64),
    request TEXT NOT NULL,
    stage VARCHAR(16) NOT NULL,
    browser_digest VARCHAR(64),
    identity TEXT,
    entitlements TEXT,
    code_digest VARCHAR(64),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (institution, authorization_id),
    UNIQUE (institution, request_digest),
    UNIQUE (institution, code_digest)
);

CREATE TABLE issuer_access_tokens (
    institution VARCHAR(64) NOT NULL,
    token_digest VARCHAR(64) NOT NULL,
    grant_id VARCHAR(64) NOT NULL,
    entitlements TEXT NOT NULL,
    identified BOOLEAN NOT NULL,
    client_id VARCHAR(255),
    dpop_thumbprint VARCHAR(64),
    copies_left INTEGER NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (institution, token_digest),
    CHECK (copies_left >= 0)
);

CREATE INDEX issuer_access_tokens_of_grant ON issuer_access_tokens (institution, grant_id);

CREATE TABLE issuer_refresh_tokens (
    institution VARCHAR(64) NOT NULL,
    token_digest VARCHAR(64) NOT NULL,
    grant_id VARCHAR(64) NOT NULL,
    entitlements TEXT NOT NULL,
    identified BOOLEAN NOT NULL,
    client_id VARCHAR(255) NOT NULL,
    dpop_thumbprint VARCHAR(64) NOT NULL,
    instance_thumbprint VARCHAR(64),
    used_at BIGINT,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (institution, token_digest)
);

CREATE INDEX issuer_refresh_tokens_of_grant ON issuer_refresh_tokens (institution, grant_id);

CREATE TABLE issuer_used_once (
    institution VARCHAR(64) NOT NULL,
    kind VARCHAR(32) NOT NULL,
    value_digest VARCHAR(64) NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (institution, kind, value_digest)
);

CREATE TABLE issuer_deferred (
    institution VARCHAR(64) NOT NULL,
    transaction_digest VARCHAR(64) NOT NULL,
    grant_id VARCHAR(64) NOT NULL,
    client_id VARCHAR(255),
    dpop_thumbprint VARCHAR(64),
    record_id VARCHAR(64) NOT NULL,
    configuration_id VARCHAR(128) NOT NULL,
    holder_keys TEXT NOT NULL,
    delivered_at BIGINT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (institution, transaction_digest)
);

CREATE TABLE issuer_expected_records (
    institution VARCHAR(64) NOT NULL,
    record_id VARCHAR(64) NOT NULL,
    holder TEXT NOT NULL,
    configuration_ids TEXT NOT NULL,
    state VARCHAR(16) NOT NULL,
    expected_at BIGINT NOT NULL,
    decided_at BIGINT,
    PRIMARY KEY (institution, record_id)
);

CREATE TABLE issuer_status_lists (
    institution VARCHAR(64) NOT NULL,
    list_id VARCHAR(128) NOT NULL,
    size INTEGER NOT NULL,
    reserved INTEGER NOT NULL,
    version BIGINT NOT NULL,
    published_version BIGINT NOT NULL,
    token BLOB NOT NULL,
    cwt BLOB NOT NULL,
    withdrawals BLOB NOT NULL,
    etag VARCHAR(64) NOT NULL,
    signed_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (institution, list_id),
    CHECK (reserved * 2 <= size)
);

CREATE TABLE issuer_credentials (
    institution VARCHAR(64) NOT NULL,
    credential_id VARCHAR(64) NOT NULL,
    record_id VARCHAR(64) NOT NULL,
    grant_id VARCHAR(64) NOT NULL,
    notification_id VARCHAR(64) NOT NULL,
    configuration_id VARCHAR(128) NOT NULL,
    vct VARCHAR(255) NOT NULL,
    holder_thumbprint VARCHAR(64) NOT NULL,
    payload_digest VARCHAR(64) NOT NULL,
    valid_from BIGINT NOT NULL,
    valid_until BIGINT NOT NULL,
    list_id VARCHAR(128) NOT NULL,
    idx INTEGER NOT NULL,
    intended_at BIGINT NOT NULL,
    issued_at BIGINT,
    notified VARCHAR(32),
    withdrawn_at BIGINT,
    withdrawal_reason VARCHAR(64),
    effective_from VARCHAR(10),
    cause VARCHAR(32),
    successor VARCHAR(64),
    PRIMARY KEY (institution, credential_id),
    UNIQUE (institution, list_id, idx)
);

CREATE INDEX issuer_credentials_of_notification ON issuer_credentials (institution, notification_id);

CREATE INDEX issuer_credentials_of_record ON issuer_credentials (institution, record_id);

CREATE TABLE issuer_seal_codes (
    institution VARCHAR(64) NOT NULL,
    code_digest VARCHAR(64) NOT NULL,
    credential_id VARCHAR(64) NOT NULL,
    by_number BLOB,
    by_birth_date BLOB,
    tries_left INTEGER NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (institution, code_digest),
    CHECK (tries_left >= 0)
);

CREATE UNIQUE INDEX issuer_seal_codes_by_digest ON issuer_seal_codes (code_digest);

CREATE TABLE issuer_code_misses (
    source_tag VARCHAR(64) NOT NULL,
    misses INTEGER NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (source_tag)
);

CREATE TABLE issuer_acts (
    institution VARCHAR(64) NOT NULL,
    act_id VARCHAR(64) NOT NULL,
    number BIGINT NOT NULL,
    verb VARCHAR(16) NOT NULL,
    record_id VARCHAR(64) NOT NULL,
    successor VARCHAR(64),
    reason VARCHAR(64),
    effective_from VARCHAR(10),
    cause VARCHAR(32),
    offer_id VARCHAR(64),
    request_key VARCHAR(64),
    asked_by VARCHAR(128),
    begun_at BIGINT NOT NULL,
    done_at BIGINT,
    PRIMARY KEY (institution, act_id),
    UNIQUE (institution, request_key),
    UNIQUE (institution, number)
);

CREATE INDEX issuer_acts_on_record ON issuer_acts (institution, record_id);

CREATE INDEX issuer_acts_for_successor ON issuer_acts (institution, successor);

CREATE INDEX issuer_acts_going_on ON issuer_acts (institution, done_at);

CREATE TABLE issuer_replaced_grants (
    institution VARCHAR(64) NOT NULL,
    act_id VARCHAR(64) NOT NULL,
    grant_id VARCHAR(64) NOT NULL,
    PRIMARY KEY (institution, act_id, grant_id)
);

CREATE TABLE issuer_source_records (
    institution VARCHAR(64) NOT NULL,
    source_record_id VARCHAR(64) NOT NULL,
    record_id VARCHAR(64) NOT NULL,
    kept_at BIGINT NOT NULL,
    PRIMARY KEY (institution, source_record_id),
    UNIQUE (institution, record_id)
);

CREATE INDEX issuer_source_records_in_order ON issuer_source_records (institution, kept_at, source_record_id);

CREATE TABLE issuer_source_tokens (
    institution VARCHAR(64) NOT NULL,
    token_digest VARCHAR(64) NOT NULL,
    client_id VARCHAR(128) NOT NULL,
    verbs VARCHAR(255) NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (institution, token_digest)
);

CREATE UNIQUE INDEX issuer_source_tokens_by_digest ON issuer_source_tokens (token_digest);

CREATE TABLE issuer_source_requests (
    institution VARCHAR(64) NOT NULL,
    client_id VARCHAR(128) NOT NULL,
    key_digest VARCHAR(64) NOT NULL,
    request_digest VARCHAR(64) NOT NULL,
    answer BLOB,
    claimed_until BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (institution, client_id, key_digest)
);

CREATE TABLE issuer_identifications (
    institution VARCHAR(64) NOT NULL,
    attempt_id VARCHAR(64) NOT NULL,
    authorization_id VARCHAR(64) NOT NULL,
    means VARCHAR(16) NOT NULL,
    provider VARCHAR(64),
    client_id VARCHAR(2048),
    state VARCHAR(64) NOT NULL,
    nonce VARCHAR(64) NOT NULL,
    secret TEXT,
    phase VARCHAR(16) NOT NULL,
    response_code_digest VARCHAR(64),
    identity TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (institution, attempt_id),
    UNIQUE (institution, state)
);

CREATE INDEX issuer_identifications_of_authorization ON issuer_identifications (institution, authorization_id);
