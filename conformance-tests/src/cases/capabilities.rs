//! What a provider claims and what it does agree, both ways.

use std::collections::BTreeSet;

use ticketing_core::model::{Kind, StatusCategory, Visibility};
use ticketing_core::request::{
    AddComment, CreateTicket, FilterKind, ListChanges, ListIds, ListTickets, NewComment, Sort, SortField, UpdateTicket,
};
use ticketing_core::{ConcurrencyMode, ErrorKind, Operation, StatusSelector, Version};

use super::update::patches;
use crate::contract::ticket_keys;
use crate::gate::{is_refused, lacks};
use crate::harness::Harness;
use crate::oracle::samples;
use crate::probe;
use crate::reading::{client, nothing_sent_since, sent};
use crate::verdict::{names, names_any, ok, refused, same_set};
use crate::world::World;

/// The provider's name is a name, and its account is known.
pub async fn the_provider_says_who_it_is(h: &dyn Harness) {
    let provider = h.provider();
    let info = provider.info();
    let is_name = info.name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    assert!(is_name && !info.name.is_empty(), "a provider's name is lower-case ASCII: `{}`", info.name);
    assert!(!info.account.is_empty(), "cursors are bound to the account, so `info().account` must name it");
}

/// `check` says whose credential it is, and that user can be read.
pub async fn check_says_whose_credential_it_is(h: &dyn Harness) {
    let check = ok(client(h).check().await, "check");
    let user = check.user.expect("check must say whose credential it is (`user`)");
    let world = World::read(h).await;
    let known: Vec<_> = world.users.iter().map(|user| user.id.to_string()).collect();
    assert!(known.contains(&user.id), "check says the credential is of user `{}`, who is not listed", user.id);
}

/// The operations that the trait requires are claimed.
pub async fn the_required_operations_are_claimed(h: &dyn Harness) {
    let capabilities = h.provider().capabilities();
    for operation in Operation::ALL.iter().filter(|operation| operation.is_required()) {
        assert!(capabilities.supports(*operation), "`{operation}` is required of every provider");
    }
}

/// Every operation that is not claimed is refused, with nothing sent.
pub async fn operations_that_are_not_claimed_are_refused_unsent(h: &dyn Harness) {
    let capabilities = h.provider().capabilities();
    for operation in Operation::ALL.iter().filter(|operation| !capabilities.supports(**operation)) {
        is_refused(h, *operation).await;
    }
}

/// Every operation that is claimed is there.
pub async fn operations_that_are_claimed_are_there(h: &dyn Harness) {
    let world = World::read(h).await;
    let ticket = world.ticket_id("move");
    let client = client(h);
    for operation in client.capabilities().operations {
        if let Err(error) = probe::call(&*client.provider(), operation, &ticket).await {
            assert_ne!(error.kind(), ErrorKind::Unsupported, "`{operation}` is claimed, and refused as: {error}");
        }
    }
}

/// Every filter that is not claimed is refused, with nothing sent, by client and bare provider.
pub async fn filters_that_are_not_claimed_are_refused_unsent(h: &dyn Harness) {
    let world = World::read(h).await;
    let claimed = h.provider().capabilities().ticket_filters;
    for kind in FilterKind::ALL.iter().filter(|kind| !claimed.contains_key(kind)) {
        for filter in samples(*kind, &world).into_iter().take(2) {
            for provider in [h.provider(), client(h).provider()] {
                let request = ListTickets::new().with_filter(filter.clone());
                lacks(h, kind.as_str(), async || provider.list_tickets(request).await).await;
            }
        }
    }
}

/// Every sort that is not claimed is refused, with nothing sent.
pub async fn sorts_that_are_not_claimed_are_refused_unsent(h: &dyn Harness) {
    let claimed = h.provider().capabilities().sorts;
    for field in SortField::ALL.iter().filter(|field| !claimed.contains(field)) {
        for provider in [h.provider(), client(h).provider()] {
            let request = ListTickets::new().with_sort(vec![Sort::ascending(*field)]);
            lacks(h, field.as_str(), async || provider.list_tickets(request).await).await;
        }
    }
}

/// Every visibility that is not claimed is refused, with nothing sent: alone, on creating and on updating.
pub async fn visibilities_that_are_not_claimed_are_refused_unsent(h: &dyn Harness) {
    let world = World::read(h).await;
    let client = client(h);
    let capabilities = client.capabilities();
    for visibility in Visibility::ALL.iter().filter(|one| !capabilities.comment_visibilities.contains(one)) {
        let comment = NewComment { body: "text".into(), visibility: *visibility };
        if capabilities.supports(Operation::AddComment) {
            let add = AddComment::new(world.ticket_id("vpn"), "text", *visibility);
            lacks(h, visibility.as_str(), async || client.add_comment(add).await).await;
        }
        let create = CreateTicket::new("commented").with_comment(comment.clone());
        lacks(h, visibility.as_str(), async || client.create_ticket(create).await).await;
        let update = UpdateTicket::new(world.ticket_id("vpn")).with_comment(comment);
        lacks(h, visibility.as_str(), async || client.update_ticket(update).await).await;
    }
}

