//! Jira's answers against Atlassian's own OpenAPI document, read from the folder that
//! `VENDOR_SPECS_DIR` names (wire S1).

use jsonschema::Draft;
use serde_json::{Value, json};
use vendor_sandbox::jira::Sandbox;

use crate::client::call;
use crate::jira_search::cloud;
use crate::openapi::{self, Exchange, Judge, Seen};

struct Sent {
    method: &'static str,
    path: String,
    body: Option<Value>,
}

fn get(path: &str) -> Sent {
    Sent { method: "GET", path: path.to_owned(), body: None }
}

fn send(method: &'static str, path: &str, body: Value) -> Sent {
    Sent { method, path: path.to_owned(), body: Some(body) }
}

/// Sends a request and gives what is wrong with the exchange.
async fn check(judge: &Judge, sandbox: &Sandbox, sent: &Sent) -> Vec<String> {
    let path = match sent.path.starts_with("servicedeskapi/") {
        true => format!("/rest/{}", sent.path),
        false => format!("/rest/api/3/{}", sent.path),
    };
    let mut request = call(sandbox, sent.method, &path);
    if let Some(body) = &sent.body {
        request = request.json(body.clone());
    }
    let answer = request.send().await;
    let (path, query) = path.split_once('?').unwrap_or((&path, ""));
    judge.wrong(&Exchange {
        method: sent.method,
        path,
        query,
        content_type: sent.body.is_some().then_some("application/json"),
        body: sent.body.as_ref().map(Value::to_string).as_deref().map(str::as_bytes),
        answer: Some((answer.status.as_u16(), &answer.body)),
    })
}

fn adf(words: &str) -> Value {
    json!({ "type": "doc", "version": 1, "content": [{ "type": "paragraph", "content": [{ "type": "text", "text": words }] }] })
}

#[tokio::test]
async fn what_is_read_validates() {
    let Some(judge) = openapi::jira() else { return };
    let wrong = read_ones(judge).await;
    assert!(wrong.is_empty(), "{} errors\n{}", wrong.len(), wrong.join("\n"));
}

/// What is wrong with what is read.
async fn read_ones(judge: &Judge) -> Vec<String> {
    let sandbox = cloud();
    let account = sandbox.control().account_id("lena.brandt").unwrap();
    let account = account.replace(':', "%3A");
    let user = format!("user?accountId={account}");
    let bulk = format!("user/bulk?accountId={account}");
    let groups = format!("user/groups?accountId={account}");
    let exchanges = [
        get("serverInfo"),
        get("myself?expand=groups"),
        get("mypermissions?permissions=BROWSE_PROJECTS,ADMINISTER"),
        get("field"),
        get("field/search"),
        get("status"),
        get("status/3"),
        get("statuses/search"),
        get("statuscategory"),
        get("priority"),
        get("priority/search"),
        get("priority/1"),
        get("resolution"),
        get("resolution/search"),
        get("resolution/10000"),
        get("issuetype"),
        get("issuetype/project?projectId=10000"),
        get("issuetype/10000"),
        get("project"),
        get("project/search?expand=description,lead"),
        get("project/IT"),
        get("project/HELP/statuses"),
        get("project/HELP/components"),
        get("project/HELP/component"),
        get("project/IT/versions"),
        get("project/IT/version"),
        get("component/10500"),
        get("version/10600"),
        get("label?maxResults=2"),
        get("issueLinkType"),
        get("issueLinkType/10000"),
        get("attachment/meta"),
        get("users/search"),
        get(&user),
        get(&bulk),
        get(&groups),
        get("user/search?query=a"),
        get("user/assignable/search?project=HELP"),
        get("user/picker?query=a"),
        get("group/bulk"),
        get("group?groupname=IT&expand=users"),
        get("group/member?groupname=IT%20Help%20Desk"),
        get("groups/picker"),
        get(
            "search/jql?jql=project=HELP&fields=*all&expand=names,schema,changelog,transitions,renderedFields,editmeta",
        ),
        get("search/jql?jql=project=HELP&maxResults=2"),
        get("search/jql?jql=project=NONE"),
        get("jql/autocompletedata"),
        get("issue/HELP-3?expand=names,schema,changelog,transitions,renderedFields,editmeta,operations"),
        get("issue/HELP-999"),
        get("issue/HELP-3/editmeta"),
        get("issue/HELP-3/transitions?expand=transitions.fields"),
        get("issue/HELP-3/comment?expand=renderedBody,properties"),
        get("issue/HELP-3/changelog"),
        get("issue/HELP-3/watchers"),
        get("issue/createmeta?expand=projects.issuetypes.fields"),
        get("issue/createmeta/HELP/issuetypes"),
        get("issue/createmeta/HELP/issuetypes/10100"),
        get("servicedeskapi/info"),
        get("servicedeskapi/servicedesk"),
        get("servicedeskapi/servicedesk/1"),
        get("servicedeskapi/servicedesk/2"),
        get("servicedeskapi/servicedesk/1/requesttype?start=1&limit=1"),
        get("servicedeskapi/requesttype"),
        get("servicedeskapi/servicedesk/1/requesttype/1"),
        get("servicedeskapi/servicedesk/1/requesttype/1/field"),
        get("servicedeskapi/servicedesk/1/queue"),
        get("servicedeskapi/servicedesk/1/customer?query=a"),
        get("servicedeskapi/servicedesk/1/organization"),
        get("servicedeskapi/organization?limit=1"),
        get("servicedeskapi/organization/1"),
        get("servicedeskapi/organization/1/user"),
        get("servicedeskapi/request"),
        get("servicedeskapi/request/HELP-1"),
        get("servicedeskapi/request/HELP-1/comment"),
        get("servicedeskapi/request/HELP-1/status"),
        get("servicedeskapi/request/HELP-1/transition"),
        get("servicedeskapi/request/HELP-1/participant"),
        get("servicedeskapi/request/HELP-1/attachment"),
        get("servicedeskapi/request/HELP-999"),
    ];
    let mut wrong = Vec::new();
    for exchange in &exchanges {
        wrong.extend(check(judge, &sandbox, exchange).await);
    }
    wrong
}

