//! Exactly these providers are linked into this binary.

use ticketing_core::Registry;

#[test]
fn exactly_the_workspaces_providers_are_registered() {
    let registry = Registry::discover().unwrap();
    let names: Vec<_> = registry.iter().map(|registration| registration.name).collect();
    assert_eq!(names, ["jira", "memory", "servicenow"]);
}
