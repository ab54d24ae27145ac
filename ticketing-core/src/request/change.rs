//! Following what changes: deltas, census, webhooks.

use super::request;
use crate::checkpoint::Checkpoint;
use crate::id::WebhookId;
use crate::model::{Kind, WebhookEvent};
use crate::page::Cursor;
use crate::secret::Secret;

request! {
    /// What changed since a checkpoint; without one, everything.
    ListChanges {
        /// The kind of record.
        kind: Kind,
    } {
        /// Where the last reading ended; `None`: from the beginning.
        checkpoint / with_checkpoint: Option<Checkpoint>,
        /// The vendor's own JSON under `raw`.
        include_raw / with_include_raw: bool,
        /// How many to a page; the provider bounds it.
        page_size / with_page_size: Option<u32>,
    }
}

request! {
    /// One page of the ids of everything of a kind: the census.
    ListIds {
        /// The kind of record.
        kind: Kind,
    } {
        /// Where the last page ended.
        cursor / with_cursor: Option<Cursor>,
        /// How many to a page; the provider bounds it.
        page_size / with_page_size: Option<u32>,
    }
}

request! {
    /// A new webhook subscription.
    CreateWebhook {
        /// Where deliveries go.
        url: String,
        /// What it is told of.
        events: Vec<WebhookEvent>,
    } {
        /// What deliveries are signed with.
        secret / with_secret: Option<Secret>,
    }
}

request! {
    /// The webhook subscriptions of this connection.
    ListWebhooks {} {
        /// Where the last page ended.
        cursor / with_cursor: Option<Cursor>,
        /// How many to a page; the provider bounds it.
        page_size / with_page_size: Option<u32>,
    }
}

request! {
    /// A webhook subscription's new life.
    RenewWebhook {
        /// The subscription.
        id: WebhookId,
    } {}
}

request! {
    /// The end of a webhook subscription.
    DeleteWebhook {
        /// The subscription.
        id: WebhookId,
    } {}
}
