//! Which fault of the sandbox is which misbehaviour.

use conformance_tests::Misbehaviour;
use vendor_sandbox::Fault;
use vendor_sandbox::zendesk::Control;

/// Longer than anybody waits, in milliseconds.
const FOR_EVER: u64 = 48 * 3600 * 1000;

/// Switches a fault on; false where the vendor does not do such a thing.
pub(super) fn misbehave(control: &Control, misbehaviour: Misbehaviour, times: Option<u32>) -> bool {
    let fault = match misbehaviour {
        Misbehaviour::WebPage => Fault::new("login_page_200"),
        Misbehaviour::CutAnswer => Fault::new("truncated_json"),
        Misbehaviour::Unauthorized => Fault::new("unauthorized").path("/api/"),
        Misbehaviour::RateLimited { seconds: Some(seconds) } => Fault::new("too_many_requests").parameter(seconds),
        Misbehaviour::RateLimited { seconds: None } => Fault::new("too_many_requests_bare"),
        Misbehaviour::RateLimitedUntilThePast => Fault::new("too_many_requests").parameter(-3600),
        Misbehaviour::ServerError => Fault::new("status_500"),
        Misbehaviour::ServiceUnavailable => Fault::new("maintenance").parameter(1),
        Misbehaviour::LostRequest => Fault::new("reset_before_answer"),
        Misbehaviour::LostAnswer => Fault::new("reset_mid_body"),
        Misbehaviour::LostWriteAnswer => Fault::new("reset_after_write"),
        Misbehaviour::Silence => Fault::new("slow").parameter(FOR_EVER),
        Misbehaviour::ForeignLinks => Fault::new("foreign_link_host"),
        Misbehaviour::ForeignRedirect => Fault::new("redirect"),
        Misbehaviour::TokenRefused => Fault::new("refresh_400"),
        Misbehaviour::TokenServerError => Fault::new("token_500"),
        Misbehaviour::TokenWebPage => Fault::new("token_html"),
        Misbehaviour::TokenSilence => Fault::new("token_hang").parameter(FOR_EVER),
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
