//! The operations of a provider, as values: for capabilities, errors, logs and layers.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! operations {
    ($( $(#[$doc:meta])* $variant:ident = $name:literal, $access:ident; )*) => {
        /// One operation of [`TicketingProvider`](crate::TicketingProvider).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum Operation { $( $(#[$doc])* $variant, )* }

        impl Operation {
            /// Every operation, in the order of the trait.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )* ];

            /// The operation's stable name: the trait method's.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $name, )* }
            }

            /// What the operation does to the vendor's data.
            #[must_use]
            pub const fn access(self) -> Access {
                match self { $( Self::$variant => Access::$access, )* }
            }
        }
    };
}

/// What an operation does to the vendor's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Access {
    /// It only reads.
    Read,
    /// It may change something.
    Write,
}

operations! {
    /// Who am I, does the credential work.
    Check = "check", Read;
    /// One page of tickets.
    ListTickets = "list_tickets", Read;
    /// One ticket.
    GetTicket = "get_ticket", Read;
    /// Several tickets by id.
    GetTickets = "get_tickets", Read;
    /// A new ticket.
    CreateTicket = "create_ticket", Write;
    /// A patch of a ticket.
    UpdateTicket = "update_ticket", Write;
    /// The end of a ticket.
    DeleteTicket = "delete_ticket", Write;
    /// The status changes that a ticket can make now.
    ListTransitions = "list_transitions", Read;
    /// One page of users.
    ListUsers = "list_users", Read;
    /// One user.
    GetUser = "get_user", Read;
    /// Users by text, email or name: the assignee picker.
    FindUsers = "find_users", Read;
    /// One page of groups.
    ListGroups = "list_groups", Read;
    /// One group.
    GetGroup = "get_group", Read;
    /// Groups by text or name.
    FindGroups = "find_groups", Read;
    /// One page of a group's members.
    ListGroupMembers = "list_group_members", Read;
    /// One page of a ticket's comments.
    ListComments = "list_comments", Read;
    /// A new comment.
    AddComment = "add_comment", Write;
    /// A comment's new text.
    UpdateComment = "update_comment", Write;
    /// The end of a comment.
    DeleteComment = "delete_comment", Write;
    /// One page of a ticket's attachments.
    ListAttachments = "list_attachments", Read;
    /// An attachment's bytes.
    DownloadAttachment = "download_attachment", Read;
    /// A new attachment.
    UploadAttachment = "upload_attachment", Write;
    /// One page of a ticket's links.
    ListLinks = "list_links", Read;
    /// A new link.
    AddLink = "add_link", Write;
    /// The end of a link.
    RemoveLink = "remove_link", Write;
    /// One page of a ticket's watchers.
    ListWatchers = "list_watchers", Read;
    /// One page of what happened to a ticket.
    ListHistory = "list_history", Read;
    /// One page of collections: projects, boards, repositories.
    ListCollections = "list_collections", Read;
    /// One page of tags.
    ListTags = "list_tags", Read;
    /// One page of accounts.
    ListAccounts = "list_accounts", Read;
    /// One page of contacts.
    ListContacts = "list_contacts", Read;
    /// The field catalogue.
    ListFields = "list_fields", Read;
    /// The statuses that tickets can have.
    ListStatuses = "list_statuses", Read;
    /// What changed since a checkpoint.
    ListChanges = "list_changes", Read;
    /// The ids of everything of a kind: the census.
    ListIds = "list_ids", Read;
    /// A new webhook subscription.
    CreateWebhook = "create_webhook", Write;
    /// The webhook subscriptions.
    ListWebhooks = "list_webhooks", Read;
    /// A webhook subscription's new life.
    RenewWebhook = "renew_webhook", Write;
    /// The end of a webhook subscription.
    DeleteWebhook = "delete_webhook", Write;
    /// A request in the vendor's own words.
    SendRaw = "send_raw", Write;
}

impl Operation {
    /// True for the operations that every provider has.
    #[must_use]
    pub const fn is_required(self) -> bool {
        matches!(
            self,
            Self::Check
                | Self::ListTickets
                | Self::GetTicket
                | Self::CreateTicket
                | Self::UpdateTicket
                | Self::ListUsers
                | Self::GetUser
                | Self::ListGroups
                | Self::GetGroup
        )
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_agree_with_json() {
        for operation in Operation::ALL {
            assert_eq!(serde_json::to_value(operation).unwrap(), operation.as_str());
        }
    }
}
