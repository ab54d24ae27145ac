//! Which addresses a connection may have. What customers type is hostile input.

use std::net::IpAddr;

use ticketing_core::{Error, Result};
use url::{Host, Url};

use super::{Address, is_public};

/// Which addresses a connection may have. Strict unless told otherwise: `https`, a public host name, nothing else.
///
/// ```
/// use ticketing_http::AddressPolicy;
///
/// let strict = AddressPolicy::strict();
/// assert!(strict.check("instance", "acme", Some(".service-now.com")).is_ok());
/// assert!(strict.check("instance", "http://127.0.0.1:4010", None).is_err());
/// assert!(strict.allow_loopback().check("instance", "http://127.0.0.1:4010", None).is_ok());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AddressPolicy {
    loopback: bool,
    hosts: Vec<String>,
    redirects: bool,
}

impl AddressPolicy {
    /// `https`, a public host name in ASCII, no user, port, path, query or IP address.
    #[must_use]
    pub fn strict() -> Self {
        Self::default()
    }

    /// And this machine, by `http` too and at any port: for sandboxes and tests, never for addresses that customers type.
    #[must_use]
    pub fn allow_loopback(mut self) -> Self {
        self.loopback = true;
        self
    }

    /// And this host (`jira.intra.example`, `10.0.0.7:8443`), by `https`, wherever it resolves to.
    #[must_use]
    pub fn allow_host(mut self, host: impl Into<String>) -> Self {
        self.hosts.push(host.into().to_ascii_lowercase());
        self
    }

    /// And redirects of reads, up to three, that stay on the very scheme, host and port of the connection. All others end the
    /// request, so that no credential ever goes where the server points.
    #[must_use]
    pub fn allow_same_host_redirects(mut self) -> Self {
        self.redirects = true;
        self
    }

    /// The same policy for what the answers of a connection point to: public hosts. This machine and the listed hosts are not
    /// a vendor's to name, unless the connection itself is to one of them; else a customer's own server could have files read
    /// from inside our network.
    #[must_use]
    pub fn for_answers_of(&self, home: &Address) -> Self {
        let inside = self.lists(&home.base);
        Self {
            loopback: self.loopback && home.base.host().is_some_and(|host| is_loopback(&host)),
            hosts: if inside { self.hosts.clone() } else { Vec::new() },
            redirects: self.redirects,
        }
    }

    /// Whether redirects that stay on the connection's own host are followed.
    #[must_use]
    pub fn follows_same_host_redirects(&self) -> bool {
        self.redirects
    }

    /// The address that `input` means: a URL, a host name, or, with a `suffix`, the bare name of an instance. Any public host
    /// may be meant, but none that passes itself off as the suffix (`acme.service-now.com.example.org`, `acme.service-n0w.com`).
    ///
    /// # Errors
    /// `Config`, naming `field`, with the reason and what to write instead.
    pub fn check(&self, field: &str, input: &str, suffix: Option<&str>) -> Result<Address> {
        self.check_among(field, input, suffix, &[])
    }

