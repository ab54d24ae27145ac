//! New tickets, patches, and what is refused before anything is sent; Cloud and Data Center alike.

use serde_json::json;
use ticketing_core::model::{Due, PriorityLevel, StatusCategory, TextFormat, TypeCategory};
use ticketing_core::request::{
    CreateTicket, DeleteTicket, GetTicket, NewComment, Patch, Projection, RawMethod, RawRequest, SetPatch, TextInput,
    UpdateTicket,
};
use ticketing_core::{
    AccountSelector, CollectionSelector, ErrorKind, GroupSelector, PrioritySelector, StatusSelector, TypeSelector,
    UserSelector,
};
use vendor_sandbox::Fault;
use vendor_sandbox::jira::Flavour;

use crate::bed::{Bed, FLAVOURS, config, get, key_of};

/// How many writes were sent so far; a search is none, whatever its method.
pub(crate) fn writes(bed: &Bed) -> usize {
    let requests = bed.control.requests();
    let is_write = |request: &&vendor_sandbox::RecordedRequest| {
        !matches!(request.method.as_str(), "GET" | "HEAD") && !request.path.contains("/search")
    };
    requests.iter().filter(is_write).count()
}

fn html() -> TextInput {
    TextInput::Native { format: TextFormat::Html, content: "<p>x</p>".to_owned() }
}

