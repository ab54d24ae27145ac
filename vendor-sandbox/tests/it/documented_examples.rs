//! The vendor's own examples, read from the folder that `VENDOR_SPECS_DIR` names.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;

use serde_json::Value;

use crate::client::{Answer, call, get, ids, sandbox};

/// A page of `servicenow-docs`, or nothing where the folder is not set.
pub(crate) fn page(name: &str) -> Option<String> {
    let Some(folder) = std::env::var_os("VENDOR_SPECS_DIR") else {
        // Past the capture of test output: what is not tested must be seen.
        let _ = writeln!(std::io::stderr(), "\nskipped: VENDOR_SPECS_DIR is not set");
        return None;
    };
    let path = PathBuf::from(folder).join("servicenow-docs").join(name);
    Some(std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

/// The JSON blocks of a page.
fn examples(name: &str) -> Option<Vec<Value>> {
    let text = page(name)?;
    let blocks = text.split("```").skip(1).step_by(2);
    Some(blocks.filter_map(|block| serde_json::from_str(block).ok()).collect())
}

fn shape(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "string",
        Value::Object(_) => "object",
        Value::Array(_) => "array",
        _ => "other",
    }
}

/// Every key of an example must be in our answer, and be a string or a link pair as there; an empty
/// reference is a string on either side.
fn assert_covers(ours: &Value, example: &Value, known_gaps: &[&str]) {
    for (key, value) in example.as_object().unwrap() {
        if known_gaps.contains(&key.as_str()) {
            continue;
        }
        let own = ours.get(key).unwrap_or_else(|| panic!("{key} is missing"));
        if let (Value::Object(pair), Value::Object(own)) = (value, own) {
            assert_eq!(pair.keys().collect::<BTreeSet<_>>(), own.keys().collect::<BTreeSet<_>>(), "{key}");
        }
        assert!(matches!(shape(own), "string" | "object"), "{key} is {own}");
    }
}

/// The example record of the page that has this field.
fn record<'a>(examples: &'a [Value], field: &str) -> &'a Value {
    examples
        .iter()
        .map(|example| match &example["result"] {
            Value::Array(rows) => &rows[0],
            other => other,
        })
        .find(|record| record.get(field).is_some())
        .unwrap()
}

#[tokio::test]
async fn table_api_records_have_the_documented_fields() {
    let Some(examples) = examples("c_TableAPI.md") else { return };
    assert!(examples.len() >= 4, "{}", examples.len());
    let sandbox = sandbox();
    let all = ids(&sandbox).await;
    let problem = get(&sandbox, &format!("/api/now/table/problem/{}", all["PRB0010001"])).await.result();
    let incident = get(&sandbox, &format!("/api/now/table/incident/{}", all["INC0010002"])).await.result();
    let documented = record(&examples, "number");
    assert_eq!(documented["number"], "PRB0000050");
    assert_covers(&problem, documented, &[]);
    assert_covers(&incident, record(&examples, "incident_state"), &[]);
    // The domain is a reference into sys_user_group on the page.
    assert!(incident["sys_domain"]["link"].as_str().unwrap().ends_with("/sys_user_group/global"));
}

/// The page's POST, sent as it stands there: what is derived must be what is documented.
#[tokio::test]
async fn the_documented_insert_gives_the_documented_values() {
    let Some(examples) = examples("c_TableAPI.md") else { return };
    let documented = examples
        .iter()
        .map(|example| &example["result"])
        .find(|record| record["number"] == "INC0010002")
        .expect("the answer of POST");
    let sandbox = sandbox();
    let created = call(&sandbox, "POST", "/api/now/table/incident")
        .header("content-type", "application/json")
        .raw("{'short_description':'Unable to connect to office wifi','assignment_group':'287ebd7da9fe198100f92cc8d1d2154e','urgency':'2','impact':'2'}")
        .send()
        .await;
    assert_eq!(created.status, 201);
    let ours = created.result();
    for (key, value) in documented.as_object().unwrap() {
        // Times, ids and people are those of the page's instance.
        let own_world = ["number", "sys_id", "caller_id", "company", "location"].contains(&key.as_str())
            || key.starts_with("sys_")
            || key.starts_with("opened_");
        if value.is_string() && !own_world {
            // The page's instance leaves counters and durations empty where ours start at zero.
            let zero = value == "" && ours[key] == "0";
            assert!(zero || ours[key] == *value, "{key}: {} instead of {value}", ours[key]);
        }
    }
}

#[tokio::test]
async fn attachment_metadata_has_the_documented_fields() {
    let Some(examples) = examples("c_AttachmentAPI.md") else { return };
    let sandbox = sandbox();
    let list = get(&sandbox, "/api/now/attachment?sysparm_limit=1").await.rows();
    let documented = record(&examples, "download_link");
    assert_covers(&list[0], documented, &[]);
    let extra: Vec<_> = list[0].as_object().unwrap().keys().filter(|key| documented.get(key).is_none()).collect();
    assert_eq!(extra, ["hash"], "S:itsm reads it, the page does not show it");
}

#[tokio::test]
async fn statistics_have_the_documented_shape() {
    let Some(examples) = examples("c_AggregateAPI.md") else { return };
    let documented = &examples[0]["result"][0];
    let sandbox = sandbox();
    let answer: Answer = get(
        &sandbox,
        "/api/now/stats/incident?sysparm_avg_fields=reassignment_count%2Cbusiness_stc&sysparm_group_by=assignment_group",
    )
    .await;
    let ours = &answer.rows()[0];
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(ours), keys(documented));
    assert_eq!(keys(&ours["stats"]["avg"]), keys(&documented["stats"]["avg"]));
    assert_eq!(keys(&ours["groupby_fields"][0]), keys(&documented["groupby_fields"][0]));
    assert_eq!(ours["stats"]["avg"]["reassignment_count"], "0.0000");
}

#[tokio::test]
async fn import_sets_answer_as_documented() {
    let Some(examples) = examples("c_ImportSetAPI.md") else { return };
    let documented = examples.iter().find(|example| example["import_set"].is_string()).unwrap();
    let sandbox = sandbox();
    let ours = call(&sandbox, "POST", "/api/now/import/imp_user")
        .header("content-type", "application/json")
        .raw("{'first_name':'John','last_name':'Public','user_id':'john.public','email':'john.public@company.com'}")
        .send()
        .await
        .json();
    for key in ["import_set", "staging_table"] {
        assert_eq!(ours[key], documented[key]);
    }
    for key in ["transform_map", "table", "display_name", "display_value", "status"] {
        assert_eq!(ours["result"][0][key], documented["result"][0][key], "{key}");
    }
    assert_covers(&ours["result"][0], &documented["result"][0], &[]);
}

/// The rate limit page's error, word for word.
#[tokio::test]
async fn the_rate_limit_error_is_the_documented_one() {
    let Some(examples) = examples("inbound-REST-API-rate-limiting.md") else { return };
    let sandbox = sandbox();
    call(&sandbox, "POST", "/api/now/table/sys_rate_limit_rules")
        .json(serde_json::json!({"resource": "/now/table/incident", "request_limit": "100"}))
        .send()
        .await;
    for _ in 0..100 {
        assert_eq!(get(&sandbox, "/api/now/table/incident?sysparm_limit=1").await.status, 200);
    }
    let refused = get(&sandbox, "/api/now/table/incident?sysparm_limit=1").await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.json(), examples[0]);
}
