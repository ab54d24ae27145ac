-- A store of schema 1, as `sqlite3 .dump` writes it.
BEGIN TRANSACTION;
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
INSERT INTO "connections" VALUES('conn_d581df7f5483ae29bc2c763b45765906','acme','prod','servicenow','acme.service-now.com','{"instance":"acme"}',NULL,NULL,NULL,'basic',1,'active','[]',NULL,1795661677414,NULL,NULL,1,1,NULL,NULL);
CREATE TABLE oauth_apps (
    name                TEXT   NOT NULL PRIMARY KEY,
    provider            TEXT   NOT NULL,
    client_id           TEXT   NOT NULL,
    created             BIGINT NOT NULL
);
CREATE TABLE pending_authorizations (
    state_digest        TEXT   NOT NULL PRIMARY KEY,
    tenant              TEXT   NOT NULL,
    provider            TEXT   NOT NULL,
    account             TEXT   NOT NULL,
    expires             BIGINT NOT NULL
);
CREATE TABLE secrets (
    tenant              TEXT   NOT NULL,
    owner               TEXT   NOT NULL,
    slot                TEXT   NOT NULL,
    key_id              TEXT   NOT NULL,
    sealed              BLOB   NOT NULL,
    PRIMARY KEY (tenant, owner, slot)
);
INSERT INTO "secrets" VALUES('acme','conn_d581df7f5483ae29bc2c763b45765906','credential','81b06ad4de0c9dc5',X'0181B06AD4DE0C9DC59E408C7E4540194A3BD495E3C0AC51AB7F96B96EF30387803BF95B8210DF277E580D684BF9B12379CA2CD545FD352431000076820A996523C999B7B24AA4BC8386DF96E1D72E3A7A761E827D9AD510773F7D2072A2BED2C05D37CC1BE9ACAB5FED779770563F201A42E4227743C8F0F08E8EC380E0FC443082EE9DB92E3A36B6A717D9C9A2CA9BDAA61867850FBFD84CFD149BCC50CC99ACA423');
INSERT INTO "secrets" VALUES('acme','conn_d581df7f5483ae29bc2c763b45765906','webhook_secrets','81b06ad4de0c9dc5',X'0181B06AD4DE0C9DC51B3F7719566DF2B436F0B17F4125E583D7E9A94203F95B3A469B7AE852B28E22F0B51CD834257281C305998D015B15651EF513BAE0A9');
CREATE TABLE store_schema (version BIGINT NOT NULL);
INSERT INTO "store_schema" VALUES(1);
CREATE INDEX secrets_by_key ON secrets (key_id);
COMMIT;
