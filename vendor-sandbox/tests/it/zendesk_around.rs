//! Zendesk: people and organisations as they are written, jobs, imports, merging, redaction (wire B3, B7).

use serde_json::{Value, json};
use vendor_sandbox::Fault;
use vendor_sandbox::zendesk::{AccountSettings, Sandbox};

use crate::client::{Answer, basic, call};
use crate::zendesk_reading::{account, ask, ids, read, write};

/// The results of a job, once it is completed.
async fn results(sandbox: &Sandbox, answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let id = answer.json()["job_status"]["id"].as_str().unwrap().to_owned();
    for _ in 0..5 {
        let job = read(sandbox, &format!("job_statuses/{id}")).await["job_status"].clone();
        if job["status"] == "completed" {
            return job["results"].clone();
        }
    }
    panic!("{id} is never completed");
}

#[tokio::test]
async fn users_are_unique_by_address_and_deleted_softly() {
    let sandbox = account();
    let made = write(&sandbox, "POST", "users", json!({ "user": { "name": "Nora", "email": "Nora@x.example" } })).await;
    let id = made.json()["user"]["id"].as_u64().unwrap();
    assert_eq!((made.status.as_u16(), &made.json()["user"]["role"]), (201, &json!("end-user")));
    let taken = write(&sandbox, "POST", "users", json!({ "user": { "name": "N", "email": "nora@x.example" } })).await;
    assert_eq!((taken.status.as_u16(), &taken.json()["details"]["email"][0]["error"]), (422, &json!("DuplicateValue")));
    let same = json!({ "user": { "name": "Nora II", "email": "nora@x.example", "external_id": "N-1" } });
    let same = write(&sandbox, "POST", "users/create_or_update", same).await;
    assert_eq!((same.status.as_u16(), &same.json()["user"]["id"]), (200, &json!(id)));
    assert_eq!(read(&sandbox, "users/search?external_id=n-1").await["count"], 1, "whatever the case");
    let second = json!({ "user": { "email": "second@x.example" } });
    let second = write(&sandbox, "PUT", &format!("users/{id}"), second).await.json();
    assert_eq!(second["user"]["email"], "nora@x.example", "another address is added");
    let identities = read(&sandbox, &format!("users/{id}/identities")).await["identities"].clone();
    let values: Vec<&Value> = identities.as_array().unwrap().iter().map(|own| &own["value"]).collect();
    assert_eq!(values, ["nora@x.example", "second@x.example"]);
    let agent =
        call(&sandbox, "DELETE", &format!("/api/v2/users/{id}")).header("authorization", &basic("itil/token", "itil"));
    assert_eq!(agent.send().await.status, 403);
    assert_eq!(ask(&sandbox, "DELETE", &format!("users/{id}")).send().await.json()["user"]["active"], false);
    assert_eq!(read(&sandbox, &format!("users/{id}")).await["user"]["active"], false, "still read by id");
    assert!(!ids(&read(&sandbox, "users").await["users"]).contains(&id));
}

#[tokio::test]
async fn organisations_are_unique_by_name_and_bind_their_people() {
    let sandbox = account();
    let taken = json!({ "organization": { "name": "BOREAL freight GmbH" } });
    let taken = write(&sandbox, "POST", "organizations", taken).await;
    assert_eq!(taken.json()["details"]["name"][0]["error"], "DuplicateValue");
    let organizations = ids(&read(&sandbox, "organizations").await["organizations"]);
    // Greta belongs to the first.
    let strange = json!({ "ticket": { "organization_id": organizations[1] } });
    assert_eq!(write(&sandbox, "PUT", "tickets/3", strange).await.status, 422);
    let greta = sandbox.control().user_id("greta.holm").unwrap();
    let join = json!({ "organization_membership": { "user_id": greta, "organization_id": organizations[1] } });
    let joined = write(&sandbox, "POST", "organization_memberships", join.clone()).await;
    assert_eq!((joined.status.as_u16(), &joined.json()["organization_membership"]["default"]), (201, &json!(false)));
    assert_eq!(write(&sandbox, "POST", "organization_memberships", join).await.status, 422, "once is enough");
    let own = json!({ "ticket": { "organization_id": organizations[1] } });
    assert_eq!(write(&sandbox, "PUT", "tickets/3", own).await.json()["ticket"]["organization_id"], organizations[1]);
    assert_eq!(ids(&read(&sandbox, &format!("organizations/{}/tickets", organizations[1])).await["tickets"]), [3, 5]);
    assert_eq!(ask(&sandbox, "DELETE", &format!("organizations/{}", organizations[1])).send().await.status, 204);
    assert_eq!(ask(&sandbox, "GET", &format!("organizations/{}", organizations[1])).send().await.status, 404);
    sandbox.control().advance(61).unwrap();
    let export = read(&sandbox, "incremental/organizations?start_time=0").await;
    assert_eq!(
        export["organizations"].as_array().unwrap().iter().filter(|own| own.get("deleted_at").is_some()).count(),
        1
    );
}

