//! Cargo, as somebody at a shell would run it.

use std::process::Command;

/// What `cargo run` tells its program of itself. Build scripts of dependencies look at some of it, ring's for one: handed on,
/// it would have them, and everything above them, built again, and once more when cargo is run by hand.
const OF_THIS_PROGRAM: [&str; 4] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_", "CARGO_BIN_"];

pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| OF_THIS_PROGRAM.iter().any(|prefix| name.starts_with(prefix))) {
            command.env_remove(name);
        }
    }
    command
}
