//! Which tickets: values of one filter are alternatives, filters narrow each other.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::id::{FieldId, TicketId};
use crate::model::{FieldData, StatusCategory, Timestamp, vocabulary};
use crate::selector::{
    AccountSelector, CollectionSelector, GroupSelector, PrioritySelector, StatusSelector, TypeSelector, UserSelector,
};

vocabulary! {
    /// The filters that a provider may serve.
    FilterKind: "filter" {
        /// By status category, native status or `unresolved`.
        Status = "status",
        /// By assignee.
        Assignee = "assignee",
        /// Tickets that nobody has.
        Unassigned = "unassigned",
        /// By requester.
        Requester = "requester",
        /// By who made the record.
        Creator = "creator",
        /// By assigned group.
        Group = "group",
        /// By account.
        Account = "account",
        /// By collection.
        Collection = "collection",
        /// By tag.
        Tag = "tag",
        /// By priority.
        Priority = "priority",
        /// By type.
        Type = "type",
        /// By parent ticket.
        Parent = "parent",
        /// By words in title or description.
        Text = "text",
        /// By id.
        Ids = "ids",
        /// By key.
        Keys = "keys",
        /// By the product's own id.
        ExternalId = "external_id",
        /// By a catalogue field.
        Fields = "fields",
        /// By when it was made.
        Created = "created",
        /// By when it was last changed.
        Updated = "updated",
        /// By when it was answered.
        Resolved = "resolved",
        /// By when it was closed.
        Closed = "closed",
        /// By when it is due.
        Due = "due",
    }
}

/// A status to look for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StatusFilter {
    /// A category.
    Category(StatusCategory),
    /// The vendor's own, by id or name.
    Native(String),
    /// open, in_progress, on_hold or unknown.
    Unresolved,
}

impl From<StatusCategory> for StatusFilter {
    fn from(category: StatusCategory) -> Self {
        Self::Category(category)
    }
}

impl From<StatusSelector> for StatusFilter {
    fn from(selector: StatusSelector) -> Self {
        match selector {
            StatusSelector::Category(category) => Self::Category(category),
            StatusSelector::Native(native) => Self::Native(native),
        }
    }
}

impl std::str::FromStr for StatusFilter {
    type Err = Error;

    /// Reads a category, `unresolved`, or `native:VALUE`.
    fn from_str(text: &str) -> Result<Self> {
        if text == "unresolved" {
            return Ok(Self::Unresolved);
        }
        text.parse::<StatusSelector>().map(Self::from).map_err(|error| {
            let hint = error.hint().unwrap_or_default().replace("unknown;", "unknown, unresolved;");
            error.with_hint(hint)
        })
    }
}

/// An assignee to look for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AssigneeFilter {
    /// This user.
    User(UserSelector),
    /// Nobody.
    Unassigned,
}

impl From<UserSelector> for AssigneeFilter {
    fn from(user: UserSelector) -> Self {
        Self::User(user)
    }
}

/// A catalogue field to look for: any of the values; no value at all: the field is empty.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FieldFilter {
    /// The field.
    pub id: FieldId,
    /// The values, as the field would carry them.
    pub values: Vec<FieldData>,
}

/// A stretch of time in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct TimeRange {
    /// At this moment or later.
    pub after: Option<Timestamp>,
    /// Earlier than this moment.
    pub before: Option<Timestamp>,
}

impl TimeRange {
    /// At this moment or later.
    #[must_use]
    pub fn after(at: Timestamp) -> Self {
        Self { after: Some(at), before: None }
    }

    /// Earlier than this moment.
    #[must_use]
    pub fn before(at: Timestamp) -> Self {
        Self { after: None, before: Some(at) }
    }

    /// From this moment, up to and without that one.
    #[must_use]
    pub fn between(after: Timestamp, before: Timestamp) -> Self {
        Self { after: Some(after), before: Some(before) }
    }

    /// True where nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.after.is_none() && self.before.is_none()
    }

    /// True where the moment lies in the stretch; nothing lies in it where there is no moment.
    #[must_use]
    pub fn contains(&self, at: Option<Timestamp>) -> bool {
        at.map_or(self.is_empty(), |at| {
            self.after.is_none_or(|after| at >= after) && self.before.is_none_or(|before| at < before)
        })
    }
}

/// Which tickets. Values of one filter are alternatives; filters narrow each other; an empty filter is not asked for.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct TicketFilter {
    /// Statuses.
    pub status: Vec<StatusFilter>,
    /// Assignees, or nobody.
    pub assignee: Vec<AssigneeFilter>,
    /// Requesters.
    pub requester: Vec<UserSelector>,
    /// Who made the record.
    pub creator: Vec<UserSelector>,
    /// Assigned groups.
    pub group: Vec<GroupSelector>,
    /// Accounts.
    pub account: Vec<AccountSelector>,
    /// Collections.
    pub collection: Vec<CollectionSelector>,
    /// Tags: the ticket has any of them.
    pub tag: Vec<String>,
    /// Priorities.
    pub priority: Vec<PrioritySelector>,
    /// Types.
    #[serde(rename = "type")]
    pub ticket_type: Vec<TypeSelector>,
    /// Parent tickets.
    pub parent: Vec<TicketId>,
    /// Words in title or description, as the vendor searches.
    pub text: Option<String>,
    /// Ids.
    pub ids: Vec<TicketId>,
    /// Keys.
    pub keys: Vec<String>,
    /// The product's own ids.
    pub external_id: Vec<String>,
    /// Catalogue fields, each of them.
    pub fields: Vec<FieldFilter>,
    /// When it was made.
    pub created: TimeRange,
    /// When it was last changed.
    pub updated: TimeRange,
    /// When it was answered.
    pub resolved: TimeRange,
    /// When it was closed.
    pub closed: TimeRange,
    /// When it is due; a day counts as its first moment in UTC.
    pub due: TimeRange,
}

