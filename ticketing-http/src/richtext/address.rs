//! Which addresses a link may have.

/// Schemes that run what they carry.
const RUN: [&str; 6] = ["javascript", "vbscript", "data", "livescript", "mocha", "blob"];

/// Schemes that are linked in HTML; others are shown as text.
const LINKED: [&str; 14] =
    ["http", "https", "mailto", "tel", "ftp", "ftps", "sip", "sips", "sms", "xmpp", "geo", "news", "ssh", "webcal"];

/// The scheme of an address as a browser sees it: blanks and control characters are passed over.
fn scheme(address: &str) -> Option<String> {
    let mut scheme = String::new();
    for c in address.chars().filter(|c| !c.is_whitespace() && !c.is_control() && !matches!(c, '\u{200b}' | '\u{feff}'))
    {
        match c {
            ':' => return Some(scheme),
            'a'..='z' | 'A'..='Z' | '0'..='9' | '+' | '-' | '.' if scheme.len() < 32 => {
                scheme.push(c.to_ascii_lowercase());
            }
            _ => return None,
        }
    }
    None
}

/// Whether following the address would run code.
pub(crate) fn runs_code(address: &str) -> bool {
    scheme(address).is_some_and(|scheme| RUN.contains(&scheme.as_str()))
}

/// Whether HTML may link to the address: a known scheme, or none.
pub(crate) fn may_be_linked(address: &str) -> bool {
    scheme(address).is_none_or(|scheme| LINKED.contains(&scheme.as_str()))
}

/// The schemes of [`may_be_linked`].
pub(crate) fn linked_schemes() -> impl Iterator<Item = &'static str> {
    LINKED.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_are_seen_as_browsers_see_them() {
        for address in ["javascript:alert(1)", " JaVa\tScript:x", "data:text/html,x", "vbscript:x", "\u{1}javascript:x"]
        {
            assert!(runs_code(address) && !may_be_linked(address), "{address:?}");
        }
        for address in ["https://a.example/javascript:x", "mailto:a@b.example", "/a:b", "#javascript:", "a/b?c:d", ""] {
            assert!(!runs_code(address) && may_be_linked(address), "{address:?}");
        }
        assert!(!runs_code("slack://x") && !may_be_linked("slack://x"));
    }
}
