//! Filters over four tables with states of their own: served by the instance, exactly, or refused before anything is sent.

use serde_json::json;
use ticketing_core::model::{PriorityLevel, StatusCategory, Ticket, TypeCategory};
use ticketing_core::request::{AssigneeFilter, FieldFilter, ListTickets, StatusFilter, TicketFilter, TimeRange};
use ticketing_core::{
    AccountSelector, CollectionSelector, ErrorKind, GroupSelector, PrioritySelector, TicketingClient, TypeSelector,
    UserSelector,
};
use vendor_sandbox::servicenow::Sandbox;

use crate::bed::{Bed, all, config, keys};

const TABLES: [&str; 4] = ["incident", "problem", "change_request", "sc_request"];

/// Four tables, with every kind of status in each.
fn bed() -> Bed {
    let bed = Bed::of(Sandbox::builder().seed(7).tickets(40));
    let insert = |table: &str, values: serde_json::Value| bed.control.insert("admin", table, values).unwrap();
    for state in ["101", "102", "106", "107"] {
        let id = insert("problem", json!({"short_description": format!("Problem in {state}")}));
        bed.control.set_raw("problem", &id, json!({"state": state})).unwrap();
    }
    for (state, hold) in [("-4", "false"), ("-1", "true"), ("0", "false"), ("3", "true"), ("4", "false")] {
        let id = insert("change_request", json!({"short_description": format!("Change in {state}")}));
        bed.control.set_raw("change_request", &id, json!({"state": state, "on_hold": hold})).unwrap();
    }
    for state in ["requested", "in_process", "closed_complete", "closed_cancelled"] {
        insert("sc_request", json!({"short_description": format!("Order {state}"), "request_state": state}));
    }
    let odd = bed.incident("Screen stays black");
    bed.control.set_raw("incident", &odd, json!({"state": "-100", "priority": "", "location": "nowhere"})).unwrap();
    bed
}

fn at(text: &str) -> ticketing_core::model::Timestamp {
    text.parse().unwrap()
}

type Case = (TicketFilter, Box<dyn Fn(&Ticket) -> bool>);

fn case(filter: TicketFilter, fits: impl Fn(&Ticket) -> bool + 'static) -> Case {
    (filter, Box::new(fits))
}

fn status(statuses: &[StatusCategory]) -> TicketFilter {
    TicketFilter::new().with_status(statuses.iter().copied())
}

fn native(status: &str) -> TicketFilter {
    TicketFilter::new().with_status([StatusFilter::Native(status.to_owned())])
}

fn of(who: &[ticketing_core::model::Ref], name: &str) -> bool {
    who.iter().any(|one| one.name.as_deref() == Some(name))
}

async fn check(client: &TicketingClient, whole: &[Ticket], cases: Vec<Case>) {
    for (filter, fits) in cases {
        let expected: Vec<&str> =
            whole.iter().filter(|ticket| fits(ticket)).map(|ticket| ticket.key.as_str()).collect();
        assert!(!expected.is_empty() && expected.len() < whole.len(), "{filter:?} tells nothing apart");
        let found = all(client, ListTickets::new().with_filter(filter.clone()).with_page_size(7)).await;
        assert_eq!(keys(&found), expected, "{filter:?}");
    }
}

#[tokio::test]
async fn statuses_are_found_in_each_table_by_its_own_codes() {
    use StatusCategory::{Cancelled, Closed, InProgress, OnHold, Open, Resolved, Unknown};
    let bed = bed();
    let client = bed.tables(&TABLES);
    let whole = all(&client, ListTickets::new()).await;
    let is = |wanted: &'static [StatusCategory]| {
        case(status(wanted), move |ticket| wanted.contains(&ticket.status.category))
    };
    let states = |table: &str| -> Vec<&str> {
        whole
            .iter()
            .filter(|ticket| ticket.ticket_type.native.id == table)
            .map(|ticket| ticket.status.category.as_str())
            .collect()
    };
    assert_eq!(states("problem"), ["in_progress", "open", "in_progress", "resolved", "closed"]);
    assert_eq!(states("change_request"), ["open", "in_progress", "on_hold", "resolved", "closed", "cancelled"]);
    assert_eq!(states("sc_request"), ["open", "in_progress", "closed", "cancelled"]);
    check(
        &client,
        &whole,
        vec![
            is(&[Open]),
            is(&[InProgress]),
            is(&[OnHold]),
            is(&[Resolved]),
            is(&[Closed]),
            is(&[Cancelled]),
            is(&[Unknown]),
            is(&[Unknown, Closed]),
            case(TicketFilter::unresolved(), |ticket| {
                matches!(ticket.status.category, Open | InProgress | OnHold | Unknown)
            }),
            // The same number means another thing in another table; native is native.
            case(native("4"), |ticket| ticket.status.native.id == "4"),
            case(native("On Hold"), |ticket| ticket.status.native.name.as_deref() == Some("On Hold")),
            case(native("in_process"), |ticket| ticket.status.native.id == "in_process"),
            case(
                TicketFilter::new()
                    .with_status([StatusFilter::Category(Closed), StatusFilter::Native("-4".to_owned())]),
                |ticket| ticket.status.category == Closed || ticket.status.native.id == "-4",
            ),
        ],
    )
    .await;
    let error = client.list_tickets(ListTickets::new().with_filter(native("On Fire"))).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("status")));
    assert!(error.to_string().contains("On Fire"), "{error}");
}

