//! Service Management's own API, `/rest/servicedeskapi` (wire A10).
//!
//! Atlassian publishes a document of its own for it, and the folder of documents does not have that one: the platform's has none
//! of these paths. The witness in its place is jira.js 6.2.0 (npm, MIT), whose calls and schemas are generated from Atlassian's
//! document (wire S2). What is here says what it declares of the operations that the sandbox has: parameters, bodies and
//! answers; jira.js 5.4.0 of the two that Atlassian calls experimental, a desk's customers and all request types. Every member is
//! declared, so that one without a name here is wrong, in a request and in an answer; no member is compulsory there, so that
//! presence is for the tests of provider and sandbox. `conformance-tests/witnesses/jira` holds the sandbox's answers against
//! the package itself.

use serde_json::{Map, Value, json};

/// Adds the operations and their schemas to the platform's document, which has neither.
pub(super) fn add(document: &mut Value) {
    for (name, members) in SCHEMAS {
        document["components"]["schemas"][format!("Desk{name}")] = object(members);
    }
    for (path, method, parameters, body, status, answer) in OPERATIONS {
        let mut told = json!({ "parameters": [], "responses": { (*status): {} } });
        let asked = parameters.iter().map(|(name, kind)| parameter("query", name, kind));
        let named = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let in_path =
            named.map(|name| parameter("path", name, if name == "issueIdOrKey" { "string" } else { "integer" }));
        told["parameters"] = asked.chain(in_path).collect();
        if !answer.is_empty() {
            told["responses"][*status]["content"]["application/json"]["schema"] = schema(answer);
        }
        if *body == "multipart" {
            told["requestBody"] = json!({ "content": { "multipart/form-data": {} } });
        } else if !body.is_empty() {
            let content = json!({ "application/json": { "schema": schema(body) } });
            told["requestBody"] = json!({ "required": true, "content": content });
        }
        for refusal in ["400", "401", "403", "404", "412"] {
            told["responses"][refusal]["content"]["application/json"]["schema"] = schema("Refusal");
        }
        document["paths"][format!("/rest/servicedeskapi{path}")][*method] = told;
    }
}

fn parameter(place: &str, name: &str, kind: &str) -> Value {
    json!({ "in": place, "name": name, "schema": { "type": kind } })
}

/// `string`, `User`, `[User]`, `Page of User`, `anything`.
fn schema(kind: &str) -> Value {
    if let Some(of) = kind.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return json!({ "type": "array", "items": schema(of) });
    }
    if let Some(of) = kind.strip_prefix("Page of ") {
        let values = format!("[{of}]");
        let members = [("size", "integer"), ("start", "integer"), ("limit", "integer"), ("isLastPage", "boolean")];
        let rest = [("values", values.as_str()), ("_expands", "[string]"), ("_links", "PageLinks")];
        return object(&[members.as_slice(), rest.as_slice()].concat());
    }
    match kind {
        "anything" => json!({}),
        "string" | "integer" | "boolean" => json!({ "type": kind }),
        "map" => json!({ "type": "object" }),
        _ => json!({ "$ref": format!("#/components/schemas/Desk{kind}") }),
    }
}

fn object(members: &[(&str, &str)]) -> Value {
    let all: Map<String, Value> = members.iter().map(|(name, kind)| ((*name).to_owned(), schema(kind))).collect();
    json!({ "type": "object", "properties": all, "additionalProperties": false })
}

type Members = &'static [(&'static str, &'static str)];

