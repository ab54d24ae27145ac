//! Jira: what JQL finds, and how it is refused (wire A5).

use serde_json::json;

use crate::client::call;
use crate::jira_search::{ask, cloud, keys, messages, server};

async fn count(sandbox: &vendor_sandbox::jira::Sandbox, jql: &str) -> usize {
    keys(sandbox, jql).await.len()
}

#[tokio::test]
async fn fields_operators_and_functions() {
    let sandbox = cloud();
    let amara = sandbox.control().account_id("amara.okafor").unwrap();
    for (jql, expected) in [
        ("project = HELP", 14),
        ("project = \"IT\"", 0),
        ("project in (HELP, \"Internal Tools\")", 14),
        ("status = Open", 3),
        ("status in (Resolved, Closed)", 4),
        ("statusCategory = Done", 5),
        ("statusCategory != done", 9),
        ("resolution = Unresolved", 10),
        ("resolution = Duplicate", 1),
        ("priority = Highest", 2),
        ("priority > Medium", 5),
        ("issuetype = \"[System] Problem\"", 1),
        ("issuetype in subtaskIssueTypes()", 1),
        ("labels = network", 3),
        ("labels = \"été_2026\"", 1),
        ("labels is EMPTY", 9),
        ("labels != network", 2),
        ("not labels = network", 2),
        ("not (labels = network or labels is empty)", 2),
        ("assignee is EMPTY", 3),
        ("parent = HELP-13", 1),
        ("duedate <= \"2026-02-10\"", 2),
        ("due is not empty", 3),
        ("key in (HELP-1, help-2)", 2),
        ("id > 10010", 4),
        ("key <= HELP-3", 3),
        ("\"Assigned group\" = \"IT Help Desk\"", 8),
        ("organizations = \"Boreal Freight GmbH\"", 2),
        ("cf[10031] ~ \"\\\"ALERT-1001\\\"\"", 1),
        ("\"Request Type\" = \"Report a broken service\"", 11),
        ("text ~ \"vpn\"", 1),
        ("summary ~ \"VPN drops\"", 1),
        ("comment ~ cartridge", 1),
        ("issueLinkType = duplicates", 2),
        ("issue in linkedIssues(HELP-8)", 1),
        ("status was \"In Progress\" and status = Closed", 1),
        ("priority changed", 1),
        ("attachments is not empty", 1),
        ("watcher is not empty", 3),
    ] {
        assert_eq!(count(&sandbox, jql).await, expected, "{jql}");
    }
    assert_eq!(count(&sandbox, &format!("assignee = \"{amara}\"")).await, 2);
    assert_eq!(count(&sandbox, &format!("assignee != \"{amara}\"")).await, 9, "empty ones are passed over");
    assert_eq!(count(&sandbox, "assignee in membersOf(\"IT Help Desk\")").await, 6);
    assert_eq!(count(&sandbox, "creator = currentUser()").await, 0);
}

/// wire A5: minutes, in the caller's zone. The site's zone is Berlin, one hour ahead.
#[tokio::test]
async fn dates_are_read_in_the_callers_zone() {
    let sandbox = cloud();
    // HELP-3 was changed at 12:00 UTC.
    assert_eq!(keys(&sandbox, "updated = \"2026-01-07 13:00\"").await, ["HELP-3"]);
    assert_eq!(count(&sandbox, "updated = \"2026-01-07 12:00\"").await, 0);
    sandbox.control().set_zone("admin", "America/New_York".parse().unwrap()).unwrap();
    assert_eq!(keys(&sandbox, "updated = \"2026/01/07 07:00\"").await, ["HELP-3"]);
    assert_eq!(count(&sandbox, "updated >= 1767787200000 and updated < 1767787260000").await, 1, "epoch milliseconds");
    assert_eq!(count(&sandbox, "created >= startOfMonth() and created <= endOfMonth()").await, 14);
    assert_eq!(count(&sandbox, "created >= -2w").await, 5);
    let shown = crate::client::get(&sandbox, "/rest/api/3/issue/HELP-3?fields=updated").await.json();
    assert_eq!(shown["fields"]["updated"], "2026-01-07T07:00:00.000-0500");
}

#[tokio::test]
async fn refusals_are_worded_as_the_vendor_words_them() {
    let sandbox = cloud();
    for (jql, message) in [
        (
            "project = IT",
            "'IT' is a reserved JQL word. You must surround it in quotation marks to use it in a query. (line 1, character 11)",
        ),
        ("project = HELP status = Open", "Expecting either 'OR' or 'AND' but got 'status'. (line 1, character 16)"),
        ("summary = x", "The operator '=' is not supported by the 'summary' field."),
        ("status ~ Open", "The operator '~' is not supported by the 'status' field."),
        ("updated > \"2026-01-07 12:00:30\"", "Date value '2026-01-07 12:00:30' for field 'updated' is invalid."),
        ("assignee = nobody()", "Unable to find JQL function 'nobody()'."),
        ("assignee = amara.okafor", "The value 'amara.okafor' does not exist for the field 'assignee'."),
        ("assignee in ()", "Expecting either a value, list or function but got ')'."),
        ("key = HELP-999", "An issue with key 'HELP-999' does not exist for field 'key'."),
        ("text ~ \"a AND\"", "Unable to parse the text 'a AND' for field 'text'."),
        ("project = HELP # x", "The character '#' is a reserved JQL character."),
    ] {
        let answer = ask(&sandbox, json!({ "jql": jql })).send().await;
        assert_eq!(answer.status, 400, "{jql}: {}", answer.text());
        assert!(messages(&answer).contains(message), "{jql}: {}", answer.text());
    }
}

#[tokio::test]
async fn order_is_kept_and_empty_values_come_last() {
    let sandbox = cloud();
    assert_eq!(keys(&sandbox, "project = HELP ORDER BY key ASC").await[13], "HELP-14");
    assert_eq!(keys(&sandbox, "project = HELP ORDER BY key DESC").await[0], "HELP-14");
    assert_eq!(keys(&sandbox, "project = HELP ORDER BY duedate ASC, key").await[..3], ["HELP-11", "HELP-6", "HELP-12"]);
    let by_priority = keys(&sandbox, "project = HELP ORDER BY priority, key").await;
    assert_eq!(by_priority[..2], ["HELP-8", "HELP-9"]);
}

#[tokio::test]
async fn a_data_center_knows_people_by_name() {
    let sandbox = server();
    let found = call(&sandbox, "POST", "/rest/api/2/search")
        .json(json!({ "jql": "assignee = amara.okafor", "fields": ["key"] }));
    assert_eq!(found.send().await.json()["total"], 2);
}

#[tokio::test]
async fn queries_are_parsed_on_request() {
    let sandbox = cloud();
    let body = json!({ "queries": ["project = HELP order by created", "project =", "project = NONE"] });
    let answer = call(&sandbox, "POST", "/rest/api/3/jql/parse?validation=strict").json(body).send().await.json();
    assert_eq!(answer["queries"][0]["structure"]["where"]["field"]["name"], "project");
    assert!(answer["queries"][1]["errors"][0].as_str().unwrap().starts_with("Error in JQL Query"));
    assert!(answer["queries"][2]["errors"][0].as_str().unwrap().contains("'NONE' does not exist"));
}
