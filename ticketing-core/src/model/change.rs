//! Changes: what a delta brings.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Account, Comment, Contact, Group, Ref, Ticket, Timestamp, User, vocabulary};

vocabulary! {
    /// The kinds of record that can be followed and counted.
    Kind: "kind" {
        /// Tickets.
        Ticket = "ticket",
        /// Comments.
        Comment = "comment",
        /// Users.
        User = "user",
        /// Groups.
        Group = "group",
        /// Accounts.
        Account = "account",
        /// Contacts.
        Contact = "contact",
    }
    /// How a record went.
    RemovalReason: "removal reason" {
        /// Somebody deleted it.
        Deleted = "deleted",
        /// It was put away.
        Archived = "archived",
        /// The credential may no longer read it.
        AccessLost = "access_lost",
        /// It lives elsewhere now.
        Moved = "moved",
        /// It became part of another.
        Merged = "merged",
    }
}

/// How a record went: when, why, where to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = crate::model::every_key)]
pub struct Removal {
    /// When; `null` where the vendor does not say.
    pub at: Option<Timestamp>,
    /// Why; `null` where the vendor does not say.
    pub reason: Option<RemovalReason>,
    /// The record that took its place.
    pub moved_to: Option<Ref>,
}

/// A record's whole document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every document is a ticket; boxing it would cost an allocation per row"
)]
pub enum Document {
    /// A ticket.
    Ticket(Ticket),
    /// A comment.
    Comment(Comment),
    /// A user.
    User(User),
    /// A group.
    Group(Group),
    /// An account.
    Account(Account),
    /// A contact.
    Contact(Contact),
}

impl Document {
    /// What kind of record it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Ticket(_) => Kind::Ticket,
            Self::Comment(_) => Kind::Comment,
            Self::User(_) => Kind::User,
            Self::Group(_) => Kind::Group,
            Self::Account(_) => Kind::Account,
            Self::Contact(_) => Kind::Contact,
        }
    }

    /// The record's id.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Ticket(ticket) => ticket.id.as_str(),
            Self::Comment(comment) => comment.id.as_str(),
            Self::User(user) => user.id.as_str(),
            Self::Group(group) => group.id.as_str(),
            Self::Account(account) => account.id.as_str(),
            Self::Contact(contact) => contact.id.as_str(),
        }
    }

    /// The ticket, where it is one.
    #[must_use]
    pub fn as_ticket(&self) -> Option<&Ticket> {
        match self {
            Self::Ticket(ticket) => Some(ticket),
            _ => None,
        }
    }
}

/// One change since a checkpoint. The same change may be told twice, never not at all.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "change", rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "nearly every change is an upsert")]
pub enum Change {
    /// The record as it is now, new or changed.
    Upserted {
        /// What kind of record it is.
        kind: Kind,
        /// The record.
        document: Document,
    },
    /// The record is gone.
    Removed {
        /// What kind of record it was.
        kind: Kind,
        /// Its id.
        id: String,
        /// How it went.
        removal: Removal,
    },
}

impl<'de> Deserialize<'de> for Change {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;

        #[derive(Deserialize)]
        #[serde(tag = "change", rename_all = "snake_case")]
        enum Raw {
            Upserted { kind: Kind, document: serde_json::Value },
            Removed { kind: Kind, id: String, removal: Removal },
        }
        // The documents of two kinds may look alike, so the kind decides and not the first that fits.
        Ok(match Raw::deserialize(deserializer)? {
            Raw::Removed { kind, id, removal } => Self::Removed { kind, id, removal },
            Raw::Upserted { kind, document } => {
                let document = match kind {
                    Kind::Ticket => serde_json::from_value(document).map(Document::Ticket),
                    Kind::Comment => serde_json::from_value(document).map(Document::Comment),
                    Kind::User => serde_json::from_value(document).map(Document::User),
                    Kind::Group => serde_json::from_value(document).map(Document::Group),
                    Kind::Account => serde_json::from_value(document).map(Document::Account),
                    Kind::Contact => serde_json::from_value(document).map(Document::Contact),
                }
                .map_err(D::Error::custom)?;
                Self::Upserted { kind, document }
            }
        })
    }
}

impl Change {
    /// The record as it is now.
    #[must_use]
    pub fn upserted(document: Document) -> Self {
        Self::Upserted { kind: document.kind(), document }
    }

    /// The id of the record that changed.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Upserted { document, .. } => document.id(),
            Self::Removed { id, .. } => id,
        }
    }
}
