//! Writing records: wire §1.1–§1.3 and §3.

use serde_json::{Value, json};

use crate::client::{call, column, get, ids, query, sandbox};

const INCIDENTS: &str = "/api/now/table/incident";

async fn one(sandbox: &vendor_sandbox::servicenow::Sandbox, id: &str) -> Value {
    get(sandbox, &format!("{INCIDENTS}/{id}?sysparm_exclude_reference_link=true")).await.result()
}

#[tokio::test]
async fn an_insert_fills_in_the_documented_defaults() {
    let sandbox = sandbox();
    let created = call(&sandbox, "POST", &format!("{INCIDENTS}?sysparm_exclude_reference_link=true"))
        .json(json!({"short_description": "Wifi", "unknown_field": "x", "sys_created_on": "1999-01-01 00:00:00"}))
        .send()
        .await;
    assert_eq!(created.status, 201);
    let record = created.result();
    for (field, value) in [
        ("number", "INC0010013"),
        ("state", "1"),
        ("incident_state", "1"),
        ("impact", "3"),
        ("urgency", "3"),
        ("priority", "5"),
        ("category", "inquiry"),
        ("approval", "not requested"),
        ("active", "true"),
        ("sys_class_name", "incident"),
        ("sys_created_on", "2026-02-01 00:00:00"),
        ("sys_updated_on", "2026-02-01 00:00:00"),
        ("sys_created_by", "admin"),
        ("sys_mod_count", "0"),
        ("opened_at", "2026-02-01 00:00:00"),
        ("upon_approval", "proceed"),
        ("comments", ""),
    ] {
        assert_eq!(record[field], value, "{field}");
    }
    assert!(record.get("unknown_field").is_none());
    let id = record["sys_id"].as_str().unwrap();
    assert_eq!(id.len(), 32);
    let location = created.header("location").unwrap();
    assert_eq!(location, format!("https://sandbox.service-now.com{INCIDENTS}/{id}"));
}

#[tokio::test]
async fn put_and_patch_change_only_what_is_given() {
    let sandbox = sandbox();
    let id = ids(&sandbox).await["INC0010006"].clone();
    sandbox.control().advance(5).unwrap();
    let before = one(&sandbox, &id).await;
    for (method, title) in [("PUT", "first"), ("PATCH", "second")] {
        let answer =
            call(&sandbox, method, &format!("{INCIDENTS}/{id}")).json(json!({"short_description": title})).send().await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.result()["short_description"], title);
    }
    let after = one(&sandbox, &id).await;
    assert_eq!(after["sys_mod_count"], "2");
    assert_eq!(after["sys_updated_on"], "2026-02-01 00:00:05");
    assert_eq!(after["sys_updated_by"], "admin");
    for field in ["description", "state", "caller_id", "sys_created_on", "number"] {
        assert_eq!(after[field], before[field], "{field}");
    }
    for method in ["PUT", "PATCH", "DELETE"] {
        let missing = call(&sandbox, method, &format!("{INCIDENTS}/0123")).json(json!({})).send().await;
        assert_eq!(missing.status, 404, "{method}: no upsert");
    }
}

#[tokio::test]
async fn priority_is_derived_and_never_written() {
    let sandbox = sandbox();
    let id = ids(&sandbox).await["INC0010006"].clone();
    let patch = async |body: Value| {
        call(&sandbox, "PATCH", &format!("{INCIDENTS}/{id}")).json(body).send().await.result()["priority"].clone()
    };
    assert_eq!(patch(json!({"priority": "1"})).await, "3");
    assert_eq!(patch(json!({"impact": "1", "urgency": "1"})).await, "1");
    assert_eq!(patch(json!({"urgency": "3"})).await, "3");
}

#[tokio::test]
async fn resolving_needs_code_and_notes_in_the_vendors_words() {
    let sandbox = sandbox();
    let id = ids(&sandbox).await["INC0010006"].clone();
    let patch = async |body: Value| call(&sandbox, "PATCH", &format!("{INCIDENTS}/{id}")).json(body).send().await;
    let refused = patch(json!({"state": "6"})).await;
    assert_eq!(refused.status, 403);
    assert_eq!(
        refused.error(),
        (
            "Operation Failed".to_owned(),
            json!("Data Policy Exception: \n\tThe following fields are mandatory: Resolution code, Close notes")
        )
    );
    let refused = patch(json!({"state": "6", "close_code": "Duplicate"})).await;
    assert_eq!(refused.error().1, "Data Policy Exception: \n\tThe following fields are mandatory: Close notes");
    assert_eq!(one(&sandbox, &id).await["state"], "1", "nothing of it was saved");
    let resolved = patch(json!({"state": "6", "close_code": "Duplicate", "close_notes": "x"})).await;
    assert_eq!(resolved.status, 200);
    assert_eq!(resolved.result()["resolved_at"], "2026-02-01 00:00:00");
    let reopened = patch(json!({"state": "2"})).await.result();
    assert_eq!((&reopened["reopen_count"], &reopened["resolved_at"]), (&json!("1"), &json!("")));
    let closed = patch(json!({"state": "7"})).await.result();
    assert_eq!((&closed["active"], &closed["closed_at"]), (&json!("false"), &json!("2026-02-01 00:00:00")));
}