#[tokio::test]
async fn everything_that_is_named_is_written_and_read_back() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let client = bed.client();
        let request = CreateTicket::new("Ünïcode ^ \"quotes\" & <tags>")
            .with_description(TextInput::from("Line **one**\n\n- item"))
            .with_type(Some(TypeCategory::Problem.into()))
            .with_priority(Some(PrioritySelector::from(PriorityLevel::High)))
            .with_requester(Some(UserSelector::email("amara.okafor@example.com")))
            .with_assignees(vec![UserSelector::email("alex.kim@example.com")])
            .with_groups(vec![GroupSelector::name("IT Help Desk")])
            .with_watchers(vec![UserSelector::email("ines.tilden@example.com")])
            .with_account(Some(AccountSelector::Name("Boreal Freight GmbH".to_owned())))
            .with_tags(vec!["vpn".to_owned(), "new".to_owned()])
            .with_due(Some(Due::Date("2026-03-09".parse().unwrap())))
            .with_external_id(Some("ALERT-2000".to_owned()))
            .with_field("customfield_10033", "sev 2")
            .with_field("customfield_10034", vec!["Mail".to_owned(), "Portal".to_owned()])
            .with_field("customfield_10035", 3)
            .with_field("customfield_10036", "2026-03-09T08:00:00Z")
            .with_field("customfield_10037", vec!["Hardware".to_owned(), "Disk".to_owned()])
            .with_field("customfield_10039", "2026-03-01")
            .with_field("components", vec!["Network".to_owned()])
            .with_comment(Some(NewComment::internal("First look.")));
        let made = client.create_ticket(request).await.unwrap_or_else(|error| panic!("{flavour:?}: {error:?}"));
        let get = GetTicket::new(made.id.clone()).with_projection(Projection::new().with_watchers());
        let read = client.get_ticket(get).await.unwrap();
        for ticket in [&made, &read] {
            assert_eq!(ticket.title, "Ünïcode ^ \"quotes\" & <tags>");
            assert_eq!(ticket.description.as_ref().unwrap().markdown, "Line **one**\n\n- item");
            let format = if flavour == Flavour::Cloud { TextFormat::Adf } else { TextFormat::Wiki };
            assert_eq!(ticket.description.as_ref().unwrap().native.format, format);
            assert_eq!(ticket.ticket_type.category, TypeCategory::Problem);
            assert_eq!(ticket.priority.as_ref().unwrap().level, PriorityLevel::High);
            let name = |own: &ticketing_core::model::Ref| own.name.clone().unwrap_or_default();
            assert_eq!(ticket.requester.as_ref().map(name).as_deref(), Some("Amara Okafor"));
            assert_eq!(ticket.assignees.iter().map(name).collect::<Vec<_>>(), ["Alex Kim"]);
            assert_eq!(ticket.assigned_groups.iter().map(name).collect::<Vec<_>>(), ["IT Help Desk"]);
            assert_eq!(ticket.account.as_ref().map(name).as_deref(), Some("Boreal Freight GmbH"));
            assert_eq!(ticket.tags.as_deref(), Some(&["vpn".to_owned(), "new".to_owned()][..]));
            assert_eq!(ticket.due, Some(Due::Date("2026-03-09".parse().unwrap())));
            assert_eq!(ticket.external_id.as_deref(), Some("ALERT-2000"));
            let field = |id: &str| serde_json::to_value(&ticket.fields[id]).unwrap();
            assert_eq!(field("customfield_10033")["label"], "Sev 2");
            assert_eq!(field("customfield_10034")["label"], json!(["Mail", "Portal"]));
            assert_eq!(field("customfield_10035")["value"], 3);
            assert_eq!(field("customfield_10036")["value"], "2026-03-09T08:00:00Z");
            assert_eq!(field("customfield_10037")["label"], json!(["Hardware", "Disk"]));
            assert_eq!(field("customfield_10039")["value"], "2026-03-01");
            assert_eq!(field("components")["label"], json!(["Network"]));
        }
        let watchers: Vec<_> = read.watchers.unwrap().into_iter().filter_map(|own| own.name).collect();
        assert!(watchers.contains(&"Ines Tilden".to_owned()), "{flavour:?}: {watchers:?}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_named_before_anything_is_sent() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let client = bed.client();
        let new = || CreateTicket::new("x");
        let before = writes(&bed);
        for (request, field, hint) in [
            (CreateTicket::new(" "), "title", "title"),
            (CreateTicket::new("x".repeat(256)), "title", "shorten"),
            (new().with_collection(Some(CollectionSelector::Key("IT".to_owned()))), "collection", "HELP"),
            (new().with_type(Some(TypeSelector::native("Bug"))), "type", "[System] Incident (incident)"),
            (new().with_priority(Some(PrioritySelector::native("P9"))), "priority", "Highest"),
            (new().with_requester(Some(UserSelector::email("nobody@example.com"))), "requester", "users"),
            (new().with_requester(Some(UserSelector::email("reception@example.com"))), "requester", "Tomás Silva ("),
            (new().with_assignees(vec![UserSelector::id("712020:nobody")]), "assignees", "users"),
            (new().with_assignees(vec![UserSelector::Me, UserSelector::email("a@b.c")]), "assignees", "name one"),
            (new().with_groups(vec![GroupSelector::name("No such group")]), "assigned_groups", "groups"),
            (new().with_account(Some(AccountSelector::Name("No such".to_owned()))), "account", "accounts"),
            (new().with_parent(Some("HELP-9999".into())), "parent", "parent's"),
            (new().with_tags(vec!["two words".to_owned()]), "tags", "_"),
            (new().with_due(Some(Due::At("2026-03-09T08:00:00Z".parse().unwrap()))), "due", "day"),
            (new().with_field("customfield_99999", "x"), "fields.customfield_99999", "list the fields"),
            (new().with_field("summary", "x"), "fields.summary", "`title`"),
            (new().with_field("attachment", "x"), "fields.attachment", "screen"),
            (new().with_field("customfield_10033", "Sev 9"), "fields.customfield_10033", "Sev 1, Sev 2"),
            (new().with_field("customfield_10035", "many"), "fields.customfield_10035", ""),
            (new().with_field("customfield_10036", "yesterday"), "fields.customfield_10036", ""),
            (new().with_status(Some(StatusSelector::native("Nowhere"))), "status", "In Progress (in_progress)"),
            (new().with_status(Some(StatusCategory::Resolved.into())), "resolution", "Solution provided"),
            (
                new().with_status(Some(StatusCategory::Resolved.into())).with_field("resolution", "Nope"),
                "reason",
                "Solution provided",
            ),
            (new().with_field("resolution", "Done"), "fields.resolution", "status"),
            // Found by fuzzing: the ticket was there before its comment was refused.
            (new().with_comment(Some(NewComment::public(" "))), "comment", "text"),
            (new().with_comment(Some(NewComment::internal("[a]: https://a.example"))), "comment", "text"),
            (new().with_comment(Some(NewComment::public(html()))), "comment", "Markdown"),
            // An empty text would have cleared the field.
            (new().with_external_id(Some(String::new())), "external_id", "or none"),
        ] {
            let error = client.create_ticket(request).await.unwrap_err();
            assert_eq!(
                (error.kind(), error.field()),
                (ErrorKind::InvalidRequest, Some(field)),
                "{flavour:?}: {error:?}"
            );
            let told = format!("{} {}", error.message(), error.hint().unwrap_or_default());
            assert!(told.contains(hint), "{flavour:?} {field}: {told}");
        }
        let now = get(&client, "HELP-1").await;
        for (comment, title) in [(NewComment::public("\n"), "y"), (NewComment::internal(html()), "z")] {
            let change = UpdateTicket::new("HELP-1").with_title(title).with_comment(Some(comment));
            let error = client.update_ticket(change).await.unwrap_err();
            assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("comment")), "{error:?}");
        }
        let emptied = UpdateTicket::new("HELP-1").with_external_id(Patch::Set(" ".to_owned()));
        assert_eq!(client.update_ticket(emptied).await.unwrap_err().field(), Some("external_id"));
        assert_eq!(get(&client, "HELP-1").await, now);
        let unmapped = bed.client_of({
            let mut own = config("admin");
            own["mapping"].as_object_mut().unwrap().remove("fields");
            own
        });
        for (request, field) in [
            (new().with_groups(vec![GroupSelector::name("IT")]), "assigned_groups"),
            (new().with_external_id(Some("A-1".to_owned())), "external_id"),
        ] {
            let error = unmapped.create_ticket(request).await.unwrap_err();
            assert_eq!((error.kind(), error.field()), (ErrorKind::Unsupported, Some(field)), "{error:?}");
        }
        assert_eq!(writes(&bed), before, "{flavour:?}: nothing was written");
    }
}

