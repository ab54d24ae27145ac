//! Jira's answers against Atlassian's own OpenAPI document, read from the folder that
//! `VENDOR_SPECS_DIR` names (wire S1).

use jsonschema::{Draft, Validator};
use serde_json::{Value, json};
use vendor_sandbox::jira::Sandbox;

use crate::client::call;
use crate::jira_search::cloud;
use crate::openapi::{self, nullable, read};

/// Where our answer and the document disagree: a part of the error's place, and the fact that
/// overrides the document.
const EXCEPTIONS: &[(&str, &str)] = &[
    // The document's own example has `"from":null` where its schema wants a string.
    ("/items/", "/from"),
    ("/items/", "/to"),
    // The schema forbids every member: `additionalProperties: false` beside `anyOf`, without properties.
    ("/structure/where", ""),
];

fn document() -> Option<Value> {
    let mut document = read("jira-platform-v3.json.gz")?;
    nullable(&mut document);
    Some(document)
}

/// The validator of an answer; `None` when the document gives it no body.
fn validator(document: &Value, template: &str, method: &str, status: u16) -> Option<Validator> {
    let mut schema = openapi::schema(document, template, method, status);
    if schema.is_null() && status >= 400 {
        // Where the document gives a refusal no body, it is the one that it gives the others.
        schema = json!({ "$ref": "#/components/schemas/ErrorCollection" });
    }
    if schema.is_null() {
        return None;
    }
    // Jira writes its moments as `2026-01-07T11:00:00.000+0100`, without the colon that `date-time` wants; so do the
    // document's own examples.
    Some(openapi::validator(document, &schema))
}

struct Exchange {
    method: &'static str,
    template: &'static str,
    path: String,
    body: Option<Value>,
}

fn get(template: &'static str, path: &str) -> Exchange {
    Exchange { method: "GET", template, path: path.to_owned(), body: None }
}

fn send(method: &'static str, template: &'static str, path: &str, body: Value) -> Exchange {
    Exchange { method, template, path: path.to_owned(), body: Some(body) }
}

/// Sends a request and gives what is wrong with the answer.
async fn check(document: &Value, sandbox: &Sandbox, exchange: &Exchange) -> Vec<String> {
    let mut request = call(sandbox, exchange.method, &format!("/rest/api/3/{}", exchange.path));
    if let Some(body) = &exchange.body {
        request = request.json(body.clone());
    }
    let answer = request.send().await;
    let template = format!("/rest/api/3/{}", exchange.template);
    let status = answer.status.as_u16();
    let Some(validator) = validator(document, &template, exchange.method, status) else {
        assert!(answer.status.is_success(), "{template}: {}", answer.text());
        return Vec::new();
    };
    // The document has a schema of anything where the vendor sends nothing.
    let body = if answer.body.is_empty() { Value::Null } else { answer.json() };
    validator
        .iter_errors(&body)
        .map(|error| (error.instance_path().to_string(), error.to_string()))
        .filter(|(place, _)| !EXCEPTIONS.iter().any(|own| place.contains(own.0) && place.contains(own.1)))
        .map(|(place, error)| format!("{} {template} {status} at {place}: {:.300}", exchange.method, error))
        .collect()
}

fn adf(words: &str) -> Value {
    json!({ "type": "doc", "version": 1, "content": [{ "type": "paragraph", "content": [{ "type": "text", "text": words }] }] })
}