#[tokio::test]
async fn a_status_mapped_by_the_connection_is_found_by_what_it_is_mapped_to() {
    let bed = bed();
    let mut own = config("admin", &TABLES);
    own["mapping"] = json!({"status": {
        "incident.2": "on_hold", "Assess": "open", "problem": {"106": "in_progress"}, "-100": "cancelled",
    }, "priority": {"4": "high"}});
    let client = bed.client_of(own);
    let whole = all(&client, ListTickets::new()).await;
    let mut cases = Vec::new();
    for category in StatusCategory::ALL.iter().copied() {
        if whole.iter().any(|ticket| ticket.status.category == category) {
            cases.push(case(status(&[category]), move |ticket| ticket.status.category == category));
        }
    }
    assert!(cases.len() >= 6);
    cases.push(case(TicketFilter::new().with_priority([PriorityLevel::High]), |ticket| {
        ticket.priority.as_ref().is_some_and(|priority| priority.level == PriorityLevel::High)
    }));
    check(&client, &whole, cases).await;
}

#[tokio::test]
async fn people_places_and_words_narrow_four_tables_at_once() {
    let bed = bed();
    let client = bed.tables(&TABLES);
    let whole = all(&client, ListTickets::new()).await;
    let move_ = bed.incident("Move reception");
    let vpn = bed.incident("VPN drops every");
    let user = |name: &str| UserSelector::username(name);
    let (kim, vpn_again, part_of) =
        (bed.control.find("sys_user", "user_name=alex.kim").unwrap().remove(0), vpn.clone(), move_.clone());
    check(
        &client,
        &whole,
        vec![
            case(TicketFilter::new().with_assignee([user("itil")]), |ticket| of(&ticket.assignees, "Ines Tilden")),
            case(TicketFilter::new().with_assignee([UserSelector::id(kim)]), |ticket| {
                of(&ticket.assignees, "Alex Kim")
            }),
            case(TicketFilter::new().with_unassigned(), |ticket| ticket.assignees.is_empty()),
            case(TicketFilter::new().with_assignee([user("itil")]).with_unassigned(), |ticket| {
                ticket.assignees.is_empty() || of(&ticket.assignees, "Ines Tilden")
            }),
            // Problems have no requester, so none of them fits.
            case(TicketFilter::new().with_requester([UserSelector::email("greta@boreal.example")]), |ticket| {
                ticket.requester.as_ref().and_then(|who| who.name.as_deref()) == Some("Greta Holm")
            }),
            case(TicketFilter::new().with_requester([user("amara.okafor")]), |ticket| {
                ticket.requester.as_ref().and_then(|who| who.name.as_deref()) == Some("Amara Okafor")
            }),
            case(TicketFilter::new().with_creator([UserSelector::Me]), |ticket| {
                ticket.creator.as_ref().and_then(|who| who.name.as_deref()) == Some("Integration Service")
            }),
            case(TicketFilter::new().with_group([GroupSelector::name("Network & Databases")]), |ticket| {
                of(&ticket.assigned_groups, "Network & Databases")
            }),
            case(TicketFilter::new().with_account([AccountSelector::Name("さくら食品".to_owned())]), |ticket| {
                ticket.account.as_ref().and_then(|account| account.name.as_deref()) == Some("さくら食品")
            }),
            case(TicketFilter::new().with_tag(["network"]), |ticket| {
                ticket.tags.iter().flatten().any(|tag| tag == "network")
            }),
            case(TicketFilter::new().with_tag(["été 2026", "vpn"]), |ticket| {
                ticket.tags.iter().flatten().any(|tag| tag == "été 2026" || tag == "vpn")
            }),
            case(TicketFilter::new().with_parent([part_of.as_str()]), move |ticket| {
                ticket.parent.as_ref().is_some_and(|parent| parent.id == part_of)
            }),
            case(TicketFilter::new().with_text("DHCP"), |ticket| {
                ticket.title.contains("DHCP")
                    || ticket.description.as_ref().is_some_and(|text| text.markdown.contains("DHCP"))
            }),
            case(TicketFilter::new().with_text("building network"), |ticket| ticket.title.contains("No network")),
            case(TicketFilter::new().with_ids([vpn.as_str(), move_.as_str()]), move |ticket| {
                [&vpn_again, &move_].iter().any(|id| ticket.id == id.as_str())
            }),
            case(TicketFilter::new().with_external_id(["ALERT-1001", "ALERT-9"]), |ticket| {
                ticket.external_id.as_deref() == Some("ALERT-1001")
            }),
            case(TicketFilter::new().with_priority([PriorityLevel::Urgent]), |ticket| {
                ticket.priority.as_ref().is_some_and(|priority| priority.level == PriorityLevel::Urgent)
            }),
            case(TicketFilter::new().with_priority([PrioritySelector::native("2 - High")]), |ticket| {
                ticket.priority.as_ref().is_some_and(|priority| priority.native.id == "2")
            }),
            case(TicketFilter::new().with_type([TypeCategory::Change]), |ticket| {
                ticket.ticket_type.category == TypeCategory::Change
            }),
            case(TicketFilter::new().with_type([TypeSelector::native("Request")]), |ticket| {
                ticket.ticket_type.native.id == "sc_request"
            }),
        ],
    )
    .await;
}