#[tokio::test]
async fn a_parent_decides_the_level_of_the_type() {
    let bed = Bed::cloud();
    let client = bed.client();
    let parent = key_of("move");
    let child =
        client.create_ticket(CreateTicket::new("Below").with_parent(Some(parent.as_str().into()))).await.unwrap();
    assert_eq!(child.ticket_type.native.name.as_deref(), Some("[System] Incident Sub-task"));
    assert_eq!(child.parent.unwrap().key.as_deref(), Some(parent.as_str()));
    let problem =
        CreateTicket::new("x").with_parent(Some(parent.as_str().into())).with_type(Some(TypeCategory::Problem.into()));
    let error = client.create_ticket(problem).await.unwrap_err();
    assert_eq!(error.field(), Some("type"));
    assert!(error.hint().unwrap().contains("Sub-task"), "{error:?}");
    // An issue with sub-tasks is not ended by accident.
    let error = client.delete_ticket(DeleteTicket::new(parent.as_str())).await.unwrap_err();
    assert!(error.message().contains("subtasks"), "{error:?}");
    get(&client, &parent).await;
}

#[tokio::test]
async fn a_request_is_raised_by_its_type_and_is_in_the_portal() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let client = bed.client();
        let request = || {
            CreateTicket::new("Laptop, please")
                .with_description(TextInput::from("A **light** one"))
                .with_requester(Some(UserSelector::email("amara.okafor@example.com")))
                .with_tags(vec!["hardware".to_owned()])
        };
        for own in [
            request().with_type(Some(TypeSelector::native("ask for something"))),
            request().with_field("customfield_10010", "2"),
            request().with_field("customfield_10010", "Ask for something"),
        ] {
            let made = client.create_ticket(own).await.unwrap_or_else(|error| panic!("{flavour:?}: {error:?}"));
            let kind = serde_json::to_value(&made.fields["customfield_10010"]).unwrap();
            assert_eq!((&kind["value"], &kind["label"]), (&json!("2"), &json!("Ask for something")), "{flavour:?}");
            assert_eq!(made.description.unwrap().markdown, "A **light** one");
            assert_eq!(made.requester.unwrap().name.as_deref(), Some("Amara Okafor"));
            assert_eq!(made.tags.unwrap(), ["hardware"]);
            assert_eq!(made.ticket_type.native.name.as_deref(), Some("[System] Service request"));
        }
        let error = client.create_ticket(request().with_field("customfield_10010", "Nothing")).await.unwrap_err();
        assert_eq!(error.field(), Some("fields.customfield_10010"));
        assert!(error.hint().unwrap().contains("Ask for something"), "{error:?}");
        // The form says the type: another one beside it is refused, and its own is not.
        let typed = |own: TypeSelector| request().with_field("customfield_10010", "2").with_type(Some(own));
        let error = client.create_ticket(typed(TypeSelector::native("[System] Incident"))).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("type")), "{error}");
        client.create_ticket(typed(TypeSelector::native("Ask for something"))).await.unwrap();
    }
}

