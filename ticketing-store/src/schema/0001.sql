-- Connections of customers. Times are milliseconds since 1970 in UTC; lists and configurations are JSON.
CREATE TABLE connections (
    id                  TEXT   NOT NULL PRIMARY KEY,
    tenant              TEXT   NOT NULL,
    name                TEXT   NOT NULL,
    provider            TEXT   NOT NULL,
    account             TEXT   NOT NULL,
    config              TEXT   NOT NULL,
    mapping             TEXT,
    oauth_app           TEXT,
    oauth_client_id     TEXT,
    credential_kind     TEXT,
    webhook_secrets     BIGINT NOT NULL,
    status              TEXT   NOT NULL,
    scopes              TEXT   NOT NULL,
    expires_at          BIGINT,
    created             BIGINT NOT NULL,
    last_used           BIGINT,
    last_error          TEXT,
    -- Counts the tokens, so that an older one is never written over a newer one.
    generation          BIGINT NOT NULL,
    -- Counts the changes to everything else.
    revision            BIGINT NOT NULL,
    -- Who asks the vendor for a token now, and until when nobody else does. By the database's clock.
    lease_owner         TEXT,
    lease_until         BIGINT,
    UNIQUE (tenant, name)
);

-- Everything secret. What is sealed is bound to tenant, owner and slot, and opens in no other row.
CREATE TABLE secrets (
    tenant              TEXT   NOT NULL,
    owner               TEXT   NOT NULL,
    slot                TEXT   NOT NULL,
    key_id              TEXT   NOT NULL,
    sealed              BLOB   NOT NULL,
    PRIMARY KEY (tenant, owner, slot)
);
CREATE INDEX secrets_by_key ON secrets (key_id);

-- The product's own registrations with vendors, shared by all tenants.
CREATE TABLE oauth_apps (
    name                TEXT   NOT NULL PRIMARY KEY,
    provider            TEXT   NOT NULL,
    client_id           TEXT   NOT NULL,
    created             BIGINT NOT NULL
);

-- Customers who are on the vendor's page now. The state itself is not kept, its digest is.
CREATE TABLE pending_authorizations (
    state_digest        TEXT   NOT NULL PRIMARY KEY,
    tenant              TEXT   NOT NULL,
    provider            TEXT   NOT NULL,
    account             TEXT   NOT NULL,
    expires             BIGINT NOT NULL
);
