//! Faults that only Jira has: wire A2, A3.4, A9, A14 and part D.

use http::Method;

use crate::faults::FaultSpec;

fn is_rest(_: &Method, path: &str) -> bool {
    path.contains("/rest/")
}

fn is_search(_: &Method, path: &str) -> bool {
    path.contains("/search")
}

fn is_token(_: &Method, path: &str) -> bool {
    path == "/oauth/token"
}

fn is_write(method: &Method, path: &str) -> bool {
    *method != Method::GET && path.contains("/rest/") && !path.contains("/search")
}

fn is_create(method: &Method, path: &str) -> bool {
    *method == Method::POST && (path.ends_with("/issue") || path.ends_with("/request"))
}

fn is_issue(method: &Method, path: &str) -> bool {
    *method == Method::GET && path.contains("/issue/")
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
        "a search page holds fewer issues than asked, with a token for the rest",
        Some("issues on the page, 0 included; by default half of them"),
        is_search,
    ),
    FaultSpec::new(
        "refused_token",
        "a search refuses the page token it is given, as one that has ended",
        None,
        is_search,
    ),
    FaultSpec::new("repeated_token", "a search answers with the token it was given", None, is_search),
    FaultSpec::new(
        "hidden_issues",
        "a share of all issues is missing from searches",
        Some("the share, default 0.3, chosen by id"),
        is_search,
    ),
    FaultSpec::new("anonymous_200", "the credential is ignored: 200 as anonymous", None, is_rest),
    FaultSpec::new("login_page_200", "200 with a login page", None, is_rest),
    FaultSpec::new("not_visible", "404 although the issue is there", None, is_issue),
    FaultSpec::new("created_but_500", "500 with HTML although the issue was created", None, is_create),
    FaultSpec::new("conflict", "409: somebody else edits the issue", None, is_write),
    FaultSpec::new("rate_burst", "429 jira-burst-based", Some("Retry-After in seconds, default 1"), is_rest),
    FaultSpec::new("rate_quota", "429 jira-quota-tenant-based", Some("Retry-After in seconds, default 600"), is_rest),
    FaultSpec::new(
        "rate_per_issue",
        "429 jira-per-issue-on-write",
        Some("Retry-After in seconds, default 2"),
        is_write,
    ),
    FaultSpec::new(
        "absurd_retry_after",
        "429 with Retry-After 9223372036854775807, as a Data Center with a quota of 0",
        None,
        is_rest,
    ),
    FaultSpec::new("near_limit", "X-RateLimit-NearLimit: true on good answers", None, is_rest),
    FaultSpec::new(
        "foreign_link_host",
        "links point to another host",
        Some("the host, default attacker.example.net"),
        is_rest,
    ),
    FaultSpec::new("refresh_403", "the token endpoint answers 403 invalid_grant", None, is_token),
    FaultSpec::new("token_500", "the token endpoint answers 500 with HTML", None, is_token),
    FaultSpec::new("token_html", "the token endpoint answers 200 with a login page", None, is_token),
    FaultSpec::new(
        "token_hang",
        "the token endpoint does not answer for a long time",
        Some("milliseconds, default 600000"),
        is_token,
    ),
    FaultSpec::new("oauth_denied", "the user refuses consent", None, |_, path| path == "/authorize"),
    FaultSpec::new("gone", "410: the API was removed", None, is_rest),
];