macro_rules! any_of {
    ($( $(#[$doc:meta])* $field:ident / $with:ident: $ty:ty; )*) => { $(
        $(#[$doc])*
        #[must_use]
        pub fn $with<T: Into<$ty>>(mut self, values: impl IntoIterator<Item = T>) -> Self {
            self.$field.extend(values.into_iter().map(Into::into));
            self
        }
    )* };
}

macro_rules! range {
    ($( $(#[$doc:meta])* $field:ident / $with:ident; )*) => { $(
        $(#[$doc])*
        #[must_use]
        pub fn $with(mut self, range: TimeRange) -> Self {
            self.$field = range;
            self
        }
    )* };
}

impl TicketFilter {
    /// No filter: every ticket.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The tickets that somebody still has to do something about.
    #[must_use]
    pub fn unresolved() -> Self {
        Self { status: vec![StatusFilter::Unresolved], ..Self::default() }
    }

    any_of! {
        /// In any of these statuses.
        status / with_status: StatusFilter;
        /// Assigned to any of these.
        assignee / with_assignee: AssigneeFilter;
        /// For any of these.
        requester / with_requester: UserSelector;
        /// Made by any of these.
        creator / with_creator: UserSelector;
        /// Assigned to any of these groups.
        group / with_group: GroupSelector;
        /// Of any of these accounts.
        account / with_account: AccountSelector;
        /// In any of these collections.
        collection / with_collection: CollectionSelector;
        /// With any of these tags.
        tag / with_tag: String;
        /// With any of these priorities.
        priority / with_priority: PrioritySelector;
        /// Of any of these types.
        ticket_type / with_type: TypeSelector;
        /// Part of any of these tickets.
        parent / with_parent: TicketId;
        /// With any of these ids.
        ids / with_ids: TicketId;
        /// With any of these keys.
        keys / with_keys: String;
        /// With any of these ids of the product's own.
        external_id / with_external_id: String;
    }

    /// Assigned to nobody.
    #[must_use]
    pub fn with_unassigned(mut self) -> Self {
        self.assignee.push(AssigneeFilter::Unassigned);
        self
    }

    /// With these words.
    #[must_use]
    pub fn with_text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// With any of these values in a catalogue field; no value: with an empty one.
    #[must_use]
    pub fn with_field<T: Into<FieldData>>(
        mut self,
        id: impl Into<FieldId>,
        values: impl IntoIterator<Item = T>,
    ) -> Self {
        self.fields.push(FieldFilter { id: id.into(), values: values.into_iter().map(Into::into).collect() });
        self
    }

    range! {
        /// Made in this stretch.
        created / with_created;
        /// Last changed in this stretch.
        updated / with_updated;
        /// Answered in this stretch.
        resolved / with_resolved;
        /// Closed in this stretch.
        closed / with_closed;
        /// Due in this stretch.
        due / with_due;
    }

    /// The filters that are asked for.
    #[must_use]
    pub fn kinds(&self) -> BTreeSet<FilterKind> {
        let unassigned = self.assignee.contains(&AssigneeFilter::Unassigned);
        let assigned = self.assignee.iter().any(|who| *who != AssigneeFilter::Unassigned);
        [
            (FilterKind::Status, !self.status.is_empty()),
            (FilterKind::Assignee, assigned),
            (FilterKind::Unassigned, unassigned),
            (FilterKind::Requester, !self.requester.is_empty()),
            (FilterKind::Creator, !self.creator.is_empty()),
            (FilterKind::Group, !self.group.is_empty()),
            (FilterKind::Account, !self.account.is_empty()),
            (FilterKind::Collection, !self.collection.is_empty()),
            (FilterKind::Tag, !self.tag.is_empty()),
            (FilterKind::Priority, !self.priority.is_empty()),
            (FilterKind::Type, !self.ticket_type.is_empty()),
            (FilterKind::Parent, !self.parent.is_empty()),
            (FilterKind::Text, self.text.is_some()),
            (FilterKind::Ids, !self.ids.is_empty()),
            (FilterKind::Keys, !self.keys.is_empty()),
            (FilterKind::ExternalId, !self.external_id.is_empty()),
            (FilterKind::Fields, !self.fields.is_empty()),
            (FilterKind::Created, !self.created.is_empty()),
            (FilterKind::Updated, !self.updated.is_empty()),
            (FilterKind::Resolved, !self.resolved.is_empty()),
            (FilterKind::Closed, !self.closed.is_empty()),
            (FilterKind::Due, !self.due.is_empty()),
        ]
        .into_iter()
        .filter_map(|(kind, asked)| asked.then_some(kind))
        .collect()
    }

    /// The categories asked for, `unresolved` spelt out; empty where only native statuses, or none, are.
    #[must_use]
    pub fn status_categories(&self) -> BTreeSet<StatusCategory> {
        self.status
            .iter()
            .flat_map(|filter| match filter {
                StatusFilter::Category(category) => vec![*category],
                StatusFilter::Unresolved => StatusCategory::UNRESOLVED.to_vec(),
                StatusFilter::Native(_) => Vec::new(),
            })
            .collect()
    }
}