#[tokio::test]
async fn what_is_read_validates() {
    let Some(document) = document() else { return };
    let sandbox = cloud();
    let account = sandbox.control().account_id("lena.brandt").unwrap();
    let account = account.replace(':', "%3A");
    let user = format!("user?accountId={account}");
    let bulk = format!("user/bulk?accountId={account}");
    let groups = format!("user/groups?accountId={account}");
    let exchanges = [
        get("serverInfo", "serverInfo"),
        get("myself", "myself?expand=groups"),
        get("mypermissions", "mypermissions?permissions=BROWSE_PROJECTS,ADMINISTER"),
        get("field", "field"),
        get("field/search", "field/search"),
        get("status", "status"),
        get("status/{idOrName}", "status/3"),
        get("statuses/search", "statuses/search"),
        get("statuscategory", "statuscategory"),
        get("priority", "priority"),
        get("priority/search", "priority/search"),
        get("priority/{id}", "priority/1"),
        get("resolution", "resolution"),
        get("resolution/search", "resolution/search"),
        get("resolution/{id}", "resolution/10000"),
        get("issuetype", "issuetype"),
        get("issuetype/project", "issuetype/project?projectId=10000"),
        get("issuetype/{id}", "issuetype/10000"),
        get("project", "project"),
        get("project/search", "project/search?expand=description,lead"),
        get("project/{projectIdOrKey}", "project/IT"),
        get("project/{projectIdOrKey}/statuses", "project/HELP/statuses"),
        get("project/{projectIdOrKey}/components", "project/HELP/components"),
        get("project/{projectIdOrKey}/component", "project/HELP/component"),
        get("project/{projectIdOrKey}/versions", "project/IT/versions"),
        get("project/{projectIdOrKey}/version", "project/IT/version"),
        get("component/{id}", "component/10500"),
        get("version/{id}", "version/10600"),
        get("label", "label?maxResults=2"),
        get("issueLinkType", "issueLinkType"),
        get("issueLinkType/{issueLinkTypeId}", "issueLinkType/10000"),
        get("attachment/meta", "attachment/meta"),
        get("users/search", "users/search"),
        get("user", &user),
        get("user/bulk", &bulk),
        get("user/groups", &groups),
        get("user/search", "user/search?query=a"),
        get("user/assignable/search", "user/assignable/search?project=HELP"),
        get("user/picker", "user/picker?query=a"),
        get("group/bulk", "group/bulk"),
        get("group", "group?groupname=IT&expand=users"),
        get("group/member", "group/member?groupname=IT%20Help%20Desk"),
        get("groups/picker", "groups/picker"),
        get(
            "search/jql",
            "search/jql?jql=project=HELP&fields=*all&expand=names,schema,changelog,transitions,renderedFields,editmeta",
        ),
        get("search/jql", "search/jql?jql=project=HELP&maxResults=2"),
        get("search/jql", "search/jql?jql=project=NONE"),
        get("jql/autocompletedata", "jql/autocompletedata"),
        get(
            "issue/{issueIdOrKey}",
            "issue/HELP-3?expand=names,schema,changelog,transitions,renderedFields,editmeta,operations",
        ),
        get("issue/{issueIdOrKey}", "issue/HELP-999"),
        get("issue/{issueIdOrKey}/editmeta", "issue/HELP-3/editmeta"),
        get("issue/{issueIdOrKey}/transitions", "issue/HELP-3/transitions?expand=transitions.fields"),
        get("issue/{issueIdOrKey}/comment", "issue/HELP-3/comment?expand=renderedBody,properties"),
        get("issue/{issueIdOrKey}/changelog", "issue/HELP-3/changelog"),
        get("issue/{issueIdOrKey}/watchers", "issue/HELP-3/watchers"),
        get("issue/createmeta", "issue/createmeta?expand=projects.issuetypes.fields"),
        get("issue/createmeta/{projectIdOrKey}/issuetypes", "issue/createmeta/HELP/issuetypes"),
        get("issue/createmeta/{projectIdOrKey}/issuetypes/{issueTypeId}", "issue/createmeta/HELP/issuetypes/10100"),
    ];
    let mut wrong = Vec::new();
    for exchange in &exchanges {
        wrong.extend(check(&document, &sandbox, exchange).await);
    }
    assert!(wrong.is_empty(), "{} errors\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test]
async fn what_is_written_validates() {
    let Some(document) = document() else { return };
    let sandbox = cloud();
    let fields = json!({ "project": { "key": "HELP" }, "issuetype": { "id": "10100" }, "summary": "s", "description": adf("d") });
    let link = json!({ "type": { "name": "Blocks" }, "inwardIssue": { "key": "HELP-1" }, "outwardIssue": { "key": "HELP-2" } });
    let exchanges = [
        send("POST", "issue", "issue", json!({ "fields": fields })),
        send("POST", "issue", "issue", json!({ "fields": {} })),
        send("POST", "issue/bulk", "issue/bulk", json!({ "issueUpdates": [{ "fields": fields }, { "fields": {} }] })),
        send("POST", "issue/bulkfetch", "issue/bulkfetch", json!({ "issueIdsOrKeys": ["HELP-1", "HELP-999"] })),
        send("PUT", "issue/{issueIdOrKey}", "issue/HELP-1?returnIssue=true", json!({ "fields": { "labels": ["x"] } })),
        send("PUT", "issue/{issueIdOrKey}/assignee", "issue/HELP-1/assignee", json!({ "accountId": null })),
        send("POST", "issue/{issueIdOrKey}/comment", "issue/HELP-1/comment", json!({ "body": adf("hello") })),
        send("POST", "issue/{issueIdOrKey}/comment", "issue/HELP-1/comment", json!({ "body": "plain" })),
        send(
            "POST",
            "issue/{issueIdOrKey}/transitions",
            "issue/HELP-8/transitions",
            json!({ "transition": { "id": "31" } }),
        ),
        send("POST", "issueLink", "issueLink", link),
        send("PUT", "issue/{issueIdOrKey}/properties/{propertyKey}", "issue/HELP-1/properties/k", json!({ "a": 1 })),
        get("issue/{issueIdOrKey}/properties/{propertyKey}", "issue/HELP-1/properties/k"),
        get("issue/{issueIdOrKey}/properties", "issue/HELP-1/properties"),
        send("POST", "search/jql", "search/jql", json!({ "jql": "project = HELP", "fields": ["*all"] })),
        send("POST", "search/jql", "search/jql", json!({ "jql": "project =" })),
        send("POST", "search/approximate-count", "search/approximate-count", json!({ "jql": "project = HELP" })),
        send(
            "POST",
            "jql/parse",
            "jql/parse?validation=strict",
            json!({ "queries": ["project = HELP and status in (Open, Closed) order by key", "x ="] }),
        ),
        send("POST", "jql/match", "jql/match", json!({ "issueIds": [10_001], "jqls": ["project = HELP"] })),
    ];
    let mut wrong = Vec::new();
    for exchange in &exchanges {
        wrong.extend(check(&document, &sandbox, exchange).await);
    }
    assert!(wrong.is_empty(), "{} errors\n{}", wrong.len(), wrong.join("\n"));
}

/// Every text of the company as ADF, and what v2 clients wrote, against the official schema (wire S3).
#[tokio::test]
async fn rich_text_validates() {
    let Some(schema) = read("adf-schema.json.gz") else { return };
    let validator = jsonschema::options().with_draft(Draft::Draft4).build(&schema).unwrap();
    let sandbox = cloud();
    let wiki = "h2. T\n\n*b* _i_ -s- +u+ {{m}} [l|https://example.com]\n\n* one\n* two\n\n# a\n\n{code:rust}\nx\n{code}\n\n{quote}\nq\n{quote}\n\n----";
    let written = json!({ "fields": { "description": wiki } });
    assert_eq!(call(&sandbox, "PUT", "/rest/api/2/issue/HELP-1").json(written).send().await.status, 204);
    let found =
        call(&sandbox, "POST", "/rest/api/3/search/jql").json(json!({ "jql": "project = HELP", "fields": ["*all"] }));
    let found = found.send().await.json();
    let mut seen = 0;
    for issue in found["issues"].as_array().unwrap() {
        let fields = &issue["fields"];
        let comments = fields["comment"]["comments"].as_array().unwrap().iter().map(|own| &own["body"]);
        let texts = [&fields["description"], &fields["customfield_10032"]].into_iter().chain(comments);
        for text in texts.filter(|text| !text.is_null()) {
            seen += 1;
            let wrong: Vec<String> = validator.iter_errors(text).map(|error| error.to_string()).collect();
            assert!(wrong.is_empty(), "{}: {text}\n{}", issue["key"], wrong.join("\n"));
            let same = json!({ "fields": { "description": text } });
            let back = call(&sandbox, "PUT", "/rest/api/3/issue/HELP-2").json(same).send().await;
            assert_eq!(back.status, 204, "what we show, we take: {text}");
        }
    }
    assert!(seen > 25, "{seen}");
}