const SCHEMAS: &[(&str, Members)] = &[
    (
        "PageLinks",
        &[("self", "string"), ("base", "string"), ("context", "string"), ("next", "string"), ("prev", "string")],
    ),
    ("SelfLink", &[("self", "string")]),
    ("Date", &[("iso8601", "string"), ("jira", "string"), ("friendly", "string"), ("epochMillis", "integer")]),
    (
        "Info",
        &[
            ("version", "string"),
            ("platformVersion", "string"),
            ("buildDate", "Date"),
            ("buildChangeSet", "string"),
            ("isLicensedForUse", "boolean"),
            ("_links", "SelfLink"),
        ],
    ),
    ("UserLinks", &[("self", "string"), ("jiraRest", "string"), ("avatarUrls", "map")]),
    (
        "User",
        &[
            ("accountId", "string"),
            ("name", "string"),
            ("key", "string"),
            ("emailAddress", "string"),
            ("displayName", "string"),
            ("active", "boolean"),
            ("timeZone", "string"),
            ("_links", "UserLinks"),
        ],
    ),
    (
        "Desk",
        &[
            ("id", "string"),
            ("projectId", "string"),
            ("projectName", "string"),
            ("projectKey", "string"),
            ("_links", "SelfLink"),
        ],
    ),
    ("IconLinks", &[("iconUrls", "map")]),
    ("Icon", &[("id", "string"), ("_links", "IconLinks")]),
    (
        "RequestType",
        &[
            ("id", "string"),
            ("name", "string"),
            ("description", "string"),
            ("helpText", "string"),
            ("issueTypeId", "string"),
            ("serviceDeskId", "string"),
            ("portalId", "string"),
            ("groupIds", "[string]"),
            ("icon", "Icon"),
            ("fields", "Form"),
            ("practice", "string"),
            ("canCreateRequest", "boolean"),
            ("restrictionStatus", "string"),
            ("_expands", "[string]"),
            ("_links", "SelfLink"),
        ],
    ),
    (
        "Form",
        &[
            ("requestTypeFields", "[FormField]"),
            ("canRaiseOnBehalfOf", "boolean"),
            ("canAddRequestParticipants", "boolean"),
        ],
    ),
    (
        "FormField",
        &[
            ("fieldId", "string"),
            ("name", "string"),
            ("description", "string"),
            ("required", "boolean"),
            ("defaultValues", "[FormValue]"),
            ("validValues", "[FormValue]"),
            ("presetValues", "[string]"),
            ("jiraSchema", "FieldSchema"),
            ("visible", "boolean"),
        ],
    ),
    ("FormValue", &[("value", "string"), ("label", "string"), ("children", "[FormValue]")]),
    (
        "FieldSchema",
        &[
            ("type", "string"),
            ("items", "string"),
            ("system", "string"),
            ("custom", "string"),
            ("customId", "integer"),
            ("configuration", "map"),
        ],
    ),
    (
        "Queue",
        &[
            ("id", "string"),
            ("name", "string"),
            ("jql", "string"),
            ("fields", "[string]"),
            ("issueCount", "integer"),
            ("_links", "SelfLink"),
        ],
    ),
    (
        "Organization",
        &[("id", "string"), ("name", "string"), ("uuid", "string"), ("scimManaged", "boolean"), ("_links", "SelfLink")],
    ),
    ("NewOrganization", &[("name", "string")]),
    ("RequestLinks", &[("self", "string"), ("jiraRest", "string"), ("web", "string"), ("agent", "string")]),
    ("FieldValue", &[("fieldId", "string"), ("label", "string"), ("value", "anything"), ("renderedValue", "map")]),
    ("Status", &[("status", "string"), ("statusCategory", "string"), ("statusDate", "Date")]),
    (
        "Request",
        &[
            ("issueId", "string"),
            ("issueKey", "string"),
            ("summary", "string"),
            ("requestTypeId", "string"),
            ("requestType", "RequestType"),
            ("serviceDeskId", "string"),
            ("serviceDesk", "Desk"),
            ("createdDate", "Date"),
            ("reporter", "User"),
            ("requestFieldValues", "[FieldValue]"),
            ("currentStatus", "Status"),
            ("status", "Page of Status"),
            ("participants", "Page of User"),
            ("sla", "map"),
            ("attachments", "Page of Attachment"),
            ("comments", "Page of Comment"),
            ("actions", "map"),
            ("_expands", "[string]"),
            ("_links", "RequestLinks"),
        ],
    ),
    (
        "NewRequest",
        &[
            ("serviceDeskId", "string"),
            ("requestTypeId", "string"),
            ("requestFieldValues", "map"),
            ("requestParticipants", "[string]"),
            ("raiseOnBehalfOf", "string"),
            ("isAdfRequest", "boolean"),
            ("channel", "string"),
            ("form", "map"),
        ],
    ),
    (
        "Comment",
        &[
            ("id", "string"),
            ("body", "string"),
            ("renderedBody", "map"),
            ("author", "User"),
            ("created", "Date"),
            ("attachments", "Page of Attachment"),
            ("public", "boolean"),
            ("_expands", "[string]"),
            ("_links", "SelfLink"),
        ],
    ),
    ("NewComment", &[("body", "string"), ("public", "boolean")]),
    ("Transition", &[("id", "string"), ("name", "string")]),
    ("Words", &[("body", "string")]),
    ("TransitionMade", &[("id", "string"), ("additionalComment", "Words")]),
    ("AttachmentLinks", &[("self", "string"), ("jiraRest", "string"), ("content", "string"), ("thumbnail", "string")]),
    (
        "Attachment",
        &[
            ("filename", "string"),
            ("author", "User"),
            ("created", "Date"),
            ("size", "integer"),
            ("mimeType", "string"),
            ("_links", "AttachmentLinks"),
        ],
    ),
    ("NewAttachment", &[("temporaryAttachmentIds", "[string]"), ("additionalComment", "Words"), ("public", "boolean")]),
    ("AttachmentMade", &[("comment", "Comment"), ("attachments", "Page of Attachment")]),
    ("Refusal", &[("errorMessage", "string"), ("i18nErrorMessage", "map")]),
];

