//! The field catalogue, and what may stand in its fields.

use futures::TryStreamExt;
use ticketing_core::ErrorKind;
use ticketing_core::model::{Field, FieldData, FieldType};
use ticketing_core::request::{CreateTicket, ListFields, UpdateTicket};

use crate::world::{field, refused, world};

#[tokio::test]
async fn the_catalogue_holds_the_core_and_the_rest() {
    let world = world();
    world.store.insert_field(Field { scopes: vec!["problem".to_owned()], ..field("cause", FieldType::Text) });
    let all: Vec<Field> =
        world.client.fields(ListFields::new().with_choices(true).with_page_size(3)).try_collect().await.unwrap();
    let core: Vec<_> = all.iter().filter_map(|field| field.core.as_deref()).collect();
    assert!(core.contains(&"title") && core.contains(&"due"), "{core:?}");
    let writable = &world.client.capabilities().writable_fields;
    assert!(core.iter().all(|core| writable.contains(*core)), "{core:?}");
    let find = |id: &str| all.iter().find(|field| field.id == *id).unwrap();
    let statuses: Vec<_> = find("status").choices.iter().flatten().map(|choice| choice.id.as_str()).collect();
    assert_eq!(statuses, ["new", "active", "waiting", "solved", "final", "withdrawn"]);
    let reasons = find("reason").choices.as_ref().unwrap();
    assert!(reasons.iter().any(|reason| reason.id == "vendor" && reason.depends_on.as_deref() == Some("waiting")));
    assert_eq!(find("impact").choices.as_ref().unwrap().len(), 3);
    let without = world.client.list_fields(ListFields::new()).await.unwrap().items;
    assert!(without.iter().all(|field| field.choices.is_none()));
    let of = |native: &str| world.client.list_fields(ListFields::new().with_ticket_type(native.to_owned()));
    assert!(of("problem").await.unwrap().items.iter().any(|field| field.id == *"cause"));
    assert!(of("incident").await.unwrap().items.iter().all(|field| field.id != *"cause"));
    refused(of("nope").await, ErrorKind::InvalidRequest, "type", &["nope", "incident"]);
}

#[tokio::test]
async fn each_type_takes_its_own_values() {
    let world = world();
    let id = world.make(CreateTicket::new("x")).await.id;
    use FieldType::{
        Boolean, Choice, Date, Datetime, Decimal, Duration, Group, Integer, String, Text, Ticket, Url, User,
    };
    for (field_type, good, bad) in [
        (String, vec![FieldData::from("one line")], vec![FieldData::from("two\nlines"), FieldData::Integer(1)]),
        (Text, vec!["two\nlines".into()], vec![FieldData::Bool(true)]),
        (Url, vec!["https://example.com".into()], vec![FieldData::Integer(1)]),
        (Integer, vec![FieldData::Integer(-7)], vec!["7".into(), FieldData::Decimal(7.5)]),
        (Duration, vec![FieldData::Integer(60)], vec!["1h".into()]),
        (
            Decimal,
            vec![FieldData::Decimal(1.5), FieldData::Integer(1), "0.10".into()],
            vec!["ten".into(), "NaN".into()],
        ),
        (Boolean, vec![FieldData::Bool(false)], vec!["false".into(), FieldData::Integer(0)]),
        (Date, vec!["2026-02-28".into()], vec!["2026-02-30".into(), "28.2.2026".into()]),
        (Datetime, vec!["2026-02-28T09:00:00Z".into()], vec!["2026-02-28".into()]),
        (Choice, vec!["one".into()], vec!["nope".into(), "planet".into(), "One person".into()]),
        (User, vec!["ada".into()], vec!["nobody".into(), FieldData::Integer(1)]),
        (Group, vec!["desk".into()], vec!["ada".into()]),
        (Ticket, vec![id.as_str().into()], vec!["MEM-99".into()]),
    ] {
        world.store.insert_field(field("probe", field_type));
        for value in good {
            let update = UpdateTicket::new(id.clone()).with_field("probe", value.clone());
            let now = world.client.update_ticket(update).await.unwrap();
            let kept = &now.fields["probe"];
            assert_eq!((kept.field_type, &kept.value), (field_type, &value));
        }
        for value in bad {
            let update = UpdateTicket::new(id.clone()).with_field("probe", value.clone());
            let before = world.get(&id).await;
            refused(world.client.update_ticket(update).await, ErrorKind::InvalidRequest, "probe", &[]);
            assert_eq!(world.get(&id).await, before, "{field_type}: {value:?}");
        }
        let clear = UpdateTicket::new(id.clone()).with_field("probe", FieldData::Null);
        world.client.update_ticket(clear).await.unwrap();
    }
}

#[tokio::test]
async fn references_are_labelled_with_the_name_of_today() {
    let world = world();
    let id = world.make(CreateTicket::new("x").with_field("owner", "ada")).await.id;
    world.store.change_user("ada", world.now(), |ada| ada.name = "Ada Berg".to_owned());
    let value = serde_json::to_value(&world.get(&id).await.fields["owner"]).unwrap();
    assert_eq!(value, serde_json::json!({ "type": "user", "value": "ada", "label": "Ada Berg", "custom": true }));
}

#[tokio::test]
async fn the_catalogue_s_rules_are_kept() {
    let world = world();
    world.store.insert_field(Field { required: true, ..field("site", FieldType::String) });
    world.store.insert_field(Field { default: FieldData::from("one"), ..field("reach", FieldType::Choice) });
    world.store.insert_field(Field { writable: Some(false), ..field("score", FieldType::Integer) });
    world.store.insert_field(Field { max_length: Some(3), ..field("code", FieldType::String) });
    world.store.insert_field(Field { scopes: vec!["problem".to_owned()], ..field("cause", FieldType::Text) });
    let new = || CreateTicket::new("x").with_field("site", "Berlin");
    for (named, words, request) in [
        ("site", &["must have it", "SITE"][..], CreateTicket::new("x")),
        ("score", &["cannot be written"], new().with_field("score", 1_i64)),
        ("code", &["3 characters"], new().with_field("code", "äöüx")),
        ("cause", &["no such field", "problem"], new().with_field("cause", "dust")),
        ("places", &["several values", "array"], new().with_field("places", "one")),
        ("impact", &["one value"], new().with_field("impact", vec!["one"])),
    ] {
        refused(world.client.create_ticket(request).await, ErrorKind::InvalidRequest, named, words);
    }
    let made = world.make(new().with_field("code", "äöü")).await;
    assert_eq!(made.fields["reach"].value, FieldData::from("one"), "a default");
    let clear = UpdateTicket::new(made.id).with_field("site", FieldData::Null);
    refused(world.client.update_ticket(clear).await, ErrorKind::InvalidRequest, "site", &["required"]);
}
