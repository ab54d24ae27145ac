//! Requests as other people's clients send them (`conformance-tests/witnesses/servicenow`), served as the vendor's pages say.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::client::{call, get, ids, sandbox};

const INCIDENTS: &str = "/api/now/table/incident";

/// What pysnow sends along with everything, whatever the method: the parameters of its last listing.
const PYSNOW: &str = "sysparm_query=numberSTARTSWITHINC001&sysparm_limit=5&sysparm_offset=0&sysparm_display_value=False\
                      &sysparm_suppress_pagination_header=False&sysparm_exclude_reference_link=False&sysparm_view=&sysparm_fields=";

/// D: c_TableAPI lists for POST, PUT and PATCH no `sysparm_query`, `sysparm_limit` or `sysparm_offset`.
#[tokio::test]
async fn a_write_takes_no_notice_of_a_listings_parameters() {
    let sandbox = sandbox();
    let caller =
        get(&sandbox, "/api/now/table/sys_user?user_name=greta@boreal.example").await.rows()[0]["sys_id"].clone();
    let body = json!({"short_description": "x", "caller_id": caller});
    let created = call(&sandbox, "POST", &format!("{INCIDENTS}?{PYSNOW}")).json(body).send().await;
    assert_eq!(created.status, 201);
    let created = created.result();
    assert_eq!(created["state"], "1", "plain values");
    assert!(created["caller_id"]["link"].is_string(), "links are kept");
    assert!(created.as_object().unwrap().len() > 60, "an empty list of fields is no list");
    let id = created["sys_id"].as_str().unwrap();
    for method in ["PUT", "PATCH"] {
        let changed =
            call(&sandbox, method, &format!("{INCIDENTS}/{id}?{PYSNOW}")).json(json!({"urgency": "1"})).send().await;
        assert_eq!(changed.status, 200);
        assert_eq!(changed.result()["urgency"], "1");
    }
    assert_eq!(call(&sandbox, "DELETE", &format!("{INCIDENTS}/{id}?{PYSNOW}")).send().await.status, 204);
    assert_eq!(get(&sandbox, &format!("{INCIDENTS}/{id}")).await.status, 404);
}

/// D: `sysparm_fields` counts on POST too: it narrows the answer, and not what is stored.
#[tokio::test]
async fn a_write_is_told_in_the_fields_asked_for() {
    let sandbox = sandbox();
    let created = call(&sandbox, "POST", &format!("{INCIDENTS}?sysparm_fields=number,sys_id"))
        .json(json!({"short_description": "kept"}))
        .send()
        .await
        .result();
    assert_eq!(created.as_object().unwrap().len(), 2);
    let id = created["sys_id"].as_str().unwrap();
    assert_eq!(get(&sandbox, &format!("{INCIDENTS}/{id}")).await.result()["short_description"], "kept");
}

#[tokio::test]
async fn booleans_are_read_in_any_case_and_an_empty_value_is_the_default() {
    let sandbox = sandbox();
    for (value, on) in [("true", true), ("True", true), ("TRUE", true), ("false", false), ("False", false), ("", false)]
    {
        let list = get(
            &sandbox,
            &format!(
                "{INCIDENTS}?sysparm_limit=3&sysparm_no_count={value}&sysparm_suppress_pagination_header={value}\
                 &sysparm_exclude_reference_link={value}&sysparm_query=opened_byISNOTEMPTY"
            ),
        )
        .await;
        assert_eq!(list.header("x-total-count").is_none(), on, "{value:?}");
        assert_eq!(list.header("link").is_none(), on, "{value:?}");
        assert_eq!(list.rows()[0]["opened_by"].is_string(), on, "{value:?}");
    }
    for (value, state) in [("True", json!("Resolved")), ("False", json!("6")), ("", json!("6"))] {
        let list = get(&sandbox, &format!("{INCIDENTS}?number=INC0010002&sysparm_display_value={value}")).await.rows();
        assert_eq!(list[0]["state"], state, "{value:?}");
    }
    let all = get(&sandbox, &format!("{INCIDENTS}?sysparm_limit=&sysparm_offset=&sysparm_query=&sysparm_view=")).await;
    assert_eq!((all.status.as_u16(), all.rows().len()), (200, 12), "no limit, from the first, without a query");
}

