//! Runs the built binary with a clean environment.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The binary, without the connection that the environment of the tests may name.
pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ticketing"));
    command.args(args).stdin(Stdio::null());
    for name in [
        "TICKETING_PROVIDER",
        "TICKETING_CONFIG",
        "TICKETING_CONNECTION",
        "TICKETING_STORE",
        "TICKETING_TENANT",
        "TICKETING_KEY",
        "TICKETING_KEY_FILE",
        "TICKETING_CLIENT_SECRET",
        "TICKETING_LOG",
        "RUST_LOG",
        "COLUMNS",
    ] {
        command.env_remove(name);
    }
    command
}

/// Runs the binary to its end.
pub(crate) fn run(args: &[&str]) -> Run {
    Run::of(command(args).output().unwrap(), args)
}

/// Runs the binary with this on its standard input.
pub(crate) fn run_with_input(args: &[&str], input: &str) -> Run {
    let mut command = command(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    Run::of(child.wait_with_output().unwrap(), args)
}

impl Run {
    pub(crate) fn of(output: std::process::Output, args: &[&str]) -> Self {
        let run = Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        };
        assert!(!run.stderr.contains("panicked"), "{args:?}: {run:?}");
        run
    }

    /// The run must have gone well, and said nothing on standard error.
    #[track_caller]
    pub(crate) fn good(self) -> Self {
        assert_eq!((self.code, self.stderr.as_str()), (0, ""), "stdout: {}", self.stdout);
        self
    }

    /// The run must have failed with this code and one line that holds all of these; nothing on standard output.
    #[track_caller]
    pub(crate) fn bad(self, code: i32, words: &[&str]) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        assert_eq!(self.stdout, "", "{self:?}");
        assert!(self.stderr.starts_with("error: "), "{self:?}");
        assert_eq!(self.stderr.lines().count(), 1, "{self:?}");
        for word in words {
            assert!(self.stderr.contains(word), "`{word}` is not in: {}", self.stderr);
        }
        self
    }

    /// The run must have gone well; it may have said something on standard error.
    #[track_caller]
    pub(crate) fn good_with_more(self) -> Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }

    /// Standard output as one JSON document.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Standard output as one JSON document a line.
    #[track_caller]
    pub(crate) fn lines(&self) -> Vec<Value> {
        let read = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        self.stdout.lines().map(read).collect()
    }

    /// The cursor that standard error names.
    pub(crate) fn next(&self) -> Option<String> {
        self.stderr.lines().find_map(|line| line.strip_prefix("next: ")).map(str::to_owned)
    }
}
