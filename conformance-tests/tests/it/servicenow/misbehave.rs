//! Which fault of the sandbox is which misbehaviour.

use conformance_tests::Misbehaviour;
use serde_json::json;
use vendor_sandbox::Fault;
use vendor_sandbox::servicenow::Control;

/// Longer than anybody waits, in milliseconds.
const FOR_EVER: u64 = 48 * 3600 * 1000;

/// Switches a fault on; false where the vendor does not do such a thing.
pub(super) fn misbehave(control: &Control, misbehaviour: Misbehaviour, times: Option<u32>) -> bool {
    let fault = match misbehaviour {
        Misbehaviour::ErrorWithSuccess => Fault::new("error_with_200"),
        Misbehaviour::PartOfAList => Fault::new("partial_result_with_error"),
        Misbehaviour::BrokenRow => Fault::new("broken_last_row"),
        Misbehaviour::WebPage => Fault::new("hibernating_200"),
        Misbehaviour::CutAnswer => Fault::new("truncated_json"),
        Misbehaviour::Unauthorized => Fault::new("unauthorized").path("/api/"),
        Misbehaviour::RateLimited { seconds: Some(seconds) } => Fault::new("too_many_requests").parameter(seconds),
        Misbehaviour::RateLimited { seconds: None } => Fault::new("too_many_requests_bare"),
        Misbehaviour::RateLimitedUntilThePast => Fault::new("too_many_requests").parameter(-3600),
        Misbehaviour::ServerError => Fault::new("status_500"),
        Misbehaviour::ServiceUnavailable => Fault::new("status_503"),
        Misbehaviour::LostRequest => Fault::new("reset_before_answer"),
        Misbehaviour::LostAnswer => Fault::new("reset_mid_body"),
        Misbehaviour::LostWriteAnswer => Fault::new("reset_after_write"),
        Misbehaviour::RefusalAfterCreate => Fault::new("forbidden_after_insert"),
        Misbehaviour::Silence => Fault::new("slow").parameter(FOR_EVER),
        Misbehaviour::HugeAnswers => Fault::new("big_page"),
        Misbehaviour::UnknownKeys => Fault::new("unknown_column"),
        // The older half of the tickets stands together in every order by time.
        Misbehaviour::EmptyPages => Fault::new("hidden_rows")
            .parameter(json!({ "query": "sys_created_on<2026-01-13 00:00:00^numberISNOTEMPTY" })),
        Misbehaviour::ShuffledTies => Fault::new("unordered_shuffle"),
        Misbehaviour::IgnoredQuery => Fault::new("ignored_query_part"),
        Misbehaviour::WrongTotal => Fault::new("wrong_total_count").parameter(-6),
        Misbehaviour::ForeignLinks => Fault::new("foreign_link_host"),
        Misbehaviour::ForeignRedirect => Fault::new("redirect"),
        Misbehaviour::TokenRefused => Fault::new("token_401"),
        Misbehaviour::TokenServerError => Fault::new("token_500"),
        Misbehaviour::TokenWebPage => Fault::new("token_html"),
        Misbehaviour::TokenSilence => Fault::new("token_hang").parameter(FOR_EVER),
        // wire §1.3: what is empty comes as "", never as null.
        _ => return false,
    };
    let fault = match times {
        Some(times) => fault.count(times.into()),
        // This fault strikes once unless told how often.
        None if fault.name == "unauthorized" => fault.count(u64::MAX),
        None => fault,
    };
    let mut faults = control.faults();
    faults.push(fault);
    control.set_faults(faults).unwrap();
    true
}
