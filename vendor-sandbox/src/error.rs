//! What can go wrong while a sandbox is built, controlled or served.

use std::path::PathBuf;

/// Failure to build, steer or serve a sandbox.
///
/// Answers that the emulated vendor gives to its clients are never errors of this type.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// The virtual clock only moves forward.
    #[error("the clock cannot move backwards: it is {now}, asked for {to}; reset the sandbox to start over")]
    ClockBackwards {
        /// The virtual time at the moment of the request.
        now: String,
        /// The refused target.
        to: String,
    },
    /// A fault of this name does not exist.
    #[error("unknown fault `{name}`; known faults: {known}")]
    UnknownFault {
        /// The refused name.
        name: String,
        /// Every known name, comma separated.
        known: String,
    },
    /// A control request or an option does not make sense.
    #[error("invalid {field}: {reason}")]
    Invalid {
        /// The option or JSON key.
        field: String,
        /// What is wrong with it, and what is accepted.
        reason: String,
    },
    /// The event log cannot be read.
    #[error("cannot read the event log {}: {reason}", path.display())]
    EventLog {
        /// The file given.
        path: PathBuf,
        /// What was wrong, with the line where known.
        reason: String,
    },
    /// A socket or a file failed.
    #[error("{context}: {source}")]
    Io {
        /// What was being done.
        context: String,
        /// The system's error.
        source: std::io::Error,
    },
    /// The self-signed certificate could not be made or used.
    #[error("cannot set up TLS: {0}")]
    Tls(String),
}

impl SandboxError {
    pub(crate) fn invalid(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), reason: reason.into() }
    }

    pub(crate) fn io(context: impl Into<String>, source: std::io::Error) -> Self {
        Self::Io { context: context.into(), source }
    }
}

/// Shorthand used throughout the crate.
pub type Result<T, E = SandboxError> = std::result::Result<T, E>;
