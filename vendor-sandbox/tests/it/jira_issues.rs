//! Jira: issues and what hangs on them (wire A4, A6, A7, A10).

use serde_json::{Value, json};
use vendor_sandbox::Fault;
use vendor_sandbox::jira::{Permission, Sandbox};

use crate::client::{Answer, call, get};
use crate::jira_search::{cloud, create, keys, messages, server};

async fn issue(sandbox: &Sandbox, key: &str) -> Value {
    let answer = get(sandbox, &format!("/rest/api/3/issue/{key}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

async fn send(sandbox: &Sandbox, method: &str, path: &str, body: Value) -> Answer {
    call(sandbox, method, path).json(body).send().await
}

fn text(words: &str) -> Value {
    json!({ "type": "doc", "version": 1, "content": [{ "type": "paragraph", "content": [{ "type": "text", "text": words }] }] })
}

#[tokio::test]
async fn a_ticket_of_the_company_is_an_issue_of_the_desk() {
    let sandbox = cloud();
    let own = issue(&sandbox, "help-3").await;
    let fields = &own["fields"];
    assert_eq!((&own["id"], &own["key"]), (&json!("10003"), &json!("HELP-3")));
    assert_eq!(fields["status"]["statusCategory"]["key"], "done");
    assert_eq!(fields["resolution"]["name"], "Workaround provided");
    assert_eq!(fields["created"], "2026-01-07T10:00:00.000+0100");
    assert_eq!(fields["description"]["content"][1]["type"], "orderedList");
    assert_eq!(fields["customfield_10030"]["name"], "Network & Databases");
    assert_eq!(fields["customfield_10002"][0]["name"], "Boreal Freight GmbH");
    assert_eq!(fields["reporter"]["accountType"], "customer");
    assert_eq!(fields["comment"]["total"], 3);
    assert_eq!(fields["comment"]["comments"][1]["jsdPublic"], false);
    assert_eq!(fields["watches"]["watchCount"], 2);
    let wiki = get(&sandbox, "/rest/api/2/issue/HELP-3").await.json();
    assert!(wiki["fields"]["description"].as_str().unwrap().contains("# connect"), "{}", wiki["fields"]["description"]);
    let server = get(&server(), "/rest/api/2/issue/HELP-3").await.json();
    assert_eq!(server["fields"]["assignee"]["name"], "amara.okafor");
    assert!(server["fields"]["assignee"].get("accountId").is_none());
}

#[tokio::test]
async fn create_names_everything_that_is_wrong_at_once() {
    let sandbox = cloud();
    let nothing = send(&sandbox, "POST", "/rest/api/3/issue", json!({ "fields": {} })).await;
    assert_eq!(nothing.json()["errors"]["project"], "Specify a valid project ID or key");
    let fields = json!({
        "project": { "key": "HELP" }, "issuetype": { "name": "[System] Incident" }, "summary": "a\nb",
        "labels": ["a b"], "priority": { "name": "None such" }, "duedate": "soon", "resolution": { "name": "Done" },
        "description": "plain", "customfield_10033": { "value": "Sev 9" },
    });
    let wrong = send(&sandbox, "POST", "/rest/api/3/issue", json!({ "fields": fields })).await;
    assert_eq!(wrong.status, 400);
    let errors = wrong.json();
    assert_eq!(errors["errorMessages"], json!([]), "both parts have to be read");
    assert_eq!(errors["errors"].as_object().unwrap().len(), 7, "{errors}");
    assert_eq!(errors["errors"]["labels"], "The label 'a b' contains spaces which is invalid.");
    assert!(errors["errors"]["description"].as_str().unwrap().contains("Atlassian Document"));
    assert!(
        errors["errors"]["resolution"].as_str().unwrap().contains("It is not on the appropriate screen, or unknown.")
    );
    assert_eq!(sandbox.control().state().counts["issues"], 14, "nothing was created");
}

#[tokio::test]
async fn every_kind_of_value_is_kept() {
    let sandbox = cloud();
    let alex = sandbox.control().account_id("alex.kim").unwrap();
    let fields = json!({
        "project": { "id": "10000" }, "issuetype": { "id": "10100" }, "summary": "Alles", "description": text("Words"),
        "priority": { "id": "2" }, "labels": ["one", "two"], "duedate": "2026-03-01", "assignee": { "accountId": alex },
        "components": [{ "name": "Network" }], "customfield_10030": { "name": "IT Help Desk" },
        "customfield_10031": "X-1", "customfield_10033": { "value": "Sev 2" }, "customfield_10034": [{ "value": "Mail" }],
        "customfield_10035": 3.5, "customfield_10036": "2026-03-01T10:00:00.000+0100", "customfield_10039": "2026-03-02",
        "customfield_10037": { "value": "Hardware", "child": { "value": "Disk" } },
        "customfield_10038": [{ "accountId": alex }], "customfield_10002": [1],
    });
    let properties = json!([{ "key": "correlation", "value": { "id": 7 } }]);
    let created =
        send(&sandbox, "POST", "/rest/api/3/issue", json!({ "fields": fields, "properties": properties })).await;
    assert_eq!(created.status, 201, "{}", created.text());
    let key = created.json()["key"].as_str().unwrap().to_owned();
    assert_eq!(key, "HELP-15");
    let shown = issue(&sandbox, &key).await["fields"].clone();
    assert_eq!(shown["customfield_10037"]["child"]["value"], "Disk");
    assert_eq!(shown["customfield_10036"], "2026-03-01T10:00:00.000+0100");
    assert_eq!(shown["customfield_10034"][0]["value"], "Mail");
    assert_eq!(shown["customfield_10035"], 3.5);
    assert_eq!(shown["components"][0]["name"], "Network");
    assert_eq!(shown["description"], text("Words"));
    let property = get(&sandbox, &format!("/rest/api/3/issue/{key}/properties/correlation")).await.json();
    assert_eq!(property["value"], json!({ "id": 7 }));
    let clear =
        json!({ "fields": { "assignee": null, "duedate": null, "customfield_10033": null, "description": null } });
    assert_eq!(send(&sandbox, "PUT", &format!("/rest/api/3/issue/{key}"), clear).await.status, 204);
    let update = json!({ "update": { "labels": [{ "add": "three" }, { "remove": "one" }] } });
    let edited = send(&sandbox, "PUT", &format!("/rest/api/3/issue/{key}?returnIssue=true"), update).await;
    assert_eq!((edited.status.as_u16(), &edited.json()["fields"]["labels"]), (200, &json!(["two", "three"])));
    let history = get(&sandbox, &format!("/rest/api/3/issue/{key}/changelog")).await.json();
    let fields: Vec<&str> =
        history["values"][0]["items"].as_array().unwrap().iter().map(|item| item["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["description", "assignee", "duedate", "Severity"]);
    assert_eq!(history["values"][1]["items"][0]["toString"], "two three");
    let both = json!({ "fields": { "labels": [] }, "update": { "labels": [{ "add": "x" }] } });
    assert_eq!(send(&sandbox, "PUT", &format!("/rest/api/3/issue/{key}"), both).await.status, 400);
}

/// wire A6: violations give `INVALID_INPUT` and no location.
#[tokio::test]
async fn documents_that_break_the_schema_are_refused() {
    let sandbox = cloud();
    for content in [
        json!([{ "type": "paragraph", "content": [{ "type": "text", "text": "" }] }]),
        json!([{ "type": "taskList", "content": [{ "type": "taskItem", "attrs": { "localId": "a", "state": "TODO" } }] }]),
        json!([{ "type": "bulletList", "content": [] }]),
        json!([{ "type": "blockquote", "content": [{ "type": "heading", "attrs": { "level": 1 } }] }]),
        json!([{ "type": "nonsense" }]),
        json!([{ "type": "paragraph", "content": [{ "type": "text", "text": "x", "marks": [{ "type": "code" }, { "type": "strong" }] }] }]),
    ] {
        let body = json!({ "fields": { "description": { "type": "doc", "version": 1, "content": content } } });
        let answer = send(&sandbox, "PUT", "/rest/api/3/issue/HELP-1", body.clone()).await;
        assert_eq!((answer.status.as_u16(), messages(&answer).as_str()), (400, "INVALID_INPUT"), "{body}");
    }
    let comment = send(&sandbox, "POST", "/rest/api/3/issue/HELP-1/comment", json!({ "body": "plain" })).await;
    assert_eq!(comment.json(), json!({ "errorMessages": [], "errors": { "comment": "Comment body is not valid!" } }));
}

#[tokio::test]
async fn a_status_takes_several_steps_and_a_field() {
    let sandbox = cloud();
    let path = "/rest/api/3/issue/HELP-7/transitions";
    let names = |answer: &Value| -> Vec<String> {
        answer["transitions"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    let open = get(&sandbox, path).await.json();
    assert_eq!(names(&open), ["Start work", "Withdraw"]);
    let early = send(&sandbox, "POST", path, json!({ "transition": { "id": "51" } })).await;
    assert_eq!(early.status, 400);
    assert_eq!(send(&sandbox, "POST", path, json!({ "transition": { "id": "11" } })).await.status, 204);
    let asked = get(&sandbox, &format!("{path}?expand=transitions.fields&transitionId=51")).await.json();
    assert_eq!(asked["transitions"][0]["fields"]["resolution"]["required"], true);
    let missing = send(&sandbox, "POST", path, json!({ "transition": { "id": "51" } })).await;
    assert!(missing.json()["errors"]["resolution"].is_string());
    let body = json!({
        "transition": { "id": "51" }, "fields": { "resolution": { "name": "Done" }, "customfield_10032": text("Because.") },
        "update": { "comment": [{ "add": { "body": text("Answered") } }] },
    });
    let done = send(&sandbox, "POST", path, body).await;
    assert_eq!(done.status, 204, "{}", done.text());
    let own = issue(&sandbox, "HELP-7").await["fields"].clone();
    assert_eq!((&own["status"]["name"], &own["resolution"]["name"]), (&json!("Resolved"), &json!("Done")));
    assert!(own["resolutiondate"].is_string());
    assert_eq!(own["comment"]["total"], 1);
    assert_eq!(send(&sandbox, "POST", path, json!({ "transition": { "id": "71" } })).await.status, 204);
    let own = issue(&sandbox, "HELP-7").await["fields"].clone();
    assert!(own["resolution"].is_null() && own["resolutiondate"].is_null(), "reopening clears the resolution");
    let ignored = json!({ "fields": { "summary": "s" }, "transition": { "id": "81" } });
    assert_eq!(send(&sandbox, "PUT", "/rest/api/3/issue/HELP-7", ignored).await.status, 204);
    assert_eq!(issue(&sandbox, "HELP-7").await["fields"]["status"]["name"], "In Progress", "PUT does not move");
    sandbox.control().deny("itil", Permission::TransitionIssues).unwrap();
    let none = call(&sandbox, "GET", path).user("itil").send().await;
    assert_eq!((none.status.as_u16(), &none.json()["transitions"]), (200, &json!([])));
}

#[tokio::test]
async fn comments_are_restricted_internal_or_public() {
    let sandbox = cloud();
    let path = "/rest/api/3/issue/HELP-5/comment";
    let plain = send(&sandbox, "POST", path, json!({ "body": text("Hello") })).await;
    assert_eq!(
        (plain.status.as_u16(), &plain.json()["jsdPublic"]),
        (201, &json!(true)),
        "public unless said otherwise"
    );
    let internal = json!({ "body": text("Between us"), "properties": [{ "key": "sd.public.comment", "value": { "internal": true } }] });
    let internal = send(&sandbox, "POST", path, internal).await.json();
    assert_eq!(internal["jsdPublic"], false);
    let only = json!({ "body": text("Admins"), "visibility": { "type": "role", "value": "Administrators" } });
    let only = send(&sandbox, "POST", path, only).await.json();
    assert_eq!(only["visibility"]["value"], "Administrators");
    let seen = call(&sandbox, "GET", path).user("itil").send().await.json();
    assert_eq!(seen["total"], 3, "the restricted one is not among them");
    let id = internal["id"].as_str().unwrap();
    let forbidden =
        call(&sandbox, "PUT", &format!("{path}/{id}")).user("itil").json(json!({ "body": text("x") })).send().await;
    assert_eq!(forbidden.status, 400);
    let edited = send(&sandbox, "PUT", &format!("{path}/{id}"), json!({ "body": text("Changed") })).await;
    assert_eq!((edited.status.as_u16(), &edited.json()["jsdPublic"]), (200, &json!(false)));
    assert_eq!(get(&sandbox, &format!("{path}?orderBy=author")).await.status, 400);
    let html = get(&sandbox, &format!("{path}?orderBy=-created&expand=renderedBody")).await.json();
    assert!(html["comments"][0]["renderedBody"].as_str().unwrap().starts_with("<p>"));
    assert_eq!(call(&sandbox, "DELETE", &format!("{path}/{id}")).send().await.status, 204);
    assert_eq!(get(&sandbox, &format!("{path}/{id}")).await.status, 404);
    assert_eq!(
        send(&sandbox, "POST", "/rest/api/2/issue/HELP-5/comment", json!({ "body": "*wiki*" })).await.status,
        201
    );
    let shown = get(&sandbox, path).await.json();
    assert_eq!(shown["comments"][3]["body"]["content"][0]["content"][0]["marks"][0]["type"], "strong");
}

#[tokio::test]
async fn attachments_are_on_another_host_that_wants_no_credential() {
    let sandbox = cloud();
    let form = "--X\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\nhello\r\n--X--\r\n";
    let upload = |token: bool| {
        let own = call(&sandbox, "POST", "/rest/api/3/issue/HELP-1/attachments")
            .header("content-type", "multipart/form-data; boundary=X");
        if token { own.header("x-atlassian-token", "no-check") } else { own }.raw(form).send()
    };
    assert_eq!(upload(false).await.status, 403, "XSRF");
    let added = upload(true).await;
    assert_eq!(added.status, 200);
    let id = added.json()[0]["id"].as_str().unwrap().to_owned();
    let found = get(&sandbox, &format!("/rest/api/3/attachment/{id}")).await.json();
    assert_eq!((&found["id"], &found["size"]), (&json!(id.parse::<u64>().unwrap()), &json!(5)));
    let content = format!("/rest/api/3/attachment/content/{id}");
    let moved = call(&sandbox, "GET", &content).header("host", "127.0.0.1:4010").send().await;
    assert_eq!(moved.status, 303);
    let location = moved.header("location").unwrap().to_owned();
    assert!(location.starts_with("http://localhost:4010/_media/"), "{location}");
    let path = location.strip_prefix("http://localhost:4010").unwrap();
    assert_eq!(get(&sandbox, path).await.status, 400, "with the credential");
    assert_eq!(call(&sandbox, "GET", path).without("authorization").send().await.text(), "hello");
    sandbox.control().advance(601).unwrap();
    assert_eq!(call(&sandbox, "GET", path).without("authorization").send().await.status, 403, "signed for ten minutes");
    let range = call(&sandbox, "GET", &format!("{content}?redirect=false")).header("range", "bytes=1-2").send().await;
    assert_eq!((range.status.as_u16(), range.text().as_str()), (206, "el"));
    let outside = call(&sandbox, "GET", &format!("{content}?redirect=false")).header("range", "bytes=9-").send().await;
    assert_eq!(outside.status, 416);
    assert_eq!(call(&sandbox, "DELETE", &format!("/rest/api/3/attachment/{id}")).send().await.status, 204);
    assert_eq!(get(&sandbox, &content).await.status, 404);
}

#[tokio::test]
async fn links_have_no_id_and_no_twins() {
    let sandbox = cloud();
    let body = json!({ "type": { "name": "Blocks" }, "inwardIssue": { "key": "HELP-1" }, "outwardIssue": { "key": "HELP-2" } });
    for _ in 0..2 {
        let answer = send(&sandbox, "POST", "/rest/api/3/issueLink", body.clone()).await;
        assert_eq!((answer.status.as_u16(), answer.body.len()), (201, 0));
    }
    let links = issue(&sandbox, "HELP-1").await["fields"]["issuelinks"].clone();
    assert_eq!(links.as_array().unwrap().len(), 1);
    assert_eq!((&links[0]["outwardIssue"]["key"], &links[0]["type"]["outward"]), (&json!("HELP-2"), &json!("blocks")));
    let other = issue(&sandbox, "HELP-2").await["fields"]["issuelinks"].clone();
    assert!(other[0].get("outwardIssue").is_none() && other[0]["inwardIssue"]["key"] == "HELP-1");
    let id = links[0]["id"].as_str().unwrap();
    assert_eq!(call(&sandbox, "DELETE", &format!("/rest/api/3/issueLink/{id}")).send().await.status, 204);
    let unknown =
        json!({ "type": { "name": "Hugs" }, "inwardIssue": { "key": "HELP-1" }, "outwardIssue": { "key": "HELP-2" } });
    assert_eq!(send(&sandbox, "POST", "/rest/api/3/issueLink", unknown).await.status, 404);
    assert_eq!(issue(&sandbox, "HELP-9").await["fields"]["issuelinks"][0]["outwardIssue"]["key"], "HELP-8");
}

#[tokio::test]
async fn watchers_are_bare_strings() {
    let sandbox = cloud();
    let lena = sandbox.control().account_id("lena.brandt").unwrap();
    assert_eq!(send(&sandbox, "POST", "/rest/api/3/issue/HELP-1/watchers", json!(lena)).await.status, 204);
    let shown = get(&sandbox, "/rest/api/3/issue/HELP-1/watchers").await.json();
    assert_eq!((&shown["watchCount"], &shown["watchers"][0]["accountId"]), (&json!(1), &json!(lena)));
    let gone =
        call(&sandbox, "DELETE", "/rest/api/3/issue/HELP-1/watchers").query(&[("accountId", &lena)]).send().await;
    assert_eq!(gone.status, 204);
    assert_eq!(send(&sandbox, "POST", "/rest/api/3/issue/HELP-1/watchers", json!("nobody")).await.status, 404);
}

#[tokio::test]
async fn keys_change_ids_do_not_and_hidden_is_missing() {
    let sandbox = cloud();
    let key = sandbox.control().move_issue("HELP-7", "IT", "admin").unwrap();
    assert_eq!(key, "IT-1");
    let own = issue(&sandbox, "HELP-7").await;
    assert_eq!((&own["id"], &own["key"]), (&json!("10007"), &json!("IT-1")));
    sandbox.control().hide_issue("HELP-1", "itil").unwrap();
    let hidden = call(&sandbox, "GET", "/rest/api/3/issue/HELP-1").user("itil").send().await;
    assert_eq!(
        (hidden.status.as_u16(), messages(&hidden).as_str()),
        (404, "Issue does not exist or you do not have permission to see it.")
    );
    assert!(keys(&sandbox, "project = HELP").await.contains(&"HELP-1".to_owned()), "admin still sees it");
    let child = send(&sandbox, "DELETE", "/rest/api/3/issue/HELP-13", json!({})).await;
    assert_eq!(child.status, 400, "it has a sub-task");
    assert_eq!(call(&sandbox, "DELETE", "/rest/api/3/issue/HELP-13?deleteSubtasks=true").send().await.status, 204);
    assert_eq!(sandbox.control().state().counts["issues"], 12);
}

#[tokio::test]
async fn bulk_calls_succeed_in_part() {
    let sandbox = cloud();
    let good = json!({ "fields": { "project": { "key": "IT" }, "issuetype": { "name": "Bug" }, "summary": "s" } });
    let bad = json!({ "fields": { "project": { "key": "IT" }, "issuetype": { "name": "Bug" } } });
    let answer = send(&sandbox, "POST", "/rest/api/3/issue/bulk", json!({ "issueUpdates": [good, bad] })).await;
    assert_eq!((answer.status.as_u16(), answer.json()["issues"].as_array().unwrap().len()), (201, 1));
    assert_eq!(answer.json()["errors"][0]["failedElementNumber"], 1);
    let none = send(&sandbox, "POST", "/rest/api/3/issue/bulk", json!({ "issueUpdates": [bad] })).await;
    assert_eq!(none.status, 400);
    let body = json!({ "issueIdsOrKeys": ["HELP-9", "HELP-2", "HELP-999"], "fields": ["summary"] });
    let fetched = send(&sandbox, "POST", "/rest/api/3/issue/bulkfetch", body).await.json();
    let keys: Vec<_> = fetched["issues"].as_array().unwrap().iter().map(|own| own["key"].clone()).collect();
    assert_eq!(keys, ["HELP-2", "HELP-9"], "by id, not as asked");
    assert_eq!(fetched["issueErrors"][0]["id"], "HELP-999");
}

#[tokio::test]
async fn a_write_may_happen_behind_an_error() {
    let sandbox = cloud();
    sandbox.control().set_faults([Fault::new("created_but_500").count(1)]).unwrap();
    let body = json!({ "fields": { "project": { "key": "IT" }, "issuetype": { "name": "Bug" }, "summary": "maybe" } });
    let answer = send(&sandbox, "POST", "/rest/api/3/issue", body).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (500, Some("text/html;charset=UTF-8")));
    assert_eq!(keys(&sandbox, "summary ~ maybe").await, ["IT-1"]);
}

#[tokio::test]
async fn requests_of_the_portal() {
    let sandbox = cloud();
    let greta = sandbox.control().account_id("greta.holm").unwrap();
    let body = json!({
        "serviceDeskId": "1", "requestTypeId": "1", "raiseOnBehalfOf": greta,
        "requestFieldValues": { "summary": "No coffee", "description": "The *machine* is silent" },
    });
    let made = send(&sandbox, "POST", "/rest/servicedeskapi/request", body).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let key = made.json()["issueKey"].as_str().unwrap().to_owned();
    assert_eq!(made.json()["currentStatus"]["statusCategory"], "NEW");
    assert_eq!(
        issue(&sandbox, &key).await["fields"]["customfield_10010"]["requestType"]["name"],
        "Report a broken service"
    );
    let plain = create(&sandbox, "no request type").await;
    let missing = get(&sandbox, &format!("/rest/servicedeskapi/request/{}", plain["key"].as_str().unwrap())).await;
    assert_eq!((missing.status.as_u16(), missing.json()["errorMessage"].is_string()), (404, true));
    let path = format!("/rest/servicedeskapi/request/{key}/comment");
    let note = send(&sandbox, "POST", &path, json!({ "body": "internal note", "public": false })).await;
    assert_eq!((note.status.as_u16(), &note.json()["public"]), (201, &json!(false)));
    send(&sandbox, "POST", &path, json!({ "body": "hello", "public": true })).await;
    let public = get(&sandbox, &format!("{path}?internal=false&limit=1")).await.json();
    assert_eq!(
        (&public["size"], &public["isLastPage"], &public["values"][0]["body"]),
        (&json!(1), &json!(true), &json!("hello"))
    );
    let platform = get(&sandbox, &format!("/rest/api/3/issue/{key}/comment")).await.json();
    assert_eq!(platform["comments"][0]["jsdPublic"], false);
    let organizations = get(&sandbox, "/rest/servicedeskapi/organization?limit=1").await.json();
    assert_eq!(organizations["isLastPage"], false);
    assert!(organizations["_links"]["next"].as_str().unwrap().ends_with("start=1"));
    let members = get(&sandbox, "/rest/servicedeskapi/organization/1/user").await.json();
    assert_eq!(members["size"], 2);
    let steps = get(&sandbox, &format!("/rest/servicedeskapi/request/{key}/transition")).await.json();
    assert_eq!(steps["values"][0]["name"], "Start work");
    let moved =
        send(&sandbox, "POST", &format!("/rest/servicedeskapi/request/{key}/transition"), json!({ "id": "81" })).await;
    assert_eq!(moved.status, 204);
    let unknown = get(&sandbox, &format!("/rest/servicedeskapi/request/{key}/sla")).await;
    assert_eq!(unknown.status, 404);
}

#[tokio::test]
async fn files_of_a_request_go_in_two_steps() {
    let sandbox = cloud();
    let form = "--X\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nhello\r\n--X--\r\n";
    let first = call(&sandbox, "POST", "/rest/servicedeskapi/servicedesk/1/attachTemporaryFile")
        .header("content-type", "multipart/form-data; boundary=X")
        .header("x-atlassian-token", "no-check")
        .raw(form)
        .send()
        .await;
    assert_eq!(first.status, 201);
    let id = first.json()["temporaryAttachments"][0]["temporaryAttachmentId"].clone();
    let body = json!({ "temporaryAttachmentIds": [id], "public": false });
    let second = send(&sandbox, "POST", "/rest/servicedeskapi/request/HELP-1/attachment", body.clone()).await;
    assert_eq!(
        (second.status.as_u16(), &second.json()["attachments"]["values"][0]["filename"]),
        (201, &json!("a.txt"))
    );
    assert_eq!(
        send(&sandbox, "POST", "/rest/servicedeskapi/request/HELP-1/attachment", body).await.status,
        400,
        "once"
    );
}

#[tokio::test]
async fn people_are_found_by_beginnings_and_pages_are_cut_before_they_are_filtered() {
    let sandbox = cloud();
    let found = get(&sandbox, "/rest/api/3/user/search?query=alex").await.json();
    assert_eq!(found.as_array().unwrap().len(), 2, "one name, two people");
    sandbox.control().hide_email("amara.okafor").unwrap();
    let by_mail = |query: &str| {
        let path = format!("/rest/api/3/user/search?query={query}");
        let sandbox = sandbox.clone();
        async move { get(&sandbox, &path).await.json().as_array().unwrap().len() }
    };
    assert_eq!(by_mail("amara.okafor%40exam").await, 0);
    assert_eq!(by_mail("amara.okafor%40example.com").await, 1);
    let everybody = get(&sandbox, "/rest/api/3/users/search?maxResults=100").await.json();
    assert_eq!(everybody.as_array().unwrap().len(), 11, "apps, customers and those who left");
    assert!(everybody[2].get("emailAddress").is_none());
    let short = get(&sandbox, "/rest/api/3/user/assignable/search?project=HELP&startAt=6&maxResults=3").await.json();
    assert_eq!(short.as_array().unwrap().len(), 1, "a short page in the middle");
    let members = get(&sandbox, "/rest/api/3/group/member?groupname=IT%20Help%20Desk").await.json();
    assert_eq!(members["total"], 3);
    assert_eq!(call(&sandbox, "GET", "/rest/api/3/group/member?groupname=IT").user("itil").send().await.status, 403);
    let groups = get(&sandbox, "/rest/api/3/group/bulk").await.json();
    assert_eq!((&groups["total"], groups["values"][0]["groupId"].is_string()), (&json!(6), true));
    let server = get(&server(), "/rest/api/2/user/search?username=.").await.json();
    assert!(server[0]["name"].is_string());
}

#[tokio::test]
async fn metadata_says_what_can_be_set() {
    let sandbox = cloud();
    let types = get(&sandbox, "/rest/api/3/issue/createmeta/HELP/issuetypes").await.json();
    assert_eq!(types["issueTypes"].as_array().unwrap().len(), 5);
    let fields = get(&sandbox, "/rest/api/3/issue/createmeta/HELP/issuetypes/10100").await.json();
    let severity =
        fields["fields"].as_array().unwrap().iter().find(|own| own["fieldId"] == "customfield_10033").unwrap();
    assert_eq!(severity["allowedValues"].as_array().unwrap().len(), 3);
    let values = get(&server(), "/rest/api/2/issue/createmeta/HELP/issuetypes").await.json();
    assert!(values["values"].is_array(), "Data Center has another name for the page");
    assert_eq!(get(&server(), "/rest/api/2/issue/createmeta").await.status, 404, "gone since 9");
    assert_eq!(
        get(&sandbox, "/rest/api/3/issue/createmeta?projectKeys=HELP").await.json()["projects"][0]["key"],
        "HELP"
    );
    let edit = get(&sandbox, "/rest/api/3/issue/HELP-1/editmeta").await.json();
    assert!(edit["fields"]["priority"]["allowedValues"].is_array() && edit["fields"].get("resolution").is_none());
    sandbox.control().deny("itil", Permission::EditIssues).unwrap();
    let none = call(&sandbox, "GET", "/rest/api/3/issue/HELP-1/editmeta").user("itil").send().await.json();
    assert_eq!(none["fields"], json!({}));
    let names: Vec<Value> = get(&sandbox, "/rest/api/3/field")
        .await
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|own| own["name"].clone())
        .collect();
    assert_eq!(names.iter().filter(|name| **name == "Severity").count(), 2, "names are not unique");
}
