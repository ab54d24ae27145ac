//! What the instance says of itself: fields, choices, statuses, transitions and tags.

use futures::TryStreamExt as _;
use serde_json::json;
use ticketing_core::model::{Field, FieldType, RefType, StatusCategory};
use ticketing_core::request::{ListFields, ListStatuses, ListTags, ListTickets, ListTransitions, TicketFilter};
use ticketing_core::{ErrorKind, TicketingClient};
use vendor_sandbox::servicenow::{Audience, Sandbox, TableDenial};

use crate::bed::{Bed, all};

async fn fields(client: &TicketingClient, request: ListFields) -> Vec<Field> {
    client.fields(request).try_collect().await.unwrap()
}

fn field<'f>(fields: &'f [Field], id: &str) -> &'f Field {
    let found: Vec<&Field> = fields.iter().filter(|field| field.id.as_str() == id).collect();
    assert_eq!(found.len(), 1, "{id}: {found:?}");
    found[0]
}

#[tokio::test]
async fn every_column_is_described_with_its_inherited_choices() {
    let bed = Bed::new();
    let client = bed.client();
    let all = fields(&client, ListFields::new().with_choices(true).with_page_size(7)).await;
    assert!(all.len() > 60 && all.is_sorted_by(|a, b| a.id < b.id), "{}", all.len());
    let title = field(&all, "short_description");
    assert!(title.required && title.writable == Some(true) && !title.custom);
    assert_eq!((title.max_length, title.core.as_deref()), (Some(160), Some("title")));
    assert_eq!(field(&all, "priority").writable, Some(false), "it follows from impact and urgency");
    assert_eq!(field(&all, "sys_created_on").writable, Some(false));
    let caller = field(&all, "caller_id");
    assert_eq!(
        (caller.field_type, caller.reference, caller.core.as_deref()),
        (FieldType::User, Some(RefType::User), Some("requester"))
    );
    assert_eq!(field(&all, "watch_list").core.as_deref(), Some("watchers"));
    assert!(field(&all, "work_notes_list").multiple);
    let symptom = field(&all, "u_symptom");
    assert!(symptom.custom && symptom.field_type == FieldType::Choice && symptom.core.is_none());
    let choices = |id: &str| -> Vec<(String, String, Option<String>)> {
        let choices = field(&all, id).choices.clone().unwrap();
        choices.into_iter().map(|choice| (choice.id, choice.name, choice.depends_on)).collect()
    };
    // The table's own list goes before its parent's, and its parent's is taken where it has none.
    assert_eq!(choices("state").len(), 6);
    assert_eq!(choices("state")[1], ("2".to_owned(), "In Progress".to_owned(), None));
    assert_eq!(choices("impact")[0].1, "1 - High");
    assert!(choices("subcategory").contains(&("vpn".to_owned(), "VPN".to_owned(), Some("network".to_owned()))));
    assert!(fields(&client, ListFields::new()).await.iter().all(|field| field.choices.is_none()));
    // What was read is known for a while, and a check reads it again.
    let before = bed.sent();
    fields(&client, ListFields::new().with_choices(true)).await;
    assert_eq!(bed.sent(), before);
    let own = json!({"name": "incident", "element": "category", "value": "printing", "label": "Printing", "language": "en", "inactive": "false"});
    bed.control.insert("admin", "sys_choice", own).unwrap();
    client.check().await.unwrap();
    let all = fields(&client, ListFields::new().with_choices(true)).await;
    assert!(field(&all, "category").choices.as_ref().unwrap().iter().any(|choice| choice.id == "printing"));
}

#[tokio::test]
async fn fields_of_several_tables_say_whose_they_are() {
    let bed = Bed::new();
    let client = bed.tables(&["incident", "problem"]);
    let all = fields(&client, ListFields::new()).await;
    assert_eq!(field(&all, "assigned_to").scopes, Vec::<String>::new(), "both have it");
    assert_eq!(field(&all, "caller_id").scopes, ["incident"]);
    assert_eq!(field(&all, "cause_notes").scopes, ["problem"]);
    let one = fields(&client, ListFields::new().with_ticket_type(Some("problem".to_owned()))).await;
    assert!(one.iter().any(|field| field.id.as_str() == "cause_notes"));
    assert!(!one.iter().any(|field| field.id.as_str() == "caller_id"));
    let error = client.list_fields(ListFields::new().with_ticket_type(Some("sc_task".to_owned()))).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("ticket_type")), "{error:?}");
}

