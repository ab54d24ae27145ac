//! The Table API: wire §1, one fact after the other.

use serde_json::{Value, json};
use vendor_sandbox::servicenow::{Audience, RowDenial, Sandbox, TableDenial};

use crate::client::{call, column, get, ids, query, sandbox};

const INCIDENTS: &str = "/api/now/table/incident";

#[tokio::test]
async fn an_empty_list_is_200_except_in_version_1() {
    let sandbox = sandbox();
    for (path, status) in [
        ("/api/now/table/incident?sysparm_query=number=none", 200),
        ("/api/now/v2/table/incident?sysparm_query=number=none", 200),
        ("/api/now/v1/table/incident?sysparm_query=number=none", 404),
    ] {
        assert_eq!(get(&sandbox, path).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn every_leaf_is_a_string_and_empty_is_an_empty_string() {
    let sandbox = sandbox();
    let answer = get(&sandbox, INCIDENTS).await;
    assert_eq!(answer.header("content-type"), Some("application/json;charset=UTF-8"));
    for row in answer.rows() {
        for (name, value) in row.as_object().unwrap() {
            match value {
                Value::String(_) => {}
                Value::Object(pair) => {
                    assert!(pair["link"].is_string() && pair["value"].is_string(), "{name}");
                    assert!(!pair["value"].as_str().unwrap().is_empty());
                }
                other => panic!("{name} is {other}"),
            }
        }
        assert_eq!(row["comments"], "", "journals are write-only");
    }
}

/// wire §1.4, cell by cell.
#[tokio::test]
async fn display_and_link_modes_shape_each_kind_of_field() {
    let sandbox = sandbox();
    let number = "INC0010002";
    let id = ids(&sandbox).await[number].clone();
    let fields = "state,assigned_to,resolved_at,caller_id.email,parent,sys_id,assigned_to.manager";
    let show = async |display: &str, exclude: &str| {
        call(&sandbox, "GET", &format!("{INCIDENTS}/{id}"))
            .query(&[
                ("sysparm_fields", fields),
                ("sysparm_display_value", display),
                ("sysparm_exclude_reference_link", exclude),
            ])
            .send()
            .await
            .result()
    };
    let plain = show("false", "true").await;
    let user = plain["assigned_to"].as_str().unwrap().to_owned();
    let link = format!("https://sandbox.service-now.com/api/now/table/sys_user/{user}");
    assert_eq!(
        plain,
        json!({
            "state": "6", "assigned_to": user, "resolved_at": "2026-01-07 12:00:00",
            "caller_id.email": "greta@boreal.example", "parent": "", "sys_id": id,
            "assigned_to.manager": "",
        })
    );
    let linked = show("false", "false").await;
    assert_eq!(linked["assigned_to"], json!({"link": link, "value": user}));
    assert_eq!(linked["parent"], "");
    let shown = show("true", "false").await;
    assert_eq!(shown["state"], "Resolved");
    assert_eq!(shown["assigned_to"], json!({"display_value": "Amara Okafor", "link": link}));
    assert_eq!(shown["parent"], "");
    let bare = show("true", "true").await;
    assert_eq!(bare["assigned_to"], "Amara Okafor");
    let all = show("all", "false").await;
    assert_eq!(all["state"], json!({"display_value": "Resolved", "value": "6"}));
    assert_eq!(all["assigned_to"], json!({"display_value": "Amara Okafor", "link": link, "value": user}));
    assert_eq!(all["parent"], json!({"display_value": "", "value": ""}));
    assert_eq!(all["sys_id"], json!({"display_value": id, "value": id}));
    let pairs = show("all", "true").await;
    assert_eq!(pairs["assigned_to"], json!({"display_value": "Amara Okafor", "value": user}));
    assert_eq!(pairs["caller_id.email"]["value"], "greta@boreal.example");
}

#[tokio::test]
async fn links_name_the_host_of_the_property_not_the_one_called() {
    let sandbox = sandbox();
    let link = async || {
        call(&sandbox, "GET", INCIDENTS)
            .header("host", "127.0.0.1:4010")
            .query(&[
                ("sysparm_query", "assigned_toISNOTEMPTY"),
                ("sysparm_limit", "1"),
                ("sysparm_fields", "assigned_to"),
            ])
            .send()
            .await
            .rows()[0]["assigned_to"]["link"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert!(link().await.starts_with("https://sandbox.service-now.com/api/now/table/sys_user/"));
    sandbox.control().set_property("glide.rest.replace_request_host_with_property", "false");
    assert!(link().await.starts_with("http://127.0.0.1:4010/api/now/table/sys_user/"));
}

#[tokio::test]
async fn unknown_fields_are_dropped_and_unknown_tables_are_400() {
    let sandbox = sandbox();
    let rows = query(&sandbox, "incident", "", "number,nonsense,caller_id.nonsense").await;
    assert_eq!(rows[0].as_object().unwrap().keys().collect::<Vec<_>>(), ["number"]);
    let answer = get(&sandbox, "/api/now/table/no_such_table").await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.error(), ("Invalid table no_such_table".to_owned(), Value::Null));
    let answer = get(&sandbox, "/api/now/nonsense").await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.error().0, "Requested URI does not represent any resource");
}

#[tokio::test]
async fn a_missing_record_is_404() {
    let answer = get(&sandbox(), "/api/now/table/incident/0123").await;
    assert_eq!(answer.status, 404);
    let (message, detail) = answer.error();
    assert_eq!(message.to_lowercase(), "no record found");
    assert_eq!(detail, "Record doesn't exist or ACL restricts the record retrieval");
}

#[tokio::test]
async fn pages_have_a_count_and_links_in_the_captured_form() {
    let sandbox = sandbox();
    let answer = call(&sandbox, "GET", INCIDENTS)
        .query(&[
            ("sysparm_query", "numberINx,y^ORnumberISNOTEMPTY^ORDERBYnumber"),
            ("sysparm_fields", "number,sys_id"),
            ("sysparm_limit", "5"),
            ("sysparm_offset", "5"),
        ])
        .send()
        .await;
    assert_eq!(answer.rows().len(), 5);
    assert_eq!(answer.header("x-total-count"), Some("12"));
    let base = "https://sandbox.service-now.com/api/now/table/incident?sysparm_query=numberINx%2Cy%5EORnumberISNOTEMPTY%5EORDERBYnumber&sysparm_fields=number,sys_id";
    let url = |offset: u32, rel: &str| format!("<{base}&sysparm_offset={offset}&sysparm_limit=5>;rel=\"{rel}\"");
    let expected = [url(0, "first"), url(0, "prev"), url(10, "next"), url(10, "last")].join(",");
    assert_eq!(answer.header("link"), Some(expected.as_str()));
    let single = get(&sandbox, "/api/now/table/incident?sysparm_limit=50").await;
    assert_eq!(single.header("link"), None, "absent on a single page");
    let quiet = get(
        &sandbox,
        "/api/now/table/incident?sysparm_limit=5&sysparm_no_count=true&sysparm_suppress_pagination_header=true",
    )
    .await;
    assert_eq!((quiet.header("x-total-count"), quiet.header("link")), (None, None));
}

#[tokio::test]
async fn a_negative_offset_is_refused_in_the_vendors_words() {
    let answer = get(&sandbox(), "/api/now/table/incident?sysparm_offset=-1").await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.error(), ("offset is -1".to_owned(), json!("Negative offset is not supported")));
}

#[tokio::test]
async fn without_orderby_each_answer_has_another_order() {
    let sandbox = Sandbox::builder().seed(3).tickets(500).build().unwrap();
    let page = async |text: &str| column(&query(&sandbox, "incident", text, "number").await, "number");
    let (first, second) = (page("active=true").await, page("active=true").await);
    assert_ne!(first, second);
    let sorted = |mut numbers: Vec<String>| {
        numbers.sort();
        numbers
    };
    assert_eq!(sorted(first), sorted(second));
    let ordered = page("active=true^ORDERBYnumber").await;
    assert_eq!(ordered, sorted(ordered.clone()));
    assert_eq!(ordered, page("active=true^ORDERBYnumber").await);
    let (all, again) = (page("").await, page("").await);
    assert_ne!(all, again);
    assert_eq!(sorted(all), sorted(again));
}

#[tokio::test]
async fn limits_apply_before_acls_so_pages_come_out_short_or_empty() {
    let sandbox = sandbox();
    sandbox
        .control()
        .deny_rows("incident", "numberBETWEENINC0010003@INC0010006", Audience::Everyone, RowDenial::Hidden)
        .unwrap();
    let page = async |offset: usize| {
        call(&sandbox, "GET", INCIDENTS)
            .query(&[
                ("sysparm_query", "ORDERBYnumber"),
                ("sysparm_fields", "number"),
                ("sysparm_limit", "2"),
                ("sysparm_offset", &offset.to_string()),
            ])
            .send()
            .await
    };
    assert_eq!(column(&page(0).await.rows(), "number"), ["INC0010001", "INC0010002"]);
    let hidden = page(2).await;
    assert_eq!(hidden.rows(), Vec::<Value>::new());
    assert_eq!(hidden.header("x-total-count"), Some("12"), "counted before ACLs");
    assert_eq!(column(&page(6).await.rows(), "number"), ["INC0010007", "INC0010008"]);
    let id = sandbox.control().find("incident", "number=INC0010004").unwrap();
    assert_eq!(get(&sandbox, &format!("{INCIDENTS}/{}", id[0])).await.status, 404);
}

#[tokio::test]
async fn denied_fields_are_absent_and_unreadable_rows_are_empty_objects() {
    let sandbox = sandbox();
    let control = sandbox.control();
    control.deny_field("task", "description", Audience::NonAdmins).unwrap();
    control.deny_rows("incident", "number=INC0010001", Audience::NonAdmins, RowDenial::Empty).unwrap();
    let rows = call(&sandbox, "GET", INCIDENTS)
        .user("itil")
        .query(&[("sysparm_query", "ORDERBYnumber"), ("sysparm_limit", "2")])
        .send()
        .await
        .rows();
    assert_eq!(rows[0], json!({}));
    assert!(rows[1].get("description").is_none());
    assert!(rows[1].get("short_description").is_some());
    let rows = query(&sandbox, "incident", "ORDERBYnumber", "").await;
    assert!(rows[0].get("description").is_some(), "administrators see everything");
    // wire §2.3: a filter on a denied column is ignored, so the answer widens.
    let widened = call(&sandbox, "GET", INCIDENTS)
        .user("itil")
        .query(&[("sysparm_query", "descriptionLIKEno such text"), ("sysparm_fields", "number")])
        .send()
        .await;
    assert_eq!(widened.rows().len(), 12);
}

#[tokio::test]
async fn an_unprivileged_user_may_not_read_the_tables_behind_the_tickets() {
    let sandbox = sandbox();
    for table in ["sys_journal_field", "sys_audit_delete", "sys_audit", "sys_dictionary"] {
        let path = format!("/api/now/table/{table}?sysparm_limit=1");
        let answer = call(&sandbox, "GET", &path).user("itil").send().await;
        assert_eq!(answer.status, 403, "{table}");
        assert_eq!(answer.error(), ("User Not Authorized".to_owned(), json!("Failed API level ACL Validation")));
        assert_eq!(get(&sandbox, &path).await.status, 200, "{table}");
    }
    let control = sandbox.control();
    control.deny_table("sys_journal_field", Audience::NonAdmins, TableDenial::Hidden).unwrap();
    let hidden = call(&sandbox, "GET", "/api/now/table/sys_journal_field").user("itil").send().await;
    assert_eq!(hidden.rows(), Vec::<Value>::new());
    assert_eq!(hidden.header("x-total-count"), Some("9"));
    let write =
        call(&sandbox, "POST", "/api/now/table/sys_user").user("itil").json(json!({"user_name": "x"})).send().await;
    assert_eq!(write.status, 403);
    assert_eq!(write.error().1, "ACL Exception Insert Failed due to security constraints");
}

#[tokio::test]
async fn odd_parameters_are_served_as_the_vendor_does() {
    let sandbox = sandbox();
    // pysnow: capital False, empty fields and view.
    let answer = get(
        &sandbox,
        "/api/now/table/incident?sysparm_fields=&sysparm_view=&sysparm_display_value=False\
         &sysparm_exclude_reference_link=False&sysparm_limit=1&sysparm_query=number%3DINC0010001",
    )
    .await;
    assert_eq!(answer.status, 200);
    assert!(answer.rows()[0]["assigned_to"]["link"].is_string());
    assert!(answer.rows()[0].get("short_description").is_some());
}

#[tokio::test]
async fn name_value_pairs_filter_by_value_or_display_value() {
    let sandbox = sandbox();
    let count = async |pairs: &str| get(&sandbox, &format!("{INCIDENTS}?{pairs}")).await.rows().len();
    assert_eq!(count("state=7").await, 2);
    assert_eq!(count("state=closed").await, 2);
    assert_eq!(count("assigned_to=amara.okafor").await, 1);
    assert_eq!(count("assigned_to=Amara%20Okafor&state=6").await, 1);
    assert_eq!(count("state=7&sysparm_query=state=6").await, 2, "sysparm_query wins");
}

#[tokio::test]
async fn a_parent_table_lists_its_children_with_its_own_fields() {
    let sandbox = sandbox();
    let rows = query(&sandbox, "task", "sys_class_nameINproblem,change_request", "").await;
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|row| row.get("cause_notes").is_none() && row.get("number").is_some()));
    let shown = call(&sandbox, "GET", "/api/now/table/task")
        .query(&[
            ("sysparm_query", "sys_class_name=problem"),
            ("sysparm_fields", "sys_class_name,state"),
            ("sysparm_display_value", "true"),
        ])
        .send()
        .await;
    assert_eq!(shown.rows(), [json!({"sys_class_name": "Problem", "state": "Fix in Progress"})]);
}

