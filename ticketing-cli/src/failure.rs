//! Why a command failed, in one line.

use std::io;

use ticketing::{Error, ErrorKind};

use crate::exit::Exit;

pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The reader of standard output went away: nobody is left to be told.
    ClosedPipe,
    /// One line on standard error, and an exit code.
    Told {
        /// The exit code.
        exit: Exit,
        /// What happened, and the way out.
        message: String,
    },
}

impl Failure {
    /// The command line is wrong: what is wrong about it, and what to write instead.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self::Told { exit, message: message.into() }
    }
}

impl From<Error> for Failure {
    /// The library's words, and which argument leads out where one does.
    fn from(error: Error) -> Self {
        let message = error.to_string();
        let way_out = if error.kind() == ErrorKind::Config && message.contains("is an IP address") {
            "; --allow-host HOST allows a host in your own network"
        } else if message.contains("certificate authority") {
            "; --ca-file FILE trusts one"
        } else {
            ""
        };
        Self::new(Exit::of(&error), message + way_out)
    }
}

/// Only for standard output: other files name themselves in their errors.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::ClosedPipe,
            _ => Self::new(Exit::Unexpected, format!("cannot write to standard output: {error}")),
        }
    }
}

impl From<clap::Error> for Failure {
    /// clap's message in one line: what is wrong, what it may have meant, how it is written.
    fn from(error: clap::Error) -> Self {
        let rendered = without_json(&error.render().to_string());
        let mut parts: Vec<String> = Vec::new();
        for line in rendered.lines() {
            let indented = line.starts_with(' ');
            let line = line.trim().trim_start_matches("error: ");
            if line.is_empty() || line.starts_with("For more information") {
                continue;
            }
            match parts.last_mut() {
                Some(last) if indented && !line.starts_with("tip: ") => {
                    last.push(' ');
                    last.push_str(line);
                }
                _ => parts.push(line.replacen("Usage: ", "usage: ", 1)),
            }
        }
        Self::usage(format!("{}; try --help", parts.join("; ")))
    }
}

/// The text without what stands in braces: a configuration that came to the wrong place may hold a secret.
pub(crate) fn without_json(text: &str) -> String {
    match (text.find('{'), text.rfind('}')) {
        (Some(from), Some(to)) if from < to => format!("{}{{…}}{}", &text[..from], &text[to + 1..]),
        _ => text.to_owned(),
    }
}

/// A text for a terminal: one line, without the control characters that vendors' texts may hold.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_character_does_not_reach_the_terminal() {
        assert_eq!(printable("a\u{1b}[31mb\nc\u{9b}d"), "a [31mb c d");
    }

    #[test]
    fn a_closed_pipe_is_no_error() {
        let error = io::Error::from(io::ErrorKind::BrokenPipe);
        assert!(matches!(Failure::from(error), Failure::ClosedPipe));
    }
}
