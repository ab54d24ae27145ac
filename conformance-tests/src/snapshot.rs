//! Snapshots with fixed names in fixed places, whoever runs the suite.

use std::path::Path;

use insta::internals::SettingsBindDropGuard;

/// The suite's own snapshots.
pub const SNAPSHOTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots");

/// Settings under which a snapshot is called by its name alone, and lies in this folder.
pub(crate) fn bind(folder: &Path, suffix: Option<&str>) -> SettingsBindDropGuard {
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.remove_input_file();
    if let Some(suffix) = suffix {
        settings.set_snapshot_suffix(suffix);
    }
    settings.bind_to_scope()
}

/// The text of a snapshot file, without its head.
pub(crate) fn body(file: &str) -> &str {
    file.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n")).map_or(file, |(_, body)| body)
}
