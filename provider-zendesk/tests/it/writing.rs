//! New tickets, patches, and what is refused before anything is sent (`wire/jira-zendesk.md` §B3, §B4, §B8).

use futures::TryStreamExt as _;
use serde_json::json;
use ticketing_core::model::{
    Due, LinkCategory, PriorityLevel, StatusCategory, TextFormat, Ticket, TypeCategory, Visibility,
};
use ticketing_core::request::{
    AddComment, CreateTicket, DeleteTicket, GetTicket, ListComments, ListLinks, ListTickets, NewComment, Projection,
    RawMethod, RawRequest, SetPatch, TextInput, UpdateTicket,
};
use ticketing_core::{
    ErrorKind, GroupSelector, PrioritySelector, StatusSelector, TicketingClient, TypeSelector, UserSelector,
};
use vendor_sandbox::Fault;

use crate::bed::{Bed, all, as_listed, get, titled};

/// How many writes were sent so far.
fn writes(bed: &Bed) -> usize {
    bed.control.requests().iter().filter(|request| request.method != "GET").count()
}

async fn of_status(client: &TicketingClient, wanted: StatusCategory) -> Ticket {
    let tickets = all(client, ListTickets::new()).await;
    tickets.into_iter().find(|ticket| ticket.status.category == wanted).unwrap()
}

#[tokio::test]
async fn everything_that_is_named_is_written_and_read_back() {
    let bed = Bed::new();
    let client = bed.client();
    let request = CreateTicket::new("Ünïcode ^ \"quotes\" & <tags>")
        .with_description(TextInput::from("Line **one**\n\n- item"))
        .with_type(Some(TypeSelector::native("task")))
        .with_priority(Some(PrioritySelector::from(PriorityLevel::High)))
        .with_requester(Some(UserSelector::email("amara.okafor@example.com")))
        .with_assignees(vec![UserSelector::email("ines.tilden@example.com")])
        .with_groups(vec![GroupSelector::name("IT Help Desk")])
        .with_watchers(vec![UserSelector::email("ines.tilden@example.com")])
        .with_tags(vec!["vpn".to_owned(), "new".to_owned()])
        .with_due(Some(Due::At("2026-03-09T08:00:00Z".parse().unwrap())))
        .with_external_id(Some("ALERT-2000".to_owned()))
        .with_comment(Some(NewComment::internal("First look.")));
    let made = client.create_ticket(request).await.unwrap();
    let get = GetTicket::new(made.id.clone()).with_projection(Projection::new().with_watchers());
    let read = client.get_ticket(get).await.unwrap();
    for ticket in [&made, &read] {
        assert_eq!(ticket.title, "Ünïcode ^ \"quotes\" & <tags>");
        // A ticket's own `description` is plain text (§B3.2); what was marked up in it is read from the first comment.
        let description = ticket.description.as_ref().unwrap();
        assert_eq!(description.native.format, TextFormat::Html);
        assert_eq!(description.markdown, "Line **one**\n\n- item");
        assert_eq!(ticket.ticket_type.category, TypeCategory::Task);
        assert_eq!(ticket.priority.as_ref().unwrap().level, PriorityLevel::High);
        let name = |own: &ticketing_core::model::Ref| own.name.clone().unwrap_or_default();
        assert_eq!(ticket.requester.as_ref().map(name).as_deref(), Some("Amara Okafor"));
        assert_eq!(ticket.assignees.iter().map(name).collect::<Vec<_>>(), ["Ines Tilden"]);
        assert_eq!(ticket.assigned_groups.iter().map(name).collect::<Vec<_>>(), ["IT Help Desk"]);
        let mut tags = ticket.tags.clone().unwrap();
        tags.sort();
        assert_eq!(tags, ["new", "vpn"]);
        assert_eq!(ticket.due, Some(Due::At("2026-03-09T08:00:00Z".parse().unwrap())));
        assert_eq!(ticket.external_id.as_deref(), Some("ALERT-2000"));
    }
    let watchers: Vec<_> = read.watchers.unwrap().into_iter().filter_map(|own| own.name).collect();
    assert!(watchers.contains(&"Ines Tilden".to_owned()), "{watchers:?}");
    let said: Vec<_> = client.comments(ListComments::new(made.id.clone())).try_collect().await.unwrap();
    let told: Vec<_> = said.iter().map(|own| (own.body.markdown.as_str(), own.visibility)).collect();
    assert_eq!(told, [("First look.", Visibility::Internal)]);
}

