//! Generated tickets: many of them, and pages that do not sort them all.

use vendor_sandbox::servicenow::Sandbox;

use crate::client::{call, column, get};

#[tokio::test]
async fn generated_tickets_are_ordinary_incidents() {
    let sandbox = Sandbox::builder().seed(1).tickets(2000).build().unwrap();
    let state = sandbox.control().state();
    assert_eq!(state.counts["incident"], 2012);
    let rows = get(
        &sandbox,
        "/api/now/table/incident?sysparm_query=numberSTARTSWITHINC1^ORDERBYnumber&sysparm_exclude_reference_link=true",
    )
    .await
    .rows();
    assert_eq!(rows.len(), 2000);
    assert_eq!(rows[0]["number"], "INC1000001");
    for row in &rows {
        assert!(row["sys_created_on"].as_str() <= row["sys_updated_on"].as_str());
        assert!(row["sys_updated_on"].as_str() <= Some("2026-02-01 00:00:00"));
        assert_eq!(row["resolved_at"] == "", !matches!(row["state"].as_str().unwrap(), "6" | "7"));
        assert_eq!(row["assigned_to"].as_str().unwrap().len(), 32);
    }
    let dangling = get(
        &sandbox,
        "/api/now/stats/incident?sysparm_count=true&sysparm_query=numberSTARTSWITHINC1^assigned_to.nameISEMPTY",
    )
    .await;
    assert_eq!(dangling.result()["stats"]["count"], "0");
    let next = call(&sandbox, "POST", "/api/now/table/incident").json(serde_json::json!({})).send().await;
    assert_eq!(next.result()["number"], "INC1002001");
}

#[tokio::test]
async fn indexes_follow_updates_and_deletes() {
    let sandbox = Sandbox::builder().seed(1).tickets(1500).build().unwrap();
    let control = sandbox.control();
    let all = control.find("incident", "").unwrap();
    for (index, id) in all.iter().enumerate() {
        match index % 3 {
            0 => control.delete("admin", "incident", id).unwrap(),
            1 => {
                control.advance(1).unwrap();
                control
                    .update("admin", "incident", id, serde_json::json!({"correlation_id": index.to_string()}))
                    .unwrap();
            }
            _ => {}
        }
    }
    let page = async |order: &str, field: &str| {
        let path = format!("/api/now/table/incident?sysparm_query={order}&sysparm_fields={field}");
        column(&get(&sandbox, &path).await.rows(), field)
    };
    for (order, field) in
        [("ORDERBYsys_id", "sys_id"), ("ORDERBYnumber", "number"), ("ORDERBYsys_updated_on", "sys_updated_on")]
    {
        let values = page(order, field).await;
        let mut sorted = values.clone();
        sorted.sort();
        assert_eq!(values.len(), 1008);
        assert_eq!(values, sorted);
    }
    assert_eq!(control.find("sys_audit_delete", "tablename=incident").unwrap().len(), 504);
}
