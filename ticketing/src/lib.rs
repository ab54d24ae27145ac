//! One way to talk to every ticketing system: write your ticketing code once.
//!
//! This crate is [`ticketing_core`], re-exported whole, with the providers linked in. Each provider is a feature, and
//! all are on by default:
//!
//! | feature | provider | module |
//! |---|---|---|
//! | `jira` | `"jira"`: Jira Cloud, Data Center and Service Management | `ticketing::jira` |
//! | `memory` | `"memory"`: the reference provider, for tests and demonstrations | `ticketing::memory` |
//! | `servicenow` | `"servicenow"`: ServiceNow instances over their REST API | `ticketing::servicenow` |
//! | `zendesk` | `"zendesk"`: Zendesk Support accounts over their REST API | `ticketing::zendesk` |
//! | `http` | (none) what HTTP providers share; comes with each of them | `ticketing::http` |
//!
//! Connect by name and configuration, then read and write in words that every vendor shares:
//!
//! ```
//! use futures::TryStreamExt;
//! use ticketing::model::PriorityLevel;
//! use ticketing::request::{CreateTicket, ListTickets, TicketFilter};
//!
//! # #[cfg(feature = "memory")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> ticketing::Result<()> {
//! let client = ticketing::connect("memory", serde_json::json!({ "account": "acme" }))?;
//!
//! let made = client
//!     .create_ticket(CreateTicket::new("Disk full on db-7").with_priority(ticketing::PrioritySelector::from(PriorityLevel::High)))
//!     .await?;
//! let unresolved: Vec<_> =
//!     client.tickets(ListTickets::new().with_filter(TicketFilter::unresolved())).try_collect().await?;
//! assert_eq!(unresolved, [made]);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "memory"))]
//! # fn main() {}
//! ```
//!
//! Only the configuration names a vendor. What a connection can do is in its [`Capabilities`]; what it cannot do is
//! refused before anything is sent.

pub use ticketing_core::*;

#[cfg(feature = "jira")]
pub use provider_jira as jira;
#[cfg(feature = "memory")]
pub use provider_memory as memory;
#[cfg(feature = "servicenow")]
pub use provider_servicenow as servicenow;
#[cfg(feature = "zendesk")]
pub use provider_zendesk as zendesk;
#[cfg(feature = "http")]
pub use ticketing_http as http;

use serde_json::Value;

/// The providers that this crate's features have linked, by name.
///
/// ```
/// # fn main() -> ticketing::Result<()> {
/// let names: Vec<_> = ticketing::registry()?.iter().map(|provider| provider.name).collect();
/// # #[cfg(feature = "memory")]
/// assert!(names.contains(&"memory"));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Config`](ErrorKind::Config) where two linked providers claim the same name.
pub fn registry() -> Result<Registry> {
    Registry::discover()
}

/// A client from a provider's name and its configuration, with the machine's clock and the strict address policy.
///
/// To allow loopback or other private addresses, or to hand in a clock or transport, build a [`BuildContext`] and call
/// [`connect_with`].
///
/// ```
/// let error = ticketing::connect("nosuch", serde_json::json!({})).unwrap_err();
/// assert_eq!(error.kind(), ticketing::ErrorKind::Config);
/// assert_eq!(error.field(), Some("provider"));
/// ```
///
/// # Errors
/// [`Config`](ErrorKind::Config), naming the provider or the key that is wrong. Nothing is sent: call
/// [`TicketingClient::check`] to learn whether the credential works.
pub fn connect(provider: &str, config: Value) -> Result<TicketingClient> {
    connect_with(provider, config, &BuildContext::new())
}

/// A client from a provider's name and its configuration, built with what the context hands in.
///
/// # Errors
/// [`Config`](ErrorKind::Config), naming the provider or the key that is wrong.
pub fn connect_with(provider: &str, config: Value, context: &BuildContext) -> Result<TicketingClient> {
    registry()?.connect(provider, config, context)
}

/// The README's programs compile.
#[cfg(all(doctest, feature = "servicenow"))]
#[doc = include_str!("../../README.md")]
pub struct Readme;