#[tokio::test]
async fn what_is_written_validates() {
    let Some(judge) = openapi::jira() else { return };
    let wrong = written_ones(judge).await;
    assert!(wrong.is_empty(), "{} errors\n{}", wrong.len(), wrong.join("\n"));
}

/// The id of a file that waits to be attached.
async fn temporary(sandbox: &Sandbox) -> Value {
    let form = "--X\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nhello\r\n--X--\r\n";
    let sent = call(sandbox, "POST", "/rest/servicedeskapi/servicedesk/1/attachTemporaryFile")
        .header("content-type", "multipart/form-data; boundary=X")
        .header("x-atlassian-token", "no-check")
        .raw(form);
    sent.send().await.json()["temporaryAttachments"][0]["temporaryAttachmentId"].clone()
}

/// What is wrong with what is written.
async fn written_ones(judge: &Judge) -> Vec<String> {
    let sandbox = cloud();
    let fields = json!({ "project": { "key": "HELP" }, "issuetype": { "id": "10100" }, "summary": "s", "description": adf("d") });
    let link = json!({ "type": { "name": "Blocks" }, "inwardIssue": { "key": "HELP-1" }, "outwardIssue": { "key": "HELP-2" } });
    let exchanges = [
        send("POST", "issue", json!({ "fields": fields })),
        send("POST", "issue", json!({ "fields": {} })),
        send("POST", "issue/bulk", json!({ "issueUpdates": [{ "fields": fields }, { "fields": {} }] })),
        send("POST", "issue/bulkfetch", json!({ "issueIdsOrKeys": ["HELP-1", "HELP-999"] })),
        send("PUT", "issue/HELP-1?returnIssue=true", json!({ "fields": { "labels": ["x"] } })),
        send("PUT", "issue/HELP-1/assignee", json!({ "accountId": null })),
        send("POST", "issue/HELP-1/comment", json!({ "body": adf("hello") })),
        send("POST", "issue/HELP-1/comment", json!({ "body": "plain" })),
        send("POST", "issue/HELP-8/transitions", json!({ "transition": { "id": "31" } })),
        send("POST", "issueLink", link),
        send("PUT", "issue/HELP-1/properties/k", json!({ "a": 1 })),
        get("issue/HELP-1/properties/k"),
        get("issue/HELP-1/properties"),
        send("POST", "search/jql", json!({ "jql": "project = HELP", "fields": ["*all"] })),
        send("POST", "search/jql", json!({ "jql": "project =" })),
        send("POST", "search/approximate-count", json!({ "jql": "project = HELP" })),
        send(
            "POST",
            "jql/parse?validation=strict",
            json!({ "queries": ["project = HELP and status in (Open, Closed) order by key", "x ="] }),
        ),
        send("POST", "jql/match", json!({ "issueIds": [10_001], "jqls": ["project = HELP"] })),
        send(
            "POST",
            "servicedeskapi/request",
            json!({
                "serviceDeskId": "1", "requestTypeId": "1", "isAdfRequest": true,
                "requestFieldValues": { "summary": "No coffee", "description": adf("The machine is silent") },
            }),
        ),
        send("POST", "servicedeskapi/request", json!({ "serviceDeskId": "1", "requestTypeId": "99" })),
        send("POST", "servicedeskapi/request/HELP-1/comment", json!({ "body": "hello", "public": false })),
        send("POST", "servicedeskapi/request/HELP-2/transition", json!({ "id": "11" })),
        send("POST", "servicedeskapi/organization", json!({ "name": "New" })),
        send(
            "POST",
            "servicedeskapi/request/HELP-1/attachment",
            json!({ "temporaryAttachmentIds": [temporary(&sandbox).await], "public": true }),
        ),
    ];
    let mut wrong = Vec::new();
    for exchange in &exchanges {
        wrong.extend(check(judge, &sandbox, exchange).await);
    }
    wrong
}

/// A fact that overrides the document is one that is met.
#[tokio::test]
async fn no_exception_is_left_over() {
    let Some(judge) = openapi::jira() else { return };
    drop((read_ones(judge).await, written_ones(judge).await));
    let unused = judge.unused(Seen::BySandbox);
    assert!(unused.is_empty(), "{unused:#?}");
}

/// Every text of the company as ADF, and what v2 clients wrote, against the official schema (wire S3).
#[tokio::test]
async fn rich_text_validates() {
    let Some(schema) = openapi::read("adf-schema.json.gz") else { return };
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