#[tokio::test]
async fn what_is_wrong_is_named_before_anything_is_written() {
    let bed = Bed::new();
    let client = bed.client();
    let before = writes(&bed);
    let new = || CreateTicket::new("x");
    for (request, field, hint) in [
        (CreateTicket::new(" "), "title", "title"),
        (new().with_priority(Some(PrioritySelector::native("P9"))), "priority", "urgent"),
        (new().with_type(Some(TypeSelector::native("story"))), "type", "incident"),
        (new().with_status(Some(StatusSelector::native("nonsense"))), "status", "solved"),
        (new().with_tags(vec!["two words".to_owned()]), "tags", "a_b"),
        (new().with_requester(Some(UserSelector::email("nobody@example.com"))), "requester", "find the user"),
        (new().with_requester(Some(UserSelector::email("reception@example.com"))), "requester", "id"),
        (new().with_groups(vec![GroupSelector::name("Nobody's")]), "assigned_groups", "groups"),
        (new().with_external_id(Some(" x".to_owned())), "external_id", "id"),
        (new().with_due(Some(Due::Date("2026-03-09".parse().unwrap()))), "due", "task"),
        (new().with_field("no_such_field", 1), "no_such_field", "field"),
    ] {
        let error = client.create_ticket(request).await.unwrap_err();
        assert!(error.field().is_some_and(|own| own.contains(field)), "{field}: {error:?}");
        assert!(error.hint().unwrap_or_default().contains(hint), "{field}: {error:?}");
    }
    let vpn = titled(&client, "VPN drops").await;
    let change = || UpdateTicket::new(vpn.id.clone());
    for (request, field) in [
        (change().with_description(TextInput::from("never")), "description"),
        (change().with_tags(SetPatch::add(["A b".to_owned()])), "tags"),
        (
            change().with_assignees(SetPatch::replace([UserSelector::Me, UserSelector::email("alex.kim@example.com")])),
            "assignees",
        ),
    ] {
        let error = client.update_ticket(request).await.unwrap_err();
        assert_eq!(error.field(), Some(field), "{error:?}");
    }
    assert_eq!(writes(&bed), before);
    assert_eq!(as_listed(get(&client, vpn.id.as_str()).await, &vpn), vpn);
}