#[tokio::test]
async fn values_outside_a_choice_list_are_not_stored() {
    let sandbox = sandbox();
    let id = ids(&sandbox).await["INC0010006"].clone();
    let patch = async |body: Value| call(&sandbox, "PATCH", &format!("{INCIDENTS}/{id}")).json(body).send().await;
    let answer = patch(json!({"state": "42", "category": "network"})).await;
    assert_eq!(answer.status, 200);
    assert_eq!((&answer.result()["state"], &answer.result()["category"]), (&json!("1"), &json!("network")));
    sandbox.control().set_property("glide.rest.choice.allow_non_existing_value", "true");
    assert_eq!(patch(json!({"state": "42"})).await.result()["state"], "42");
}

#[tokio::test]
async fn hold_reasons_go_when_the_hold_ends() {
    let sandbox = sandbox();
    let id = ids(&sandbox).await["INC0010004"].clone();
    assert_eq!(one(&sandbox, &id).await["hold_reason"], "1");
    let answer = call(&sandbox, "PATCH", &format!("{INCIDENTS}/{id}")).json(json!({"state": "2"})).send().await;
    assert_eq!(answer.result()["hold_reason"], "");
}

#[tokio::test]
async fn journals_are_written_through_the_record() {
    let sandbox = sandbox();
    let id = ids(&sandbox).await["INC0010006"].clone();
    sandbox.control().advance(60).unwrap();
    let echo = call(&sandbox, "PATCH", &format!("{INCIDENTS}/{id}"))
        .json(json!({"comments": "Hello\nthere", "work_notes": "secret"}))
        .send()
        .await;
    assert_eq!((&echo.result()["comments"], &echo.result()["work_notes"]), (&json!(""), &json!("")));
    assert_eq!(echo.result()["sys_mod_count"], "1");
    let entries = query(
        &sandbox,
        "sys_journal_field",
        &format!("element_id={id}^ORDERBYelement"),
        "element,value,name,sys_created_on,sys_created_by",
    )
    .await;
    assert_eq!(
        entries,
        [
            json!({"element": "comments", "value": "Hello\nthere", "name": "incident",
                   "sys_created_on": "2026-02-01 00:01:00", "sys_created_by": "admin"}),
            json!({"element": "work_notes", "value": "secret", "name": "incident",
                   "sys_created_on": "2026-02-01 00:01:00", "sys_created_by": "admin"}),
        ]
    );
    let shown = get(&sandbox, &format!("{INCIDENTS}/{id}?sysparm_display_value=true&sysparm_fields=comments")).await;
    assert_eq!(
        shown.result()["comments"],
        "2026-02-01 00:01:00 - Integration Service (Additional comments)\nHello\nthere\n\n"
    );
    // Repeating appends again: nothing about it is idempotent.
    call(&sandbox, "PATCH", &format!("{INCIDENTS}/{id}")).json(json!({"comments": "Hello\nthere"})).send().await;
    let again = query(&sandbox, "sys_journal_field", &format!("element_id={id}^element=comments"), "value").await;
    assert_eq!(again.len(), 2);
}

#[tokio::test]
async fn display_input_reads_labels_names_and_local_times() {
    let sandbox = sandbox();
    let admin = sandbox.control().find("sys_user", "user_name=admin").unwrap();
    sandbox.control().set_raw("sys_user", &admin[0], json!({"time_zone": "US/Pacific"})).unwrap();
    let body = json!({
        "state": "In Progress", "assigned_to": "Ines Tilden", "assignment_group": "Nobody's group",
        "due_date": "2026-03-01 04:00:00",
    });
    let path =
        |flag: &str| format!("{INCIDENTS}?sysparm_input_display_value={flag}&sysparm_exclude_reference_link=true");
    let display = call(&sandbox, "POST", &path("true")).json(body.clone()).send().await.result();
    let ines = sandbox.control().find("sys_user", "user_name=itil").unwrap();
    assert_eq!(display["state"], "2");
    assert_eq!(display["assigned_to"], json!(ines[0]));
    assert_eq!(display["assignment_group"], "", "an unknown name stores nothing");
    assert_eq!(display["due_date"], "2026-03-01 12:00:00");
    let raw = call(&sandbox, "POST", &path("false")).json(body).send().await.result();
    assert_eq!(raw["state"], "1", "a label is no value");
    assert_eq!(raw["due_date"], "2026-03-01 04:00:00");
}