/// What a form has no place for is written after the request is raised: where that fails the request is there, and the key
/// finishes it.
#[tokio::test]
async fn a_key_finishes_a_request_whose_second_step_failed() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let client = bed.client();
        let keyed = || {
            CreateTicket::new("Laptop, please")
                .with_type(Some(TypeSelector::native("ask for something")))
                .with_tags(vec!["hardware".to_owned()])
                .with_idempotency_key("key-1".to_owned())
        };
        let issues = bed.control.state().counts["issues"];
        bed.control.set_faults([Fault::new("conflict").method("PUT").path("/issue/")]).unwrap();
        let half = client.create_ticket(keyed()).await.unwrap_err();
        bed.control.set_faults([]).unwrap();
        assert_eq!((half.kind(), half.applied().len()), (ErrorKind::Conflict, 1), "{flavour:?}: {half:?}");
        assert!(half.applied()[0].starts_with("ticket "), "{half:?}");
        let made = client.create_ticket(keyed()).await.unwrap_or_else(|error| panic!("{flavour:?}: {error:?}"));
        assert_eq!(made.tags.unwrap(), ["hardware"], "{flavour:?}");
        assert_eq!(bed.control.state().counts["issues"], issues + 1, "{flavour:?}");
    }
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_nothing_else() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let client = bed.client();
        let vpn = key_of("vpn");
        let before = get(&client, &vpn).await;
        bed.advance(60);
        let tags = before.tags.clone().unwrap();
        let request = UpdateTicket::new(vpn.as_str())
            .with_title("VPN is back")
            .with_assignees(SetPatch::replace([]))
            .with_tags(SetPatch::Change {
                add: vec!["late".to_owned()],
                remove: vec![tags[0].clone(), "no such tag".to_owned()],
            })
            .with_external_id("ALERT-2")
            .with_field("customfield_10033", "Sev 1");
        let after = client.update_ticket(request).await.unwrap_or_else(|error| panic!("{flavour:?}: {error:?}"));
        assert_eq!((after.title.as_str(), after.external_id.as_deref()), ("VPN is back", Some("ALERT-2")));
        let mut expected: Vec<String> = tags[1..].to_vec();
        expected.push("late".to_owned());
        assert_eq!(after.tags.as_ref().unwrap(), &expected, "{flavour:?}: other labels stay");
        assert!(after.assignees.is_empty());
        let bare = |ticket: &ticketing_core::model::Ticket| {
            let mut json = serde_json::to_value(ticket).unwrap();
            for key in ["title", "assignees", "tags", "external_id", "fields", "updated_at", "version"] {
                json[key] = json!(null);
            }
            json
        };
        assert_eq!(bare(&after), bare(&before), "{flavour:?}");
        // A version that is not the ticket's any more.
        let stale = UpdateTicket::new(vpn.as_str()).with_title("x").with_expected_version(before.version.clone());
        assert_eq!(client.update_ticket(stale).await.unwrap_err().kind(), ErrorKind::PreconditionFailed);
        let fresh = UpdateTicket::new(vpn.as_str()).with_title("y").with_expected_version(after.version);
        assert_eq!(client.update_ticket(fresh).await.unwrap().title, "y");
        let gone = DeleteTicket::new(vpn.as_str()).with_expected_version(before.version);
        assert_eq!(client.delete_ticket(gone).await.unwrap_err().kind(), ErrorKind::PreconditionFailed);
        // Everything goes, and nothing else.
        let clear = UpdateTicket::new(vpn.as_str())
            .with_description(Patch::Clear)
            .with_groups(SetPatch::replace([]))
            .with_account(Patch::Clear)
            .with_tags(SetPatch::replace([]))
            .with_due(Patch::Clear)
            .with_external_id(Patch::Clear)
            .with_watchers(SetPatch::replace([]));
        let bare = client.update_ticket(clear).await.unwrap();
        assert!(
            bare.description.is_none() && bare.account.is_none() && bare.due.is_none() && bare.external_id.is_none()
        );
        assert!(bare.assigned_groups.is_empty() && bare.tags.unwrap().is_empty());
        client.delete_ticket(DeleteTicket::new(vpn.as_str())).await.unwrap();
        let again = client.delete_ticket(DeleteTicket::new(vpn.as_str())).await.unwrap_err();
        assert_eq!(again.kind(), ErrorKind::NotFound, "{again:?}");
    }
}

