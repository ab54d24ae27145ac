//! Which tickets: one argument for every filter of the contract.

use clap::Args;
use ticketing::model::Timestamp;
use ticketing::request::{AssigneeFilter, FieldFilter, StatusFilter, TicketFilter, TimeRange};
use ticketing::{
    AccountSelector, CollectionSelector, GroupSelector, PrioritySelector, TicketingClient, TypeSelector, UserSelector,
};

use super::fields;
use super::parse::{self, FieldArg};
use crate::failure::Result;

/// Which tickets. Values of one filter are alternatives; filters narrow each other.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Filters")]
pub(crate) struct FilterArgs {
    /// In this status: open, in_progress, on_hold, resolved, closed, cancelled, unknown, or unresolved (open,
    /// in_progress, on_hold, unknown); several by commas
    #[arg(long, value_name = "STATUS", value_delimiter = ',', value_parser = parse::core::<StatusFilter>)]
    status: Vec<StatusFilter>,
    /// In this status of the vendor's own, by id or name; several by commas
    #[arg(
        long,
        value_name = "ID|NAME",
        value_delimiter = ',',
        allow_hyphen_values = true,
        value_parser = parse::not_empty
    )]
    native_status: Vec<String>,
    /// Assigned to this user: `me`, `email:…`, `username:…` or an id
    #[arg(long, value_name = "USER", value_parser = parse::core::<UserSelector>)]
    assignee: Vec<UserSelector>,
    /// Assigned to nobody
    #[arg(long)]
    unassigned: bool,
    /// For this user: `me`, `email:…`, `username:…` or an id
    #[arg(long, value_name = "USER", value_parser = parse::core::<UserSelector>)]
    requester: Vec<UserSelector>,
    /// Made by this user: `me`, `email:…`, `username:…` or an id
    #[arg(long, value_name = "USER", value_parser = parse::core::<UserSelector>)]
    creator: Vec<UserSelector>,
    /// Assigned to this group: `name:…` or an id
    #[arg(long, value_name = "GROUP", value_parser = parse::core::<GroupSelector>)]
    group: Vec<GroupSelector>,
    /// Of this customer organisation: `name:…` or an id
    #[arg(long, value_name = "ACCOUNT", value_parser = parse::core::<AccountSelector>)]
    account: Vec<AccountSelector>,
    /// In this project, board or repository: `key:…` or an id
    #[arg(long, value_name = "COLLECTION", value_parser = parse::core::<CollectionSelector>)]
    collection: Vec<CollectionSelector>,
    /// With this tag
    #[arg(long, value_name = "TAG", value_parser = parse::not_empty)]
    tag: Vec<String>,
    /// With this priority: urgent, high, normal, low, lowest, unknown, or `native:…`; several by commas
    #[arg(long, value_name = "PRIORITY", value_delimiter = ',', value_parser = parse::core::<PrioritySelector>)]
    priority: Vec<PrioritySelector>,
    /// Of this type: incident, request, change, problem, task, bug, story, epic, question, other, or `native:…`;
    /// several by commas
    #[arg(long = "type", value_name = "TYPE", value_delimiter = ',', value_parser = parse::core::<TypeSelector>)]
    ticket_type: Vec<TypeSelector>,
    /// Part of this ticket, by id
    #[arg(long, value_name = "ID", value_delimiter = ',', value_parser = parse::not_empty)]
    parent: Vec<String>,
    /// With these words in title or description
    #[arg(long, value_name = "WORDS", value_parser = parse::not_empty)]
    text: Option<String>,
    /// With this id; several by commas
    #[arg(long, value_name = "ID", value_delimiter = ',', value_parser = parse::not_empty)]
    id: Vec<String>,
    /// With this key (INC0000045, PROJ-12); several by commas
    #[arg(long, value_name = "KEY", value_delimiter = ',', value_parser = parse::not_empty)]
    key: Vec<String>,
    /// With this id of your product's own; several by commas
    #[arg(long, value_name = "ID", value_delimiter = ',', value_parser = parse::not_empty)]
    external_id: Vec<String>,
    /// With this value in a catalogue field; nothing behind the equals sign: with an empty one; FIELD:=JSON for an
    /// exact type
    #[arg(long, value_name = "FIELD=VALUE", value_parser = parse::field)]
    field: Vec<FieldArg>,
    #[command(flatten)]
    times: TimeArgs,
}

macro_rules! times {
    ($( $name:ident: $after:ident, $before:ident, $what:literal; )*) => {
        /// When things happened. `after` takes the moment itself in, `before` leaves it out.
        #[derive(Debug, Clone, Args)]
        struct TimeArgs { $(
            #[arg(
                long,
                value_name = "TIME",
                value_parser = parse::moment,
                help = concat!($what, " at this moment or later: 2016-06-01T00:00:00Z, or 2016-06-01 (UTC)")
            )]
            $after: Option<Timestamp>,
            #[arg(
                long,
                value_name = "TIME",
                value_parser = parse::moment,
                help = concat!($what, " earlier than this moment")
            )]
            $before: Option<Timestamp>,
        )* }

        impl TimeArgs { $(
            fn $name(&self) -> TimeRange {
                TimeRange { after: self.$after, before: self.$before }
            }
        )* }
    };
}

times! {
    created: created_after, created_before, "Made";
    updated: updated_after, updated_before, "Last changed";
    resolved: resolved_after, resolved_before, "Answered";
    closed: closed_after, closed_before, "Closed";
    due: due_after, due_before, "Due";
}

impl FilterArgs {
    /// The filter; the catalogue is asked only where a field's value may be of several types.
    pub(crate) async fn filter(&self, client: &TicketingClient) -> Result<TicketFilter> {
        let mut filter = TicketFilter::new()
            .with_status(self.status.iter().cloned())
            .with_status(self.native_status.iter().cloned().map(StatusFilter::Native))
            .with_assignee(self.assignee.iter().cloned())
            .with_requester(self.requester.iter().cloned())
            .with_creator(self.creator.iter().cloned())
            .with_group(self.group.iter().cloned())
            .with_account(self.account.iter().cloned())
            .with_collection(self.collection.iter().cloned())
            .with_tag(self.tag.iter().cloned())
            .with_priority(self.priority.iter().cloned())
            .with_type(self.ticket_type.iter().cloned())
            .with_parent(self.parent.iter().cloned())
            .with_ids(self.id.iter().cloned())
            .with_keys(self.key.iter().cloned())
            .with_external_id(self.external_id.iter().cloned())
            .with_created(self.times.created())
            .with_updated(self.times.updated())
            .with_resolved(self.times.resolved())
            .with_closed(self.times.closed())
            .with_due(self.times.due());
        if self.unassigned {
            filter = filter.with_assignee([AssigneeFilter::Unassigned]);
        }
        if let Some(text) = &self.text {
            filter = filter.with_text(text);
        }
        filter.fields = fields::grouped(client, &self.field)
            .await?
            .into_iter()
            .map(|(id, values)| FieldFilter { id, values })
            .collect();
        Ok(filter)
    }
}
