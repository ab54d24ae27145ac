//! Generated tickets for load tests: what is the same whichever vendor has them.

use crate::random::SplitMix;

/// Subjects of generated tickets.
const SUBJECTS: &[&str] = &[
    "Cannot log in to the portal",
    "Laptop does not start",
    "Request for access to the finance share",
    "E-mail is delayed",
    "Printer is out of paper",
    "VPN connection drops",
    "Screen flickers",
    "Application is slow",
];

/// The subject of one.
pub(crate) fn subject(random: &mut SplitMix) -> &'static str {
    random.pick::<&str>(SUBJECTS)
}
