//! Query parameters as the vendor reads them: wire §1.2.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};

/// Characters that stay as they are in a query value.
const QUERY_VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'*');

/// The parameters of one request, decoded, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Params(Vec<(String, String)>);

/// `sysparm_display_value`: wire §1.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DisplayValue {
    False,
    True,
    All,
}

/// `+` is a blank, as in forms.
fn decode(text: &str) -> String {
    let blanks = text.replace('+', " ");
    percent_decode(blanks.as_bytes()).decode_utf8_lossy().into_owned()
}

/// Percent-encodes a value for a query string.
pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, QUERY_VALUE).to_string()
}

impl Params {
    pub(crate) fn parse(query: &str) -> Self {
        Self(
            query
                .split('&')
                .filter(|pair| !pair.is_empty())
                .map(|pair| {
                    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                    (decode(name), decode(value))
                })
                .collect(),
        )
    }

    /// The first value of a parameter; an empty one counts as absent, as clients that send
    /// `sysparm_fields=` expect.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// Booleans are the strings `true` and `false`; `True` and `False` are understood too.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

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
        self.0
            .iter()
            .filter(|(name, _)| !name.starts_with("sysparm_"))
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
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