#[tokio::test]
async fn groups_and_their_members_are_the_administrators_business() {
    let sandbox = account();
    let made = write(&sandbox, "POST", "groups", json!({ "group": { "name": "Night shift" } })).await;
    let group = made.json()["group"]["id"].as_u64().unwrap();
    let user = sandbox.control().user_id("alex.kim2").unwrap();
    let join = json!({ "group_membership": { "user_id": user, "group_id": group } });
    let joined = write(&sandbox, "POST", "group_memberships", join).await.json()["group_membership"].clone();
    assert_eq!(joined["default"], true);
    let assigned = write(&sandbox, "PUT", "tickets/7", json!({ "ticket": { "assignee_id": user } })).await.json();
    assert_eq!(assigned["ticket"]["group_id"], group, "the assignee's own group");
    let moved = json!({ "ticket": { "group_id": read(&sandbox, "tickets/5").await["ticket"]["group_id"] } });
    assert_eq!(write(&sandbox, "PUT", "tickets/7", moved).await.json()["ticket"]["assignee_id"], Value::Null);
    assert_eq!(ask(&sandbox, "DELETE", &format!("group_memberships/{}", joined["id"])).send().await.status, 204);
    assert_eq!(ask(&sandbox, "DELETE", &format!("groups/{group}")).send().await.status, 204);
    assert_eq!(read(&sandbox, &format!("groups/{group}")).await["group"]["deleted"], true);
    let agent = call(&sandbox, "POST", "/api/v2/groups").header("authorization", &basic("itil/token", "itil"));
    assert_eq!(agent.json(json!({ "group": { "name": "x" } })).send().await.status, 403);
}

#[tokio::test]
async fn jobs_do_a_hundred_at_once_and_say_what_failed() {
    let sandbox = account();
    let body = |count: usize| {
        let all: Vec<Value> =
            (0..count).map(|n| json!({ "subject": format!("t{n}"), "comment": { "body": "b" } })).collect();
        json!({ "tickets": all })
    };
    let refused = write(&sandbox, "POST", "tickets/create_many", body(101)).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["max_count"]), (400, &json!(100)));
    let made = write(&sandbox, "POST", "tickets/create_many", body(3)).await;
    let made = results(&sandbox, &made).await;
    assert_eq!(made, json!([{ "index": 0, "id": 15 }, { "index": 1, "id": 16 }, { "index": 2, "id": 17 }]));
    let each = json!({ "tickets": [
        { "id": 15, "priority": "urgent" },
        { "id": 16, "status": "solved" },
        { "id": 17, "priority": "low", "updated_stamp": "2020-01-01T00:00:00Z" },
    ] });
    let changed = write(&sandbox, "PUT", "tickets/update_many", each).await;
    let changed = results(&sandbox, &changed).await;
    assert_eq!(
        (&changed[0]["status"], &changed[1]["error"], &changed[2]["error"]),
        (&json!("Updated"), &json!("RecordInvalid"), &json!("UpdateConflict"))
    );
    sandbox.control().set_faults([Fault::new("failed_job_item")]).unwrap();
    let gone = ask(&sandbox, "DELETE", "tickets/destroy_many?ids=15,16").send().await;
    let gone = results(&sandbox, &gone).await;
    assert_eq!((&gone[0]["success"], &gone[1]["success"]), (&json!(false), &json!(true)));
    sandbox.control().clear_faults();
    assert_eq!(ask(&sandbox, "GET", "tickets/15").send().await.status, 200);
    sandbox.control().set_settings(AccountSettings { endpoint_limits: true, ..AccountSettings::default() });
    for _ in 0..30 {
        assert_eq!(ask(&sandbox, "DELETE", "tickets/destroy_many?ids=999").send().await.status, 200);
    }
    let crowded = ask(&sandbox, "DELETE", "tickets/destroy_many?ids=999").send().await;
    assert_eq!((crowded.status.as_u16(), &crowded.json()["error"]), (429, &json!("TooManyJobs")));
    assert_eq!(crowded.json()["current_job_ids"].as_array().unwrap().len(), 30);
}

