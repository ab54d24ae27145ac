//! `ticketing tickets comment`.

use clap::Args;
use ticketing::model::Visibility;
use ticketing::request::AddComment;
use ticketing::{CommentId, TicketingClient};

use crate::args::text::{self, VisibilityArgs};
use crate::args::{Globals, parse};
use crate::failure::{Failure, Result};

/// Add a comment to a ticket. Who may read it has to be said: --public or --internal.
#[derive(Debug, Args)]
pub(crate) struct Comment {
    /// The ticket's id, or its key
    #[arg(value_parser = parse::not_empty)]
    id: String,
    /// What it says, as Markdown; `-`: from standard input
    #[arg(value_parser = parse::not_empty)]
    text: String,
    #[command(flatten)]
    visibility: VisibilityArgs,
    /// The comment is for this role or group alone, where the vendor knows that
    #[arg(long, value_name = "ROLE|GROUP", conflicts_with_all = ["public", "internal"], value_parser = parse::not_empty)]
    restricted_to: Option<String>,
    /// The text is plain, not Markdown
    #[arg(long)]
    plain: bool,
    /// The comment it answers, by id
    #[arg(long, value_name = "COMMENT")]
    reply_to: Option<String>,
    /// The same key again gives the same comment, not a second one
    #[arg(long, value_name = "KEY", value_parser = parse::not_empty)]
    idempotency_key: Option<String>,
}

impl Comment {
    pub(super) async fn run(&self, globals: &Globals, client: &TicketingClient) -> Result<()> {
        let visibility = match (self.visibility.visibility(), &self.restricted_to) {
            (Some(visibility), _) => visibility,
            (None, Some(_)) => Visibility::Restricted,
            (None, None) => {
                return Err(Failure::usage(
                    "tickets comment: it does not say who may read it; add --public (the requester too) or --internal (only those who work on tickets)",
                ));
            }
        };
        let request = AddComment::new(self.id.as_str(), text::input(&self.text, self.plain)?, visibility)
            .with_restricted_to(self.restricted_to.clone())
            .with_parent(self.reply_to.clone().map(CommentId::from))
            .with_idempotency_key(self.idempotency_key.clone());
        globals.output.document(&client.add_comment(request).await?)
    }
}
