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
//! are enforced ([`AccountSettings`]); `GET /_sandbox/deliveries` shows what webhooks have sent.
//!
//! | emulated below `/api/v2` | |
//! |---|---|
//! | tickets | list, get, show many, count, create, update, delete, restore, import, merge, spam, tags, comments, audits, metrics, followers, problems and incidents |
//! | files | uploads by token, attachments by way of another host, redaction |
//! | many at once | create, update, delete and permanent deletion as jobs; `job_statuses` |
//! | search | `search`, `search/count`, `search/export` |
//! | exports | `incremental/{tickets,users}/cursor`, `incremental/{tickets,users,organizations,ticket_events}` |
//! | around them | users, identities, groups, organisations, memberships, ticket fields, the form, custom statuses, the brand, tags, webhooks |
//!
//! Everything else is answered as a path that the plan lacks: views, macros, triggers, requests, satisfaction,
//! side conversations, the help centre and Talk among it. The catalogue (fields, form, statuses) is read-only.
//!
//! The company's tickets keep their order as ids 1 to 14. A change is a `task`, as there is no such type; lowest
//! priority is `low`; what a ticket waits for, and that it was withdrawn, are custom statuses; how it ended is two
//! custom fields. Who left is suspended, and a dissolved team is deleted.

mod account;
mod answer;
mod attachment_api;
mod builder;
mod call;
mod catalogue;
mod catalogue_json;
mod comment_api;
mod control;
mod control_tickets;
mod credentials;
mod edit;
mod edit_fields;
mod edit_people;
mod faults;
mod html;
mod incremental_api;
mod jobs;
mod load;
mod model;
mod oauth;
mod organization_api;
mod paging;
mod people_api;
mod people_json;
mod people_write_api;
mod rate_limit;
mod routes;
mod search_api;
mod search_query;
mod search_reading;
mod seed_company;
mod settings;
mod show;
mod ticket_api;
mod webhook_api;
mod webhooks;
mod world;
mod write_api;

pub use builder::{Sandbox, SandboxBuilder};
pub use control::Control;
pub use control_tickets::TicketState;
pub use search_reading::{SearchReading, SearchTerm};
pub use settings::AccountSettings;
pub use webhooks::Delivery;
