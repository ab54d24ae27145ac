//! Which fault of the sandbox is which misbehaviour.

use conformance_tests::Misbehaviour;
use vendor_sandbox::Fault;
use vendor_sandbox::jira::{Control, Flavour};

/// Longer than anybody waits, in milliseconds.
const FOR_EVER: u64 = 48 * 3600 * 1000;

/// Switches a fault on; false where the vendor does not do such a thing.
pub(super) fn misbehave(control: &Control, flavour: Flavour, misbehaviour: Misbehaviour, times: Option<u32>) -> bool {
    use Misbehaviour::{TokenRefused, TokenServerError, TokenSilence};
    // wire A2.3: a Data Center has no endpoint of tokens here.
    if flavour == Flavour::DataCenter && matches!(misbehaviour, TokenRefused | TokenServerError | TokenSilence) {
        return false;
    }
    let fault = match misbehaviour {
        Misbehaviour::WebPage => Fault::new("login_page_200").path("/rest/"),
        Misbehaviour::CutAnswer => Fault::new("truncated_json"),
        Misbehaviour::Unauthorized => Fault::new("unauthorized").path("/rest/"),
        Misbehaviour::RateLimited { seconds: Some(seconds) } => Fault::new("too_many_requests").parameter(seconds),
        Misbehaviour::RateLimited { seconds: None } => Fault::new("too_many_requests_bare"),
        Misbehaviour::RateLimitedUntilThePast => Fault::new("too_many_requests").parameter(-3600),
        Misbehaviour::ServerError => Fault::new("status_500"),
        Misbehaviour::ServiceUnavailable => Fault::new("status_503"),
        Misbehaviour::LostRequest => Fault::new("reset_before_answer"),
        Misbehaviour::LostAnswer => Fault::new("reset_mid_body"),
        Misbehaviour::LostWriteAnswer => Fault::new("reset_after_write"),
        Misbehaviour::Silence => Fault::new("slow").parameter(FOR_EVER),
        Misbehaviour::EmptyPages => Fault::new("hidden_issues"),
        Misbehaviour::ForeignLinks => Fault::new("foreign_link_host"),
        Misbehaviour::TokenRefused => Fault::new("refresh_403"),
        Misbehaviour::TokenServerError => Fault::new("token_500"),
        Misbehaviour::TokenWebPage => Fault::new("token_html"),
        Misbehaviour::TokenSilence => Fault::new("token_hang").parameter(FOR_EVER),
        // wire A8: a search answers whole or not at all; totals are not used, and ties are broken by id.
        _ => return false,
    };
    if !control.known_faults().iter().any(|known| known.name == fault.name) {
        return false;
    }
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