/// `tags` in a change would replace them all (§B3.2).
#[tokio::test]
async fn tags_come_and_go_and_those_of_others_stay() {
    let bed = Bed::new();
    let (client, other) = (bed.client(), bed.agent());
    let vpn = titled(&client, "VPN drops").await;
    let had = vpn.tags.clone().unwrap();
    other
        .update_ticket(UpdateTicket::new(vpn.id.clone()).with_tags(SetPatch::add(["theirs".to_owned()])))
        .await
        .unwrap();
    bed.control.clear_requests();
    let gone = had.first().cloned().unwrap();
    let patch = SetPatch::Change { add: vec!["ours".to_owned()], remove: vec![gone.clone(), "absent".to_owned()] };
    let changed =
        client.update_ticket(UpdateTicket::new(vpn.id.clone()).with_title("t").with_tags(patch)).await.unwrap();
    let mut expected: Vec<String> = had.iter().filter(|tag| **tag != gone).cloned().collect();
    expected.extend(["ours".to_owned(), "theirs".to_owned()]);
    expected.sort();
    let mut tags = changed.tags.unwrap();
    tags.sort();
    assert_eq!((tags, changed.title.as_str()), (expected, "t"));
    let sent = bed.sent();
    let path = format!("/api/v2/tickets/{}/tags", vpn.id);
    let calls: Vec<_> = sent.iter().filter(|sent| sent.contains(&path)).map(|sent| &sent[..3]).collect();
    assert_eq!(calls, ["DEL", "PUT"], "{sent:#?}");
    // The account would make other tags of what is none, and take those away.
    let nothing = SetPatch::remove(["Ours".to_owned(), "theirs ours".to_owned()]);
    let kept = client.update_ticket(UpdateTicket::new(vpn.id.clone()).with_tags(nothing)).await.unwrap().tags.unwrap();
    assert!(kept.contains(&"ours".to_owned()) && kept.contains(&"theirs".to_owned()), "{kept:?}");
    // Replacing them is said, and is one change.
    let all = UpdateTicket::new(vpn.id.clone()).with_tags(SetPatch::replace(["only".to_owned()]));
    assert_eq!(client.update_ticket(all).await.unwrap().tags, Some(vec!["only".to_owned()]));
}

/// §B8: the account compares the stamp itself, to the second.
#[tokio::test]
async fn an_expected_version_is_compared_by_the_account() {
    let bed = Bed::new();
    let (client, other) = (bed.client(), bed.agent());
    bed.advance(60);
    let vpn = titled(&client, "VPN drops").await;
    other.update_ticket(UpdateTicket::new(vpn.id.clone()).with_title("theirs")).await.unwrap();
    let comments = async || {
        let listed: Vec<_> = client.comments(ListComments::new(vpn.id.clone())).try_collect().await.unwrap();
        listed.len()
    };
    let before = comments().await;
    let stale = UpdateTicket::new(vpn.id.clone())
        .with_title("ours")
        .with_tags(SetPatch::add(["ours".to_owned()]))
        .with_comment(Some(NewComment::public("Not to be said.")))
        .with_expected_version(vpn.version.clone());
    let error = client.update_ticket(stale).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::PreconditionFailed, Some("expected_version")), "{error:?}");
    assert!(error.applied().is_empty() && !error.maybe_applied(), "{error:?}");
    let now = get(&client, vpn.id.as_str()).await;
    assert_eq!((now.title.as_str(), now.tags.clone()), ("theirs", vpn.tags.clone()));
    assert_eq!(comments().await, before, "nothing was said");
    let gone = DeleteTicket::new(vpn.id.clone()).with_expected_version(vpn.version.clone());
    assert_eq!(client.delete_ticket(gone).await.unwrap_err().kind(), ErrorKind::PreconditionFailed);
    let fresh = UpdateTicket::new(vpn.id.clone())
        .with_tags(SetPatch::add(["ours".to_owned()]))
        .with_expected_version(now.version.clone());
    let tags = client.update_ticket(fresh).await.unwrap().tags.unwrap();
    assert!(tags.contains(&"ours".to_owned()) && vpn.tags.unwrap().iter().all(|tag| tags.contains(tag)), "{tags:?}");
}

/// §B4: closed is final; what goes on is another ticket, which names it.
#[tokio::test]
async fn a_closed_ticket_refuses_and_is_followed_up() {
    let bed = Bed::new();
    let client = bed.client();
    let closed = of_status(&client, StatusCategory::Closed).await;
    let change = || UpdateTicket::new(closed.id.clone());
    for request in [
        change().with_title("again"),
        change().with_status(Some(StatusCategory::Open.into())),
        change().with_tags(SetPatch::add(["again".to_owned()])),
        change().with_comment(Some(NewComment::internal("again"))),
    ] {
        let error = client.update_ticket(request).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
        assert!(error.hint().is_some_and(|hint| hint.contains("via_followup_source_id")), "{error:?}");
    }
    let said = client.add_comment(AddComment::new(closed.id.clone(), "again", Visibility::Internal)).await.unwrap_err();
    assert!(said.hint().is_some_and(|hint| hint.contains("via_followup_source_id")), "{said:?}");
    let number: i64 = closed.id.as_str().parse().unwrap();
    let next = client.create_ticket(CreateTicket::new("again").with_field("via_followup_source_id", number)).await;
    let next = next.unwrap();
    let links: Vec<_> = client.links(ListLinks::new(next.id.clone())).try_collect().await.unwrap();
    assert!(links.iter().any(|link| link.link_type.category == LinkCategory::RelatesTo), "{links:?}");
}

