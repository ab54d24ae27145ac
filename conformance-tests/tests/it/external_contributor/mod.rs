//! A contributor outside this workspace depends on the suite, runs it, and is told what is wrong.
//!
//! `acme/` is the contributor's crate: a provider with a mapping of its own, and a harness of about forty lines. The test
//! puts it where nobody knows this workspace, and runs its `cargo test`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where the contributor's dependencies are built: a folder of its own, so that the outer cargo's lock is not waited for,
/// and always the same, so that they are built once.
const TARGET: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/external-contributor");

struct Contributor {
    folder: tempfile::TempDir,
}

impl Contributor {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        assert!(!folder.path().starts_with(workspace), "a contributor's crate lies outside the workspace");
        let contributor = Self { folder };
        let manifest = include_str!("acme/manifest.toml").replace("WORKSPACE", workspace.to_str().unwrap());
        contributor.write("Cargo.toml", &manifest);
        // The versions that are here already: nothing is fetched.
        std::fs::copy(workspace.join("Cargo.lock"), contributor.path("Cargo.lock")).unwrap();
        contributor.write("src/lib.rs", include_str!("acme/provider.rs"));
        contributor.write("src/map.rs", include_str!("acme/map.rs"));
        contributor.write("tests/suite/main.rs", include_str!("acme/suite.rs"));
        // The store stands for the vendor: what is in it is no part of the provider.
        contributor.write("tests/suite/company.rs", include_str!("../memory/company.rs"));
        contributor
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.path(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// The contributor's `cargo test`; true where it is green, and all that it printed.
    fn cargo_test(&self, snapshots: &str) -> (bool, String) {
        let output = Command::new(env!("CARGO"))
            .args(["test", "--offline", "--color=never", "--target-dir", TARGET])
            .current_dir(self.folder.path())
            .env("INSTA_UPDATE", snapshots)
            .env_remove("INSTA_WORKSPACE_ROOT")
            .env_remove("INSTA_SNAPSHOT_REFERENCES_FILE")
            .env_remove("TICKETING_WITHOUT_REMEDY")
            .env_remove("CARGO_MANIFEST_DIR")
            .env_remove("RUSTFLAGS")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let printed = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        (output.status.success(), printed)
    }
}

#[test]
fn a_contributor_outside_runs_the_suite_and_is_told_what_is_wrong() {
    let contributor = Contributor::new();

    let (green, printed) = contributor.cargo_test("always");
    assert!(green, "the suite must be green on a provider that does as it should:\n{printed}");
    let cases = printed.lines().filter(|line| line.starts_with("test acme::") && line.ends_with("... ok")).count();
    assert_eq!(cases, conformance_tests::CASES.len(), "every case is a test of the contributor's:\n{printed}");
    for snapshot in ["capabilities@acme.snap", "hooks@acme.snap"] {
        let path = contributor.path("snapshots").join(snapshot);
        assert!(path.is_file(), "the contributor's snapshots lie in the contributor's folder: {}", path.display());
    }

    // One word of the mapping is wrong.
    let (right, wrong) = (r#""solved" => StatusCategory::Resolved"#, r#""solved" => StatusCategory::Closed"#);
    let map = include_str!("acme/map.rs");
    assert!(map.contains(right));
    contributor.write("src/map.rs", &map.replace(right, wrong));
    let (green, printed) = contributor.cargo_test("no");
    assert!(!green, "a wrong mapping must turn the suite red:\n{printed}");
    assert!(printed.contains("test acme::canonical::tickets_match_the_company ... FAILED"), "{printed}");
    assert!(
        printed.contains(r#"`vpn`: `status` must be "resolved", and is "closed""#),
        "the contributor is told which record and key is wrong, what it must be, and what it is:\n{printed}"
    );
}
