//! Filters: what goes to the site, and that nothing else comes back.

use ticketing_core::model::{PriorityLevel, StatusCategory};
use ticketing_core::request::{FilterKind, ListTickets, StatusFilter, TicketFilter, TimeRange};
use ticketing_core::{ErrorKind, GroupSelector, PrioritySelector, UserSelector};

use crate::bed::{Bed, FLAVOURS, all, key_of, keys, try_all};

async fn listed(bed: &Bed, filter: TicketFilter) -> Vec<String> {
    let found = all(&bed.client(), ListTickets::new().with_filter(filter)).await;
    let mut keys: Vec<String> = keys(&found).into_iter().map(str::to_owned).collect();
    keys.sort();
    keys
}

#[tokio::test]
async fn statuses_are_told_apart_by_category_name_and_mapping() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let on_hold = listed(&bed, TicketFilter::new().with_status([StatusCategory::OnHold])).await;
        assert!(on_hold.contains(&key_of("disk")) && !on_hold.contains(&key_of("vpn")), "{on_hold:?}");
        let native = StatusFilter::Native("pending".to_owned());
        let pending = listed(&bed, TicketFilter::new().with_status([native])).await;
        assert!(pending.iter().all(|key| on_hold.contains(key)), "{pending:?}");
        let cancelled = listed(&bed, TicketFilter::new().with_status([StatusCategory::Cancelled])).await;
        assert_eq!(cancelled, [key_of("mistake")]);
    }
}

#[tokio::test]
async fn what_is_not_there_is_nobodys_and_no_error() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        for filter in [
            TicketFilter::new().with_ids(["4711"]),
            TicketFilter::new().with_keys(["HELP-4711"]),
            TicketFilter::new().with_parent(["4711"]),
            TicketFilter::new().with_assignee([UserSelector::id("nobody")]),
            TicketFilter::new().with_tag(["no-such-label"]),
            TicketFilter::new().with_external_id(["\" OR summary ~ \"*"]),
            TicketFilter::new().with_priority([PrioritySelector::Level(PriorityLevel::Unknown)]),
        ] {
            assert_eq!(listed(&bed, filter.clone()).await, Vec::<String>::new(), "{flavour:?} {filter:?}");
        }
    }
}

#[tokio::test]
async fn an_issue_that_moved_is_not_found_by_the_key_it_had() {
    let bed = Bed::cloud();
    let mut config = crate::bed::config("admin");
    config["projects"] = serde_json::json!(null);
    let client = bed.client_of(config);
    bed.control.move_issue("HELP-2", "IT", "admin").unwrap();
    let by = |key: &str| ListTickets::new().with_filter(TicketFilter::new().with_keys([key]));
    assert_eq!(all(&client, by("HELP-2")).await.len(), 0);
    assert_eq!(all(&client, by("IT-1")).await.len(), 1);
}

#[tokio::test]
async fn seconds_are_told_apart_although_queries_know_none() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let vpn = crate::bed::get(&bed.client(), &key_of("vpn")).await;
        let at = vpn.updated_at.unwrap();
        let second = chrono::TimeDelta::seconds(1);
        let inside = listed(&bed, TicketFilter::new().with_updated(TimeRange::between(at, at + second))).await;
        assert!(inside.contains(&vpn.key), "{inside:?}");
        let behind = TimeRange::between(at + second, at + second + second);
        let outside = listed(&bed, TicketFilter::new().with_updated(behind)).await;
        assert!(!outside.contains(&vpn.key), "{outside:?}");
    }
}

#[tokio::test]
async fn who_cannot_be_told_is_asked_back() {
    let bed = Bed::cloud();
    let client = bed.client();
    let shared = TicketFilter::new().with_requester([UserSelector::email("reception@example.com")]);
    let error = try_all(&client, ListTickets::new().with_filter(shared)).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("requester")), "{error}");
    for (filter, field) in [
        (TicketFilter::new().with_group([GroupSelector::name("No Such Group")]), "group"),
        (TicketFilter::new().with_creator([UserSelector::username("itil")]), "creator"),
    ] {
        let error = try_all(&client, ListTickets::new().with_filter(filter)).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::NotFound, Some(field)), "{error}");
    }
}

#[tokio::test]
async fn what_jira_does_not_keep_is_refused_unsent() {
    let bed = Bed::cloud();
    let client = bed.client();
    let closed = TicketFilter::new().with_closed(TimeRange::after("2026-01-01T00:00:00Z".parse().unwrap()));
    let error = try_all(&client, ListTickets::new().with_filter(closed)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let mut bare = crate::bed::config("admin");
    bare["mapping"] = serde_json::json!({});
    let client = bed.client_of(bare);
    for kind in [FilterKind::Group, FilterKind::ExternalId] {
        assert!(!client.capabilities().ticket_filters.contains_key(&kind));
    }
    assert_eq!(bed.sent(), 0);
}
