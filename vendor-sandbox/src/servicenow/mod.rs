//! A ServiceNow instance: `wire/servicenow.md` says what it does, and why.
//!
//! ```
//! # async fn example() -> Result<(), vendor_sandbox::SandboxError> {
//! use vendor_sandbox::servicenow::Sandbox;
//!
//! let sandbox = Sandbox::builder().seed(7).build()?;
//! let running = sandbox.serve(0).await?;
//! println!("curl -u admin:admin {}/api/now/table/incident", running.base_url());
//! sandbox.control().advance(60)?;
//! running.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! Logins: `admin`/`admin`, and `itil`/`itil` who may read and write tickets but none of the tables
//! behind them; API keys `sandbox-api-key` and `sandbox-itil-key`; OAuth clients `sandbox-client`
//! with the secret `sandbox-secret`, and `sandbox-public` without one.

mod acl;
mod aggregate_api;
mod answer;
mod attachment_api;
mod audit;
mod batch_api;
mod builder;
mod call;
mod catalog_api;
mod change_api;
mod choices;
mod control;
mod cookies;
mod credentials;
mod event_log;
mod import_api;
mod instance;
mod journal;
mod jwt;
mod load;
mod metadata;
mod moving;
mod oauth;
mod params;
mod policies;
mod properties;
mod query;
mod rate_limit;
mod records;
mod refusals;
mod render;
mod routes;
mod schema;
mod seed_company;
mod session;
mod settings;
mod store;
mod table_api;
mod table_faults;
mod tags;
mod webhook_control;
mod webhooks;
mod world;

pub use acl::{Audience, RowDenial, TableDenial};
pub use builder::{Sandbox, SandboxBuilder};
pub use control::Control;
pub use oauth::OAuthClient;
pub use query::{ConditionReading, QueryReading};
pub use webhooks::{Delivery, Operation, Webhook};