#[tokio::test]
async fn sets_are_added_to_removed_from_and_replaced() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let client = bed.client();
        let ticket = key_of("move");
        let user = |name: &str| UserSelector::email(format!("{name}@example.com"));
        let watchers = async || {
            let get = GetTicket::new(ticket.as_str()).with_projection(Projection::new().with_watchers());
            let mut names: Vec<String> = client
                .get_ticket(get)
                .await
                .unwrap()
                .watchers
                .unwrap()
                .into_iter()
                .filter_map(|own| own.name)
                .collect();
            names.sort();
            names
        };
        let before = watchers().await;
        let update = |patch| UpdateTicket::new(ticket.as_str()).with_watchers(patch);
        client.update_ticket(update(SetPatch::add([user("alex.kim")]))).await.unwrap();
        let mut expected = before.clone();
        expected.push("Alex Kim".to_owned());
        expected.sort();
        assert_eq!(watchers().await, expected);
        client.update_ticket(update(SetPatch::remove([user("alex.kim")]))).await.unwrap();
        assert_eq!(watchers().await, before);
        client.update_ticket(update(SetPatch::replace([user("amara.okafor")]))).await.unwrap();
        assert_eq!(watchers().await, ["Amara Okafor"]);
        let assign = |patch| UpdateTicket::new(ticket.as_str()).with_assignees(patch);
        let one = client.update_ticket(assign(SetPatch::replace([user("amara.okafor")]))).await.unwrap();
        let two = client.update_ticket(assign(SetPatch::add([user("alex.kim")]))).await.unwrap_err();
        assert_eq!((two.kind(), two.field()), (ErrorKind::InvalidRequest, Some("assignees")), "{two:?}");
        assert_eq!(get(&client, &ticket).await.assignees, one.assignees);
        let none = client.update_ticket(assign(SetPatch::remove([user("amara.okafor")]))).await.unwrap();
        assert!(none.assignees.is_empty());
    }
}

