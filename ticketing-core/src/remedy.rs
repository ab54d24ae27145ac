//! Switches that take one remedy out, to see a test go red.
//!
//! A remedy is code that exists because a vendor does something surprising: an overlap, a probe after an empty page, a
//! mapping of a status. `cargo xtask remedies` takes each out in turn and demands that a test notices. Without the feature
//! `remedies`, [`is_removed`] is the constant `false` and nothing remains of it.

/// True where this remedy was taken out for a test run: it is named in `TICKETING_WITHOUT_REMEDY`.
#[cfg(feature = "remedies")]
#[must_use]
pub fn is_removed(name: &str) -> bool {
    static REMOVED: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    REMOVED
        .get_or_init(|| std::env::var("TICKETING_WITHOUT_REMEDY").unwrap_or_default())
        .split(',')
        .any(|one| one == name)
}

/// True where this remedy was taken out for a test run: never, without the feature `remedies`.
#[cfg(not(feature = "remedies"))]
#[must_use]
#[inline(always)]
pub const fn is_removed(_name: &str) -> bool {
    false
}
