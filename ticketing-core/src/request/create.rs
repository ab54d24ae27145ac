//! A new ticket.

use super::comment::{NewComment, TextInput};
use super::request;
use crate::id::{FieldId, TicketId};
use crate::model::{Due, FieldData};
use crate::selector::{
    AccountSelector, CollectionSelector, GroupSelector, PrioritySelector, StatusSelector, TypeSelector, UserSelector,
};
use std::collections::BTreeMap;

request! {
    /// A new ticket.
    ///
    /// ```
    /// use ticketing_core::model::PriorityLevel;
    /// use ticketing_core::request::CreateTicket;
    /// use ticketing_core::{GroupSelector, UserSelector};
    ///
    /// let request = CreateTicket::new("Disk full on db-7")
    ///     .with_requester(UserSelector::email("ada@example.com"))
    ///     .with_groups(vec![GroupSelector::name("IT Help Desk")])
    ///     .with_priority(ticketing_core::PrioritySelector::from(PriorityLevel::High))
    ///     .with_idempotency_key("alert-4711".to_owned());
    /// assert_eq!(request.title, "Disk full on db-7");
    /// ```
    CreateTicket {
        /// The title, one line.
        title: String,
    } {
        /// The description.
        description / with_description: Option<TextInput>,
        /// The type; `None`: the connection's default.
        ticket_type / with_type: Option<TypeSelector>,
        /// The status; `None`: the vendor's first.
        status / with_status: Option<StatusSelector>,
        /// The priority.
        priority / with_priority: Option<PrioritySelector>,
        /// For whom it is.
        requester / with_requester: Option<UserSelector>,
        /// Who works on it.
        assignees / with_assignees: Vec<UserSelector>,
        /// Which groups work on it.
        groups / with_groups: Vec<GroupSelector>,
        /// Who is told of changes.
        watchers / with_watchers: Vec<UserSelector>,
        /// The customer organisation.
        account / with_account: Option<AccountSelector>,
        /// The project, board or repository.
        collection / with_collection: Option<CollectionSelector>,
        /// The ticket it is part of.
        parent / with_parent: Option<TicketId>,
        /// Labels.
        tags / with_tags: Vec<String>,
        /// When it is due.
        due / with_due: Option<Due>,
        /// The product's own id for it.
        external_id / with_external_id: Option<String>,
        /// Catalogue fields.
        fields / with_fields: BTreeMap<FieldId, FieldData>,
        /// A first comment.
        comment / with_comment: Option<NewComment>,
        /// The same key again gives the same ticket, not a second one.
        idempotency_key / with_idempotency_key: Option<String>,
        /// The vendor's own JSON under `raw`.
        include_raw / with_include_raw: bool,
    }
}

impl CreateTicket {
    /// With one catalogue field more.
    #[must_use]
    pub fn with_field(mut self, id: impl Into<FieldId>, value: impl Into<FieldData>) -> Self {
        self.fields.insert(id.into(), value.into());
        self
    }
}