#[tokio::test]
async fn statuses_and_transitions_are_the_tables_own() {
    use StatusCategory::{Cancelled, Closed, InProgress, OnHold, Open, Resolved};
    let bed = Bed::new();
    let client = bed.tables(&["incident", "problem", "change_request", "sc_request"]);
    let statuses = client.list_statuses(ListStatuses::new()).await.unwrap();
    let of = |table: &str| -> Vec<StatusCategory> {
        statuses.iter().filter(|status| status.scopes == [table]).map(|status| status.category).collect()
    };
    assert_eq!(of("incident"), [Open, InProgress, OnHold, Resolved, Closed, Cancelled]);
    assert_eq!(of("problem"), [Open, InProgress, InProgress, InProgress, Resolved, Closed]);
    assert_eq!(of("change_request").first(), Some(&Open));
    assert_eq!(of("sc_request").first(), Some(&Open));
    assert!(statuses.iter().all(|status| status.native.name.is_some() && status.category != StatusCategory::Unknown));
    let transitions = |ticket: String| {
        let client = client.clone();
        async move {
            let found = client.list_transitions(ListTransitions::new(ticket)).await.unwrap();
            found
                .into_iter()
                .map(|one| (one.to.native.id.clone(), one.required_fields.iter().map(ToString::to_string).collect()))
                .collect::<Vec<(String, Vec<String>)>>()
        }
    };
    let outage = transitions(bed.incident("No network")).await;
    assert_eq!(outage.iter().map(|(to, _)| to.as_str()).collect::<Vec<_>>(), ["1", "3", "6", "7", "8"]);
    assert!(outage.contains(&("6".to_owned(), vec!["close_code".to_owned(), "close_notes".to_owned()])));
    assert!(outage.contains(&("3".to_owned(), vec!["hold_reason".to_owned()])));
    let pool = transitions(bed.incident("Enlarge the DHCP")).await;
    assert_eq!(pool.iter().map(|(to, _)| to.as_str()).collect::<Vec<_>>(), ["-4", "4"], "as its change model says");
    let dhcp = transitions(bed.incident("DHCP leases")).await;
    assert_eq!(dhcp.iter().map(|(to, _)| to.as_str()).collect::<Vec<_>>(), ["106"]);
}

#[tokio::test]
async fn tags_are_listed_where_they_exist_and_tickets_do_without_them() {
    let bed = Bed::new();
    let client = bed.client();
    let tags: Vec<_> = client.tags(ListTags::new().with_page_size(2)).try_collect().await.unwrap();
    let mut names: Vec<&str> = tags.iter().map(|tag| tag.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["hardware", "move", "network", "outage", "vpn", "été 2026"]);
    assert!(tags.iter().all(|tag| tag.id.is_some()));
    for table in ["label", "label_entry"] {
        bed.control.deny_table(table, Audience::Everyone, TableDenial::Forbidden).unwrap();
    }
    assert_eq!(all(&client, ListTickets::new()).await.len(), 12);
    let tagged = ListTickets::new().with_filter(TicketFilter::new().with_tag(["vpn"]));
    let error = client.list_tickets(tagged).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::PermissionDenied, Some("tag")), "{error:?}");
    assert_eq!(client.list_tags(ListTags::new()).await.unwrap_err().kind(), ErrorKind::PermissionDenied);
}

#[tokio::test]
async fn cases_of_the_customer_service_are_tickets_too() {
    let bed = Bed::of(Sandbox::builder().seed(7));
    let account = bed.control.find("core_company", "nameLIKEBoreal").unwrap().remove(0);
    let contact = bed.control.find("customer_contact", "name=Greta Holm").unwrap().remove(0);
    for state in ["1", "10", "18", "6", "3"] {
        let values = json!({"short_description": format!("Case {state}"), "account": account, "contact": contact});
        let id = bed.control.insert("admin", "sn_customerservice_case", values).unwrap();
        bed.control.set_raw("sn_customerservice_case", &id, json!({"state": state})).unwrap();
    }
    let client = bed.tables(&["sn_customerservice_case"]);
    let cases = all(&client, ListTickets::new()).await;
    let categories: Vec<_> = cases.iter().map(|case| case.status.category.as_str()).collect();
    assert_eq!(categories, ["open", "in_progress", "on_hold", "resolved", "closed"]);
    let requester = cases[0].requester.as_ref().unwrap();
    assert_eq!((requester.ref_type, requester.name.as_deref()), (RefType::Contact, Some("Greta Holm")));
    assert_eq!(cases[0].account.as_ref().unwrap().name.as_deref(), Some("Boreal Freight GmbH"));
}