/// §B8: the account keeps a key for two hours.
#[tokio::test]
async fn a_key_is_the_accounts_own() {
    let bed = Bed::new();
    let client = bed.client();
    let request = || CreateTicket::new("once").with_idempotency_key("key-1".to_owned());
    let made = client.create_ticket(request()).await.unwrap();
    assert_eq!(client.create_ticket(request()).await.unwrap(), made);
    let keys: Vec<_> = bed
        .control
        .requests()
        .into_iter()
        .filter(|sent| sent.method == "POST" && sent.path == "/api/v2/tickets")
        .map(|sent| sent.headers.get("idempotency-key").cloned())
        .collect();
    assert_eq!(keys, [Some("key-1".to_owned()), Some("key-1".to_owned())]);
    let other = CreateTicket::new("another").with_idempotency_key("key-1".to_owned());
    let error = client.create_ticket(other).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Conflict, Some("idempotency_key")), "{error:?}");
    // What cannot stand in a header goes as its digest.
    let long = || CreateTicket::new("long").with_idempotency_key("é ".repeat(300));
    assert_eq!(client.create_ticket(long()).await.unwrap(), client.create_ticket(long()).await.unwrap());
}

/// Bulk calls are jobs (§B7): the provider starts none, and they are reached by raw requests.
#[tokio::test]
async fn a_job_is_followed_by_raw_requests() {
    let bed = Bed::new();
    let client = bed.client();
    let vpn = titled(&client, "VPN drops").await;
    let body = json!({ "ticket": { "priority": "low" } }).to_string();
    let many = RawRequest::new(RawMethod::Put, "/api/v2/tickets/update_many")
        .with_query(vec![("ids".to_owned(), vpn.id.to_string())])
        .with_headers(vec![("content-type".to_owned(), "application/json".to_owned())])
        .with_body(bytes::Bytes::from(body));
    let answer = client.send_raw(many).await.unwrap();
    let mut told: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    let path = format!("/api/v2/job_statuses/{}", told["job_status"]["id"].as_str().unwrap());
    for _ in 0..10 {
        if told["job_status"]["status"] == "completed" {
            break;
        }
        let answer = client.send_raw(RawRequest::new(RawMethod::Get, path.clone())).await.unwrap();
        told = serde_json::from_slice(&answer.body).unwrap();
    }
    assert_eq!(told["job_status"]["status"], "completed", "{told}");
    assert_eq!(get(&client, vpn.id.as_str()).await.priority.unwrap().level, PriorityLevel::Low);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_told_and_a_change_with_a_comment_is_not_repeated() {
    let bed = Bed::new();
    let client = bed.client();
    let vpn = titled(&client, "VPN drops").await;
    let before = writes(&bed);
    bed.control.set_faults(vec![Fault::new("reset_after_write").count(1)]).unwrap();
    let request =
        UpdateTicket::new(vpn.id.clone()).with_title("changed").with_comment(Some(NewComment::internal("said")));
    let error = client.update_ticket(request).await.unwrap_err();
    assert!(error.maybe_applied() && error.hint().is_some(), "{error:?}");
    assert_eq!(writes(&bed) - before, 1);
    assert_eq!(get(&client, vpn.id.as_str()).await.title, "changed");
}
