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

/// The description of one, in Markdown: every fourth is short, and what was tried goes on longer from one to the next.
pub(crate) fn description(subject: &str, machine: u64, number: u64) -> String {
    let mut text = format!("{subject}, seen on machine {machine}.");
    if number % 4 >= 1 {
        text.push_str(
            "\n\n## What was tried\n\n1. Restarted the machine\n2. Read the [handbook](https://wiki.example.com/handbook), \
             chapter 4\n3. Asked **somebody** who had it before",
        );
    }
    if number % 4 >= 2 {
        text.push_str(&format!("\n\n```\n{machine:05}: no answer after 30 s\n{machine:05}: giving up\n```"));
    }
    if number % 4 == 3 {
        text.push_str(
            "\n\nIt began after the office had moved to the new building, and comes and goes since: mostly in the morning, \
             when everybody arrives, and again after lunch.\n\n- the cable was changed twice\n- another machine at the same \
             place works",
        );
    }
    text
}
