//! The words of the contract: every value of every fixed list.

use std::collections::BTreeMap;

use ticketing_core::model::{
    CollectionCategory, FieldType, Kind, LinkCategory, PriorityLevel, RefType, RemovalReason, StatusCategory,
    TextFormat, TypeCategory, UserType, Visibility, WebhookEvent,
};
use ticketing_core::request::{FilterKind, RawMethod, SortDirection, SortField};
use ticketing_core::{ConcurrencyMode, ErrorKind, IdempotencyMode, Operation, Support};

macro_rules! words {
    ($( $name:literal: $vocabulary:ty; )*) => {
        BTreeMap::from([ $( ($name, <$vocabulary>::ALL.iter().map(|word| {
            assert_eq!(serde_json::to_value(word).unwrap(), word.as_str(), "JSON and name of a word are the same");
            word.as_str()
        }).collect::<Vec<_>>()), )* ])
    };
}

#[test]
fn vocabularies() {
    let words = words! {
        "collection.type.category": CollectionCategory;
        "capabilities.concurrency": ConcurrencyMode;
        "error.kind": ErrorKind;
        "field.type": FieldType;
        "filter": FilterKind;
        "capabilities.idempotency": IdempotencyMode;
        "kind": Kind;
        "link.type.category": LinkCategory;
        "operation": Operation;
        "priority.level": PriorityLevel;
        "raw.method": RawMethod;
        "ref.type": RefType;
        "deleted.reason": RemovalReason;
        "sort.direction": SortDirection;
        "sort.field": SortField;
        "status.category": StatusCategory;
        "capabilities.support": Support;
        "text.format": TextFormat;
        "type.category": TypeCategory;
        "user.type": UserType;
        "visibility": Visibility;
        "webhook.event": WebhookEvent;
    };
    super::settings().bind(|| insta::assert_json_snapshot!("vocabularies", words));
}

/// Each word reads back from its name, and another one is refused with the list.
#[test]
fn words_read_back() {
    for category in StatusCategory::ALL {
        assert_eq!(category.as_str().parse::<StatusCategory>().unwrap(), *category);
    }
    let error = "opened".parse::<StatusCategory>().unwrap_err().to_string();
    assert!(error.contains("opened") && error.contains("on_hold"), "{error}");
}
