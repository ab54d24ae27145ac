//! Assertions that say what is wrong, what was expected, and where that is written.

use std::collections::BTreeSet;
use std::fmt::Debug;

use ticketing_core::{Error, ErrorKind, Result};

/// The value of a call that must succeed.
#[track_caller]
pub(crate) fn ok<T>(result: Result<T>, call: &str) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{call} must succeed, and failed:\n  {error}\n  {error:?}"),
    }
}

/// The error of a call that must fail.
#[track_caller]
pub(crate) fn fails<T: Debug>(result: Result<T>, call: &str) -> Error {
    match result {
        Err(error) => {
            one_line(&error);
            error
        }
        Ok(value) => panic!("{call} must fail, and answered:\n  {value:?}"),
    }
}

/// The error of a call that must fail with one of these kinds.
#[track_caller]
pub(crate) fn refused<T: Debug>(result: Result<T>, kinds: &[ErrorKind], call: &str) -> Error {
    let error = fails(result, call);
    assert!(
        kinds.contains(&error.kind()),
        "{call} must fail as {}, and failed as {} (docs/errors.md says what each kind means):\n  {error}",
        kinds.iter().map(|kind| format!("`{kind}`")).collect::<Vec<_>>().join(" or "),
        error.kind(),
    );
    error
}

/// An error is one line (docs/errors.md).
#[track_caller]
pub(crate) fn one_line(error: &Error) {
    let line = error.to_string();
    assert!(
        !line.contains('\n') && !line.trim().is_empty(),
        "an error must print as one line (docs/errors.md): {line:?}"
    );
}

/// The error's line names all of these.
#[track_caller]
pub(crate) fn names(error: &Error, words: &[&str], why: &str) {
    let line = error.to_string();
    let missing: Vec<_> = words.iter().filter(|word| !line.to_lowercase().contains(&word.to_lowercase())).collect();
    assert!(missing.is_empty(), "{why}: the error must name {missing:?}, and says:\n  {line}");
}

/// The error's line names one of these.
#[track_caller]
pub(crate) fn names_any(error: &Error, words: &[&str], why: &str) {
    let line = error.to_string().to_lowercase();
    assert!(
        words.iter().any(|word| line.contains(&word.to_lowercase())),
        "{why}: the error must name one of {words:?}, and says:\n  {error}"
    );
}

/// Two sets of names are the same; the message says which are missing and which are too many.
#[track_caller]
pub(crate) fn same_set<T: Ord + Debug>(
    got: impl IntoIterator<Item = T>,
    expected: impl IntoIterator<Item = T>,
    what: &str,
) {
    let (got, expected): (BTreeSet<T>, BTreeSet<T>) = (got.into_iter().collect(), expected.into_iter().collect());
    let missing: Vec<_> = expected.difference(&got).collect();
    let surplus: Vec<_> = got.difference(&expected).collect();
    assert!(missing.is_empty() && surplus.is_empty(), "{what}:\n  missing: {missing:?}\n  too many: {surplus:?}");
}

/// No value comes twice.
#[track_caller]
pub(crate) fn no_repeats<T: Ord + Debug>(values: &[T], what: &str) {
    let mut seen = BTreeSet::new();
    let twice: Vec<_> = values.iter().filter(|value| !seen.insert(*value)).collect();
    assert!(twice.is_empty(), "{what}: these come more than once: {twice:?}");
}

/// Says that a case could not bite because the harness does not offer a hook.
pub(crate) fn not_offered(hook: &str) {
    eprintln!("not offered by this harness, so not shown: {hook}");
}