#[tokio::test]
async fn an_edit_of_the_description_keeps_what_markdown_cannot_say() {
    let bed = Bed::cloud();
    let client = bed.client();
    let ticket = key_of("vpn");
    let panel = json!({"type": "panel", "attrs": {"panelType": "custom", "panelColor": "#ffffff"},
        "content": [{"type": "paragraph", "content": [{"type": "text", "text": "Careful"}]}]});
    let status = json!({"type": "status", "attrs": {"text": "WAITING", "color": "yellow"}});
    let native = json!({"version": 1, "type": "doc", "content": [panel,
        {"type": "paragraph", "content": [{"type": "text", "text": "State: "}, status]},
        {"type": "paragraph", "content": [{"type": "text", "text": "Old words."}]}]});
    let set = TextInput::Native { format: TextFormat::Adf, content: native.to_string() };
    let update = |text: TextInput| UpdateTicket::new(ticket.as_str()).with_description(Patch::Set(text));
    let set = client.update_ticket(update(set)).await.unwrap();
    let shown = set.description.unwrap().markdown;
    let edited =
        client.update_ticket(update(shown.replace("Old words.", "**New** words.").as_str().into())).await.unwrap();
    let content = edited.description.unwrap().native.content;
    let after: serde_json::Value = serde_json::from_str(&content).unwrap();
    assert_eq!(after["content"][0], panel, "{after}");
    assert_eq!(after["content"][1]["content"][1], status, "{after}");
    assert!(content.contains("New") && !content.contains("Old"), "{content}");
    // Another vendor's format is refused by name.
    let html = TextInput::Native { format: TextFormat::Html, content: "<p>x</p>".to_owned() };
    let error = client.update_ticket(update(html)).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("description")), "{error:?}");
}

#[tokio::test]
async fn a_lost_create_is_told_and_never_repeated() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let client = bed.client();
        client.create_ticket(CreateTicket::new("before")).await.unwrap();
        let issues = bed.control.state().counts["issues"];
        for key in [None, Some("key-1".to_owned())] {
            bed.control.set_faults([Fault::new("reset_after_write").path("/issue")]).unwrap();
            let request = CreateTicket::new("lost").with_idempotency_key(key);
            let lost = client.create_ticket(request).await.unwrap_err();
            bed.control.set_faults([]).unwrap();
            assert!(lost.maybe_applied(), "{flavour:?}: {lost:?}");
            assert!(lost.hint().unwrap().contains("look for the ticket"), "{lost:?}");
        }
        assert_eq!(bed.control.state().counts["issues"], issues + 2, "{flavour:?}: each was made once");
        // Whether there is a ticket under the key is not known, so that there is no second one.
        let before = writes(&bed);
        let again = CreateTicket::new("lost").with_idempotency_key("key-1".to_owned());
        let error = client.create_ticket(again).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::Conflict, Some("idempotency_key")), "{error:?}");
        assert_eq!(writes(&bed), before, "{flavour:?}");
    }
}

/// As long as the connection lives, a key is one ticket, and what an earlier call left undone is done by the next.
#[tokio::test]
async fn a_key_makes_one_ticket() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let client = bed.client();
        let keyed = |key: &str| {
            let request = CreateTicket::new("keyed").with_idempotency_key(key.to_owned());
            request.with_comment(Some(NewComment::internal("noted")))
        };
        bed.control.set_faults([Fault::new("conflict").path("/comment")]).unwrap();
        let half = client.create_ticket(keyed("key-1")).await.unwrap_err();
        bed.control.set_faults([]).unwrap();
        assert_eq!(half.applied().len(), 1, "{half:?}");
        let issues = bed.control.state().counts["issues"];
        let made = client.create_ticket(keyed("key-1")).await.unwrap();
        assert_eq!(client.create_ticket(keyed("key-1")).await.unwrap(), made);
        assert_eq!(bed.control.state().counts["issues"], issues, "{flavour:?}");
        assert_eq!(bed.control.comment_texts(&made.key), ["noted"], "{flavour:?}");
        assert_ne!(client.create_ticket(keyed("key-2")).await.unwrap().id, made.id);
        // Moved out of reach it is no new one; what was deleted here is made anew.
        client.delete_ticket(DeleteTicket::new(made.id.clone())).await.unwrap();
        assert_ne!(client.create_ticket(keyed("key-1")).await.unwrap().id, made.id);
    }
}

