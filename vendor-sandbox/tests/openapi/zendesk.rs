//! Zendesk's Support API (wire S6).

use serde_json::json;

use super::Vendor;
use super::exception::Exception;

pub(super) const VENDOR: Vendor = Vendor {
    file: "zendesk-support.json.gz",
    more: |_| (),
    path: str::to_owned,
    // The four envelopes (wire B9.1).
    refusal: || {
        json!({ "type": "object", "anyOf": [
            { "required": ["error"], "properties": { "error": { "type": "string" } } },
            { "required": ["error"], "properties": { "error": { "type": "object", "required": ["title", "message"] } } },
            { "required": ["errors"], "properties": { "errors": { "type": "array", "items": { "type": "object", "required": ["code", "title"] } } } },
        ] })
    },
    exceptions: &[EXCEPTIONS],
};

/// Null in recorded answers of node-zendesk.
const S12: &str = "wire B13; recorded in S12 (node-zendesk-fixtures)";
/// Null in recorded answers of zenpy: users, tickets, comments, fields, and jobs that are not completed.
const S10: &str = "wire B13; recorded in S10 (zenpy cassettes)";

const EXCEPTIONS: &[Exception] = &[
    // What the document says of pages and side-loads in its prose, and lists as parameters of few operations.
    Exception::parameter("GET *", "page[size]", "wire B2 [OAS prose, REC S12 list_all]"),
    Exception::parameter("GET *", "page[after]", "wire B2 [OAS prose, REC S12 pagination_execute]").by_suite(),
    Exception::parameter("GET *", "per_page", "wire B2, B6 [OAS prose, REC S10]"),
    Exception::parameter("GET /api/v2/tickets*", "include", "wire B2 [OAS prose, REC S11]"),
    Exception::parameter("GET /api/v2/incremental/*", "include", "wire B6 [OAS prose]"),
    Exception::parameter("GET /api/v2/tickets", "sort", "wire B2 [OAS prose]").by_suite(),
    Exception::parameter("GET /api/v2/tickets/{ticket_id}/comments", "sort", "wire B3.3 [OAS prose]").by_suite(),
    // A cursor stands for the moment that the export began with.
    Exception::not_required("GET /api/v2/incremental/*/cursor", "start_time", "wire B6 [REC S10]").by_suite(),
    // Bodies that the document leaves out.
    Exception::body("POST /oauth/tokens", "wire B1.3 [DOC]").by_suite(),
    Exception::body("PUT /api/v2/tickets/{ticket_id}/tags", "wire B3.1 [REC S10 TestTags]"),
    Exception::body("POST /api/v2/tickets/{ticket_id}/tags", "wire B3.1 [REC S10 TestTags]"),
    Exception::body("DELETE /api/v2/tickets/{ticket_id}/tags", "wire B3.1 [REC S10 TestTags]").by_suite(),
    Exception::body("PUT /api/v2/tickets/update_many", "wire B3.1 [REC S10 update_many]"),
    Exception::body("POST /api/v2/groups", "wire B7 [REC S10 TestGroupCreateUpdateDelete]"),
    Exception::body("POST /api/v2/uploads", "wire B3.4: raw bytes of any type [REC S10 TestAttachmentUpload]"),
    Exception::parameter("POST /api/v2/uploads", "filename", "wire B3.4 [REC S10 TestAttachmentUpload]"),
    // The document takes a field's value on a ticket for the field itself.
    Exception::request_key("POST /api/v2/tickets*", "*/custom_fields/*/value", "wire B3.2 [REC S10]"),
    Exception::request("POST /api/v2/tickets*", "*/custom_fields/*", "wire B3.2 [REC S10]"),
    Exception::request_key("POST /api/v2/imports/tickets", "/ticket/created_at", "wire B3.1 [DOC]"),
    Exception::request_key("PUT /api/v2/tickets/{ticket_id}", "/ticket/metadata", "wire B3.2 [OAS prose]").by_suite(),
    // Null clears.
    Exception::request("PUT /api/v2/tickets/{ticket_id}", "/ticket/problem_id", "null in answers: wire B3.2 [REC S10]")
        .by_suite(),
    Exception::request(
        "PUT /api/v2/tickets/{ticket_id}",
        "/ticket/assignee_id",
        "null in answers: wire B3.2 [REC S10]",
    )
    .by_suite(),
    Exception::request("PUT /api/v2/tickets/{ticket_id}", "/ticket/group_id", "null in answers: wire B3.2 [REC S10]")
        .by_suite(),
    Exception::request(
        "PUT /api/v2/tickets/{ticket_id}",
        "/ticket/organization_id",
        "null in answers: wire B3.2 [REC S10]",
    )
    .by_suite(),
    Exception::request(
        "PUT /api/v2/tickets/{ticket_id}",
        "/ticket/external_id",
        "null in answers: wire B3.2 [REC S10]",
    )
    .by_suite(),
    Exception::request("POST /api/v2/tickets", "/ticket/type", "null in answers: wire B4 [REC S10]").by_suite(),
    // The document has hardly any refusal.
    Exception::status("GET *", 401, "wire B1.3, B9.1 [REC S12]").by_suite(),
    Exception::status("GET /api/v2/tickets/{ticket_id}", 404, "wire B3.1, B9.1 [REC S10]").by_suite(),
    Exception::status("PUT /api/v2/tickets/{ticket_id}", 409, "wire B8 [DOC]").by_suite(),
    Exception::status("PUT /api/v2/tickets/{ticket_id}", 422, "wire B4, B9.1 [LIVE S15]").by_suite(),
    // Not in this document.
    Exception::operation("GET /api/v2/groups/*/users", "wire B7 [OAS of S7]").by_suite(),
    Exception::operation("GET /attachments/token/*", "wire B3.4: a file's address is no part of the API [REC S10]")
        .by_suite(),
    Exception::operation("GET /zdn/*", "wire B3.4: the host that files are on [DOC]").by_suite(),
    // What the cases of raw requests ask for, which nobody has.
    Exception::operation("* /", "conformance-tests, cases/raw.rs").by_suite(),
    Exception::operation("GET /x", "conformance-tests, cases/raw.rs").by_suite(),
    Exception::operation("GET /nowhere", "conformance-tests, cases/raw.rs").by_suite(),
    // Checkbox fields are booleans, multiselect fields lists.
    Exception::answer("*", "*/custom_fields/*", "wire B3.2, B13 [REC S10]"),
    // `deleted` in exports.
    Exception::answer("GET /api/v2/incremental/tickets/cursor", "*/status", "wire B6, B13 [REC S10]").by_suite(),
    // Whose credential is refused is nobody, with nothing in its members.
    Exception::answer("GET /api/v2/users/me", "/user*", "wire B1.3 [REC S12]").by_suite(),
    // Child events carry the changed field by name, previous values are anything.
    Exception::answer("GET /api/v2/incremental/ticket_events", "/ticket_events/*", "wire B6 [REC S10]"),
    // An audit's values are whatever the field holds.
    Exception::answer("*", "*/events/*", "wire B3.5 [REC S10]"),
    Exception::null("details", S12),
    Exception::null("external_id", S12),
    Exception::null("group_id", S12),
    Exception::null("notes", S12),
    Exception::null("agent_description", S10),
    Exception::null("alias", S10),
    Exception::null("assigned_at", S10),
    Exception::null("assignee_id", S10),
    Exception::null("assignee_updated_at", S10),
    Exception::null("authenticity_token", S10),
    Exception::null("business", S10),
    Exception::null("calendar", S10),
    Exception::null("default_group_id", S10),
    Exception::null("forum_topic_id", S10),
    Exception::null("height", S10),
    Exception::null("host_mapping", S10),
    Exception::null("initially_assigned_at", S10),
    Exception::null("last_login_at", S10),
    Exception::null("logo", S10),
    Exception::null("metric", S10),
    Exception::null("organization_id", S10),
    Exception::null("priority", S10),
    Exception::null("problem_id", S10),
    Exception::null("recipient", S10),
    Exception::null("signature", S10),
    Exception::null("solved_at", S10),
    Exception::null("type", S10),
    Exception::null("value", S10),
    Exception::null("width", S10),
];