#[tokio::test]
async fn imports_bring_their_own_moments() {
    let sandbox = account();
    let body = json!({ "ticket": {
        "subject": "old", "created_at": "2019-05-01T08:00:00Z", "updated_at": "2019-05-02T08:00:00Z", "status": "closed",
        "solved_at": "2019-05-02T07:00:00Z", "assignee_id": sandbox.control().user_id("itil").unwrap(), "tags": ["old"],
        "comments": [
            { "value": "first", "created_at": "2019-05-01T08:00:00Z" },
            { "value": "second", "created_at": "2019-05-01T09:00:00Z", "public": false },
        ],
    } });
    let made = write(&sandbox, "POST", "imports/tickets", body.clone()).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let ticket = read(&sandbox, "tickets/15?include=metric_sets").await;
    assert_eq!(
        (&ticket["ticket"]["created_at"], &ticket["ticket"]["updated_at"]),
        (&json!("2019-05-01T08:00:00Z"), &json!("2019-05-02T08:00:00Z"))
    );
    assert_eq!(ticket["metric_sets"][0]["solved_at"], "2019-05-02T07:00:00Z");
    let comments = read(&sandbox, "tickets/15/comments").await["comments"].clone();
    let said: Vec<_> = comments
        .as_array()
        .unwrap()
        .iter()
        .map(|own| (own["body"].clone(), own["created_at"].clone(), own["public"].clone()))
        .collect();
    assert_eq!(said[1], (json!("second"), json!("2019-05-01T09:00:00Z"), json!(false)));
    let agent = call(&sandbox, "POST", "/api/v2/imports/tickets").header("authorization", &basic("itil/token", "itil"));
    assert_eq!(agent.json(body).send().await.status, 403);
    let ordinary = json!({ "ticket": { "comment": { "body": "b" }, "created_at": "2019-05-01T08:00:00Z" } });
    let ordinary = write(&sandbox, "POST", "tickets", ordinary).await;
    assert_eq!(ordinary.json()["ticket"]["created_at"], "2026-02-01T00:00:00Z");
    assert!(ordinary.header("x-zendesk-api-warn").unwrap().contains("created_at"));
}

#[tokio::test]
async fn merging_closes_the_sources() {
    let sandbox = account();
    let merged =
        write(&sandbox, "POST", "tickets/10/merge", json!({ "ids": [13], "source_comment": "see there" })).await;
    assert_eq!(results(&sandbox, &merged).await, json!({ "success": true }));
    let source = read(&sandbox, "tickets/13").await["ticket"].clone();
    assert_eq!(source["status"], "closed");
    assert!(source["tags"].as_array().unwrap().contains(&json!("closed_by_merge")));
    let said = read(&sandbox, "tickets/13/comments?sort=-created_at").await["comments"][0].clone();
    assert_eq!((&said["body"], &said["public"]), (&json!("see there"), &json!(false)));
    assert_eq!(read(&sandbox, "tickets/10/comments?sort=-created_at").await["comments"][0]["body"], "Merged #13");
}

#[tokio::test]
async fn words_and_files_are_taken_back() {
    let sandbox = account();
    let comments = read(&sandbox, "tickets/3/comments").await["comments"].clone();
    let said = comments.as_array().unwrap().iter().find(|own| own["body"].as_str().unwrap().contains("09:30")).unwrap();
    let path = format!("tickets/3/comments/{}", said["id"]);
    let redacted = write(&sandbox, "PUT", &format!("{path}/redact"), json!({ "text": "09:30" })).await.json();
    assert!(redacted["comment"]["body"].as_str().unwrap().contains("▇▇▇▇▇"), "{redacted}");
    assert_eq!(write(&sandbox, "PUT", &format!("{path}/redact"), json!({ "text": "nothing" })).await.status, 422);
    assert_eq!(write(&sandbox, "PUT", &format!("{path}/make_private"), json!({})).await.status, 200);
    let with_file = comments.as_array().unwrap().iter().find(|own| own["attachments"][0].is_object()).unwrap();
    let file = &with_file["attachments"][0]["id"];
    let path = format!("tickets/3/comments/{}/attachments/{file}/redact", with_file["id"]);
    let gone = write(&sandbox, "PUT", &path, json!({})).await.json();
    assert_eq!(
        (&gone["attachment"]["deleted"], &gone["attachment"]["file_name"]),
        (&json!(true), &json!("redacted.txt"))
    );
}

#[tokio::test]
async fn spam_goes_with_its_sender() {
    let sandbox = account();
    assert_eq!(write(&sandbox, "PUT", "tickets/7/mark_as_spam", json!({})).await.status, 200);
    let olaf = sandbox.control().user_id("olaf.meyer").unwrap();
    assert_eq!(read(&sandbox, &format!("users/{olaf}")).await["user"]["suspended"], true);
    sandbox.control().archive_ticket(1).unwrap();
    let listed = ids(&read(&sandbox, "tickets").await["tickets"]);
    assert!(!listed.contains(&7) && !listed.contains(&1), "{listed:?}");
    assert_eq!(ask(&sandbox, "GET", "tickets/1").send().await.status, 200, "archived tickets are read by id");
    assert_eq!(ask(&sandbox, "GET", "tickets/7").send().await.status, 404);
    sandbox.control().reset().unwrap();
    assert_eq!(ids(&read(&sandbox, "tickets").await["tickets"]).len(), 14);
}
