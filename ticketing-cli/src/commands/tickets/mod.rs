//! `ticketing tickets`.

mod comment;
mod comments;
mod create;
mod delete;
mod get;
mod history;
mod list;
mod transitions;
mod update;

use clap::{Args, Subcommand};
use ticketing::request::Projection;

use crate::args::{Globals, parse};
use crate::failure::Result;

/// Read and write tickets.
#[derive(Debug, Subcommand)]
pub(crate) enum Tickets {
    /// List tickets
    List(Box<list::List>),
    /// Show one ticket
    Get(get::Get),
    /// Make a ticket
    Create(Box<create::Create>),
    /// Change a ticket; what is not named stays
    Update(Box<update::Update>),
    /// Delete a ticket
    Delete(delete::Delete),
    /// Add a comment to a ticket
    Comment(comment::Comment),
    /// List a ticket's comments, oldest first
    Comments(comments::Comments),
    /// List what happened to a ticket, oldest first
    History(history::History),
    /// List the status changes that a ticket can make now
    Transitions(transitions::Transitions),
}

impl Tickets {
    pub(crate) async fn run(&self, globals: &Globals) -> Result<()> {
        let client = globals.connection.connect().await?;
        match self {
            Self::List(command) => command.run(globals, &client).await,
            Self::Get(command) => command.run(globals, &client).await,
            Self::Create(command) => command.run(globals, &client).await,
            Self::Update(command) => Box::pin(command.run(globals, &client)).await,
            Self::Delete(command) => command.run(globals, &client).await,
            Self::Comment(command) => command.run(globals, &client).await,
            Self::Comments(command) => command.run(globals, &client).await,
            Self::History(command) => command.run(globals, &client).await,
            Self::Transitions(command) => command.run(globals, &client).await,
        }
    }
}

/// How much of each ticket.
#[derive(Debug, Clone, Args)]
struct DetailArgs {
    /// Only these catalogue fields under `fields`, by commas; the core keys always come
    #[arg(long, value_name = "FIELD", value_delimiter = ',', value_parser = parse::not_empty)]
    select: Option<Vec<String>>,
    /// The watchers too, where they do not come by themselves
    #[arg(long)]
    watchers: bool,
    /// The vendor's own JSON too, under `raw`
    #[arg(long)]
    raw: bool,
}

impl DetailArgs {
    fn projection(&self) -> Projection {
        let mut projection = Projection::new();
        if let Some(fields) = &self.select {
            projection = projection.with_fields(fields.iter().map(String::as_str));
        }
        if self.watchers {
            projection = projection.with_watchers();
        }
        projection
    }
}
