//! The refusals of wire §1.6 as faults: what an instance says when it says no, on demand, and before anything is processed.

use http::{HeaderValue, StatusCode};

use super::answer::{ApiError, ERROR_PAGE, Reply, html};
use super::call::Call;
use crate::faults::{FaultSpec, Strikes};

const fn refusal(name: &'static str, summary: &'static str, applies: fn(&http::Method, &str) -> bool) -> FaultSpec {
    FaultSpec { name, summary, parameter: None, default_count: None, applies }
}

fn any(_: &http::Method, path: &str) -> bool {
    path.starts_with("/api/")
}

fn writes(method: &http::Method, path: &str) -> bool {
    any(method, path) && !matches!(*method, http::Method::GET | http::Method::HEAD)
}

/// The same order as in the catalogue.
pub(crate) const REFUSALS: [FaultSpec; 14] = [
    refusal("invalid_table_400", "400: the table does not exist", any),
    refusal("no_resource_400", "400: the path leads nowhere", any),
    refusal("payload_rejected_400", "400: the body is too large for the instance", writes),
    refusal("mfa_401", "401 with X-MFA_TOKEN: the password is good, the second factor is not", any),
    refusal("not_authorized_403", "403: a role is missing; so says a restored session now and then (K:2466644)", any),
    refusal("write_acl_403", "403: an ACL forbids the write", writes),
    refusal("data_policy_403", "403: a data policy wants more fields", writes),
    refusal("business_rule_403", "403: a business rule stopped the write", writes),
    refusal("no_record_404", "404: the record is not there, or hidden", any),
    refusal("method_405", "405 for a method that is served otherwise", any),
    refusal("accept_406", "406 for an Accept that is served otherwise", any),
    refusal("uri_too_long_414", "414 with an HTML page", any),
    refusal("content_type_415", "415 for a Content-Type that is served otherwise", any),
    refusal("client_gave_up_499", "499: the instance saw the client go", any),
];

/// The refusal that strikes a call, if one does.
pub(crate) fn refusal_of(strikes: &Strikes, call: &Call<'_>) -> Option<Reply> {
    let spec = REFUSALS.iter().find(|spec| strikes.has(spec.name))?;
    let refused = |status: StatusCode, message: &str| ApiError::new(status, message, None);
    let operation = match call.method {
        http::Method::POST => "Insert",
        http::Method::DELETE => "Delete",
        _ => "Update",
    };
    let table = call.segments.iter().skip_while(|segment| *segment != "table").nth(1).map_or("", String::as_str);
    let error = match spec.name {
        "invalid_table_400" => ApiError::invalid_table(table),
        "no_resource_400" => ApiError::no_resource(),
        "payload_rejected_400" => ApiError::bad_request(
            "Exception while reading request",
            Some(
                "Rejected large REST payload with content-length = 10485761 bytes. Max allowed: 10485760 bytes."
                    .to_owned(),
            ),
        ),
        "mfa_401" => {
            let mut reply = ApiError::not_authenticated().into_response();
            reply.headers_mut().insert("x-mfa_token", HeaderValue::from_static("invalid"));
            return Some(reply);
        }
        "not_authorized_403" => ApiError::not_authorized(),
        "write_acl_403" => ApiError::write_acl(operation),
        "data_policy_403" => ApiError::operation_failed(
            "Data Policy Exception: \n\tThe following fields are mandatory: Resolution code, Close notes",
        ),
        "business_rule_403" => ApiError::operation_failed(format!(
            "Operation against file '{table}' was aborted by Business Rule 'Not today^{}'. Business Rule Stack:Not today",
            crate::random::stable_id("sys_script", "Not today")
        )),
        "no_record_404" => ApiError::no_record(),
        "method_405" => ApiError::method_not_allowed(&call.method),
        // The texts of these are U; the statuses are D: r_RESTAPIHTTPResponseCodes and K:0546297.
        "accept_406" => refused(StatusCode::NOT_ACCEPTABLE, "Not acceptable"),
        "uri_too_long_414" => return Some(html(StatusCode::URI_TOO_LONG, ERROR_PAGE)),
        "content_type_415" => refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Unsupported media type"),
        _ => refused(StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST), "Client closed request"),
    };
    Some(error.into_response())
}
