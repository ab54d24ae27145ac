//! A connection's address: checked once, and everything that is sent is pinned to it.

mod ip;
mod policy;

use std::fmt;
use std::sync::Arc;

use ticketing_core::{Error, Result};
use url::Url;

pub(crate) use ip::is_public;
pub use policy::AddressPolicy;

/// The base address of a connection, checked by an [`AddressPolicy`]: scheme, host and port, and no more.
#[derive(Clone)]
pub struct Address {
    pub(super) base: Url,
    field: Arc<str>,
}

impl PartialEq for Address {
    fn eq(&self, other: &Self) -> bool {
        self.base == other.base
    }
}

impl Eq for Address {}

impl Address {
    pub(crate) fn new(base: Url, field: &str) -> Self {
        Self { base, field: field.into() }
    }

    /// The configuration key that it was read from, for errors.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }

    /// The host, and the port where it is not the scheme's own: what cursors are bound to.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.base.authority()
    }

    /// The host.
    #[must_use]
    pub fn host(&self) -> &str {
        self.base.host_str().unwrap_or_default()
    }

    /// The address of a path from the root, on this very host.
    ///
    /// # Errors
    /// `InvalidRequest` where the path would lead to another host.
    pub fn join(&self, path: &str) -> Result<Url> {
        let refused = |why: &str| {
            Error::invalid("path", format!("`{}` {why}", path.escape_debug()))
                .with_hint("write a path from the root, such as `/api/now/table/incident`; no scheme, host or `..`")
        };
        if !path.starts_with('/') || path.starts_with("//") || path.contains('\\') {
            return Err(refused("is not a path from the root"));
        }
        if path.chars().any(char::is_control) {
            return Err(refused("holds a control character"));
        }
        let (only_path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        let steps_up = |segment: &str| {
            let segment = segment.to_ascii_lowercase().replace("%2e", ".");
            segment == ".." || segment == "."
        };
        if only_path.split('/').any(steps_up) {
            return Err(refused("steps up"));
        }
        let mut url = self.base.clone();
        url.set_path(only_path);
        url.set_query(query);
        if url.authority() != self.base.authority() || url.scheme() != self.base.scheme() {
            return Err(refused("leads to another host"));
        }
        Ok(url)
    }

    /// True where the URL is on this very scheme, host and port.
    #[must_use]
    pub fn is_home_of(&self, url: &Url) -> bool {
        url.scheme() == self.base.scheme()
            && url.authority() == self.base.authority()
            && url.username().is_empty()
            && url.password().is_none()
    }

    /// The address as text, without a slash at its end: `https://acme.service-now.com`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Address").field(&self.as_str()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_never_leaves_its_host() {
        let address = AddressPolicy::strict().check("instance", "acme", Some(".example.com")).unwrap();
        assert_eq!(address.as_str(), "https://acme.example.com");
        assert_eq!(address.join("/api/x?a=b%20c").unwrap().as_str(), "https://acme.example.com/api/x?a=b%20c");
        for path in [
            "api",
            "//evil.example/x",
            "/\\evil.example",
            "https://evil.example/",
            "/a/../../b",
            "/%2e%2E/x",
            "/a\n/b",
            "@evil.example/",
            "",
        ] {
            assert!(address.join(path).is_err(), "{path:?}");
        }
    }
}
