//! The census: the ids of everything of a kind.

use ticketing_core::model::Kind;
use ticketing_core::request::{ListAccounts, ListContacts, ListGroups, ListIds, ListTickets, ListUsers, Projection};
use ticketing_core::{Cursor, Error, ErrorKind, Operation, Page, Result};

use crate::connection::Connection;
use crate::{people, tickets};

/// One page of ids: those of the listing of the kind, with all that is no longer in use.
pub(crate) async fn list_ids(connection: &Connection, request: ListIds) -> Result<Page<String>> {
    let codec = connection.codec(Operation::ListIds, &request.kind);
    let inner: Option<String> = request.cursor.as_ref().map(|cursor| codec.position(cursor)).transpose()?;
    let cursor = inner.map(Cursor::new);
    let size = request.page_size;
    let page = match request.kind {
        Kind::Ticket => {
            let nothing_more = Projection::new().with_fields(Vec::<&str>::new());
            let list = ListTickets::new().with_projection(nothing_more).with_cursor(cursor).with_page_size(size);
            tickets::list(connection, list).await?.map(|ticket| ticket.id.to_string())
        }
        Kind::User => {
            let list = ListUsers::new().with_include_inactive(true).with_cursor(cursor).with_page_size(size);
            people::list_users(connection, list).await?.map(|user| user.id.to_string())
        }
        Kind::Contact => {
            let list = ListContacts::new().with_include_inactive(true).with_cursor(cursor).with_page_size(size);
            people::list_contacts(connection, list).await?.map(|contact| contact.id.to_string())
        }
        Kind::Group => {
            let list = ListGroups::new().with_include_inactive(true).with_cursor(cursor).with_page_size(size);
            people::list_groups(connection, list).await?.map(|group| group.id.to_string())
        }
        Kind::Account => {
            let list = ListAccounts::new().with_cursor(cursor).with_page_size(size);
            people::list_accounts(connection, list).await?.map(|account| account.id.to_string())
        }
        other => {
            return Err(Error::new(ErrorKind::Unsupported, format!("{other}s cannot be counted by themselves"))
                .with_field("kind")
                .with_hint("list them ticket by ticket"));
        }
    };
    let next = page.next.as_ref().map(|next| codec.cursor(&next.as_str())).transpose()?;
    Ok(Page::new(page.items, next))
}
