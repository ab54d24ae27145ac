//! A ticket's change, and its end.

use std::collections::BTreeMap;

use super::comment::{NewComment, TextInput};
use super::patch::{Patch, SetPatch};
use super::request;
use crate::id::{FieldId, TicketId, Version};
use crate::model::{Due, FieldData};
use crate::selector::{
    AccountSelector, CollectionSelector, GroupSelector, PrioritySelector, StatusSelector, TypeSelector, UserSelector,
};

request! {
    /// A patch of a ticket: what is not named stays.
    ///
    /// ```
    /// use ticketing_core::model::StatusCategory;
    /// use ticketing_core::request::{SetPatch, UpdateTicket};
    /// use ticketing_core::StatusSelector;
    ///
    /// let request = UpdateTicket::new("42")
    ///     .with_status(StatusSelector::from(StatusCategory::Resolved))
    ///     .with_tags(SetPatch::add(["disk".to_owned()]));
    /// assert!(request.title.is_keep());
    /// ```
    UpdateTicket {
        /// The ticket's id, or its key.
        id: TicketId,
    } {
        /// The title.
        title / with_title: Patch<String>,
        /// The description.
        description / with_description: Patch<TextInput>,
        /// The type.
        ticket_type / with_type: Option<TypeSelector>,
        /// The status; reaching it is the provider's work.
        status / with_status: Option<StatusSelector>,
        /// The reason that goes with the status (close code, hold reason, resolution), by id or name.
        reason / with_reason: Option<String>,
        /// The priority.
        priority / with_priority: Patch<PrioritySelector>,
        /// For whom it is.
        requester / with_requester: Patch<UserSelector>,
        /// Who works on it.
        assignees / with_assignees: SetPatch<UserSelector>,
        /// Which groups work on it.
        groups / with_groups: SetPatch<GroupSelector>,
        /// Who is told of changes.
        watchers / with_watchers: SetPatch<UserSelector>,
        /// The customer organisation.
        account / with_account: Patch<AccountSelector>,
        /// The projects, boards or repositories.
        collections / with_collections: SetPatch<CollectionSelector>,
        /// The ticket it is part of.
        parent / with_parent: Patch<TicketId>,
        /// Labels.
        tags / with_tags: SetPatch<String>,
        /// When it is due.
        due / with_due: Patch<Due>,
        /// The product's own id for it.
        external_id / with_external_id: Patch<String>,
        /// Catalogue fields; `FieldData::Null` clears one.
        fields / with_fields: BTreeMap<FieldId, FieldData>,
        /// A comment that rides along.
        comment / with_comment: Option<NewComment>,
        /// Refuse where the ticket has changed since this version.
        expected_version / with_expected_version: Option<Version>,
        /// The vendor's own JSON under `raw`.
        include_raw / with_include_raw: bool,
    }
}

impl UpdateTicket {
    /// With one catalogue field more.
    #[must_use]
    pub fn with_field(mut self, id: impl Into<FieldId>, value: impl Into<FieldData>) -> Self {
        self.fields.insert(id.into(), value.into());
        self
    }
}

request! {
    /// The end of a ticket.
    DeleteTicket {
        /// The ticket's id, or its key.
        id: TicketId,
    } {
        /// Refuse where the ticket has changed since this version.
        expected_version / with_expected_version: Option<Version>,
    }
}
