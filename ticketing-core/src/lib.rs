//! The vendor-neutral contract for talking to ticketing systems: write your ticketing code once.
//!
//! - [`model`]: the documents. Their JSON is a public contract.
//! - [`request`]: what can be asked.
//! - [`TicketingClient`]: for those who use a ticketing system.
//! - [`TicketingProvider`]: for those who connect one.
//! - [`Registry`]: providers by name, from JSON configuration.
//! - [`layer`]: what can be put around a provider.
//!
//! The core names no vendor, does no I/O, and keeps no global state but the list of linked providers.
//!
//! ```
//! use ticketing_core::model::StatusCategory;
//! use ticketing_core::request::{CreateTicket, ListTickets, TicketFilter, UpdateTicket};
//! use ticketing_core::{Result, StatusSelector, TicketingClient, UserSelector};
//!
//! async fn escalate(client: &TicketingClient) -> Result<()> {
//!     let ticket = client
//!         .create_ticket(CreateTicket::new("Disk full").with_requester(UserSelector::email("ada@example.com")))
//!         .await?;
//!     client
//!         .update_ticket(UpdateTicket::new(ticket.id).with_status(StatusSelector::from(StatusCategory::InProgress)))
//!         .await?;
//!     Ok(())
//! }
//! ```

mod ahead;
mod capability;
mod checkpoint;
mod client;
mod clock;
mod context;
mod cursor;
mod error;
mod id;
pub mod layer;
pub mod model;
mod operation;
mod page;
mod provider;
mod registry;
pub mod remedy;
pub mod request;
mod secret;
mod selector;
mod stream;
mod webhook;

pub use ahead::announce_next;
pub use capability::{Capabilities, ConcurrencyMode, Idempotency, IdempotencyMode, Limits, Support};
pub use checkpoint::{ChangePage, Checkpoint};
pub use client::TicketingClient;
pub use clock::{Clock, ManualClock, SystemClock};
pub use context::BuildContext;
pub use cursor::CursorCodec;
pub use error::{Delivery, Error, ErrorKind, NativeError, Result, Retry};
pub use id::{
    AccountId, AttachmentId, CollectionId, CommentId, ContactId, FieldId, GroupId, HistoryEntryId, LinkId, TicketId,
    TransitionId, UserId, Version, WebhookId,
};
#[doc(hidden)]
pub use inventory;
pub use operation::{Access, Operation};
pub use page::{Chain, Cursor, Page, Total};
pub use provider::{Check, ProviderInfo, TicketingProvider};
pub use registry::{Authorization, Authorize, Build, BuildWebhook, ProviderRegistration, Registry};
pub use secret::Secret;
pub use selector::{
    AccountSelector, CollectionSelector, ContactSelector, GroupSelector, PrioritySelector, StatusSelector,
    TypeSelector, UserSelector,
};
pub use stream::{DEFAULT_READ_AHEAD, ItemStream, PageStream};
pub use webhook::{WebhookDelivery, WebhookIntake};

/// The guides, so that their examples compile.
#[cfg(doctest)]
mod guides {
    #[doc = include_str!("../../docs/pagination.md")]
    #[doc = include_str!("../../docs/errors.md")]
    #[doc = include_str!("../../docs/adding-a-provider.md")]
    pub struct Guides;
}
