//! `ticketing tickets create`.

use clap::Args;
use ticketing::model::Due;
use ticketing::request::CreateTicket;
use ticketing::{
    AccountSelector, CollectionSelector, GroupSelector, IdempotencyMode, PrioritySelector, StatusSelector, TicketId,
    TicketingClient, TypeSelector, UserSelector,
};

use crate::args::parse::{self, FieldArg};
use crate::args::text::{self, CommentArgs};
use crate::args::{Globals, fields};
use crate::failure::{Failure, Result};

/// Make a ticket.
#[derive(Debug, Args)]
pub(crate) struct Create {
    /// The title, one line
    #[arg(long, value_parser = parse::not_empty)]
    title: String,
    /// The description, as Markdown; `-`: from standard input
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Texts are plain, not Markdown
    #[arg(long)]
    plain: bool,
    /// incident, request, change, problem, task, bug, story, epic, question, other, or `native:…`
    #[arg(long = "type", value_name = "TYPE", value_parser = parse::core::<TypeSelector>)]
    ticket_type: Option<TypeSelector>,
    /// open, in_progress, on_hold, resolved, closed or cancelled; without it, the vendor's first
    #[arg(long, value_parser = parse::core::<StatusSelector>)]
    status: Option<StatusSelector>,
    /// A status of the vendor's own, by id or name
    #[arg(
        long,
        value_name = "ID|NAME",
        conflicts_with = "status",
        allow_hyphen_values = true,
        value_parser = parse::not_empty
    )]
    native_status: Option<String>,
    /// urgent, high, normal, low, lowest, or `native:…`
    #[arg(long, value_parser = parse::core::<PrioritySelector>)]
    priority: Option<PrioritySelector>,
    /// For whom it is: `me`, `email:…`, `username:…` or an id
    #[arg(long, value_name = "USER", value_parser = parse::core::<UserSelector>)]
    requester: Option<UserSelector>,
    /// Who works on it: `me`, `email:…`, `username:…` or an id; several by repeating
    #[arg(long, value_name = "USER", value_parser = parse::core::<UserSelector>)]
    assignee: Vec<UserSelector>,
    /// Which group works on it: `name:…` or an id; several by repeating
    #[arg(long, value_name = "GROUP", value_parser = parse::core::<GroupSelector>)]
    group: Vec<GroupSelector>,
    /// Who is told of changes; several by repeating
    #[arg(long, value_name = "USER", value_parser = parse::core::<UserSelector>)]
    watcher: Vec<UserSelector>,
    /// The customer organisation: `name:…` or an id
    #[arg(long, value_parser = parse::core::<AccountSelector>)]
    account: Option<AccountSelector>,
    /// The project, board or repository: `key:…` or an id
    #[arg(long, value_parser = parse::core::<CollectionSelector>)]
    collection: Option<CollectionSelector>,
    /// The ticket it is part of, by id
    #[arg(long, value_name = "ID", value_parser = parse::not_empty)]
    parent: Option<String>,
    /// A label; several by repeating
    #[arg(long, value_parser = parse::not_empty)]
    tag: Vec<String>,
    /// When it is due: a day, 2026-03-01, or a moment, 2026-03-01T09:00:00Z
    #[arg(long, value_name = "DAY|TIME", value_parser = parse::due)]
    due: Option<Due>,
    /// Your product's own id for it
    #[arg(long, value_name = "ID", value_parser = parse::not_empty)]
    external_id: Option<String>,
    /// A catalogue field; FIELD:=JSON for an exact type; several by repeating
    #[arg(long, value_name = "FIELD=VALUE", value_parser = parse::field)]
    field: Vec<FieldArg>,
    /// The same key again gives the same ticket, not a second one
    #[arg(long, value_name = "KEY", value_parser = parse::not_empty)]
    idempotency_key: Option<String>,
    /// The vendor's own JSON too, under `raw`
    #[arg(long)]
    raw: bool,
    #[command(flatten)]
    comment: CommentArgs,
}

impl Create {
    pub(super) async fn run(&self, globals: &Globals, client: &TicketingClient) -> Result<()> {
        // A key that lives no longer than this command would let the next one make a second ticket.
        if self.idempotency_key.is_some() && client.capabilities().idempotency.ticket == IdempotencyMode::None {
            return Err(Failure::usage(format!(
                "--idempotency-key: {} has no place for one, so the same key again would make a second ticket; leave it out, and look for the ticket where an answer was lost",
                client.info().name
            )));
        }
        let status = self.native_status.clone().map(StatusSelector::Native).or_else(|| self.status.clone());
        let description = self.description.as_deref().map(|text| text::input(text, self.plain)).transpose()?;
        let mut request = CreateTicket::new(self.title.as_str())
            .with_description(description)
            .with_type(self.ticket_type.clone())
            .with_status(status)
            .with_priority(self.priority.clone())
            .with_requester(self.requester.clone())
            .with_assignees(self.assignee.clone())
            .with_groups(self.group.clone())
            .with_watchers(self.watcher.clone())
            .with_account(self.account.clone())
            .with_collection(self.collection.clone())
            .with_parent(self.parent.clone().map(TicketId::from))
            .with_tags(self.tag.clone())
            .with_due(self.due)
            .with_external_id(self.external_id.clone())
            .with_comment(self.comment.comment(self.plain)?)
            .with_idempotency_key(self.idempotency_key.clone())
            .with_include_raw(self.raw);
        request.fields = fields::to_write(client, &self.field).await?;
        globals.output.document(&client.create_ticket(request).await?)
    }
}
