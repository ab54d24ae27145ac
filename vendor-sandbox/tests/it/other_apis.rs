//! Batch, Aggregate, Catalog and Import Set APIs: wire §4.2–§4.5.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use vendor_sandbox::Fault;

use crate::client::{call, get, ids, query, sandbox};

fn decode(body: &Value) -> Value {
    let bytes = STANDARD.decode(body.as_str().unwrap()).unwrap();
    serde_json::from_slice(&bytes).unwrap_or(Value::Null)
}

#[tokio::test]
async fn a_batch_runs_in_order_and_hides_inner_failures() {
    let sandbox = sandbox();
    let id = ids(&sandbox).await["INC0010006"].clone();
    let request = |id: &str, method: &str, url: String, body: Option<Value>| {
        let mut request = json!({
            "id": id, "method": method, "url": url, "exclude_response_headers": true,
            "headers": [{"name": "Accept", "value": "application/json"},
                        {"name": "Content-Type", "value": "application/json"}],
        });
        if let Some(body) = body {
            request["body"] = json!(STANDARD.encode(body.to_string()));
        }
        request
    };
    let requests = json!([
        request("1", "PATCH", format!("/api/now/table/incident/{id}"), Some(json!({"short_description": "b"}))),
        request("2", "GET", format!("/api/now/table/incident/{id}?sysparm_fields=short_description"), None),
        request("3", "GET", "/api/now/table/incident/0123".to_owned(), None),
        request("4", "GET", "/api/now/table/incident?sysparm_limit=2".to_owned(), None),
    ]);
    let batch = |path: &str| {
        call(&sandbox, "POST", path).json(json!({"batch_request_id": 7, "rest_requests": requests.clone()})).send()
    };
    let answer = batch("/api/now/v1/batch").await;
    assert_eq!(answer.status, 200);
    let answer = answer.json();
    assert_eq!(answer["batch_request_id"], "7");
    assert_eq!(answer["unserviced_requests"], json!([]));
    let serviced = answer["serviced_requests"].as_array().unwrap();
    let statuses: Vec<_> = serviced.iter().map(|one| one["status_code"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [200, 200, 404, 200]);
    assert_eq!(decode(&serviced[1]["body"]), json!({"result": {"short_description": "b"}}));
    assert_eq!(decode(&serviced[2]["body"])["error"]["message"], "No Record found");
    assert_eq!(serviced[3]["headers"], json!([]));
    sandbox.control().set_faults([Fault::new("batch_unserviced").parameter(2)]).unwrap();
    let answer = batch("/api/now/batch").await.json();
    assert_eq!(answer["serviced_requests"].as_array().unwrap().len(), 2);
    assert_eq!(answer["unserviced_requests"], json!(["3", "4"]));
}

#[tokio::test]
async fn statistics_count_group_and_aggregate() {
    let sandbox = sandbox();
    let count = get(&sandbox, "/api/now/stats/incident?sysparm_count=true&sysparm_query=state=7").await;
    assert_eq!(count.result(), json!({"stats": {"count": "2"}}));
    let none = get(&sandbox, "/api/now/stats/incident?sysparm_count=true&sysparm_query=number=x").await;
    assert_eq!(none.result(), json!({"stats": {"count": "0"}}));
    let grouped = get(
        &sandbox,
        "/api/now/v1/stats/incident?sysparm_count=true&sysparm_group_by=state&sysparm_avg_fields=priority\
         &sysparm_min_fields=sys_created_on&sysparm_display_value=all&sysparm_having=count^state^%3E^1",
    )
    .await
    .rows();
    let group = |count: &str, avg: &str, min: &str, value: &str, label: &str| {
        json!({
            "stats": {"count": count, "avg": {"priority": avg}, "min": {"sys_created_on": min}},
            "groupby_fields": [{"field": "state", "value": value, "display_value": label}],
        })
    };
    assert_eq!(
        grouped,
        [
            group("2", "3.5000", "2026-01-12 09:00:00", "1", "New"),
            group("3", "2.3333", "2026-01-13 09:00:00", "2", "In Progress"),
            group("2", "2.5000", "2026-01-12 09:00:00", "3", "On Hold"),
            group("2", "3.0000", "2026-01-07 09:00:00", "6", "Resolved"),
            group("2", "3.0000", "2026-01-05 09:00:00", "7", "Closed"),
        ]
    );
    let ordered =
        get(&sandbox, "/api/now/stats/incident?sysparm_count=true&sysparm_group_by=state&sysparm_order_by=COUNT^DESC")
            .await
            .rows();
    assert_eq!(ordered[0]["stats"]["count"], "3");
    assert_eq!(ordered.last().unwrap()["stats"]["count"], "1");
    assert_eq!(get(&sandbox, "/api/now/stats/nonsense").await.status, 400);
}

#[tokio::test]
async fn ordering_creates_request_item_and_task() {
    let sandbox = sandbox();
    let items = get(&sandbox, "/api/sn_sc/servicecatalog/items").await.rows();
    let id = |name: &str| {
        let item = items.iter().find(|item| item["name"] == name).unwrap();
        item["sys_id"].as_str().unwrap().to_owned()
    };
    let laptop = id("Standard Laptop");
    let ordered = call(&sandbox, "POST", &format!("/api/sn_sc/servicecatalog/items/{laptop}/order_now"))
        .user("itil")
        .json(json!({"sysparm_quantity": 2, "variables": {"colour": "blue"}}))
        .send()
        .await;
    assert_eq!(ordered.status, 200, "{}", ordered.text());
    let result = ordered.result();
    assert_eq!(result["table"], "sc_request");
    assert_eq!(result["number"], "REQ0010001");
    assert_eq!(result["request_number"], result["number"]);
    assert_eq!(result["request_id"], result["sys_id"]);
    let request = result["sys_id"].as_str().unwrap();
    let rows =
        query(&sandbox, "sc_request", &format!("sys_id={request}"), "requested_for.user_name,request_state").await;
    assert_eq!(rows, [json!({"requested_for.user_name": "itil", "request_state": "requested"})]);
    let rows =
        query(&sandbox, "sc_req_item", &format!("request={request}"), "quantity,cat_item.name,description").await;
    assert_eq!(rows, [json!({"quantity": "2", "cat_item.name": "Standard Laptop", "description": "colour: blue"})]);
    assert_eq!(query(&sandbox, "sc_task", &format!("request={request}"), "number").await.len(), 1);
    let refused = call(&sandbox, "POST", &format!("/api/sn_sc/servicecatalog/items/{laptop}/order_now"))
        .json(json!({}))
        .send()
        .await;
    assert_eq!(refused.status, 400, "a quantity is required");
    let cart = call(&sandbox, "POST", &format!("/api/sn_sc/v1/servicecatalog/items/{laptop}/add_to_cart"))
        .json(json!({"sysparm_quantity": "1"}))
        .send()
        .await;
    assert_eq!(cart.result()["items"].as_array().unwrap().len(), 1);
    let submitted = call(&sandbox, "POST", "/api/sn_sc/servicecatalog/cart/submit_order").send().await;
    assert_eq!(submitted.result()["request_number"], "REQ0010002");
    let produced =
        call(&sandbox, "POST", &format!("/api/sn_sc/servicecatalog/items/{}/submit_producer", id("Report an issue")))
            .json(json!({"variables": {"short_description": "from the portal"}}))
            .send()
            .await
            .result();
    assert_eq!(produced["table"], "incident");
    let rows = query(
        &sandbox,
        "incident",
        &format!("number={}", produced["number"].as_str().unwrap()),
        "short_description,caller_id.user_name",
    )
    .await;
    assert_eq!(rows, [json!({"short_description": "from the portal", "caller_id.user_name": "admin"})]);
}

/// D: c_ImportSetAPI, the page's example.
#[tokio::test]
async fn import_sets_insert_and_then_update() {
    let sandbox = sandbox();
    let import = |body: Value| call(&sandbox, "POST", "/api/now/import/imp_user").json(body).send();
    let john = json!({"first_name": "John", "last_name": "Public", "user_id": "john.public", "email": "john.public@company.com"});
    let created = import(john.clone()).await;
    assert_eq!(created.status, 201);
    let result = created.json()["result"][0].clone();
    assert_eq!((&result["status"], &result["display_value"]), (&json!("inserted"), &json!("John Public")));
    assert_eq!(created.json()["staging_table"], "imp_user");
    assert_eq!(import(john).await.json()["result"][0]["status"], "updated");
    assert_eq!(import(json!({"user_id": 5})).await.status, 400);
    let users = query(&sandbox, "sys_user", "user_name=john.public", "name,email").await;
    assert_eq!(users, [json!({"name": "John Public", "email": "john.public@company.com"})]);
}

#[tokio::test]
async fn plugins_may_be_absent() {
    let sandbox = vendor_sandbox::servicenow::Sandbox::builder().customer_service(false).build().unwrap();
    let answer = get(&sandbox, "/api/now/table/customer_account").await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.error().0, "Invalid table customer_account");
    assert_eq!(get(&sandbox, "/api/now/table/core_company").await.rows().len(), 2);
    let with = crate::client::sandbox();
    assert_eq!(get(&with, "/api/now/table/customer_contact").await.rows().len(), 3);
}
