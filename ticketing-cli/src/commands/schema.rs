//! `ticketing schema`.

use std::collections::BTreeMap;

use clap::{Args, ValueEnum};
use schemars::{Schema, schema_for};
use ticketing::model::{
    Account, Attachment, Change, ChangeEvent, Collection, Comment, Contact, Field, Group, HistoryEntry, Link,
    StatusInfo, Tag, Ticket, Transition, User, Webhook,
};
use ticketing::request::TicketFilter;
use ticketing::{Capabilities, ChangePage, Check};

use crate::args::Globals;
use crate::failure::{Failure, Result};

/// Print the JSON schema of a document, or of a provider's configuration.
#[derive(Debug, Args)]
pub(crate) struct SchemaOf {
    /// Of what; without it, of all documents, by name. `config` needs --provider
    #[arg(value_enum)]
    of: Option<Name>,
}

macro_rules! schemas {
    ($( $(#[$doc:meta])* $name:ident: $ty:ty; )*) => {
        /// What there is a schema of.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
        #[value(rename_all = "snake_case")]
        enum Name {
            $( $(#[$doc])* $name, )*
            /// A provider's configuration
            Config,
        }

        impl Name {
            const DOCUMENTS: &'static [Self] = &[ $( Self::$name, )* ];

            /// The schema of a document; `None` for a configuration, which depends on the provider.
            fn document(self) -> Option<Schema> {
                match self {
                    $( Self::$name => Some(schema_for!($ty)), )*
                    Self::Config => None,
                }
            }
        }
    };
}

schemas! {
    Ticket: Ticket;
    User: User;
    Group: Group;
    Comment: Comment;
    Attachment: Attachment;
    Account: Account;
    Contact: Contact;
    Collection: Collection;
    Tag: Tag;
    Field: Field;
    Link: Link;
    History: HistoryEntry;
    Change: Change;
    ChangePage: ChangePage;
    Status: StatusInfo;
    Transition: Transition;
    Webhook: Webhook;
    Event: ChangeEvent;
    Filter: TicketFilter;
    Check: Check;
    Capabilities: Capabilities;
}

impl SchemaOf {
    pub(crate) fn run(&self, globals: &Globals) -> Result<()> {
        match self.of {
            None => {
                let all: BTreeMap<String, Schema> = Name::DOCUMENTS
                    .iter()
                    .filter_map(|name| {
                        let value = name.to_possible_value()?;
                        Some((value.get_name().to_owned(), name.document()?))
                    })
                    .collect();
                globals.output.json_document(&all)
            }
            Some(name) => match name.document() {
                Some(schema) => globals.output.json_document(&schema),
                None => globals.output.json_document(&config(globals)?),
            },
        }
    }
}

fn config(globals: &Globals) -> Result<Schema> {
    let registry = ticketing::registry()?;
    let Some(name) = globals.connection.provider() else {
        let known: Vec<_> = registry.iter().map(|provider| provider.name).collect();
        return Err(Failure::usage(format!(
            "--provider: the configuration's schema depends on it; add --provider with one of: {}",
            known.join(", ")
        )));
    };
    Ok((registry.get(name)?.config_schema)())
}