    /// The same for a vendor that has hosts under other domains too: those pass themselves off as nothing.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn check_among(&self, field: &str, input: &str, suffix: Option<&str>, others: &[&str]) -> Result<Address> {
        let refused = |why: &str| {
            let hint = suffix.map_or_else(
                || "write a host name such as `support.example.com`".to_owned(),
                |suffix| format!("write the instance's name (`acme`) or its host (`acme{suffix}`)"),
            );
            Error::config(field, format!("`{}` {why}", shown(input))).with_hint(hint)
        };
        if input.is_empty() {
            return Err(refused("is empty"));
        }
        if input.len() > 300 {
            return Err(refused("is too long"));
        }
        if !input.is_ascii() {
            return Err(refused("holds letters outside ASCII, which can look like others"));
        }
        if input.chars().any(|c| c.is_ascii_control() || c == ' ' || c == '\\') {
            return Err(refused("holds a blank, backslash or control character"));
        }
        let text = match input.split_once("://") {
            Some(_) => input.to_owned(),
            None => {
                let bare = !input.eq_ignore_ascii_case("localhost")
                    && input.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
                match suffix {
                    Some(suffix) if bare && is_label(input) => format!("https://{input}{suffix}"),
                    _ if bare => {
                        return Err(refused("is not the name of an instance"));
                    }
                    _ => format!("https://{input}"),
                }
            }
        };
        let url = Url::parse(&text).map_err(|error| refused(&format!("is not an address ({error})")))?;
        self.check_url(&url).map_err(|why| refused(&why))?;
        // The parser normalises; what was typed must already be the plain form, or it means something else than it looks.
        let typed = text.split_once("://").map_or("", |(_, rest)| rest).trim_end_matches('/');
        if !typed.eq_ignore_ascii_case(url.authority()) {
            return Err(refused("is not written as a plain host name"));
        }
        if let (Some(suffix), Some(Host::Domain(name))) = (suffix, url.host())
            && !self.lists(&url)
            && imitates(name, suffix, others)
        {
            return Err(refused(&format!("only looks like a host under `{}`", suffix.trim_start_matches('.'))));
        }
        Ok(Address::new(url, field))
    }

    /// Whether anything may be sent to this URL: by scheme, user, host and port; its path and query are free. Asked by the
    /// transport once more, for every request.
    ///
    /// # Errors
    /// Why not.
    pub(crate) fn admits(&self, url: &Url) -> Result<(), String> {
        let mut origin = url.clone();
        origin.set_path("");
        origin.set_query(None);
        origin.set_fragment(None);
        self.check_url(&origin)
    }

    fn lists(&self, url: &Url) -> bool {
        let listed = |listed: &String| {
            listed == url.authority() || (!listed.contains(':') && Some(listed.as_str()) == url.host_str())
        };
        self.hosts.iter().any(listed)
    }

    /// Whether a connection to this IP address may be opened for this host, asked after the name was resolved.
    #[must_use]
    pub fn allows_ip(&self, host: &str, ip: IpAddr) -> bool {
        is_public(ip)
            || (self.loopback && ip.is_loopback() && is_loopback_name(host))
            || self.hosts.iter().any(|allowed| host_of(allowed) == host.to_ascii_lowercase())
    }

    fn check_url(&self, url: &Url) -> Result<(), String> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("has the scheme `{}`", url.scheme()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("holds a user name or password".to_owned());
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err("holds a path, query or fragment".to_owned());
        }
        let Some(host) = url.host() else { return Err("has no host".to_owned()) };
        let is_loopback = is_loopback(&host);
        if is_loopback && self.loopback {
            return Ok(());
        }
        if url.scheme() != "https" {
            return Err("is not https: a credential would travel in clear".to_owned());
        }
        if self.lists(url) {
            return Ok(());
        }
        // Its addresses are open for the sake of the port that is listed.
        if self.hosts.iter().any(|listed| host_of(listed) == url.host_str().unwrap_or_default()) {
            return Err("is allowed at another port".to_owned());
        }
        let Host::Domain(name) = host else {
            return Err("is an IP address".to_owned());
        };
        if url.port().is_some() {
            return Err("names a port".to_owned());
        }
        check_name(name)
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => is_loopback_name(name),
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
    }
}

fn check_name(name: &str) -> Result<(), String> {
    const LOCAL: [&str; 9] =
        ["localhost", "local", "internal", "intranet", "lan", "home", "corp", "arpa", "localdomain"];
    if name.ends_with('.') {
        return Err("ends in a dot".to_owned());
    }
    if name.len() > 253 || !name.contains('.') || !name.split('.').all(is_label) {
        return Err("is not the full name of a host".to_owned());
    }
    if name.split('.').any(|label| label.to_ascii_lowercase().starts_with("xn--")) {
        return Err("is written in Punycode, which can look like another name".to_owned());
    }
    let last = name.rsplit('.').next().unwrap_or_default();
    if LOCAL.contains(&last) || last.bytes().all(|b| b.is_ascii_digit()) {
        return Err("is a local name".to_owned());
    }
    Ok(())
}

