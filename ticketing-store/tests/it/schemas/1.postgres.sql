-- A store of schema 1 on PostgreSQL, as `pg_dump --inserts --no-owner` writes it, without what is for psql alone.
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public.connections (
    id text NOT NULL,
    tenant text NOT NULL,
    name text NOT NULL,
    provider text NOT NULL,
    account text NOT NULL,
    config text NOT NULL,
    mapping text,
    oauth_app text,
    oauth_client_id text,
    credential_kind text,
    webhook_secrets bigint NOT NULL,
    status text NOT NULL,
    scopes text NOT NULL,
    expires_at bigint,
    created bigint NOT NULL,
    last_used bigint,
    last_error text,
    generation bigint NOT NULL,
    revision bigint NOT NULL,
    lease_owner text,
    lease_until bigint
);
CREATE TABLE public.oauth_apps (
    name text NOT NULL,
    provider text NOT NULL,
    client_id text NOT NULL,
    created bigint NOT NULL
);
CREATE TABLE public.pending_authorizations (
    state_digest text NOT NULL,
    tenant text NOT NULL,
    provider text NOT NULL,
    account text NOT NULL,
    expires bigint NOT NULL
);
CREATE TABLE public.secrets (
    tenant text NOT NULL,
    owner text NOT NULL,
    slot text NOT NULL,
    key_id text NOT NULL,
    sealed bytea NOT NULL
);
CREATE TABLE public.store_schema (
    version bigint NOT NULL
);
INSERT INTO public.connections VALUES ('conn_d581df7f5483ae29bc2c763b45765906', 'acme', 'prod', 'servicenow', 'acme.service-now.com', '{"instance":"acme"}', NULL, NULL, NULL, 'basic', 1, 'active', '[]', NULL, 1795661677414, NULL, NULL, 1, 1, NULL, NULL);
INSERT INTO public.secrets VALUES ('acme', 'conn_d581df7f5483ae29bc2c763b45765906', 'credential', '81b06ad4de0c9dc5', '\x0181b06ad4de0c9dc59e408c7e4540194a3bd495e3c0ac51ab7f96b96ef30387803bf95b8210df277e580d684bf9b12379ca2cd545fd352431000076820a996523c999b7b24aa4bc8386df96e1d72e3a7a761e827d9ad510773f7d2072a2bed2c05d37cc1be9acab5fed779770563f201a42e4227743c8f0f08e8ec380e0fc443082ee9db92e3a36b6a717d9c9a2ca9bdaa61867850fbfd84cfd149bcc50cc99aca423');
INSERT INTO public.secrets VALUES ('acme', 'conn_d581df7f5483ae29bc2c763b45765906', 'webhook_secrets', '81b06ad4de0c9dc5', '\x0181b06ad4de0c9dc51b3f7719566df2b436f0b17f4125e583d7e9a94203f95b3a469b7ae852b28e22f0b51cd834257281c305998d015b15651ef513bae0a9');
INSERT INTO public.store_schema VALUES (1);
ALTER TABLE ONLY public.connections
    ADD CONSTRAINT connections_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.connections
    ADD CONSTRAINT connections_tenant_name_key UNIQUE (tenant, name);
ALTER TABLE ONLY public.oauth_apps
    ADD CONSTRAINT oauth_apps_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.pending_authorizations
    ADD CONSTRAINT pending_authorizations_pkey PRIMARY KEY (state_digest);
ALTER TABLE ONLY public.secrets
    ADD CONSTRAINT secrets_pkey PRIMARY KEY (tenant, owner, slot);
CREATE INDEX secrets_by_key ON public.secrets USING btree (key_id);
