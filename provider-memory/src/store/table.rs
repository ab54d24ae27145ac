//! Rows by id, each with the revision of its last change.

use std::collections::BTreeMap;

use ticketing_core::Version;
use ticketing_core::model::{Account, Collection, Comment, Contact, Group, Removal, Ticket, Timestamp, User};

/// A document that the store keeps as a row.
pub(crate) trait Record: Clone {
    /// Its id, unique in its table.
    fn id(&self) -> &str;

    /// How it went, where it is gone.
    fn deleted(&self) -> Option<&Removal>;

    /// Marks it as gone, or as back.
    fn set_deleted(&mut self, removal: Option<Removal>);

    /// Notes a change: the row's new version, and when it came to be.
    fn touch(&mut self, version: Version, at: Timestamp);

    /// Gives it a version where it has none.
    fn default_version(&mut self, version: Version);

    /// True where it is no longer in use, and therefore not listed unless asked for.
    fn is_inactive(&self) -> bool;
}

macro_rules! records {
    ($( $document:ident: $inactive:expr; )*) => { $(
        impl Record for $document {
            fn id(&self) -> &str {
                self.id.as_str()
            }

            fn deleted(&self) -> Option<&Removal> {
                self.deleted.as_ref()
            }

            fn set_deleted(&mut self, removal: Option<Removal>) {
                self.deleted = removal;
            }

            fn touch(&mut self, version: Version, at: Timestamp) {
                self.version = Some(version);
                self.updated_at = Some(at);
            }

            fn default_version(&mut self, version: Version) {
                self.version.get_or_insert(version);
            }

            fn is_inactive(&self) -> bool {
                let inactive: fn(&Self) -> bool = $inactive;
                inactive(self)
            }
        }
    )* };
}

records! {
    Ticket: |_| false;
    Comment: |_| false;
    User: |user| user.active == Some(false);
    Group: |group| group.active == Some(false);
    Account: |account| account.active == Some(false);
    Contact: |contact| contact.active == Some(false);
    Collection: |collection| collection.active == Some(false);
}

/// A document, and the revision of the store at its last change.
#[derive(Debug, Clone)]
pub(crate) struct Row<D> {
    pub(crate) document: D,
    pub(crate) revision: u64,
}

/// The rows of one kind, by id. Those that are gone stay, so that a delta can tell of them.
#[derive(Debug)]
pub(crate) struct Table<D> {
    rows: BTreeMap<String, Row<D>>,
}

impl<D: Record> Table<D> {
    /// Puts a row in place; one of the same id is replaced.
    pub(crate) fn put(&mut self, document: D, revision: u64) {
        self.rows.insert(document.id().to_owned(), Row { document, revision });
    }

    /// The document of this id, unless it is gone.
    pub(crate) fn get(&self, id: &str) -> Option<&D> {
        self.get_any(id).filter(|document| document.deleted().is_none())
    }

    /// The document of this id, gone or not.
    pub(crate) fn get_any(&self, id: &str) -> Option<&D> {
        self.rows.get(id).map(|row| &row.document)
    }

    /// Every document that is not gone, by id.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &D> {
        self.iter_any().filter(|document| document.deleted().is_none())
    }

    /// Every document, gone or not, by id.
    pub(crate) fn iter_any(&self) -> impl Iterator<Item = &D> {
        self.rows.values().map(|row| &row.document)
    }

    /// Every row, gone or not, by id.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &Row<D>> {
        self.rows.values()
    }
}

impl<D> Default for Table<D> {
    fn default() -> Self {
        Self { rows: BTreeMap::new() }
    }
}
