//! Names of fields.

use std::fmt;
use std::sync::Arc;

use ticketing_core::{Error, Result};

/// The name of a field, checked: `[a-z0-9_]+(\.[a-z0-9_]+)*`. Nothing else can stand where a query wants a name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldName(Arc<str>);

impl FieldName {
    /// A name, which may walk over references: `caller_id.email`.
    ///
    /// # Errors
    /// `InvalidRequest`, naming `field`, where it is not the name of a field.
    pub fn new(name: &str) -> Result<Self> {
        if !is_field_name(name) {
            let shown: String = name.chars().take(80).flat_map(char::escape_debug).collect();
            return Err(Error::invalid("field", format!("`{shown}` is not the name of a field")).with_hint(
                "use the field's column name: letters a to z, digits and underscores, with dots over references",
            ));
        }
        Ok(Self(name.into()))
    }

    /// A name that stands in this crate's own code.
    pub(crate) fn fixed(name: &'static str) -> Self {
        debug_assert!(is_field_name(name), "{name}");
        Self(name.into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

pub(crate) fn is_field_name(name: &str) -> bool {
    name.len() <= 200
        && name.split('.').all(|part| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_are_names() {
        for name in ["state", "u_symptom", "caller_id.email", "a.b.c", "x_acme_app_2"] {
            assert!(FieldName::new(name).is_ok(), "{name}");
        }
        for name in
            ["", ".", "a.", ".a", "a..b", "State", "a b", "a^b", "a=1", "a^NQ", "javascript:x", "a\n", "ü", "a-b"]
        {
            let error = FieldName::new(name).unwrap_err();
            assert_eq!(error.field(), Some("field"), "{name:?}");
        }
    }
}
