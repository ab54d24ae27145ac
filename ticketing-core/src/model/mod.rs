//! The model: one document per kind, the same for every vendor.
//!
//! The JSON of these types is a public contract: every key is always present, `null` means none, and a list that was
//! not loaded is `null` while an empty one is `[]`. What the credential may not read is named in `unreadable`.

mod account;
mod attachment;
mod change;
mod collection;
mod comment;
mod field;
mod group;
mod history;
mod link;
mod priority;
mod reference;
mod rich_text;
mod status;
mod ticket;
mod ticket_type;
mod time;
mod user;
mod webhook;

pub use account::{Account, Contact};
pub use attachment::{Attachment, Checksum};
pub use change::{Change, Document, Kind, Removal, RemovalReason};
pub use collection::{Collection, CollectionCategory, CollectionType, Tag};
pub use comment::{Comment, Visibility};
pub use field::{Choice, Field, FieldData, FieldLabel, FieldType, FieldValue, Fields};
pub use group::Group;
pub use history::{FieldChange, HistoryEntry, HistoryValue};
pub use link::{Link, LinkCategory, LinkType};
pub use priority::{Priority, PriorityLevel};
pub use reference::{Native, Ref, RefType};
pub use rich_text::{NativeText, RichText, TextFormat};
pub use status::{Status, StatusCategory, StatusInfo, Transition};
pub use ticket::Ticket;
pub use ticket_type::{TicketType, TypeCategory};
pub use time::{Due, Timestamp, format_timestamp};
pub use user::{User, UserType};
pub use webhook::{ChangeEvent, Webhook, WebhookEvent};

/// Says in a document's schema that every key is always there, `null` where there is no value; `raw` alone comes where it
/// was asked for.
pub(crate) fn every_key(schema: &mut schemars::Schema) {
    let keys = schema.get("properties").and_then(serde_json::Value::as_object);
    let always = keys.into_iter().flat_map(|keys| keys.keys()).filter(|key| *key != "raw").cloned();
    let always: Vec<serde_json::Value> = always.map(serde_json::Value::String).collect();
    schema.insert("required".to_owned(), serde_json::Value::Array(always));
}

/// Implements `Display`, `FromStr`, `ALL` and `as_str` for a fixed vocabulary whose JSON is its snake-case name.
macro_rules! vocabulary {
    ($( $(#[$outer:meta])* $name:ident: $what:literal { $( $(#[$doc:meta])* $variant:ident = $text:literal, )* } )*) => { $(
        $(#[$outer])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize, schemars::JsonSchema,
        )]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum $name { $( $(#[$doc])* $variant, )* }

        impl $name {
            /// Every value, in the order of the documentation.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )* ];

            /// The value's stable name, as in JSON.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $text, )* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|value| value.as_str() == text).ok_or_else(|| {
                    let known: Vec<_> = Self::ALL.iter().map(|value| value.as_str()).collect();
                    crate::Error::invalid($what, format!("there is no {} `{}`", $what, text.escape_debug()))
                        .with_hint(format!("use one of: {}", known.join(", ")))
                })
            }
        }
    )* };
}
pub(crate) use vocabulary;