/// Every status category that cannot be written is refused with the list of those that can, with nothing sent.
pub async fn statuses_that_are_not_claimed_are_refused_unsent(h: &dyn Harness) {
    let world = World::read(h).await;
    let client = client(h);
    let writable = client.capabilities().writable_statuses;
    for category in StatusCategory::ALL.iter().filter(|category| !writable.contains(category)) {
        // `resolved` and `closed` stand in for each other where a vendor has only one of them.
        let stand_in = match category {
            StatusCategory::Resolved => writable.contains(&StatusCategory::Closed),
            StatusCategory::Closed => writable.contains(&StatusCategory::Resolved),
            _ => false,
        };
        if stand_in {
            continue;
        }
        let before = sent(h);
        let update = UpdateTicket::new(world.ticket_id("outage")).with_status(StatusSelector::from(*category));
        let call = format!("the status `{category}`, which is not writable,");
        let error = refused(client.update_ticket(update).await, &[ErrorKind::Unsupported], &call);
        let known: Vec<_> = writable.iter().map(|one| one.as_str()).collect();
        names(&error, &known, "a status that does not exist is refused with the list of those that do");
        nothing_sent_since(h, before, &call);
    }
}

/// Every kind that deltas and census do not know is refused, with nothing sent.
pub async fn kinds_that_are_not_claimed_are_refused_unsent(h: &dyn Harness) {
    let client = client(h);
    let capabilities = client.capabilities();
    for kind in Kind::ALL {
        if capabilities.supports(Operation::ListChanges) && !capabilities.change_kinds.contains(kind) {
            lacks(h, kind.as_str(), async || client.list_changes(ListChanges::new(*kind)).await).await;
        }
        if capabilities.supports(Operation::ListIds) && !capabilities.census_kinds.contains(kind) {
            lacks(h, kind.as_str(), async || client.list_ids(ListIds::new(*kind)).await).await;
        }
    }
}

/// Every key of a ticket that cannot be written is refused by name, with nothing sent: it is never dropped in silence.
pub async fn keys_that_cannot_be_written_are_refused_unsent(h: &dyn Harness) {
    let world = World::read(h).await;
    let client = client(h);
    let writable = client.capabilities().writable_fields;
    for (key, words, update) in patches(&world) {
        if writable.contains(key) {
            continue;
        }
        let before = sent(h);
        let call = format!("an update of `{key}`, which is not among `writable_fields`,");
        let outcome = client.update_ticket(update).await;
        let error = refused(outcome, &[ErrorKind::Unsupported, ErrorKind::InvalidRequest], &call);
        names_any(&error, words, "the key that cannot be written");
        nothing_sent_since(h, before, &call);
    }
}

/// `expected_version` is refused where versions cannot be compared.
pub async fn versions_that_cannot_be_compared_are_refused_unsent(h: &dyn Harness) {
    let client = client(h);
    if client.capabilities().concurrency != ConcurrencyMode::None {
        return;
    }
    let update = UpdateTicket::new("1").with_expected_version(Version::new("1"));
    lacks(h, "expected_version", async || client.update_ticket(update).await).await;
}

/// What the capabilities say hangs together.
pub async fn the_capabilities_hang_together(h: &dyn Harness) {
    let capabilities = h.provider().capabilities();
    for (what, listed, operation) in [
        ("change_kinds", !capabilities.change_kinds.is_empty(), Operation::ListChanges),
        ("census_kinds", !capabilities.census_kinds.is_empty(), Operation::ListIds),
    ] {
        assert_eq!(listed, capabilities.supports(operation), "`{what}` and `{operation}` must come together");
    }
    if capabilities.supports(Operation::AddComment) {
        assert!(!capabilities.comment_visibilities.is_empty(), "`add_comment` needs `comment_visibilities`");
    }
    let keys: BTreeSet<&str> = ticket_keys().iter().copied().collect();
    for (what, listed) in
        [("readable_fields", &capabilities.readable_fields), ("writable_fields", &capabilities.writable_fields)]
    {
        let unknown: Vec<_> = listed.iter().filter(|key| !keys.contains(key.as_str())).collect();
        assert!(unknown.is_empty(), "`{what}` speaks of the core keys of a ticket, and these are none: {unknown:?}");
    }
    for key in ["id", "key", "title", "status", "type"] {
        assert!(capabilities.readable_fields.contains(key), "every ticket has `{key}`: `readable_fields` must say so");
    }
    let limits = capabilities.limits;
    if let (Some(default), Some(max)) = (limits.default_page_size, limits.max_page_size) {
        assert!((1..=max).contains(&default), "the default page size {default} must be 1 to {max}");
    }
    let json = serde_json::to_value(&capabilities).unwrap();
    let back: ticketing_core::Capabilities = serde_json::from_value(json).unwrap();
    assert_eq!(back, capabilities, "capabilities must read back from their own JSON");
}

/// Keys that are not claimed as readable are always empty, and those that are claimed are seen where the company has them.
pub async fn readable_keys_are_those_that_are_read(h: &dyn Harness) {
    let world = World::read(h).await;
    let claimed = h.provider().capabilities().readable_fields;
    let mut seen = BTreeSet::new();
    for ticket in &world.listing {
        let json = serde_json::to_value(ticket).unwrap();
        for (key, value) in json.as_object().unwrap() {
            let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
            let empty = empty || value.as_object().is_some_and(serde_json::Map::is_empty);
            if !empty {
                seen.insert(key.clone());
                let told = claimed.contains(key);
                assert!(told, "`{}` has a `{key}`, which is not among `readable_fields`: {value}", ticket.key);
            }
        }
    }
    // The company sets each of these on some ticket of its own.
    let set = [
        "title",
        "description",
        "status",
        "priority",
        "type",
        "assignees",
        "assigned_groups",
        "requester",
        "creator",
        "watchers",
        "account",
        "parent",
        "tags",
        "external_id",
        "created_at",
        "updated_at",
        "resolved_at",
        "closed_at",
        "due",
    ];
    same_set(
        set.into_iter().filter(|key| seen.contains(*key)),
        set.into_iter().filter(|key| claimed.contains(*key)),
        "keys claimed as readable that the company sets, and keys that were seen on some ticket",
    );
}
