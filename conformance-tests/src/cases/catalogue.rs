//! Accounts, contacts, collections, tags and the field catalogue.

use std::collections::{BTreeMap, BTreeSet};

use ticketing_core::Operation;
use ticketing_core::model::{Field, FieldData, FieldType};
use ticketing_core::request::{ListAccounts, ListCollections, ListFields, ListTags};

use crate::contract::ticket_keys;
use crate::gate;
use crate::harness::Harness;
use crate::reading::{all, client};
use crate::verdict::{no_repeats, ok, same_set};
use crate::world::World;

async fn fields(h: &dyn Harness, choices: bool) -> Vec<Field> {
    let client = client(h);
    let request = ListFields::new().with_choices(choices);
    ok(all(|c| client.list_fields(request.clone().with_cursor(c))).await, "list_fields")
}

/// The accounts are the company's customers.
pub async fn the_accounts_are_the_customers(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::ListAccounts]).await {
        return;
    }
    let world = World::read(h).await;
    let expected = world.company.accounts.iter().map(|account| account.name.clone());
    same_set(world.accounts.iter().map(|account| account.name.clone()), expected, "accounts");
    let client = client(h);
    let raw = ListAccounts::new().with_include_raw(true);
    let raw = ok(all(|c| client.list_accounts(raw.clone().with_cursor(c))).await, "list_accounts");
    assert!(raw.iter().all(|one| one.raw.is_some()) && world.accounts.iter().all(|one| one.raw.is_none()));
}

/// The contacts are the customers' people, each with the customer.
pub async fn the_contacts_are_the_customers_people(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::ListContacts]).await {
        return;
    }
    let world = World::read(h).await;
    let expected = world.company.contacts.iter().map(|contact| contact.name.clone());
    same_set(world.contacts.iter().map(|contact| contact.name.clone()), expected, "contacts");
    for contact in &world.company.contacts {
        let read = world.contacts.iter().find(|one| one.name == contact.name).unwrap();
        assert_eq!(read.email.as_deref(), Some(contact.email.as_str()));
        if !world.accounts.is_empty() {
            let account: Vec<String> = contact.account.iter().cloned().collect();
            assert_eq!(world.keys_of(&read.account), account, "account of `{}`", contact.name);
        }
    }
}

/// Every tag on a ticket is in the list of tags.
pub async fn the_tags_are_those_on_tickets(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::ListTags]).await {
        return;
    }
    let world = World::read(h).await;
    let client = client(h);
    let tags = ok(all(|c| client.list_tags(ListTags::new().with_cursor(c))).await, "list_tags");
    let names: Vec<_> = tags.iter().map(|tag| tag.name.clone()).collect();
    no_repeats(&names, "tags");
    for tag in world.company.tickets.iter().flat_map(|ticket| &ticket.tags) {
        assert!(names.contains(tag), "the tag `{tag}` is on a ticket, and not in the list: {names:?}");
    }
}

/// Every collection that a ticket is in is listed.
pub async fn the_collections_are_those_of_tickets(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::ListCollections]).await {
        return;
    }
    let world = World::read(h).await;
    let client = client(h);
    let listed =
        all(|c| client.list_collections(ListCollections::new().with_include_inactive(true).with_cursor(c))).await;
    let ids: BTreeSet<_> = ok(listed, "list_collections").iter().map(|one| one.id.to_string()).collect();
    for one in world.listing.iter().flat_map(|ticket| &ticket.collections) {
        assert!(ids.contains(&one.id), "a ticket is in the collection {one:?}, which is not listed");
    }
}

/// The field catalogue names each field once per scope, and its core keys are core keys.
pub async fn the_field_catalogue_is_a_catalogue(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::ListFields]).await {
        return;
    }
    let fields = fields(h, false).await;
    assert!(!fields.is_empty(), "tickets have fields");
    let named: Vec<_> = fields.iter().map(|field| (field.id.clone(), field.scopes.clone())).collect();
    no_repeats(&named, "fields");
    for field in &fields {
        if let Some(core) = &field.core {
            assert!(ticket_keys().contains(&core.as_str()), "`{}` says it is the core key `{core}`", field.id);
        }
    }
    assert!(fields.iter().any(|field| field.core.as_deref() == Some("title")), "some field is the title");
}