/// Path, method, parameters, body, status and answer.
type Line = (&'static str, &'static str, Members, &'static str, &'static str, &'static str);

const PAGE: Members = &[("start", "integer"), ("limit", "integer")];

const OPERATIONS: &[Line] = &[
    ("/info", "get", &[], "", "200", "Info"),
    ("/servicedesk", "get", PAGE, "", "200", "Page of Desk"),
    ("/servicedesk/{serviceDeskId}", "get", &[], "", "200", "Desk"),
    (
        "/servicedesk/{serviceDeskId}/requesttype",
        "get",
        &[
            ("groupId", "integer"),
            ("expand", "string"),
            ("searchQuery", "string"),
            ("start", "integer"),
            ("limit", "integer"),
            ("includeHiddenRequestTypesInSearch", "boolean"),
            ("restrictionStatus", "string"),
        ],
        "",
        "200",
        "Page of RequestType",
    ),
    (
        "/requesttype",
        "get",
        &[
            ("searchQuery", "string"),
            ("serviceDeskId", "integer"),
            ("start", "integer"),
            ("limit", "integer"),
            ("expand", "string"),
            ("includeHiddenRequestTypes", "boolean"),
            ("restrictionStatus", "string"),
        ],
        "",
        "200",
        "Page of RequestType",
    ),
    (
        "/servicedesk/{serviceDeskId}/requesttype/{requestTypeId}",
        "get",
        &[("expand", "string")],
        "",
        "200",
        "RequestType",
    ),
    (
        "/servicedesk/{serviceDeskId}/requesttype/{requestTypeId}/field",
        "get",
        &[("expand", "string")],
        "",
        "200",
        "Form",
    ),
    (
        "/servicedesk/{serviceDeskId}/queue",
        "get",
        &[("includeCount", "boolean"), ("start", "integer"), ("limit", "integer")],
        "",
        "200",
        "Page of Queue",
    ),
    (
        "/servicedesk/{serviceDeskId}/customer",
        "get",
        &[("query", "string"), ("start", "integer"), ("limit", "integer")],
        "",
        "200",
        "Page of User",
    ),
    (
        "/servicedesk/{serviceDeskId}/organization",
        "get",
        &[("start", "integer"), ("limit", "integer"), ("accountId", "string")],
        "",
        "200",
        "Page of Organization",
    ),
    ("/servicedesk/{serviceDeskId}/attachTemporaryFile", "post", &[], "multipart", "201", ""),
    (
        "/organization",
        "get",
        &[("start", "integer"), ("limit", "integer"), ("accountId", "string")],
        "",
        "200",
        "Page of Organization",
    ),
    ("/organization", "post", &[], "NewOrganization", "201", "Organization"),
    ("/organization/{organizationId}", "get", &[], "", "200", "Organization"),
    ("/organization/{organizationId}/user", "get", PAGE, "", "200", "Page of User"),
    (
        "/request",
        "get",
        &[
            ("searchTerm", "string"),
            ("requestOwnership", "string"),
            ("requestStatus", "string"),
            ("approvalStatus", "string"),
            ("organizationId", "integer"),
            ("serviceDeskId", "integer"),
            ("requestTypeId", "integer"),
            ("expand", "string"),
            ("start", "integer"),
            ("limit", "integer"),
        ],
        "",
        "200",
        "Page of Request",
    ),
    ("/request", "post", &[], "NewRequest", "201", "Request"),
    ("/request/{issueIdOrKey}", "get", &[("expand", "string")], "", "200", "Request"),
    (
        "/request/{issueIdOrKey}/comment",
        "get",
        &[
            ("public", "boolean"),
            ("internal", "boolean"),
            ("expand", "string"),
            ("start", "integer"),
            ("limit", "integer"),
        ],
        "",
        "200",
        "Page of Comment",
    ),
    ("/request/{issueIdOrKey}/comment", "post", &[], "NewComment", "201", "Comment"),
    ("/request/{issueIdOrKey}/comment/{commentId}", "get", &[("expand", "string")], "", "200", "Comment"),
    ("/request/{issueIdOrKey}/status", "get", PAGE, "", "200", "Page of Status"),
    ("/request/{issueIdOrKey}/transition", "get", PAGE, "", "200", "Page of Transition"),
    ("/request/{issueIdOrKey}/transition", "post", &[], "TransitionMade", "204", ""),
    ("/request/{issueIdOrKey}/participant", "get", PAGE, "", "200", "Page of User"),
    ("/request/{issueIdOrKey}/attachment", "get", PAGE, "", "200", "Page of Attachment"),
    ("/request/{issueIdOrKey}/attachment", "post", &[], "NewAttachment", "201", "AttachmentMade"),
];
