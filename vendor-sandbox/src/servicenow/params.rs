//! Query parameters of ServiceNow: wire §1.2.

pub(crate) use crate::params::{Params, encode};

/// `sysparm_display_value`: wire §1.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DisplayValue {
    False,
    True,
    All,
}

impl Params {
    pub(crate) fn display_value(&self) -> DisplayValue {
        match self.get("sysparm_display_value") {
            Some(value) if value.eq_ignore_ascii_case("true") => DisplayValue::True,
            Some(value) if value.eq_ignore_ascii_case("all") => DisplayValue::All,
            _ => DisplayValue::False,
        }
    }

    /// `sysparm_fields` in order, without repetitions; `None` for all fields.
    pub(crate) fn fields(&self) -> Option<Vec<&str>> {
        let mut fields = Vec::new();
        for field in self.get("sysparm_fields")?.split(',') {
            let field = field.trim();
            if !field.is_empty() && !fields.contains(&field) {
                fields.push(field);
            }
        }
        Some(fields)
    }

    /// Everything that is not a parameter of the API: filters by name (D: c_TableAPI).
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.iter().filter(|(name, _)| !name.starts_with("sysparm_"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_spellings_are_read_as_the_vendor_does() {
        let params = Params::parse(
            "sysparm_fields=&sysparm_view=&sysparm_no_count=False&sysparm_exclude_reference_link=True\
             &sysparm_query=a%3Db%5Ec%3D1+2&sysparm_display_value=All&active=true",
        );
        assert_eq!(params.fields(), None);
        assert!(!params.flag("sysparm_no_count"));
        assert!(params.flag("sysparm_exclude_reference_link"));
        assert_eq!(params.get("sysparm_query"), Some("a=b^c=1 2"));
        assert_eq!(params.display_value(), DisplayValue::All);
        assert_eq!(params.pairs().collect::<Vec<_>>(), [("active", "true")]);
    }
}
