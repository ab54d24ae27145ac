//! Faults that only Zendesk has: wire B2, B5, B6, B9, B12.

use http::Method;

use crate::faults::FaultSpec;

fn is_api(_: &Method, path: &str) -> bool {
    path.starts_with("/api/v2/")
}

fn is_search(method: &Method, path: &str) -> bool {
    *method == Method::GET && path.starts_with("/api/v2/search")
}

fn is_list(method: &Method, path: &str) -> bool {
    *method == Method::GET && is_api(method, path)
}

fn is_ticket_list(method: &Method, path: &str) -> bool {
    *method == Method::GET && matches!(path.trim_end_matches(".json"), "/api/v2/tickets")
}

fn is_export(method: &Method, path: &str) -> bool {
    *method == Method::GET && path.starts_with("/api/v2/incremental/")
}

fn is_write(method: &Method, path: &str) -> bool {
    *method != Method::GET && is_api(method, path)
}

fn is_create(method: &Method, path: &str) -> bool {
    *method == Method::POST && path.trim_end_matches(".json") == "/api/v2/tickets"
}

fn is_token(_: &Method, path: &str) -> bool {
    path == "/oauth/tokens"
}

/// The vendor's own faults.
pub(crate) const FAULTS: &[FaultSpec] = &[
    FaultSpec::new(
        "stale_search",
        "a search does not see recent writes",
        Some("seconds it lags behind, default 60"),
        is_search,
    ),
    FaultSpec::new(
        "short_page",
        "a list by cursor holds fewer items than asked, with has_more",
        Some("items on the page, 0 included; by default half of them"),
        is_list,
    ),
    FaultSpec::new(
        "repeated_cursor",
        "a list by cursor says has_more and gives the cursor that it was given",
        None,
        is_list,
    ),
    FaultSpec::new(
        "hidden_tickets",
        "a share of all tickets is missing from lists and searches",
        Some("the share, default 0.3, chosen by id"),
        is_list,
    ),
    FaultSpec::new(
        "wrong_count",
        "counts are wrong, as those of large accounts are",
        Some("added to the true count, may be negative; default -1"),
        is_list,
    ),
    FaultSpec::new("missing_sideloads", "side-loaded users, groups and organisations are missing", None, is_list),
    FaultSpec::new(
        "changes_while_paged",
        "somebody writes after a page of tickets was read",
        Some("\"insert\", \"update\" or \"delete\", default \"update\": the ticket of the lowest id"),
        is_ticket_list,
    ),
    FaultSpec::new(
        "repeated_export",
        "an incremental export repeats its page once, with the old cursor",
        None,
        is_export,
    ),
    FaultSpec::new("anonymous_200", "the credential is ignored: the anonymous user, or 401", None, is_api),
    FaultSpec::new("login_page_200", "200 with a login page", None, is_api),
    FaultSpec::new("maintenance", "503 with an HTML page and Retry-After", Some("seconds, default 30"), is_api),
    FaultSpec::new("created_but_500", "500 with HTML although the ticket was created", None, is_create),
    FaultSpec::new("conflict", "409: the database is locked", None, is_write),
    FaultSpec::new("idempotent_in_progress", "409: a request of the same key is still running", None, is_create),
    FaultSpec::new(
        "rate_endpoint",
        "429 in plain text of one endpoint's bucket, though the account has requests left",
        Some("Retry-After in seconds, default 5"),
        is_api,
    ),
    FaultSpec::new("api_warn", "x-zendesk-api-warn on good answers", Some("its text"), is_api),
    FaultSpec::new(
        "foreign_link_host",
        "links point to another host",
        Some("the host, default attacker.example.net"),
        is_api,
    ),
    FaultSpec::new("failed_job_item", "the first item of a job fails", None, is_write),
    FaultSpec::new("not_in_plan", "404 InvalidEndpoint, as of a plan without the feature", None, is_api),
    FaultSpec::new("refresh_400", "the token endpoint answers 400 invalid_grant", None, is_token),
    FaultSpec::new("token_500", "the token endpoint answers 500 with HTML", None, is_token),
    FaultSpec::new("token_html", "the token endpoint answers 200 with a login page", None, is_token),
    FaultSpec::new(
        "token_hang",
        "the token endpoint does not answer for a long time",
        Some("milliseconds, default 600000"),
        is_token,
    ),
    FaultSpec::new("oauth_denied", "the user refuses consent", None, |_, path| path == "/oauth/authorizations/new"),
];
