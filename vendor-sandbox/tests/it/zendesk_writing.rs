//! Zendesk: tickets as they are written (wire B3, B4, B8).

use serde_json::{Value, json};
use vendor_sandbox::Fault;

use crate::client::{basic, call};
use crate::zendesk_reading::{account, ask, ids, read, write};

fn status_422(answer: &crate::client::Answer, field: &str) -> String {
    assert_eq!(answer.status, 422, "{}", answer.text());
    assert_eq!(answer.json()["error"], "RecordInvalid");
    answer.json()["details"][field][0]["description"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_ticket_is_created_with_its_comment_and_requester() {
    let sandbox = account();
    let blank = write(&sandbox, "POST", "tickets", json!({ "ticket": { "subject": "x" } })).await;
    assert_eq!(status_422(&blank, "base"), "Description: cannot be blank");
    let body = json!({ "ticket": {
        "subject": "New", "comment": { "body": "one\n\n**two**", "public": true }, "priority": "high", "type": "incident",
        "requester": { "name": "Nina New", "email": "nina@new.example" }, "tags": ["Two Words", "a"],
        "custom_fields": [{ "id": 42_000_000_000_103_u64, "value": "symptom_slow" }], "external_id": "X-1", "surprise": 1,
    } });
    let answer = write(&sandbox, "POST", "tickets.json", body).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let ticket = answer.json()["ticket"].clone();
    assert_eq!(
        (&ticket["id"], &ticket["generated_timestamp"], &ticket["status"]),
        (&json!(15), &json!(0), &json!("new"))
    );
    assert!(answer.header("location").unwrap().ends_with("/api/v2/tickets/15.json"));
    assert_eq!(answer.header("x-zendesk-api-warn").unwrap(), "Removed restricted keys [\"surprise\"] from parameters");
    assert_eq!(ticket["tags"], json!(["a", "symptom_slow", "two_words"]));
    assert_eq!(ticket["description"], "one\n\n**two**");
    let audit = &answer.json()["audit"];
    assert!(audit["events"].as_array().unwrap().iter().any(|own| own["type"] == "Comment"));
    let requester = ticket["requester_id"].as_u64().unwrap();
    assert_eq!(read(&sandbox, &format!("users/{requester}")).await["user"]["name"], "Nina New");
    let comments = read(&sandbox, "tickets/15/comments").await;
    assert_eq!(
        comments["comments"][0]["html_body"],
        "<div class=\"zd-comment\" dir=\"auto\"><p>one</p>\n<p><strong>two</strong></p></div>"
    );
    assert_eq!(comments["comments"][0]["plain_body"], "one\n\ntwo");
    let again = json!({ "ticket": { "comment": { "body": "b" }, "requester": { "email": "NINA@new.example" } } });
    assert_eq!(write(&sandbox, "POST", "tickets", again).await.json()["ticket"]["requester_id"], requester);
}

#[tokio::test]
async fn a_flat_body_changes_nothing_and_a_safe_update_needs_the_stamp() {
    let sandbox = account();
    let before = read(&sandbox, "tickets/2").await["ticket"].clone();
    let flat = write(&sandbox, "PUT", "tickets/2", json!({ "subject": "flat" })).await;
    assert_eq!((flat.status.as_u16(), &flat.json()["ticket"]), (200, &before));
    let stamp = before["updated_at"].clone();
    let safe = |subject: &str, stamp: &Value| json!({ "ticket": { "subject": subject, "safe_update": true, "updated_stamp": stamp } });
    let first = write(&sandbox, "PUT", "tickets/2", safe("first", &stamp)).await;
    assert_eq!(first.status, 200, "{}", first.text());
    // wire B13: the stamp from before.
    assert_eq!(first.json()["ticket"]["generated_timestamp"], before["generated_timestamp"]);
    assert_eq!(first.json()["audit"]["events"][0]["previous_value"], before["subject"]);
    let second = write(&sandbox, "PUT", "tickets/2", safe("second", &stamp)).await;
    assert_eq!((second.status.as_u16(), &second.json()["error"]), (409, &json!("UpdateConflict")));
    let described = write(&sandbox, "PUT", "tickets/2", json!({ "ticket": { "description": "new" } })).await;
    assert_eq!(
        (described.header("x-zendesk-api-warn"), &described.json()["ticket"]["description"]),
        (None, &before["description"])
    );
}

#[tokio::test]
async fn states_follow_the_rules() {
    let sandbox = account();
    let put = async |id: u64, fields: Value| {
        write(&sandbox, "PUT", &format!("tickets/{id}"), json!({ "ticket": fields })).await
    };
    let unassigned = put(7, json!({ "status": "solved" })).await;
    assert_eq!(status_422(&unassigned, "base"), "Assignee: is required when solving a ticket");
    let me = sandbox.control().user_id("itil").unwrap();
    let assigned = put(7, json!({ "assignee_id": me })).await.json()["ticket"].clone();
    assert_eq!((&assigned["status"], assigned["group_id"].is_u64()), (&json!("open"), true));
    let solved = put(7, json!({ "status": "solved" })).await.json()["ticket"].clone();
    let statuses = read(&sandbox, "custom_statuses?status_categories=solved").await["custom_statuses"].clone();
    assert_eq!(solved["custom_status_id"], statuses[0]["id"]);
    let wins =
        put(7, json!({ "status": "open", "custom_status_id": statuses[1]["id"] })).await.json()["ticket"].clone();
    assert_eq!((&wins["status"], &wins["custom_status_id"]), (&json!("solved"), &statuses[1]["id"]));
    assert_eq!(status_422(&put(7, json!({ "status": "new" })).await, "status"), "Status: cannot be set to new again");
    put(7, json!({ "status": "closed" })).await;
    let closed = put(7, json!({ "subject": "late" })).await;
    assert!(status_422(&closed, "status").contains("closed prevents ticket update"));
    let follow = json!({ "ticket": { "via_followup_source_id": 7, "comment": { "body": "again" } } });
    let follow = write(&sandbox, "POST", "tickets", follow).await.json()["ticket"].clone();
    assert_eq!(
        (&follow["via"]["source"]["rel"], &follow["via"]["source"]["from"]["ticket_id"]),
        (&json!("follow_up"), &json!(7))
    );
    assert_eq!(read(&sandbox, "tickets/7").await["ticket"]["followup_ids"], json!([follow["id"]]));
    let stranger = sandbox.control().user_id("alex.kim").unwrap();
    let desk = read(&sandbox, "tickets/10").await["ticket"]["group_id"].clone();
    let refused = put(10, json!({ "assignee_id": stranger, "group_id": desk })).await;
    assert_eq!(status_422(&refused, "assignee"), "Assignee: must be a member of the group");
}

#[tokio::test]
async fn tags_and_fields_hang_together() {
    let sandbox = account();
    let put = async |path: &str, body: Value| write(&sandbox, "PUT", path, body).await.json();
    let replaced = put("tickets/3", json!({ "ticket": { "tags": ["only", "site_berlin"] } })).await;
    assert_eq!(replaced["ticket"]["tags"], json!(["only", "site_berlin"]));
    let sites =
        replaced["ticket"]["custom_fields"].as_array().unwrap().iter().find(|own| own["id"] == 42_000_000_000_104_u64);
    assert_eq!(sites.unwrap()["value"], json!(["site_berlin"]));
    let ignored = write(&sandbox, "PUT", "tickets/3", json!({ "ticket": { "additional_tags": ["more"] } })).await;
    assert!(ignored.header("x-zendesk-api-warn").unwrap().contains("additional_tags"));
    assert_eq!(
        put("tickets/3/tags", json!({ "tags": ["more"] })).await["tags"],
        json!(["more", "only", "site_berlin"])
    );
    assert_eq!(write(&sandbox, "DELETE", "tickets/3/tags", json!({ "tags": ["only"] })).await.status, 204);
    assert_eq!(
        write(&sandbox, "POST", "tickets/3/tags", json!({ "tags": ["set"] })).await.json()["tags"],
        json!(["set"])
    );
    let bulk = json!({ "ticket": { "additional_tags": ["b"], "remove_tags": ["set"] } });
    let job = put("tickets/update_many?ids=3,999", bulk).await["job_status"].clone();
    assert_eq!((&job["status"], &job["results"]), (&json!("queued"), &Value::Null));
    let path = format!("job_statuses/{}", job["id"].as_str().unwrap());
    assert_eq!(read(&sandbox, &path).await["job_status"]["status"], "working");
    let done = read(&sandbox, &path).await["job_status"].clone();
    assert_eq!(
        (&done["status"], &done["results"][0]["success"], &done["results"][1]["error"]),
        (&json!("completed"), &json!(true), &json!("RecordNotFound"))
    );
    assert_eq!(read(&sandbox, "tickets/3/tags").await["tags"], json!(["b"]));
    let wrong = json!({ "ticket": { "custom_fields": [{ "id": 42_000_000_000_109_u64, "value": "nonsense" }] } });
    assert!(status_422(&write(&sandbox, "PUT", "tickets/3", wrong).await, "base").starts_with("Asset:"));
}

#[tokio::test]
async fn keys_make_creating_safe() {
    let sandbox = account();
    let create = async |key: &str, subject: &str| {
        let body = json!({ "ticket": { "subject": subject, "comment": { "body": "b" } } });
        ask(&sandbox, "POST", "tickets").header("idempotency-key", key).json(body).send().await
    };
    let first = create("k1", "s").await;
    assert_eq!((first.status.as_u16(), first.header("x-idempotency-lookup")), (201, Some("miss")));
    let second = create("k1", "s").await;
    assert_eq!((second.status.as_u16(), second.header("x-idempotency-lookup")), (201, Some("hit")));
    assert_eq!(second.json()["ticket"]["id"], first.json()["ticket"]["id"]);
    let other = create("k1", "another").await;
    assert_eq!((other.status.as_u16(), &other.json()["error"]), (400, &json!("IdempotentRequestError")));
    sandbox.control().advance(2 * 3_600).unwrap();
    assert_eq!(create("k1", "s").await.header("x-idempotency-lookup"), Some("miss"));
    sandbox.control().set_faults([Fault::new("idempotent_in_progress")]).unwrap();
    assert_eq!(create("k2", "s").await.json()["error"], "IdempotentRequestInProgress");
}

#[tokio::test]
async fn comments_files_and_their_other_host() {
    let sandbox = account();
    let upload =
        ask(&sandbox, "POST", "uploads?filename=a.txt").header("content-type", "text/plain").raw("hello").send().await;
    assert_eq!((upload.status.as_u16(), upload.header("content-type")), (201, Some("text/plain; charset=utf-8")));
    let token = upload.json()["upload"]["token"].as_str().unwrap().to_owned();
    let more = ask(&sandbox, "POST", &format!("uploads?filename=b.txt&token={token}")).raw("more").send().await.json();
    assert_eq!(more["upload"]["attachments"].as_array().unwrap().len(), 2);
    let body = json!({ "ticket": { "comment": { "html_body": "<p>see <b>files</b></p><script>x</script>", "public": false, "uploads": [token] } } });
    assert_eq!(write(&sandbox, "PUT", "tickets/2", body.clone()).await.status, 200);
    let again = write(&sandbox, "PUT", "tickets/2", body).await;
    assert!(status_422(&again, "base").contains("Uploads"), "a token is used once");
    let comments = read(&sandbox, "tickets/2/comments?sort=-created_at&page[size]=1&include=users").await;
    let own = &comments["comments"][0];
    assert_eq!((&own["public"], &own["plain_body"]), (&json!(false), &json!("see files")));
    assert!(!own["html_body"].as_str().unwrap().contains("script"));
    assert_eq!(ids(&comments["users"]).len(), 1);
    let url = own["attachments"][0]["content_url"].as_str().unwrap();
    let path = url.split_once("localhost").unwrap().1;
    let redirect = call(&sandbox, "GET", path).without("authorization").header("host", "127.0.0.1:80").send().await;
    assert_eq!(redirect.status, 302);
    let location = redirect.header("location").unwrap();
    assert!(location.starts_with("http://localhost:80/zdn/"), "{location}");
    let stored = location.split_once(":80").unwrap().1.to_owned();
    let file = call(&sandbox, "GET", &stored).without("authorization").send().await;
    assert_eq!((file.status.as_u16(), file.text()), (200, "hello".to_owned()));
    assert_eq!(call(&sandbox, "GET", &stored).send().await.status, 400, "a credential too many");
    let comment = own["id"].as_u64().unwrap();
    assert_eq!(
        write(&sandbox, "PUT", &format!("tickets/3/comments/{comment}/make_private"), json!({})).await.status,
        404
    );
}

#[tokio::test]
async fn light_agents_write_privately_and_customers_open_again() {
    let sandbox = account();
    sandbox.control().make_light("itil").unwrap();
    let said = json!({ "ticket": { "comment": { "body": "psst", "public": true } } });
    let light =
        call(&sandbox, "PUT", "/api/v2/tickets/3").header("authorization", &basic("itil/token", "itil")).json(said);
    assert_eq!(light.send().await.status, 200);
    let last = read(&sandbox, "tickets/3/comments?sort=-created_at").await["comments"][0].clone();
    assert_eq!((&last["body"], &last["public"]), (&json!("psst"), &json!(false)));
    let greta = sandbox.control().user_id("greta.holm").unwrap();
    let said = json!({ "ticket": { "comment": { "body": "still broken", "public": true, "author_id": greta } } });
    assert_eq!(write(&sandbox, "PUT", "tickets/3", said).await.json()["ticket"]["status"], "open");
    let former = sandbox.control().user_id("jo.former").unwrap();
    let said = json!({ "ticket": { "comment": { "body": "x", "author_id": former } } });
    assert!(status_422(&write(&sandbox, "PUT", "tickets/3", said).await, "base").starts_with("Author:"));
}

#[tokio::test]
async fn deleted_tickets_can_be_restored_until_they_are_scrubbed() {
    let sandbox = account();
    assert_eq!(ask(&sandbox, "DELETE", "tickets/5").send().await.status, 204);
    assert_eq!(ask(&sandbox, "GET", "tickets/5").send().await.status, 404);
    let bin = read(&sandbox, "deleted_tickets").await;
    assert_eq!(
        (&bin["deleted_tickets"][0]["id"], &bin["deleted_tickets"][0]["previous_state"]),
        (&json!(5), &json!("pending"))
    );
    assert_eq!(write(&sandbox, "PUT", "deleted_tickets/5/restore", json!({})).await.text(), "{}");
    assert_eq!(read(&sandbox, "tickets/5").await["ticket"]["status"], "pending");
    ask(&sandbox, "DELETE", "tickets/5").send().await;
    assert_eq!(ask(&sandbox, "DELETE", "deleted_tickets/5").send().await.json()["job_status"]["status"], "queued");
    assert_eq!(read(&sandbox, "deleted_tickets").await["count"], 0);
    sandbox.control().advance(61).unwrap();
    let export = read(&sandbox, "incremental/tickets/cursor?start_time=1769900000").await;
    assert_eq!(
        (&export["tickets"][0]["status"], &export["tickets"][0]["subject"]),
        (&json!("deleted"), &json!("SCRUBBED"))
    );
}

#[tokio::test]
async fn problems_solve_their_incidents() {
    let sandbox = account();
    let link = write(&sandbox, "PUT", "tickets/8", json!({ "ticket": { "problem_id": 2 } })).await.json();
    assert_eq!(link["ticket"]["problem_id"], 2);
    assert_eq!(read(&sandbox, "tickets/2").await["ticket"]["has_incidents"], true);
    assert_eq!(ids(&read(&sandbox, "tickets/2/incidents").await["tickets"]), [8]);
    assert_eq!(ids(&read(&sandbox, "problems").await["tickets"]), [2]);
    write(&sandbox, "PUT", "tickets/2", json!({ "ticket": { "status": "solved" } })).await;
    assert_eq!(read(&sandbox, "tickets/8").await["ticket"]["status"], "solved");
    let wrong = write(&sandbox, "PUT", "tickets/3", json!({ "ticket": { "problem_id": 8 } })).await;
    assert_eq!(status_422(&wrong, "problem_id"), "Problem: is not valid");
}

#[tokio::test]
async fn audits_tell_the_story() {
    let sandbox = account();
    let audits = read(&sandbox, "tickets/3/audits?page[size]=100").await["audits"].clone();
    let changes: Vec<(String, Value)> = audits
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|own| own["events"].as_array().unwrap().clone())
        .filter(|event| event["type"] == "Change")
        .map(|event| (event["field_name"].as_str().unwrap().to_owned(), event["value"].clone()))
        .collect();
    assert_eq!(
        changes.iter().filter(|own| own.0 == "status").map(|own| own.1.clone()).collect::<Vec<_>>(),
        [json!("open"), json!("solved")]
    );
    assert!(changes.iter().any(|own| own.0 == "assignee_id" && own.1.is_string()));
    sandbox.control().set_faults([Fault::new("created_but_500").count(1)]).unwrap();
    let lost = write(&sandbox, "POST", "tickets", json!({ "ticket": { "comment": { "body": "b" } } })).await;
    assert_eq!(lost.status, 500);
    assert_eq!(read(&sandbox, "tickets/count").await["count"]["value"], 15);
}
