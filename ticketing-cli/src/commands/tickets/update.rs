//! `ticketing tickets update`.

use clap::{Args, ValueEnum};
use ticketing::model::Due;
use ticketing::request::{Patch, SetPatch, UpdateTicket};
use ticketing::{
    AccountSelector, CollectionSelector, GroupSelector, PrioritySelector, StatusSelector, TicketId, TicketingClient,
    TypeSelector, UserSelector, Version,
};

use crate::args::parse::{self, FieldArg};
use crate::args::text::{self, CommentArgs};
use crate::args::{Globals, fields};
use crate::failure::{Failure, Result};

/// Change a ticket; what is not named stays.
#[derive(Debug, Args)]
pub(crate) struct Update {
    /// The ticket's id, or its key
    #[arg(value_parser = parse::not_empty)]
    id: String,
    /// The title, one line
    #[arg(long, value_parser = parse::not_empty)]
    title: Option<String>,
    /// The description, as Markdown; `-`: from standard input
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Texts are plain, not Markdown
    #[arg(long)]
    plain: bool,
    /// incident, request, change, problem, task, bug, story, epic, question, other, or `native:…`
    #[arg(long = "type", value_name = "TYPE", value_parser = parse::core::<TypeSelector>)]
    ticket_type: Option<TypeSelector>,
    /// open, in_progress, on_hold, resolved, closed or cancelled
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
    /// Why: the close code, hold reason or resolution that goes with the status, by id or name
    #[arg(long, value_parser = parse::not_empty)]
    reason: Option<String>,
    /// urgent, high, normal, low, lowest, or `native:…`
    #[arg(long, value_parser = parse::core::<PrioritySelector>)]
    priority: Option<PrioritySelector>,
    /// For whom it is: `me`, `email:…`, `username:…` or an id
    #[arg(long, value_name = "USER", value_parser = parse::core::<UserSelector>)]
    requester: Option<UserSelector>,
    /// The customer organisation: `name:…` or an id
    #[arg(long, value_parser = parse::core::<AccountSelector>)]
    account: Option<AccountSelector>,
    /// The ticket it is part of, by id
    #[arg(long, value_name = "ID", value_parser = parse::not_empty)]
    parent: Option<String>,
    /// When it is due: a day, 2026-03-01, or a moment, 2026-03-01T09:00:00Z
    #[arg(long, value_name = "DAY|TIME", value_parser = parse::due)]
    due: Option<Due>,
    /// Your product's own id for it
    #[arg(long, value_name = "ID", value_parser = parse::not_empty)]
    external_id: Option<String>,
    /// A catalogue field; nothing behind the equals sign empties it; FIELD:=JSON for an exact type; several by repeating
    #[arg(long, value_name = "FIELD=VALUE", value_parser = parse::field)]
    field: Vec<FieldArg>,
    /// Empties these, by commas
    #[arg(long, value_enum, value_name = "WHAT", value_delimiter = ',')]
    clear: Vec<Clearable>,
    /// Refuse where the ticket has changed since this version
    #[arg(long, value_name = "VERSION")]
    expected_version: Option<String>,
    /// The vendor's own JSON too, under `raw`
    #[arg(long)]
    raw: bool,
    #[command(flatten)]
    sets: SetArgs,
    #[command(flatten)]
    comment: CommentArgs,
}

