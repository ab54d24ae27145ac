//! The canonical files are the company's, and change only when somebody means it.

use conformance_tests::canonical::{KINDS, documents};
use conformance_tests::{Company, SNAPSHOTS};

#[test]
fn the_canonical_files_are_the_company() {
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(SNAPSHOTS);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for kind in KINDS {
            let documents = documents(kind, &Company::standard());
            assert!(!documents.is_empty(), "the company has {kind}");
            insta::assert_json_snapshot!(format!("canonical_{kind}"), documents);
        }
    });
}