/// D: name-value pairs are "mutually exclusive" with `sysparm_query`; and an invalid part of a query is ignored.
#[tokio::test]
async fn an_uploads_parameters_beside_a_listing_change_nothing() {
    let sandbox = sandbox();
    let left_over = "table_name=incident&table_sys_id=287ebd7da9fe198100f92cc8d1d2154e&file_name=a.txt";
    let count = async |query: &str| get(&sandbox, &format!("{INCIDENTS}?{query}&{left_over}")).await.rows().len();
    assert_eq!(count("sysparm_query=number%3DINC0010001").await, 1);
    assert_eq!(count("sysparm_query=").await, 12);
}

/// D: c_AttachmentAPI knows `sysparm_query`, `sysparm_limit` and `sysparm_offset` for a list, and no name-value pairs.
#[tokio::test]
async fn attachments_are_narrowed_by_a_query_alone() {
    let sandbox = sandbox();
    let path = "/api/now/attachment";
    let all = get(&sandbox, path).await.rows().len();
    assert!(all > 0);
    let aiosnow = "sysparm_offset=0&sysparm_limit=10000&sysparm_query=&sysparm_display_value=all\
                   &sysparm_fields=sys_id,file_name&table_name=nowhere";
    let list = get(&sandbox, &format!("{path}?{aiosnow}")).await.rows();
    assert_eq!(list.len(), all);
    // It knows no display values and no list of fields either.
    assert!(list[0]["download_link"].is_string());
    let none = get(&sandbox, &format!("{path}?sysparm_query=table_name%3Dnowhere&table_name=incident")).await;
    assert_eq!(none.rows().len(), 0);
}

/// D: c_AggregateAPI takes name-value pairs; the rest of a listing's parameters means nothing there.
#[tokio::test]
async fn statistics_count_whatever_the_page() {
    let sandbox = sandbox();
    let count = async |query: &str| {
        let answer = get(&sandbox, &format!("/api/now/stats/incident?sysparm_count=true&{query}")).await;
        answer.result()["stats"]["count"].as_str().unwrap().to_owned()
    };
    assert_eq!(count(PYSNOW).await, "12");
    assert_eq!(count("state=7").await, "2");
    assert_eq!(count("state=closed").await, "2");
}

/// S:pysnc numbers its batches with a number, and compares the answer's id as a string.
#[tokio::test]
async fn a_batch_with_a_number_is_answered_with_a_string() {
    let sandbox = sandbox();
    let id = ids(&sandbox).await["INC0010002"].clone();
    let request =
        json!({"id": 140_234_u64, "method": "GET", "url": format!("{INCIDENTS}/{id}?{PYSNOW}"), "headers": []});
    let answer = call(&sandbox, "POST", "/api/now/v1/batch")
        .json(json!({"batch_request_id": 1, "rest_requests": [request]}))
        .send()
        .await
        .json();
    assert_eq!(answer["batch_request_id"], "1");
    let inner = &answer["serviced_requests"][0];
    assert_eq!((inner["id"].as_str(), inner["status_code"].as_u64()), (Some("140234"), Some(200)));
    let body: serde_json::Value =
        serde_json::from_slice(&STANDARD.decode(inner["body"].as_str().unwrap()).unwrap()).unwrap();
    assert_eq!(body["result"]["number"], "INC0010002");
}

/// pysnow's `multipart=True` sends the file's bytes as a form without a boundary: there is no form in them.
#[tokio::test]
async fn a_form_without_a_boundary_is_refused() {
    let sandbox = sandbox();
    let id = ids(&sandbox).await["INC0010002"].clone();
    let path = format!("/api/now/attachment/upload?table_name=incident&table_sys_id={id}&file_name=a.txt");
    let refused =
        call(&sandbox, "POST", &path).header("content-type", "multipart/form-data").raw("some text").send().await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.error().0, "Exception while reading request");
}
