//! Each filter brings exactly the tickets that plain code picks from all of them.

use ticketing_core::model::Ticket;
use ticketing_core::request::{AssigneeFilter, FilterKind, ListTickets, StatusFilter, TicketFilter};
use ticketing_core::{ErrorKind, GroupSelector, PrioritySelector, Result, TicketingClient, TypeSelector, UserSelector};

use crate::gate::{has_filter, lacks};
use crate::harness::Harness;
use crate::oracle::{combinations, matches, samples};
use crate::reading::{client, ids, tickets};
use crate::verdict::{names, no_repeats, ok, refused, same_set};
use crate::world::World;

/// Whom the credential belongs to.
async fn me(client: &TicketingClient) -> Option<String> {
    ok(client.check().await, "check").user.map(|user| user.id)
}

async fn filtered(client: &TicketingClient, filter: &TicketFilter) -> Result<Vec<Ticket>> {
    tickets(client, &ListTickets::new().with_filter(filter.clone())).await
}

fn shown(filter: &TicketFilter) -> String {
    let mut json = serde_json::to_value(filter).unwrap();
    if let Some(object) = json.as_object_mut() {
        object.retain(|_, value| {
            let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
            !empty && !value.as_object().is_some_and(|range| range.values().all(serde_json::Value::is_null))
        });
    }
    json.to_string()
}

/// One filter's listing against the oracle.
async fn is_exact(client: &TicketingClient, world: &World, me: Option<&str>, filter: &TicketFilter) {
    let got = ok(filtered(client, filter).await, &format!("list_tickets filtered by {}", shown(filter)));
    no_repeats(&ids(&got), "a filtered listing");
    let expected = world.listing.iter().filter(|ticket| matches(world, me, ticket, filter));
    same_set(
        got.iter().map(|ticket| ticket.key.clone()),
        expected.map(|ticket| ticket.key.clone()),
        &format!("tickets filtered by {}", shown(filter)),
    );
}

/// Every sample of one filter, or its refusal.
async fn kind_is_exact(h: &dyn Harness, kind: FilterKind) {
    let world = World::read(h).await;
    let client = client(h);
    let samples = samples(kind, &world);
    if !has_filter(h, kind) {
        for filter in samples.into_iter().take(1) {
            let request = ListTickets::new().with_filter(filter);
            lacks(h, kind.as_str(), async || client.list_tickets(request).await).await;
        }
        return;
    }
    assert!(!samples.is_empty(), "the listing holds nothing to try the filter `{kind}` on, though it is claimed");
    let me = me(&client).await;
    for filter in &samples {
        is_exact(&client, &world, me.as_deref(), filter).await;
    }
}

