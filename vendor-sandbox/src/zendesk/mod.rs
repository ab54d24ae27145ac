//! A Zendesk Support account: `wire/jira-zendesk.md` part B says what it does, and why.
//!
//! ```
//! # async fn example() -> Result<(), vendor_sandbox::SandboxError> {
//! use vendor_sandbox::zendesk::Sandbox;
//!
//! let sandbox = Sandbox::builder().seed(7).build()?;
//! let running = sandbox.serve(0).await?;
//! println!("curl -u integration@example.com/token:sandbox-token '{}/api/v2/tickets?page[size]=5'", running.base_url());
//! sandbox.control().advance(60)?;
//! running.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! Logins: `EMAIL/token` with the API token `sandbox-token`, for anybody of the staff: the administrator
//! is `integration@example.com`, an agent is `ines.tilden@example.com`. The short `admin/token` with `admin` and
//! `itil/token` with `itil` do as well. OAuth: the bearers `sandbox-bearer` (administrator) and
//! `sandbox-itil-bearer` never expire, as those of old clients; new ones come from `/oauth/authorizations/new`
//! and `/oauth/tokens`, for the client `sandbox-client` with the secret `sandbox-secret` or, with PKCE, for
//! `sandbox-public`. Consent is given at once; `?login=itil` chooses by whom. Files come from another host,
//! which is `localhost` where the API is `127.0.0.1`.
//!
//! `GET` and `PUT /_sandbox/settings` show and change how far searches and exports lag and which limits
//! are enforced ([`AccountSettings`]).

#![allow(dead_code, reason = "the writing of tickets comes next and uses it")]

mod account;
mod answer;
mod attachment_api;
mod builder;
mod call;
mod catalogue;
mod catalogue_json;
mod control;
mod credentials;
mod faults;
mod html;
mod load;
mod model;
mod oauth;
mod paging;
mod people_api;
mod people_json;
mod rate_limit;
mod routes;
mod seed_company;
mod settings;
mod show;
mod ticket_api;
mod world;

pub use builder::{Sandbox, SandboxBuilder};
pub use control::Control;
pub use settings::AccountSettings;
