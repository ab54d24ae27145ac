//! What a provider's documents say otherwise than the canonical file, and whether that was announced.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Documents;
use crate::harness::Deviation;

/// Compares a provider's documents with the file, on every key that is `told`; announced deviations must deviate.
#[track_caller]
pub(crate) fn compare(
    kind: &str,
    got: &Documents,
    canonical: &Documents,
    told: impl Fn(&str) -> bool,
    deviations: &[Deviation],
) {
    let announced: Vec<&Deviation> = deviations.iter().filter(|one| one.documents == kind).collect();
    let mut used = BTreeSet::new();
    let mut wrong = Vec::new();
    let keys: BTreeSet<&String> = got.keys().chain(canonical.keys()).collect();
    for record in keys {
        match (got.get(record), canonical.get(record)) {
            // A record of the vendor's own, which every account there has.
            (Some(_), None) => match announced.iter().position(|one| one.key == "*" && one.record == record.as_str()) {
                Some(at) => _ = used.insert(at),
                None => wrong.push(format!("`{record}` is not in the canonical file")),
            },
            (None, Some(_)) => wrong.push(format!("`{record}` is missing")),
            (Some(got), Some(canonical)) => {
                for (key, expected) in canonical.as_object().into_iter().flatten() {
                    let value = got.get(key).unwrap_or(&Value::Null);
                    if !told(key) || value == expected {
                        continue;
                    }
                    let known = announced
                        .iter()
                        .position(|one| one.key == key && (one.record == "*" || one.record == record.as_str()));
                    match known {
                        Some(at) => _ = used.insert(at),
                        None => wrong.push(format!("`{record}`: `{key}` must be {expected}, and is {value}")),
                    }
                }
            }
            (None, None) => {}
        }
    }
    assert!(
        wrong.is_empty(),
        "{kind} do not match snapshots/canonical_{kind}.snap (it is the same for every provider and does not change; \
         where the vendor cannot hold a value, announce a `Deviation` with the reason):\n  {}",
        wrong.join("\n  ")
    );
    let idle: Vec<_> = announced.iter().enumerate().filter(|(at, _)| !used.contains(at)).map(|(_, one)| one).collect();
    assert!(idle.is_empty(), "these deviations of {kind} were announced, and there are none: {idle:#?}");
}