#[tokio::test]
async fn fields_and_times_narrow_tables_that_have_them_and_those_that_do_not() {
    let bed = bed();
    let client = bed.tables(&TABLES);
    let whole = all(&client, ListTickets::new()).await;
    let text = |ticket: &Ticket, field: &str| {
        ticket.fields.get(field).and_then(|field| field.value.as_text().map(str::to_owned)).unwrap_or_default()
    };
    let range = TimeRange::between(at("2026-01-08T15:00:00Z"), at("2026-01-13T02:00:00Z"));
    let mut half = range;
    half.after = Some(at("2026-01-08T15:00:00.5Z"));
    let none = FieldFilter { id: "type".into(), values: Vec::new() };
    let mut without_type = TicketFilter::new();
    without_type.fields.push(none);
    check(
        &client,
        &whole,
        vec![
            case(TicketFilter::new().with_field("category", ["software", "network"]), move |ticket| {
                matches!(text(ticket, "category").as_str(), "software" | "network")
            }),
            case(TicketFilter::new().with_field("type", ["normal"]), move |ticket| text(ticket, "type") == "normal"),
            // Of a table without the column, every ticket has it empty.
            case(without_type, move |ticket| text(ticket, "type").is_empty()),
            case(TicketFilter::new().with_field("location", ["nowhere"]), move |ticket| {
                text(ticket, "location") == "nowhere"
            }),
            case(TicketFilter::new().with_created(range), move |ticket| range.contains(ticket.created_at)),
            case(TicketFilter::new().with_updated(range), move |ticket| range.contains(ticket.updated_at)),
            case(TicketFilter::new().with_updated(half), move |ticket| half.contains(ticket.updated_at)),
            case(TicketFilter::new().with_resolved(TimeRange::after(at("2026-01-07T12:00:00Z"))), |ticket| {
                ticket.resolved_at.is_some_and(|when| when >= at("2026-01-07T12:00:00Z"))
            }),
            case(TicketFilter::new().with_closed(range), move |ticket| range.contains(ticket.closed_at)),
            case(TicketFilter::new().with_due(TimeRange::before(at("2026-02-14T00:00:00Z"))), |ticket| {
                matches!(ticket.key.as_str(), _ if ticket.due.is_some()) && !ticket.title.contains("DHCP")
            }),
            case(
                TicketFilter::unresolved()
                    .with_priority([PriorityLevel::Urgent, PriorityLevel::High])
                    .with_created(TimeRange::after(at("2026-01-01T00:00:00Z"))),
                |ticket| {
                    ticket.status.category.is_unresolved()
                        && ticket.priority.as_ref().is_some_and(|priority| {
                            matches!(priority.level, PriorityLevel::Urgent | PriorityLevel::High)
                        })
                        && ticket.created_at >= Some(at("2026-01-01T00:00:00Z"))
                },
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn what_there_is_not_is_refused_by_name() {
    let bed = Bed::new();
    let client = bed.client();
    all(&client, ListTickets::new()).await;
    let before = bed.sent();
    let filter = TicketFilter::new().with_collection([CollectionSelector::Key("X".to_owned())]);
    let error = client.list_tickets(ListTickets::new().with_filter(filter)).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Unsupported, Some("filter")));
    for (field, filter) in [
        ("fields", TicketFilter::new().with_field("u_symptm", ["72"])),
        ("fields", TicketFilter::new().with_field("caller_id.email", ["x"])),
        ("type", TicketFilter::new().with_type([TypeSelector::native("Kaputt!")])),
        ("fields.made_sla", TicketFilter::new().with_field("made_sla", ["perhaps"])),
    ] {
        let error = client.list_tickets(ListTickets::new().with_filter(filter)).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some(field)), "{error}");
        assert!(error.hint().is_some(), "{error:?}");
    }
    assert_eq!(bed.sent(), before, "nothing may be sent");
    for (field, filter) in [
        ("group", TicketFilter::new().with_group([GroupSelector::name("Nobody")])),
        ("account", TicketFilter::new().with_account([AccountSelector::Name("Nobody".to_owned())])),
        ("priority", TicketFilter::new().with_priority([PrioritySelector::native("9 - Soonish")])),
    ] {
        let error = client.list_tickets(ListTickets::new().with_filter(filter)).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some(field)), "{error}");
    }
    // Two share the address; the error says whom it may mean.
    let both = AssigneeFilter::User(UserSelector::email("reception@example.com"));
    let filter = TicketFilter::new().with_assignee([both]);
    let error = client.list_tickets(ListTickets::new().with_filter(filter)).await.unwrap_err().to_string();
    assert!(error.contains("Lena Brandt") && error.contains("Tomás Silva"), "{error}");
}