/// Every field on a ticket is in the catalogue with the same type, and is no core key.
pub async fn fields_on_tickets_are_in_the_catalogue(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::ListFields]).await {
        return;
    }
    let world = World::read(h).await;
    let fields = fields(h, true).await;
    let mut by_id: BTreeMap<&str, Vec<&Field>> = BTreeMap::new();
    for field in &fields {
        by_id.entry(field.id.as_str()).or_default().push(field);
    }
    for ticket in &world.listing {
        for (id, value) in &ticket.fields {
            let known = by_id
                .get(id.as_str())
                .unwrap_or_else(|| panic!("the field `{id}` is on a ticket, and not in the catalogue"));
            let scope = &ticket.ticket_type.native.id;
            let known = known.iter().find(|field| field.scopes.is_empty() || field.scopes.contains(scope));
            let known = known.unwrap_or_else(|| panic!("the field `{id}` is on a `{scope}`, and not of its scope"));
            assert_eq!(
                known.field_type, value.field_type,
                "the type of `{id}`, in the catalogue and on `{}`",
                ticket.key
            );
            assert_eq!(
                known.custom, value.custom,
                "whether `{id}` is custom, in the catalogue and on `{}`",
                ticket.key
            );
            assert_eq!(known.core, None, "the field `{id}` is delivered as a core key, and must not come twice");
            has_type(&value.value, value.field_type, id.as_str());
            let Some(choices) = known.choices.as_ref().filter(|_| known.field_type == FieldType::Choice) else {
                continue;
            };
            for chosen in value.value.iter().filter_map(FieldData::as_text) {
                assert!(
                    choices.iter().any(|choice| choice.id == chosen),
                    "`{}` has `{chosen}` in `{id}`, which is none of its choices: {choices:?}",
                    ticket.key
                );
            }
        }
    }
}

/// A value is of its field's type; several values are an array.
#[track_caller]
fn has_type(value: &FieldData, field_type: FieldType, id: &str) {
    for one in value.iter() {
        let fits = match field_type {
            FieldType::Boolean => matches!(one, FieldData::Bool(_)),
            FieldType::Integer => matches!(one, FieldData::Integer(_)),
            FieldType::Decimal => matches!(one, FieldData::Decimal(_) | FieldData::Integer(_) | FieldData::Text(_)),
            FieldType::Duration => matches!(one, FieldData::Integer(_) | FieldData::Decimal(_)),
            FieldType::Date => one.as_text().is_some_and(|text| text.parse::<chrono::NaiveDate>().is_ok()),
            FieldType::Datetime => one
                .as_text()
                .is_some_and(|text| text.ends_with('Z') && text.parse::<chrono::DateTime<chrono::Utc>>().is_ok()),
            FieldType::Other => true,
            _ => matches!(one, FieldData::Text(_)),
        };
        assert!(fits, "the field `{id}` is of type `{field_type}`, and holds {one:?}");
    }
}

/// Choices come where they are asked for, and nowhere else; each id once in its place.
pub async fn choices_come_where_they_are_asked_for(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::ListFields]).await {
        return;
    }
    let (bare, whole) = (fields(h, false).await, fields(h, true).await);
    let stripped: Vec<_> = whole.iter().map(|field| Field { choices: None, ..field.clone() }).collect();
    let bare: Vec<_> = bare.into_iter().map(|field| Field { choices: None, ..field }).collect();
    assert_eq!(bare, stripped, "asking for choices must change nothing else");
    let chosen: Vec<_> = whole.iter().filter(|field| field.field_type == FieldType::Choice).collect();
    assert!(!chosen.is_empty(), "some field has choices");
    for field in chosen {
        let choices = field.choices.as_ref().unwrap_or_else(|| panic!("`{}` is a choice without choices", field.id));
        let ids: Vec<_> = choices.iter().map(|choice| (choice.id.clone(), choice.depends_on.clone())).collect();
        no_repeats(&ids, &format!("choices of `{}`", field.id));
        assert!(choices.iter().all(|choice| !choice.name.is_empty()), "a choice has a name: {choices:?}");
    }
}

/// What the catalogue says is writable agrees with the capabilities.
pub async fn the_catalogue_agrees_with_the_capabilities(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::ListFields]).await {
        return;
    }
    let writable = h.provider().capabilities().writable_fields;
    for field in fields(h, false).await {
        let Some(core) = field.core.as_deref() else { continue };
        if field.writable == Some(false) || writable.contains(core) || field.writable.is_none() {
            continue;
        }
        // A key may be set by the vendor alone, as a consequence of others.
        let derived =
            ["resolved_at", "closed_at", "created_at", "updated_at", "creator", "key", "id", "version", "type"];
        assert!(
            derived.contains(&core),
            "`{}` is writable by the catalogue, and `{core}` is not among `writable_fields`",
            field.id
        );
    }
}
