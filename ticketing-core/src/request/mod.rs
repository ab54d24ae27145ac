//! What callers ask: one owned struct per operation, made by `new` and refined by `with_…`.

mod attachment;
mod change;
mod comment;
mod create;
mod filter;
mod list;
mod patch;
mod people;
mod raw;
mod update;

pub use attachment::{AttachmentContent, ByteStream, Download, DownloadAttachment, ListAttachments, UploadAttachment};
pub use change::{CreateWebhook, DeleteWebhook, ListChanges, ListIds, ListWebhooks, RenewWebhook};
pub use comment::{AddComment, DeleteComment, ListComments, NewComment, TextInput, UpdateComment};
pub use create::CreateTicket;
pub use filter::{AssigneeFilter, FieldFilter, FilterKind, StatusFilter, TicketFilter, TimeRange};
pub use list::{
    AddLink, FoundTickets, GetTicket, GetTickets, LinkTarget, ListAccounts, ListCollections, ListContacts, ListFields,
    ListHistory, ListLinks, ListStatuses, ListTags, ListTickets, ListTransitions, ListWatchers, Projection, RemoveLink,
    Sort, SortDirection, SortField, TicketList,
};
pub use patch::{Patch, SetPatch};
pub use people::{AssignableTo, FindGroups, FindUsers, GetGroup, GetUser, ListGroupMembers, ListGroups, ListUsers};
pub use raw::{RawMethod, RawRequest, RawResponse};
pub use update::{DeleteTicket, UpdateTicket};

/// Declares a request: required parts go into `new`, the others have a default and a `with_…`.
macro_rules! request {
    ( $($declaration:tt)* ) => {
        $crate::request::request_shown_by_hand! { #[derive(Debug)] $($declaration)* }
    };
}
pub(crate) use request;

/// The same without `Debug`, for requests whose parts are not all to be shown.
macro_rules! request_shown_by_hand {
    (
        $(#[$doc:meta])*
        $name:ident
        { $( $(#[$rdoc:meta])* $required:ident: $rty:ty, )* }
        { $( $(#[$odoc:meta])* $optional:ident / $with:ident: $oty:ty, )* }
    ) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            $( $(#[$rdoc])* pub $required: $rty, )*
            $( $(#[$odoc])* pub $optional: $oty, )*
        }

        impl $name {
            /// The request with what it cannot do without.
            #[must_use]
            #[allow(clippy::new_without_default)]
            pub fn new($( $required: impl Into<$rty> ),*) -> Self {
                Self {
                    $( $required: $required.into(), )*
                    $( $optional: Default::default(), )*
                }
            }

            $(
                $(#[$odoc])*
                #[must_use]
                pub fn $with(mut self, $optional: impl Into<$oty>) -> Self {
                    self.$optional = $optional.into();
                    self
                }
            )*
        }
    };
}
pub(crate) use request_shown_by_hand;