#[tokio::test]
async fn system_fields_and_custom_ids() {
    let sandbox = sandbox();
    let own = "ABCDEF0123456789ABCDEF0123456789";
    let path = format!("{INCIDENTS}?sysparm_suppress_auto_sys_field=true");
    let created = call(&sandbox, "POST", &path)
        .json(json!({"sys_id": own, "sys_created_on": "2020-05-05 05:05:05", "sys_updated_on": "2020-05-06 05:05:05"}))
        .send()
        .await
        .result();
    assert_eq!((&created["sys_id"], &created["sys_created_on"]), (&json!(own), &json!("2020-05-05 05:05:05")));
    assert_eq!(get(&sandbox, &format!("{INCIDENTS}/{own}")).await.status, 200);
    let taken = call(&sandbox, "POST", INCIDENTS).json(json!({"sys_id": own})).send().await;
    assert_eq!(taken.status, 403);
}

#[tokio::test]
async fn a_delete_leaves_its_traces() {
    let sandbox = sandbox();
    let id = ids(&sandbox).await["INC0010002"].clone();
    assert_eq!(query(&sandbox, "sys_attachment", &format!("table_sys_id={id}"), "").await.len(), 1);
    sandbox.control().advance(1).unwrap();
    let gone = call(&sandbox, "DELETE", &format!("{INCIDENTS}/{id}")).send().await;
    assert_eq!((gone.status.as_u16(), gone.body.len()), (204, 0));
    assert_eq!(get(&sandbox, &format!("{INCIDENTS}/{id}")).await.status, 404);
    let deleted =
        query(&sandbox, "sys_audit_delete", "tablename=incident", "tablename,documentkey,display_value,sys_created_on")
            .await;
    assert_eq!(
        deleted,
        [json!({"tablename": "incident", "documentkey": id, "display_value": "INC0010002",
                "sys_created_on": "2026-02-01 00:00:01"})]
    );
    let audit = query(&sandbox, "sys_audit", &format!("documentkey={id}^fieldname=DELETED"), "tablename").await;
    assert_eq!(column(&audit, "tablename"), ["incident"]);
    assert!(query(&sandbox, "sys_attachment", &format!("table_sys_id={id}"), "").await.is_empty());
}

#[tokio::test]
async fn changes_are_audited() {
    let sandbox = sandbox();
    let id = ids(&sandbox).await["INC0010006"].clone();
    call(&sandbox, "PATCH", &format!("{INCIDENTS}/{id}"))
        .user("itil")
        .json(json!({"state": "2", "urgency": "1"}))
        .send()
        .await;
    let rows = query(
        &sandbox,
        "sys_audit",
        &format!("documentkey={id}^ORDERBYfieldname"),
        "fieldname,oldvalue,newvalue,user,record_checkpoint",
    )
    .await;
    let change = |field: &str, old: &str, new: &str| json!({"fieldname": field, "oldvalue": old, "newvalue": new, "user": "itil", "record_checkpoint": "1"});
    assert_eq!(
        rows,
        [
            change("incident_state", "1", "2"),
            change("priority", "3", "2"),
            change("state", "1", "2"),
            change("urgency", "2", "1"),
        ]
    );
}

#[tokio::test]
async fn business_rules_abort_in_the_vendors_words() {
    let sandbox = sandbox();
    let control = sandbox.control();
    control.abort_writes("incident", "No printers", "short_descriptionLIKEprinter").unwrap();
    let refused = call(&sandbox, "POST", INCIDENTS).json(json!({"short_description": "printer"})).send().await;
    assert_eq!(refused.status, 403);
    let detail = refused.error().1.as_str().unwrap().to_owned();
    assert!(
        detail.starts_with("Operation against file 'incident' was aborted by Business Rule 'No printers^"),
        "{detail}"
    );
    assert!(detail.ends_with("Business Rule Stack:No printers"));
    assert_eq!(control.state().counts["incident"], 12);
}

