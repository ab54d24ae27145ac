//! Reading tickets and what hangs on them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{TicketFilter, request};
use crate::id::{CollectionId, FieldId, LinkId, TicketId};
use crate::model::{LinkCategory, Ticket, vocabulary};
use crate::page::Cursor;

vocabulary! {
    /// What tickets can be sorted by.
    SortField: "sort" {
        /// When it was made.
        CreatedAt = "created_at",
        /// When it was last changed.
        UpdatedAt = "updated_at",
        /// When it was answered.
        ResolvedAt = "resolved_at",
        /// When it is due.
        Due = "due",
        /// How urgent it is: ascending begins with the least urgent.
        Priority = "priority",
        /// What people say for it.
        Key = "key",
    }
    /// Which way a sort runs.
    SortDirection: "sort direction" {
        /// From small to large, from old to new.
        Ascending = "ascending",
        /// From large to small, from new to old.
        Descending = "descending",
    }
}

/// One sort key; ties are always broken by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Sort {
    /// By what.
    pub field: SortField,
    /// Which way.
    pub direction: SortDirection,
}

impl Sort {
    /// From small to large, from old to new.
    #[must_use]
    pub const fn ascending(field: SortField) -> Self {
        Self { field, direction: SortDirection::Ascending }
    }

    /// From large to small, from new to old.
    #[must_use]
    pub const fn descending(field: SortField) -> Self {
        Self { field, direction: SortDirection::Descending }
    }
}

/// Which catalogue fields and costly lists to load; the core keys always come.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct Projection {
    /// The catalogue fields under `fields`; `None`: all.
    pub fields: Option<Vec<FieldId>>,
    /// Load the watchers, where they do not come by themselves.
    pub watchers: bool,
}

impl Projection {
    /// Everything that comes by itself.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// These catalogue fields alone.
    #[must_use]
    pub fn with_fields<T: Into<FieldId>>(mut self, fields: impl IntoIterator<Item = T>) -> Self {
        self.fields = Some(fields.into_iter().map(Into::into).collect());
        self
    }

    /// The watchers too.
    #[must_use]
    pub fn with_watchers(mut self) -> Self {
        self.watchers = true;
        self
    }
}

request! {
    /// One page of tickets.
    ///
    /// ```
    /// use ticketing_core::model::StatusCategory;
    /// use ticketing_core::request::{ListTickets, Sort, SortField, TicketFilter};
    ///
    /// let request = ListTickets::new()
    ///     .with_filter(TicketFilter::new().with_status([StatusCategory::Open]))
    ///     .with_sort(vec![Sort::descending(SortField::UpdatedAt)])
    ///     .with_page_size(100);
    /// assert_eq!(request.page_size, Some(100));
    /// ```
    ListTickets {} {
        /// Which tickets.
        filter / with_filter: TicketFilter,
        /// In which order; empty: the provider's stable order.
        sort / with_sort: Vec<Sort>,
        /// How much of each.
        projection / with_projection: Projection,
        /// The vendor's own JSON under `raw`.
        include_raw / with_include_raw: bool,
        /// Deleted tickets too, where the vendor keeps them.
        include_deleted / with_include_deleted: bool,
        /// Count all that match, where that is cheap.
        count / with_count: bool,
        /// Where the last page ended.
        cursor / with_cursor: Option<Cursor>,
        /// How many to a page; the provider bounds it.
        page_size / with_page_size: Option<u32>,
    }
}

request! {
    /// One ticket, by id or key.
    GetTicket {
        /// The ticket's id, or its key.
        id: TicketId,
    } {
        /// How much of it.
        projection / with_projection: Projection,
        /// The vendor's own JSON under `raw`.
        include_raw / with_include_raw: bool,
    }
}

request! {
    /// Several tickets, in as few calls as the vendor allows.
    GetTickets {
        /// The tickets' ids.
        ids: Vec<TicketId>,
    } {
        /// How much of each.
        projection / with_projection: Projection,
        /// The vendor's own JSON under `raw`.
        include_raw / with_include_raw: bool,
    }
}