#[tokio::test]
async fn a_key_makes_one_ticket_of_two_calls_at_once() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let client = bed.client();
        let keyed = || {
            let request = CreateTicket::new("keyed").with_idempotency_key("key-1".to_owned());
            request.with_comment(Some(NewComment::internal("noted")))
        };
        let issues = bed.control.state().counts["issues"];
        let (one, two) = futures::future::join(client.create_ticket(keyed()), client.create_ticket(keyed())).await;
        assert_eq!(bed.control.state().counts["issues"], issues + 1, "{flavour:?}");
        let made = client.create_ticket(keyed()).await.unwrap();
        for outcome in [one, two] {
            match outcome {
                Ok(ticket) => assert_eq!(ticket.id, made.id),
                Err(error) => {
                    assert_eq!(
                        (error.kind(), error.field()),
                        (ErrorKind::Conflict, Some("idempotency_key")),
                        "{error:?}"
                    );
                }
            }
        }
        assert_eq!(bed.control.state().counts["issues"], issues + 1, "{flavour:?}");
        assert_eq!(bed.control.comment_texts(&made.key), ["noted"], "{flavour:?}");
    }
}

#[tokio::test]
async fn a_key_finishes_a_ticket_that_has_its_status_already() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let client = bed.client();
        let keyed = || {
            CreateTicket::new("keyed")
                .with_status(Some(StatusSelector::from(StatusCategory::Resolved)))
                .with_field("resolution", "Done")
                .with_comment(Some(NewComment::internal("noted")))
                .with_idempotency_key("key-1".to_owned())
        };
        bed.control.set_faults([Fault::new("conflict").path("/comment")]).unwrap();
        let half = client.create_ticket(keyed()).await.unwrap_err();
        bed.control.set_faults([]).unwrap();
        assert!(half.applied().len() > 1, "{half:?}");
        let made = client.create_ticket(keyed()).await.unwrap();
        assert_eq!(made.status.category, StatusCategory::Resolved, "{flavour:?}");
        assert_eq!(bed.control.comment_texts(&made.key), ["noted"], "{flavour:?}");
    }
}

#[tokio::test]
async fn what_was_applied_is_told_when_the_rest_fails() {
    let bed = Bed::cloud();
    let client = bed.client();
    let vpn = key_of("vpn");
    get(&client, &vpn).await;
    bed.control.set_faults([Fault::new("status_500").path("/comment")]).unwrap();
    let request =
        UpdateTicket::new(vpn.as_str()).with_title("changed").with_comment(Some(NewComment::internal("said")));
    let error = client.update_ticket(request).await.unwrap_err();
    bed.control.set_faults([]).unwrap();
    assert_eq!(error.applied(), ["title"], "{error:?}");
    assert_eq!(get(&client, &vpn).await.title, "changed");
}

#[tokio::test]
async fn the_vendors_own_words_go_through_and_nothing_leaves_the_site() {
    for flavour in FLAVOURS {
        let bed = Bed::on(flavour);
        let client = bed.client();
        let raw = RawRequest::new(RawMethod::Get, "/rest/api/2/myself")
            .with_query(vec![("expand".to_owned(), "groups".to_owned())]);
        let answer = client.send_raw(raw).await.unwrap();
        assert_eq!(answer.status, 200);
        assert!(String::from_utf8(answer.body.to_vec()).unwrap().contains("emailAddress"));
        let before = bed.sent();
        for path in ["https://evil.example/", "//evil.example/", "rest/api/2/myself", "/rest/../x"] {
            let error = client.send_raw(RawRequest::new(RawMethod::Get, path)).await.unwrap_err();
            assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("path")), "{path}: {error:?}");
        }
        let own = RawRequest::new(RawMethod::Get, "/rest/api/2/myself")
            .with_headers(vec![("Authorization".to_owned(), "Bearer canary".to_owned())]);
        let error = client.send_raw(own).await.unwrap_err();
        assert!(error.field() == Some("headers") && !format!("{error:?}").contains("canary"), "{error:?}");
        assert_eq!(bed.sent(), before);
    }
}