/// What stands before a country where others register below it: `co.uk`, `com.au`.
const REGISTRIES: [&str; 24] = [
    "ac", "asso", "co", "com", "edu", "firm", "gen", "go", "gob", "gov", "govt", "id", "in", "ind", "ltd", "me", "mil",
    "ne", "net", "nom", "or", "org", "plc", "web",
];
/// And before `com`, `net` and `org`.
const COUNTRIES: [&str; 18] =
    ["ar", "br", "cn", "co", "de", "eu", "gb", "gr", "hu", "in", "jp", "kr", "no", "ru", "se", "uk", "us", "za"];

/// True where a name outside of the suffix is made to be taken for one under it: the suffix in the middle, or in what somebody
/// registered its second level, under another top level, as a part (`acme-zendesk.com`, `zendesk-login.com`, `zendesklogin.com`),
/// over several levels (`service.now.com`), or in letters that look alike. Below a domain of their own people name their hosts
/// as they like (`servicenow.acme.com`).
fn imitates(name: &str, suffix: &str, others: &[&str]) -> bool {
    let (name, home) = (name.to_ascii_lowercase(), suffix.trim_start_matches('.').to_ascii_lowercase());
    let is_under = |other: &str| name == other || name.ends_with(&format!(".{other}"));
    if is_under(&home) || others.iter().any(|other| is_under(other)) {
        return false;
    }
    let plain = |label: &str| skeleton(label).replace('-', "");
    let Some(own) = home.rsplit('.').nth(1).map(plain) else { return false };
    let labels: Vec<&str> = name.split('.').collect();
    let (top, second) = (labels.last().copied().unwrap_or_default(), labels.iter().rev().nth(1).copied());
    let is_paired = second.is_some_and(|label| match top {
        "com" | "net" | "org" => COUNTRIES.contains(&label),
        top => top.len() == 2 && REGISTRIES.contains(&label),
    });
    let Some(at) = labels.len().checked_sub(2 + usize::from(is_paired)) else { return false };
    let registered = plain(labels[at]);
    let parts: Vec<String> = labels[at].split('-').map(skeleton).collect();
    let over_levels = (0..at).any(|from| labels[from..=at].iter().map(|label| plain(label)).collect::<String>() == own);
    skeleton(&format!(".{name}.")).contains(&skeleton(&format!(".{home}.")))
        || registered.starts_with(&own)
        || registered.ends_with(&own)
        || has_run(&parts, &own)
        || over_levels
}

/// Whether parts in a row are a word when they are put together.
fn has_run(parts: &[String], word: &str) -> bool {
    let begins = |from: usize| {
        let mut joined = String::new();
        for part in &parts[from..] {
            joined.push_str(part);
            if joined.len() >= word.len() {
                return joined == word;
            }
        }
        false
    };
    (0..parts.len()).any(begins)
}

/// A label with the letters that pass for one another made one.
fn skeleton(label: &str) -> String {
    label
        .replace("rn", "m")
        .replace("vv", "w")
        .replace(['1', 'i'], "l")
        .replace('0', "o")
        .replace('5', "s")
        .replace('3', "e")
        .replace('4', "a")
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

fn is_loopback_name(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn host_of(listed: &str) -> String {
    Url::parse(&format!("https://{listed}")).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
}

/// What was typed, without what may be a password in it, and not longer than a line.
fn shown(input: &str) -> String {
    let text = match (input.find("://"), input.rfind('@')) {
        (scheme, Some(at)) => format!("{}…{}", &input[..scheme.map_or(0, |scheme| scheme + 3).min(at)], &input[at..]),
        _ => input.to_owned(),
    };
    // A query or fragment may hold a session or a token.
    let end = text.find(['?', '#']).map_or(text.len(), |at| at + 1);
    text[..end].chars().take(80).flat_map(char::escape_debug).collect()
}
