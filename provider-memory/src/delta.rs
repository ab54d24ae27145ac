//! What changed since a checkpoint, and the census. Every change of the store has a revision, so a position is a number.

use serde::{Deserialize, Serialize};
use ticketing_core::model::{Account, Change, Comment, Contact, Document, Group, Kind, Removal, Ticket, User};
use ticketing_core::request::{ListChanges, ListIds, Projection};
use ticketing_core::{ChangePage, Error, ErrorKind, Operation, Page, Result};

use crate::paging::{Window, bounded};
use crate::session::Session;
use crate::store::{Record, Table, Tabled};

/// How far a delta was read.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Position {
    /// Everything up to this revision was told.
    after: u64,
    /// The revision at which the first reading began: who begins then need not hear of what was gone before.
    began: u64,
}

impl Session<'_> {
    pub(crate) fn list_changes(&self, request: &ListChanges) -> Result<ChangePage> {
        match request.kind {
            Kind::Ticket => self.changes::<Ticket>(request, |session, row, raw| {
                Document::Ticket(session.ticket_document(row, &Projection::new(), raw))
            }),
            Kind::Comment => self
                .changes::<Comment>(request, |session, row, raw| Document::Comment(session.comment_document(row, raw))),
            Kind::User => {
                self.changes::<User>(request, |session, row, raw| Document::User(session.user_document(row, raw)))
            }
            Kind::Group => {
                self.changes::<Group>(request, |session, row, raw| Document::Group(session.group_document(row, raw)))
            }
            Kind::Account => self
                .changes::<Account>(request, |session, row, raw| Document::Account(session.account_document(row, raw))),
            Kind::Contact => self
                .changes::<Contact>(request, |session, row, raw| Document::Contact(session.contact_document(row, raw))),
            other => Err(unknown_kind(other)),
        }
    }

    pub(crate) fn list_ids(&self, request: &ListIds) -> Result<Page<String>> {
        match request.kind {
            Kind::Ticket => self.census(request, &self.state.tickets),
            Kind::Comment => self.census(request, &self.state.comments),
            Kind::User => self.census(request, &self.state.users),
            Kind::Group => self.census(request, &self.state.groups),
            Kind::Account => self.census(request, &self.state.accounts),
            Kind::Contact => self.census(request, &self.state.contacts),
            other => Err(unknown_kind(other)),
        }
    }

    fn changes<D: Tabled>(
        &self,
        request: &ListChanges,
        document: impl Fn(&Self, &D, bool) -> Document,
    ) -> Result<ChangePage> {
        let codec = self.codec(Operation::ListChanges, &request.kind);
        let from = match &request.checkpoint {
            Some(checkpoint) => codec.checkpoint_position(checkpoint)?,
            None => Position { after: 0, began: self.state.revision },
        };
        let mut rows: Vec<_> = D::table(self.state)
            .rows()
            .filter(|row| row.revision > from.after)
            .filter(|row| row.document.deleted().is_none() || row.revision > from.began)
            .collect();
        rows.sort_by_key(|row| row.revision);
        let size = bounded(request.page_size);
        let caught_up = rows.len() <= size;
        rows.truncate(size);
        let after = rows.last().map_or(from.after, |row| row.revision);
        let change = |row: &D| match row.deleted() {
            Some(removal) => {
                Change::Removed { kind: request.kind, id: row.id().to_owned(), removal: self.told(removal) }
            }
            None => Change::upserted(document(self, row, request.include_raw)),
        };
        Ok(ChangePage {
            items: rows.iter().map(|row| change(&row.document)).collect(),
            checkpoint: codec.checkpoint(&Position { after, ..from })?,
            caught_up,
        })
    }

    fn census<D: Record>(&self, request: &ListIds, table: &Table<D>) -> Result<Page<String>> {
        let codec = self.codec(Operation::ListIds, &request.kind);
        let ids = table.iter().map(|row| (row.id().to_owned(), row.id().to_owned()));
        Window::new(&codec, request.cursor.as_ref(), request.page_size).page(ids)
    }

    fn told(&self, removal: &Removal) -> Removal {
        let mut removal = removal.clone();
        removal.moved_to.iter_mut().for_each(|target| self.rename(target));
        removal
    }
}

fn unknown_kind(kind: Kind) -> Error {
    let known: Vec<_> = Kind::ALL.iter().map(|known| known.as_str()).collect();
    Error::new(ErrorKind::Unsupported, format!("the provider has no kind `{kind}`"))
        .with_field("kind")
        .with_hint(format!("it has: {}", known.join(", ")))
}