#[tokio::test]
async fn head_overrides_and_refused_formats() {
    let sandbox = sandbox();
    let head = call(&sandbox, "HEAD", INCIDENTS).send().await;
    assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
    assert_eq!(head.header("x-total-count"), Some("12"));
    let id = ids(&sandbox).await["INC0010007"].clone();
    let patched = call(&sandbox, "POST", &format!("{INCIDENTS}/{id}"))
        .header("x-http-method-override", "PATCH")
        .json(json!({"short_description": "changed"}))
        .send()
        .await;
    assert_eq!(patched.result()["short_description"], "changed");
    let refused = call(&sandbox, "GET", INCIDENTS).header("accept", "text/csv").send().await;
    assert_eq!(refused.status, 406);
    let refused = call(&sandbox, "POST", INCIDENTS)
        .header("content-type", "application/x-www-form-urlencoded")
        .raw("a=b")
        .send()
        .await;
    assert_eq!(refused.status, 415);
    let refused = call(&sandbox, "OPTIONS", INCIDENTS).send().await;
    assert_eq!(refused.status, 405);
    let long = "x".repeat(23_000);
    let page = get(&sandbox, &format!("{INCIDENTS}?sysparm_query={long}")).await;
    assert_eq!(page.status, 414);
    assert!(page.text().starts_with("<html>"));
    let large =
        call(&sandbox, "POST", INCIDENTS).json(json!({"description": "x".repeat(11 * 1024 * 1024)})).send().await;
    assert_eq!(large.status, 400);
    assert!(large.error().1.as_str().unwrap().contains("Max allowed: 10485760 bytes"));
}

#[tokio::test]
async fn long_urls_go_through_tinyurl() {
    let sandbox = sandbox();
    let tiny = call(&sandbox, "POST", "/api/now/tinyurl")
        .json(json!({"url": "incident_list.do?sysparm_query=state%3D7&sysparm_fields=number"}))
        .send()
        .await
        .result();
    let (page, id) = tiny.as_str().unwrap().split_once("?sysparm_tiny=").unwrap();
    assert_eq!(page, "incident_list.do");
    let rows = get(&sandbox, &format!("{INCIDENTS}?sysparm_tiny={id}")).await.rows();
    assert_eq!(rows.len(), 2);
}

#[tokio::test]
async fn answers_carry_the_vendors_headers() {
    let answer = get(&sandbox(), INCIDENTS).await;
    for (name, value) in
        [("x-is-logged-in", "true"), ("server", "ServiceNow"), ("pragma", "no-store,no-cache"), ("expires", "0")]
    {
        assert_eq!(answer.header(name), Some(value));
    }
    assert_eq!(answer.header("x-transaction-id").unwrap().len(), 12);
    assert!(answer.headers.get_all("set-cookie").iter().count() >= 3);
}
