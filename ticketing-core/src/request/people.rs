//! Users and groups, and finding the one that is meant.

use std::time::Duration;

use serde::Serialize;

use super::request;
use crate::id::{CollectionId, GroupId, TicketId, UserId};
use crate::page::Cursor;

macro_rules! lists {
    ($( $(#[$doc:meta])* $name:ident { $( $(#[$rdoc:meta])* $required:ident: $rty:ty, )* } )*) => { $(
        request! {
            $(#[$doc])*
            $name { $( $(#[$rdoc])* $required: $rty, )* } {
                /// Those who can no longer work too.
                include_inactive / with_include_inactive: bool,
                /// The vendor's own JSON under `raw`.
                include_raw / with_include_raw: bool,
                /// Where the last page ended.
                cursor / with_cursor: Option<Cursor>,
                /// How many to a page; the provider bounds it.
                page_size / with_page_size: Option<u32>,
            }
        }
    )* };
}

lists! {
    /// One page of users.
    ListUsers {}
    /// One page of groups.
    ListGroups {}
    /// One page of a group's members.
    ListGroupMembers {
        /// The group.
        group: GroupId,
    }
}

request! {
    /// One user.
    GetUser {
        /// The user's id.
        id: UserId,
    } {
        /// The vendor's own JSON under `raw`.
        include_raw / with_include_raw: bool,
    }
}

request! {
    /// One group.
    GetGroup {
        /// The group's id.
        id: GroupId,
    } {
        /// The vendor's own JSON under `raw`.
        include_raw / with_include_raw: bool,
    }
}

/// What the one who is looked for must be assignable to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AssignableTo {
    /// A ticket.
    Ticket(TicketId),
    /// Tickets of a collection.
    Collection(CollectionId),
    /// Tickets of a group: its members.
    Group(GroupId),
}

request! {
    /// Active users by text, email or name: the assignee picker.
    FindUsers {} {
        /// Part of a name, login name or email address.
        text / with_text: Option<String>,
        /// The exact email address.
        email / with_email: Option<String>,
        /// The exact display name.
        name / with_name: Option<String>,
        /// Only those who can be assigned to this.
        assignable_to / with_assignable_to: Option<AssignableTo>,
        /// Those who can no longer work too.
        include_inactive / with_include_inactive: bool,
        /// An answer of up to this age will do; the page's `as_of` says how old it is. Zero: a fresh one.
        max_age / with_max_age: Option<Duration>,
        /// Where the last page ended.
        cursor / with_cursor: Option<Cursor>,
        /// How many to a page; the provider bounds it.
        page_size / with_page_size: Option<u32>,
    }
}

request! {
    /// Active groups by text or name.
    FindGroups {} {
        /// Part of a name.
        text / with_text: Option<String>,
        /// The exact name.
        name / with_name: Option<String>,
        /// Only those that can be assigned to this.
        assignable_to / with_assignable_to: Option<AssignableTo>,
        /// Those that can no longer be assigned too.
        include_inactive / with_include_inactive: bool,
        /// An answer of up to this age will do; the page's `as_of` says how old it is. Zero: a fresh one.
        max_age / with_max_age: Option<Duration>,
        /// Where the last page ended.
        cursor / with_cursor: Option<Cursor>,
        /// How many to a page; the provider bounds it.
        page_size / with_page_size: Option<u32>,
    }
}
