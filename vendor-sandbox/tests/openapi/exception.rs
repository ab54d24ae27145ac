//! Where a vendor's document is wrong, and the fact that overrides it.

/// Where an exchange departs from the document, rightly.
#[derive(Debug)]
pub(crate) struct Exception {
    /// `GET /api/v2/tickets/{ticket_id}`; `*` is anything.
    pub(crate) operation: &'static str,
    pub(crate) departs: Departs,
    /// The section of the wire reference, or the recording, that overrides the document.
    pub(crate) source: &'static str,
    pub(crate) seen: Seen,
}

/// Who has exchanges that need an exception.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// The sandbox's own tests, and perhaps the suite.
    BySandbox,
    /// The conformance suite alone.
    BySuite,
}

/// What departs from the document. Places are JSON pointers; `*` is anything.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Departs {
    /// The document does not have the operation at all.
    Operation,
    /// It does not have the parameter of the query.
    Parameter(&'static str),
    /// It requires the parameter.
    NotRequired(&'static str),
    /// The body of the request is of another media type, or none is in the document.
    Body,
    /// It does not have the key of the request's body.
    RequestKey(&'static str),
    /// The request's body has something else at the place.
    Request(&'static str),
    /// It does not have the status.
    Status(u16),
    /// A member of this name is null in the answer.
    Null(&'static str),
    /// The answer has something else at the place.
    Answer(&'static str),
}

/// What was found wrong.
#[derive(Debug)]
pub(super) enum Found {
    Operation,
    Parameter {
        name: String,
    },
    Missing {
        name: String,
    },
    /// A value of another type; nothing excuses it.
    Mistyped,
    Body,
    RequestKey {
        place: String,
    },
    Request {
        place: String,
    },
    Status(u16),
    Answer {
        place: String,
        is_null: bool,
    },
}

impl Exception {
    const fn new(operation: &'static str, departs: Departs, source: &'static str) -> Self {
        Self { operation, departs, source, seen: Seen::BySandbox }
    }

    pub(super) const fn operation(operation: &'static str, source: &'static str) -> Self {
        Self::new(operation, Departs::Operation, source)
    }

    pub(super) const fn parameter(operation: &'static str, name: &'static str, source: &'static str) -> Self {
        Self::new(operation, Departs::Parameter(name), source)
    }

    pub(super) const fn not_required(operation: &'static str, name: &'static str, source: &'static str) -> Self {
        Self::new(operation, Departs::NotRequired(name), source)
    }

    pub(super) const fn body(operation: &'static str, source: &'static str) -> Self {
        Self::new(operation, Departs::Body, source)
    }

    pub(super) const fn request_key(operation: &'static str, place: &'static str, source: &'static str) -> Self {
        Self::new(operation, Departs::RequestKey(place), source)
    }

    pub(super) const fn request(operation: &'static str, place: &'static str, source: &'static str) -> Self {
        Self::new(operation, Departs::Request(place), source)
    }

    pub(super) const fn status(operation: &'static str, status: u16, source: &'static str) -> Self {
        Self::new(operation, Departs::Status(status), source)
    }

    pub(super) const fn null(member: &'static str, source: &'static str) -> Self {
        Self::new("*", Departs::Null(member), source)
    }

    pub(super) const fn answer(operation: &'static str, place: &'static str, source: &'static str) -> Self {
        Self::new(operation, Departs::Answer(place), source)
    }

    /// An exception that the suite alone needs.
    pub(super) const fn by_suite(mut self) -> Self {
        self.seen = Seen::BySuite;
        self
    }

    pub(super) fn excuses(&self, operation: &str, found: &Found) -> bool {
        let departs = match (self.departs, found) {
            (Departs::Operation, Found::Operation) | (Departs::Body, Found::Body) => true,
            (Departs::Parameter(own), Found::Parameter { name })
            | (Departs::NotRequired(own), Found::Missing { name }) => own == name,
            (Departs::RequestKey(own), Found::RequestKey { place })
            | (Departs::Request(own), Found::Request { place })
            | (Departs::Answer(own), Found::Answer { place, .. }) => glob(own, place),
            (Departs::Status(own), Found::Status(status)) => own == *status,
            (Departs::Null(own), Found::Answer { place, is_null }) => {
                *is_null && place.rsplit('/').next().is_some_and(|last| last == own)
            }
            _ => false,
        };
        departs && glob(self.operation, operation)
    }
}

/// Whether a text is what a pattern says, in which `*` is anything.
fn glob(pattern: &str, text: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else { return pattern == text };
    let Some(rest) = text.strip_prefix(head) else { return false };
    (0..=rest.len()).any(|at| rest.is_char_boundary(at) && glob(tail, &rest[at..]))
}