/// The tickets that were found, and the ids that were not.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct FoundTickets {
    /// The tickets, in the order asked for.
    pub tickets: Vec<Ticket>,
    /// The ids that do not exist, or that the credential may not read.
    pub missing: Vec<TicketId>,
}

macro_rules! lists_of_a_ticket {
    ($( $(#[$doc:meta])* $name:ident; )*) => { $(
        request! {
            $(#[$doc])*
            $name {
                /// The ticket.
                ticket: TicketId,
            } {
                /// Where the last page ended.
                cursor / with_cursor: Option<Cursor>,
                /// How many to a page; the provider bounds it.
                page_size / with_page_size: Option<u32>,
            }
        }
    )* };
}

lists_of_a_ticket! {
    /// One page of a ticket's links.
    ListLinks;
    /// One page of a ticket's watchers.
    ListWatchers;
    /// One page of a ticket's history, oldest first.
    ListHistory;
}

/// The lists that hang on one ticket, for code that treats them alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TicketList {
    /// Comments.
    Comments,
    /// Attachments.
    Attachments,
    /// Links.
    Links,
    /// Watchers.
    Watchers,
    /// History.
    History,
}

request! {
    /// The status changes that a ticket can make now.
    ListTransitions {
        /// The ticket.
        ticket: TicketId,
    } {}
}

/// What a link points at.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LinkTarget {
    /// Another ticket.
    Ticket(TicketId),
    /// An address on the web.
    Url {
        /// The address.
        url: String,
        /// What people call it.
        title: Option<String>,
    },
}

impl From<TicketId> for LinkTarget {
    fn from(id: TicketId) -> Self {
        Self::Ticket(id)
    }
}

request! {
    /// A new link: this ticket … the target.
    AddLink {
        /// The ticket.
        ticket: TicketId,
        /// What it points at.
        target: LinkTarget,
        /// What it says.
        category: LinkCategory,
    } {
        /// The vendor's own type, where the category leaves a choice.
        native_type / with_native_type: Option<String>,
    }
}

request! {
    /// The end of a link.
    RemoveLink {
        /// The ticket.
        ticket: TicketId,
        /// The link.
        id: LinkId,
    } {}
}

macro_rules! plain_lists {
    ($( $(#[$doc:meta])* $name:ident; )*) => { $(
        request! {
            $(#[$doc])*
            $name {} {
                /// Where the last page ended.
                cursor / with_cursor: Option<Cursor>,
                /// How many to a page; the provider bounds it.
                page_size / with_page_size: Option<u32>,
                /// Those that are no longer in use too.
                include_inactive / with_include_inactive: bool,
                /// The vendor's own JSON under `raw`.
                include_raw / with_include_raw: bool,
            }
        }
    )* };
}

plain_lists! {
    /// One page of collections.
    ListCollections;
    /// One page of accounts.
    ListAccounts;
    /// One page of contacts.
    ListContacts;
}

request! {
    /// One page of tags.
    ListTags {} {
        /// Where the last page ended.
        cursor / with_cursor: Option<Cursor>,
        /// How many to a page; the provider bounds it.
        page_size / with_page_size: Option<u32>,
    }
}

request! {
    /// The field catalogue of tickets.
    ListFields {} {
        /// The native ticket type (table, issue type); `None`: all that are configured.
        ticket_type / with_ticket_type: Option<String>,
        /// The collection, for vendors whose fields differ by it.
        collection / with_collection: Option<CollectionId>,
        /// Load the choices too.
        choices / with_choices: bool,
        /// Where the last page ended.
        cursor / with_cursor: Option<Cursor>,
        /// How many to a page; the provider bounds it.
        page_size / with_page_size: Option<u32>,
    }
}

request! {
    /// The statuses that tickets can have.
    ListStatuses {} {
        /// The native ticket type; `None`: all that are configured.
        ticket_type / with_ticket_type: Option<String>,
        /// The collection, for vendors whose statuses differ by it.
        collection / with_collection: Option<CollectionId>,
    }
}