#[tokio::test]
async fn problems_and_changes_move_along_their_states() {
    let sandbox = sandbox();
    let all = ids(&sandbox).await;
    let (problem, change) = (&all["PRB0010001"], &all["CHG0010001"]);
    let patch = async |table: &str, id: &str, body: Value| {
        call(&sandbox, "PATCH", &format!("/api/now/table/{table}/{id}")).json(body).send().await
    };
    let jump = patch("problem", problem, json!({"state": "107"})).await;
    assert_eq!(jump.status, 403);
    assert!(jump.error().1.as_str().unwrap().contains("aborted by Business Rule"));
    let bare = patch("problem", problem, json!({"state": "106", "resolution_code": "fix_applied"})).await;
    assert_eq!(bare.error().1, "Data Policy Exception: \n\tThe following fields are mandatory: Cause notes, Fix notes");
    let fixed = json!({"state": "106", "resolution_code": "fix_applied", "cause_notes": "c", "fix_notes": "f"});
    assert_eq!(patch("problem", problem, fixed).await.status, 200);
    let next = get(&sandbox, &format!("/api/sn_chg_rest/change/{change}/nextstates")).await.result();
    assert_eq!(next["state_label"], json!({"-5": "New", "-4": "Assess", "4": "Canceled"}));
    assert_eq!(patch("change_request", change, json!({"state": "-1"})).await.status, 403);
    for state in ["-4", "-3", "-2", "-1", "0"] {
        let answer = call(&sandbox, "PATCH", &format!("/api/sn_chg_rest/change/{change}"))
            .json(json!({"state": state}))
            .send()
            .await;
        assert_eq!(answer.result()["state"]["value"], state);
        assert!(answer.result()["state"]["display_value"].is_string());
    }
    let open = patch("change_request", change, json!({"state": "3"})).await;
    assert!(open.error().1.as_str().unwrap().contains("Close code, Close notes"));
    let close = json!({"state": "3", "close_code": "successful", "close_notes": "done"});
    assert_eq!(patch("change_request", change, close).await.result()["active"], "false");
}

#[tokio::test]
async fn response_bodies_can_be_waived_and_quotes_may_be_single() {
    let sandbox = sandbox();
    let created = call(&sandbox, "POST", INCIDENTS)
        .header("x-no-response-body", "true")
        .header("content-type", "application/json")
        // D: c_TableAPI, the example of POST, quotes included.
        .raw("{'short_description':'Unable to connect to office wifi','urgency':'2','impact':'2'}")
        .send()
        .await;
    assert_eq!((created.status.as_u16(), created.body.len()), (201, 0));
    let location = created.header("location").unwrap();
    let record = one(&sandbox, location.rsplit('/').next().unwrap()).await;
    assert_eq!((&record["priority"], &record["number"]), (&json!("3"), &json!("INC0010013")));
    let broken =
        call(&sandbox, "POST", INCIDENTS).header("content-type", "application/json").raw("{\"a\":").send().await;
    assert_eq!(broken.status, 400);
    assert_eq!(broken.error().0, "Exception while reading request");
}

#[tokio::test]
async fn metadata_describes_tables_columns_and_choices() {
    let sandbox = sandbox();
    let object = query(&sandbox, "sys_db_object", "name=incident", "label,super_class.name").await;
    assert_eq!(object, [json!({"label": "Incident", "super_class.name": "task"})]);
    let shown = call(&sandbox, "GET", "/api/now/table/sys_dictionary")
        .query(&[
            ("sysparm_query", "name=incident^element=caller_id"),
            ("sysparm_fields", "column_label,internal_type,reference"),
        ])
        .send()
        .await
        .rows();
    assert_eq!(shown[0]["column_label"], "Caller");
    assert_eq!(shown[0]["internal_type"]["value"], "reference");
    assert_eq!(shown[0]["reference"]["value"], "sys_user");
    let own = query(&sandbox, "sys_dictionary", "name=incident^element=short_description", "name").await;
    assert!(own.is_empty(), "inherited columns are described at task");
    let table = query(&sandbox, "sys_dictionary", "name=incident^elementISEMPTY", "name").await;
    assert_eq!(table.len(), 1);
    let states = query(
        &sandbox,
        "sys_choice",
        "name=incident^element=state^inactive=false^language=en^ORDERBYsequence",
        "value,label",
    )
    .await;
    assert_eq!(column(&states, "value"), ["1", "2", "3", "6", "7", "8"]);
    assert_eq!(column(&states, "label")[2], "On Hold");
}