macro_rules! sets {
    ($( $field:ident: $ty:ty = $read:expr, $name:literal; )*) => {
        /// Sets of values: given whole, or by what comes and goes.
        #[derive(Debug, Args)]
        #[command(next_help_heading = "Sets")]
        struct SetArgs { $( #[command(flatten)] $field: $field::Values, )* }

        $( mod $field {
            use super::*;

            #[derive(Debug, Args)]
            #[group(skip)]
            pub(super) struct Values {
                #[arg(
                    id = $name,
                    long = $name,
                    value_name = "VALUE",
                    value_parser = $read,
                    help = concat!("These ", $name, "s and no others; several by repeating")
                )]
                whole: Vec<$ty>,
                #[arg(
                    id = concat!("add-", $name),
                    long = concat!("add-", $name),
                    value_name = "VALUE",
                    value_parser = $read,
                    conflicts_with = $name,
                    help = concat!("This ", $name, " too")
                )]
                add: Vec<$ty>,
                #[arg(
                    id = concat!("remove-", $name),
                    long = concat!("remove-", $name),
                    value_name = "VALUE",
                    value_parser = $read,
                    conflicts_with = $name,
                    help = concat!("No longer this ", $name)
                )]
                remove: Vec<$ty>,
            }

            impl Values {
                pub(super) fn patch(&self, clear: bool) -> Result<SetPatch<$ty>> {
                    let changes = !(self.add.is_empty() && self.remove.is_empty());
                    match (clear, self.whole.is_empty()) {
                        (true, true) if !changes => Ok(SetPatch::Replace(Vec::new())),
                        (true, _) => Err(Failure::usage(concat!("--clear ", $name, "s: it is given values too; leave out one of the two"))),
                        (false, false) => Ok(SetPatch::Replace(self.whole.clone())),
                        (false, true) => Ok(SetPatch::Change { add: self.add.clone(), remove: self.remove.clone() }),
                    }
                }
            }
        } )*
    };
}

sets! {
    assignees: UserSelector = parse::core::<UserSelector>, "assignee";
    groups: GroupSelector = parse::core::<GroupSelector>, "group";
    watchers: UserSelector = parse::core::<UserSelector>, "watcher";
    collections: CollectionSelector = parse::core::<CollectionSelector>, "collection";
    tags: String = parse::not_empty, "tag";
}

/// What can be emptied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Clearable {
    Description,
    Priority,
    Requester,
    Account,
    Parent,
    Due,
    ExternalId,
    Assignees,
    Groups,
    Watchers,
    Collections,
    Tags,
}

impl Update {
    pub(super) async fn run(&self, globals: &Globals, client: &TicketingClient) -> Result<()> {
        let description = self.description.as_deref().map(|text| text::input(text, self.plain)).transpose()?;
        let mut request = UpdateTicket::new(self.id.as_str())
            .with_title(self.title.clone().map_or(Patch::Keep, Patch::Set))
            .with_description(self.patch(Clearable::Description, description)?)
            .with_type(self.ticket_type.clone())
            .with_status(self.native_status.clone().map(StatusSelector::Native).or_else(|| self.status.clone()))
            .with_reason(self.reason.clone())
            .with_priority(self.patch(Clearable::Priority, self.priority.clone())?)
            .with_requester(self.patch(Clearable::Requester, self.requester.clone())?)
            .with_assignees(self.sets.assignees.patch(self.clears(Clearable::Assignees))?)
            .with_groups(self.sets.groups.patch(self.clears(Clearable::Groups))?)
            .with_watchers(self.sets.watchers.patch(self.clears(Clearable::Watchers))?)
            .with_account(self.patch(Clearable::Account, self.account.clone())?)
            .with_collections(self.sets.collections.patch(self.clears(Clearable::Collections))?)
            .with_parent(self.patch(Clearable::Parent, self.parent.clone().map(TicketId::from))?)
            .with_tags(self.sets.tags.patch(self.clears(Clearable::Tags))?)
            .with_due(self.patch(Clearable::Due, self.due)?)
            .with_external_id(self.patch(Clearable::ExternalId, self.external_id.clone())?)
            .with_comment(self.comment.comment(self.plain)?);
        request.fields = fields::to_write(client, &self.field).await?;
        if request == UpdateTicket::new(self.id.as_str()) {
            return Err(Failure::usage(
                "tickets update: it does not say what to change; add --status, --title, --field, --comment or others of `tickets update --help`",
            ));
        }
        let request =
            request.with_expected_version(self.expected_version.clone().map(Version::from)).with_include_raw(self.raw);
        globals.output.document(&client.update_ticket(request).await?)
    }

    fn clears(&self, what: Clearable) -> bool {
        self.clear.contains(&what)
    }

    fn patch<T>(&self, what: Clearable, value: Option<T>) -> Result<Patch<T>> {
        match (value, self.clears(what)) {
            (Some(_), true) => {
                let name = what.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
                Err(Failure::usage(format!("--clear {name}: it is given a value too; leave out one of the two")))
            }
            (Some(value), false) => Ok(Patch::Set(value)),
            (None, true) => Ok(Patch::Clear),
            (None, false) => Ok(Patch::Keep),
        }
    }
}