macro_rules! kinds {
    ($( $(#[$doc:meta])* $case:ident: $kind:ident; )*) => { $(
        $(#[$doc])*
        pub async fn $case(h: &dyn Harness) {
            kind_is_exact(h, FilterKind::$kind).await;
        }
    )* };
}

kinds! {
    /// By category, by native id and name, and `unresolved`.
    each_status_is_exact: Status;
    /// By id, email, login name, and `me`.
    each_assignee_is_exact: Assignee;
    /// Tickets that nobody has, alone and beside somebody's.
    unassigned_is_exact: Unassigned;
    /// Staff and customers who asked.
    each_requester_is_exact: Requester;
    /// Who made the record.
    each_creator_is_exact: Creator;
    /// By id and name.
    each_group_is_exact: Group;
    /// By id and name.
    each_account_is_exact: Account;
    /// By id and key.
    each_collection_is_exact: Collection;
    /// Any of the tags; a tag that nobody has brings nothing.
    each_tag_is_exact: Tag;
    /// By level, native id and name.
    each_priority_is_exact: Priority;
    /// By category, native id and name.
    each_type_is_exact: Type;
    /// Parts of a ticket.
    each_parent_is_exact: Parent;
    /// By id.
    ids_are_exact: Ids;
    /// By key.
    keys_are_exact: Keys;
    /// By the product's own id.
    each_external_id_is_exact: ExternalId;
    /// By catalogue fields, with a value and empty.
    each_field_is_exact: Fields;
    /// From a moment on, and before it, to the second.
    created_is_exact: Created;
    /// From a moment on, and before it, to the second.
    updated_is_exact: Updated;
    /// From a moment on, and before it, to the second.
    resolved_is_exact: Resolved;
    /// From a moment on, and before it, to the second.
    closed_is_exact: Closed;
    /// From a moment on, and before it; a day counts as its first moment in UTC.
    due_is_exact: Due;
}

/// Words in the text find the ticket that has them, and words that nobody wrote find nothing.
pub async fn text_finds_what_was_written(h: &dyn Harness) {
    if !has_filter(h, FilterKind::Text) {
        let client = client(h);
        let request = ListTickets::new().with_filter(TicketFilter::new().with_text("blank"));
        return lacks(h, "text", async || client.list_tickets(request).await).await;
    }
    let world = World::read(h).await;
    let client = client(h);
    for (word, key) in [("DHCP", "pool"), ("prints", "toner"), ("reallocated", "disk"), ("array", "disk")] {
        if !world.has_ticket(key) {
            continue;
        }
        let found = ok(filtered(&client, &TicketFilter::new().with_text(word)).await, "list_tickets by text");
        let keys: Vec<_> = found.iter().map(|ticket| &ticket.key).collect();
        assert!(
            keys.contains(&&world.ticket(key).key),
            "the text `{word}` must find `{}`: {keys:?}",
            world.ticket(key).title
        );
        assert!(found.len() < world.listing.len(), "the text `{word}` must not find every ticket");
    }
    let found = ok(filtered(&client, &TicketFilter::new().with_text("xyzzyplugh")).await, "list_tickets by text");
    assert!(found.is_empty(), "nobody wrote that word: {:?}", ids(&found));
}

/// Filters together narrow each other, whichever they are.
pub async fn filters_together_narrow_each_other(h: &dyn Harness) {
    let world = World::read(h).await;
    let client = client(h);
    let kinds: Vec<FilterKind> = client.capabilities().ticket_filters.into_keys().collect();
    let me = me(&client).await;
    for filter in combinations(&kinds, &world, 60) {
        is_exact(&client, &world, me.as_deref(), &filter).await;
    }
}

/// No filter brings everything; an empty list of alternatives is no filter.
pub async fn no_filter_is_everything(h: &dyn Harness) {
    let world = World::read(h).await;
    let client = client(h);
    let filter = TicketFilter::new().with_tag(Vec::<String>::new()).with_status(Vec::<StatusFilter>::new());
    let got = ok(filtered(&client, &filter).await, "list_tickets with an empty filter");
    assert_eq!(ids(&got), ids(&world.listing), "an empty filter is not asked for");
}

/// Values are text: a vendor's query language in them finds nothing more, and breaks nothing.
pub async fn query_language_in_values_is_text(h: &dyn Harness) {
    let world = World::read(h).await;
    let client = client(h);
    let attempts = [
        "x^NQstate!=99",
        "x^ORshort_descriptionISNOTEMPTY",
        "javascript:gs.getUserID()",
        "x' OR '1'='1",
        "x\" OR summary ~ \"*",
        "x) OR (1=1",
        "*",
        "%",
        "x,INC0000001",
        "x@y",
        "\u{0}",
        "x\ny",
        "^",
        "$&",
    ];
    for attempt in attempts {
        let mut filters = Vec::new();
        for (kind, filter) in [
            (FilterKind::ExternalId, TicketFilter::new().with_external_id([attempt])),
            (FilterKind::Keys, TicketFilter::new().with_keys([attempt])),
            (FilterKind::Ids, TicketFilter::new().with_ids([attempt])),
            (FilterKind::Parent, TicketFilter::new().with_parent([attempt])),
            (FilterKind::Tag, TicketFilter::new().with_tag([attempt])),
        ] {
            if has_filter(h, kind) {
                filters.push(filter);
            }
        }
        for filter in filters {
            match filtered(&client, &filter).await {
                Ok(found) => {
                    assert!(found.is_empty(), "{} must find nothing, and found {:?}", shown(&filter), ids(&found));
                }
                Err(error) => {
                    let call = format!("list_tickets filtered by {}", shown(&filter));
                    refused(Err::<(), _>(error), &[ErrorKind::InvalidRequest, ErrorKind::NotFound], &call);
                }
            }
        }
    }
    // The company has a ticket whose text is full of it, and it is found like any other.
    let punctuation = world.ticket("punctuation");
    let got =
        ok(filtered(&client, &TicketFilter::new().with_ids([punctuation.id.clone()])).await, "list_tickets by id");
    assert_eq!(got.len(), 1);
}

/// A selector that names nobody is refused by name: a typing error is not an empty listing.
pub async fn a_selector_that_names_nobody_is_refused(h: &dyn Harness) {
    let client = client(h);
    let user = || UserSelector::email("nobody@nowhere.example");
    let group = || GroupSelector::name("No Such Group");
    for (kind, word, filter) in [
        (
            FilterKind::Assignee,
            "nobody@nowhere.example",
            TicketFilter::new().with_assignee([AssigneeFilter::User(user())]),
        ),
        (FilterKind::Requester, "nobody@nowhere.example", TicketFilter::new().with_requester([user()])),
        (FilterKind::Group, "No Such Group", TicketFilter::new().with_group([group()])),
        (
            FilterKind::Status,
            "no such status",
            TicketFilter::new().with_status([StatusFilter::Native("no such status".into())]),
        ),
        // As an id too: vendors number them, and a number that nothing has is no status either.
        (FilterKind::Status, "987654321", TicketFilter::new().with_status([StatusFilter::Native("987654321".into())])),
        (
            FilterKind::Priority,
            "no such priority",
            TicketFilter::new().with_priority([PrioritySelector::native("no such priority")]),
        ),
        (FilterKind::Type, "no such type", TicketFilter::new().with_type([TypeSelector::native("no such type")])),
        (FilterKind::Fields, "no_such_field", TicketFilter::new().with_field("no_such_field", ["x"])),
    ] {
        if !has_filter(h, kind) {
            continue;
        }
        let call = format!("list_tickets filtered by {}", shown(&filter));
        let kinds = [ErrorKind::InvalidRequest, ErrorKind::NotFound];
        let error = refused(filtered(&client, &filter).await, &kinds, &call);
        names(&error, &[word], "what does not exist must be named");
    }
}

/// A selector that names several is refused with the candidates.
pub async fn a_selector_that_names_several_is_refused_with_the_candidates(h: &dyn Harness) {
    if !has_filter(h, FilterKind::Requester) {
        return;
    }
    let client = client(h);
    let filter = TicketFilter::new().with_requester([UserSelector::email("reception@example.com")]);
    let error = refused(filtered(&client, &filter).await, &[ErrorKind::InvalidRequest], "a shared email address");
    names(&error, &["Lena Brandt", "Tomás Silva"], "an ambiguous selector is refused with the candidates");
}
