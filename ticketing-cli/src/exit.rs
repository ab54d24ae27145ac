//! Exit codes: what a script can tell from them.

use ticketing::{Error, ErrorKind};

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Anything not below.
    Unexpected = 1,
    /// The command line, the configuration or the request is wrong.
    Usage = 2,
    /// The record does not exist, or the credential may not know that it does.
    NotFound = 3,
    /// The credential is refused, or may not do this.
    Refused = 4,
    /// The record's present state forbids it.
    Conflict = 5,
    /// The same command may succeed later.
    TryLater = 6,
    /// The provider cannot do this.
    Unsupported = 7,
    /// A write may have happened.
    MaybeApplied = 8,
}

/// The table that `--help` ends with.
pub(crate) const TABLE: &str = "\
Exit codes:
  0  success; also when the reader of standard output went away
  1  unexpected: a senseless answer, a reading that would lose or repeat records, a changed store
  2  usage: the command line, the configuration or the request is wrong
  3  not found
  4  refused: the credential is not accepted, or may not do this
  5  conflict: the record's present state or version forbids it
  6  try later: rate limited, timed out, unreachable
  7  unsupported by this provider or connection; nothing was sent
  8  maybe applied: a write failed and may have happened all the same; look before repeating it

Environment:
  TICKETING_PROVIDER, TICKETING_CONFIG, TICKETING_CA_FILE
                 stand in for --provider, --config and --ca-file
  TICKETING_CONNECTION, TICKETING_STORE, TICKETING_TENANT, TICKETING_KEY_FILE
                 stand in for --connection, --store, --tenant and --key-file
  TICKETING_KEY  the keys that seal credentials, in Base64, the newest first, with commas between them
  TICKETING_LOG  what to log on standard error, e.g. `debug`";

impl Exit {
    /// The exit code of a failed call.
    pub(crate) fn of(error: &Error) -> Self {
        if error.maybe_applied() {
            return Self::MaybeApplied;
        }
        match error.kind() {
            ErrorKind::NotFound => Self::NotFound,
            ErrorKind::InvalidRequest | ErrorKind::Config => Self::Usage,
            ErrorKind::Unauthenticated | ErrorKind::PermissionDenied => Self::Refused,
            ErrorKind::AlreadyExists | ErrorKind::Conflict | ErrorKind::PreconditionFailed => Self::Conflict,
            ErrorKind::RateLimited | ErrorKind::Timeout | ErrorKind::Unavailable => Self::TryLater,
            ErrorKind::Unsupported => Self::Unsupported,
            ErrorKind::Integrity => Self::Unexpected,
            _ if error.is_retryable() => Self::TryLater,
            _ => Self::Unexpected,
        }
    }

    /// The exit code of an HTTP status that was asked for in the vendor's own words.
    pub(crate) fn of_http_status(status: u16) -> Option<Self> {
        match status {
            200..=399 => None,
            401 | 403 | 407 => Some(Self::Refused),
            404 | 410 => Some(Self::NotFound),
            409 | 412 => Some(Self::Conflict),
            408 | 425 | 429 | 502..=504 => Some(Self::TryLater),
            400..=499 => Some(Self::Usage),
            _ => Some(Self::Unexpected),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ticketing::Delivery;

    #[test]
    fn every_kind_has_its_code() {
        let expected = [3, 5, 5, 5, 2, 4, 4, 7, 6, 6, 6, 1, 2, 1, 1];
        let found: Vec<_> = ErrorKind::ALL.iter().map(|kind| Exit::of(&Error::new(*kind, "x")) as i32).collect();
        assert_eq!(found, expected, "{:?}", ErrorKind::ALL);
    }

    #[test]
    fn a_reading_that_would_lose_records_is_no_matter_of_time() {
        let error = Error::new(ErrorKind::Integrity, "x").with_retry_after(std::time::Duration::ZERO);
        assert!(error.is_retryable());
        assert_eq!(Exit::of(&error), Exit::Unexpected);
    }

    #[test]
    fn a_write_that_may_have_happened_goes_before_its_kind() {
        let error = Error::new(ErrorKind::Timeout, "x").with_delivery(Delivery::MaybeApplied);
        assert_eq!(Exit::of(&error), Exit::MaybeApplied);
    }

    #[test]
    fn every_code_is_in_the_help() {
        for code in 0..=8 {
            assert!(TABLE.contains(&format!("\n  {code}  ")), "{code}");
        }
    }
}
