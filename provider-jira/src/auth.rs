//! Where a site is and how to log in: what the configuration says, as addresses and what goes on a request; and how a
//! customer connects by OAuth (wire A1, A2).

use std::sync::Arc;

use serde_json::Value;
use ticketing_core::{Authorization, BuildContext, Error, Result};
use ticketing_http::auth::{
    Authenticator, Basic, Bearer, OAuthClient, OAuthGrant, OAuthSource, RefreshTokenStore, TokenCache,
    TokenCacheOptions,
};
use ticketing_http::{Address, AddressPolicy, HttpContext};
use url::Url;

use crate::config::AuthConfig;
use ticketing_http::config::{object, shown};

/// What a bare site name is completed with (wire A1).
const SUFFIX: &str = ".atlassian.net";
/// Where OAuth and scoped tokens go instead of the site's own host (wire A1).
const GATEWAY: &str = "https://api.atlassian.com";
/// Where tokens are exchanged (wire A2.2).
const TOKEN_URL: &str = "https://auth.atlassian.com/oauth/token";
/// The path of a site behind the gateway.
const GATEWAY_PATH: &str = "/ex/jira/";

/// How the API of a site is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    /// On the site's own host.
    Host,
    /// Through the gateway; `None`: the site says its id.
    Gateway(Option<String>),
    /// Through the gateway where it turns out to be Cloud: an emulated site, whose gateway is itself.
    Either,
}

/// Where a site is.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// Where requests go.
    pub(crate) api: Address,
    /// Where people go.
    pub(crate) home: Address,
    /// What stands before every path: the gateway's, or a Data Center's own.
    pub(crate) prefix: String,
    pub(crate) route: Route,
}

impl Place {
    /// What `instance` and the form of login mean, under the policy.
    pub(crate) fn new(policy: &AddressPolicy, instance: &str, auth: &AuthConfig) -> Result<Self> {
        let (host, path) = split(instance.trim_end_matches('/'))?;
        if let Some(id) = path.strip_prefix(GATEWAY_PATH) {
            let home = policy.check("instance", host, None)?;
            if home.as_str() != GATEWAY && !is_loopback(&home) {
                return Err(Error::config("instance", format!("`{}` is not the gateway's host", shown(host)))
                    .with_hint(format!("write {GATEWAY}{path}, or the site's own name")));
            }
            let route = Route::Gateway(Some(id.to_owned()));
            return Ok(Self { api: home.clone(), home, prefix: path.to_owned(), route });
        }
        let home = policy.check("instance", host, Some(SUFFIX))?;
        let here = |route| Self { api: home.clone(), home: home.clone(), prefix: path.to_owned(), route };
        if matches!(auth, AuthConfig::Basic { .. }) {
            return Ok(here(Route::Host));
        }
        if is_clouds(&home) {
            let api = policy.check("instance", GATEWAY, None)?;
            return Ok(Self { api, home, prefix: String::new(), route: Route::Gateway(None) });
        }
        match auth {
            _ if is_loopback(&home) => Ok(here(Route::Either)),
            AuthConfig::OAuth { .. } => Err(Error::config(
                "instance",
                format!("`{}` is not a site of Jira Cloud, and OAuth is Jira Cloud's", home.host()),
            )
            .with_hint(
                "give the site as `acme.atlassian.net`; for a Data Center, use a personal access token: bearer",
            )),
            _ => Ok(here(Route::Host)),
        }
    }

    /// True where the address alone says that this is no site of Jira Cloud: those are Atlassian's own hosts, and only an
    /// emulated one is on this machine.
    pub(crate) fn is_elsewhere(&self) -> bool {
        self.route == Route::Host && !is_clouds(&self.home) && !is_loopback(&self.home)
    }

    /// What cursors are bound to.
    pub(crate) fn account(&self) -> String {
        format!("{}{}", self.home.authority(), self.prefix)
    }
}

fn is_clouds(home: &Address) -> bool {
    [SUFFIX, ".jira.com"].iter().any(|suffix| home.host().ends_with(suffix))
}

fn is_loopback(home: &Address) -> bool {
    let host = home.host().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// The host and the path below it: a Data Center may live at `https://intra.example/jira`, and the gateway has one path a site.
fn split(instance: &str) -> Result<(&str, &str)> {
    let from = instance.find("://").map_or(0, |at| at + 3);
    let Some(at) = instance.get(from..).and_then(|rest| rest.find('/')) else { return Ok((instance, "")) };
    let (host, path) = instance.split_at(from + at);
    let plain = |segment: &str| {
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        !segment.is_empty() && segment.bytes().all(is_plain)
    };
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let gateway = matches!(segments.as_slice(), ["ex", "jira", _]);
    if segments.iter().all(|segment| plain(segment)) && (segments.len() == 1 || gateway) {
        return Ok((host, path));
    }
    let hint = "write the site's name (`acme`), its host (`acme.atlassian.net`), or its address without a page";
    Err(Error::config("instance", format!("`{}` is not the path of a site", shown(path))).with_hint(hint))
}

/// What puts the credential on requests. Rotated refresh tokens go to the `Arc<dyn RefreshTokenStore>` among the build
/// context's extensions; without one they live as long as the connection.
pub(crate) fn authenticator(
    auth: &AuthConfig,
    place: &Place,
    context: &HttpContext,
    build: &BuildContext,
) -> Result<Arc<dyn Authenticator>> {
    let named = |error: Error| match error.field() {
        Some(field) if !field.contains('.') => {
            let field = format!("auth.{field}");
            error.with_field(field)
        }
        _ => error,
    };
    Ok(match auth {
        AuthConfig::Basic { username, password } => Arc::new(Basic::new(username, password).map_err(named)?),
        AuthConfig::Bearer { token } => Arc::new(Bearer::new(token).map_err(named)?),
        AuthConfig::Connection => context.credential()?,
        AuthConfig::OAuth { client_id, client_secret, refresh_token } => {
            let client = OAuthClient {
                id: client_id.clone(),
                secret: Some(client_secret.clone()),
                token_url: token_url(place)?,
                secret_in_body: true,
            };
            // wire A2.2: the endpoint is documented with JSON.
            let grant = OAuthGrant::RefreshToken(refresh_token.clone());
            let mut source = OAuthSource::new(client, grant, context.clone()).with_json();
            // Each refresh ends the token it used (wire A2.2): whoever keeps the configuration has to be told.
            if let Some(store) = build.extension::<Arc<dyn RefreshTokenStore>>() {
                source = source.with_store(Arc::clone(store));
            }
            let options = TokenCacheOptions::default();
            Arc::new(TokenCache::new(Arc::new(source), context.clock(), context.random(), options))
        }
    })
}

fn token_url(place: &Place) -> Result<Url> {
    if is_loopback(&place.home) {
        return place.home.join("/oauth/token");
    }
    Url::parse(TOKEN_URL).map_err(|error| Error::config("auth", "the token endpoint is no address").with_source(error))
}

/// How a customer's site is connected by OAuth.
///
/// # Errors
/// `Config`, naming `instance`, where there is one and it is no site of Jira Cloud.
pub(crate) fn authorization(config: &Value, context: &BuildContext) -> Result<Authorization> {
    let map = object("config", config.clone())?;
    // An emulated site is its own gateway.
    let mut emulated = None;
    // The site is chosen at Atlassian, so that none need be named before.
    if let Some(Value::String(instance)) = map.get("instance") {
        // What a customer types is strict unless who runs this process opens more.
        let strict = AddressPolicy::strict();
        let policy = context.extension::<HttpContext>().map_or(&strict, HttpContext::policy);
        let gateway = split(instance.trim_end_matches('/')).ok().filter(|(_, path)| path.starts_with(GATEWAY_PATH));
        let home = match gateway {
            Some((host, _)) => policy.check("instance", host, None)?,
            None => policy.check("instance", instance, Some(SUFFIX))?,
        };
        if is_loopback(&home) {
            emulated = Some(home);
        } else if !(is_clouds(&home) || gateway.is_some() && home.as_str() == GATEWAY) {
            return Err(Error::config("instance", format!("`{}` is not a site of Jira Cloud", home.host())).with_hint(
                "give the site as `acme.atlassian.net`; a Data Center is connected by a personal access token",
            ));
        }
    }
    let at = |path: &str, vendors: &str| match &emulated {
        Some(home) => home.join(path).map(|url| url.to_string()),
        None => Ok(vendors.to_owned()),
    };
    let mut authorization =
        Authorization::new(at("/authorize", "https://auth.atlassian.com/authorize")?, at("/oauth/token", TOKEN_URL)?);
    authorization.authorize_parameters = [("audience", "api.atlassian.com"), ("prompt", "consent")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    authorization.scopes = [
        "offline_access",
        "read:jira-user",
        "read:jira-work",
        "write:jira-work",
        "read:servicedesk-request",
        "write:servicedesk-request",
        "manage:servicedesk-customer",
    ]
    .map(str::to_owned)
    .into();
    authorization.json_token_request = true;
    // Atlassian's own, or an emulated one on this machine.
    authorization.is_vendors_own = true;
    authorization.rotates_refresh_token = true;
    let sites = "/oauth/token/accessible-resources";
    authorization.sites_url = Some(at(sites, &format!("{GATEWAY}{sites}"))?);
    // The site's own address leads to it through the gateway.
    authorization.site_url_key = Some("instance".to_owned());
    Ok(authorization)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use ticketing_core::Secret;

    fn place(instance: &str, auth: &AuthConfig) -> Result<Place> {
        Place::new(&AddressPolicy::strict().allow_loopback(), instance, auth)
    }

    fn basic() -> AuthConfig {
        AuthConfig::Basic { username: "u".to_owned(), password: Secret::new("p") }
    }

    fn bearer() -> AuthConfig {
        AuthConfig::Bearer { token: Secret::new("t") }
    }

    /// Behind the gateway too, a customer's tokens can be kept alive.
    #[test]
    fn the_gateways_address_is_connected_by_oauth() {
        let context = BuildContext::new();
        let at = |instance: &str| authorization(&serde_json::json!({ "instance": instance }), &context);
        let known = at("https://api.atlassian.com/ex/jira/11223344-a1b2").unwrap();
        assert_eq!((known.token_url.as_str(), known.is_vendors_own), (TOKEN_URL, true));
        for refused in ["https://api.evil.example/ex/jira/1", "https://jira.example.com/jira", "jira.example.com"] {
            assert_eq!(at(refused).unwrap_err().field(), Some("instance"), "{refused}");
        }
    }

    #[test]
    fn every_form_of_site_has_its_route() {
        let id = "11223344-a1b2-4b33-8c44-def123456789";
        for (instance, auth, api, prefix, route) in [
            ("acme", basic(), "https://acme.atlassian.net", "", Route::Host),
            ("acme.atlassian.net", basic(), "https://acme.atlassian.net", "", Route::Host),
            ("https://acme.atlassian.net/", basic(), "https://acme.atlassian.net", "", Route::Host),
            ("acme", bearer(), "https://api.atlassian.com", "", Route::Gateway(None)),
            ("https://jira.acme.com/jira", bearer(), "https://jira.acme.com", "/jira", Route::Host),
            ("jira.acme.com", bearer(), "https://jira.acme.com", "", Route::Host),
            ("http://127.0.0.1:4020", bearer(), "http://127.0.0.1:4020", "", Route::Either),
            (
                "https://api.atlassian.com/ex/jira/11223344-a1b2-4b33-8c44-def123456789",
                basic(),
                "https://api.atlassian.com",
                "/ex/jira/11223344-a1b2-4b33-8c44-def123456789",
                Route::Gateway(Some(id.to_owned())),
            ),
        ] {
            let place = place(instance, &auth).unwrap();
            assert_eq!((place.api.as_str(), place.prefix.as_str(), &place.route), (api, prefix, &route), "{instance}");
        }
        for instance in [
            "http://acme.atlassian.net",
            "acme.atlassian.net@evil.example",
            "acme.atlassian.net/../x",
            "acme.atlassian.net/browse/HELP-1",
            "acme.atlassian.net.evil.example",
            "https://jira.acme.com/jira?x=y",
            "https://evil.example/ex/jira/11223344",
            "10.0.0.1",
            "-acme",
        ] {
            let error = place(instance, &basic()).unwrap_err();
            assert_eq!(error.field(), Some("instance"), "{instance}: {error}");
        }
        let oauth = AuthConfig::OAuth {
            client_id: "i".to_owned(),
            client_secret: Secret::new("s"),
            refresh_token: Secret::new("r"),
        };
        assert_eq!(place("jira.acme.com", &oauth).unwrap_err().field(), Some("instance"));
    }

    #[test]
    fn an_address_says_which_jira_it_is() {
        for (instance, auth, elsewhere) in [
            ("acme", basic(), false),
            ("acme.jira.com", bearer(), false),
            ("https://api.atlassian.com/ex/jira/11223344-a1b2-4b33-8c44-def123456789", basic(), false),
            ("jira.acme.com", bearer(), true),
            ("https://jira.acme.com/jira", basic(), true),
            ("http://127.0.0.1:4020", basic(), false),
            ("http://localhost:4020", bearer(), false),
        ] {
            assert_eq!(place(instance, &auth).unwrap().is_elsewhere(), elsewhere, "{instance}");
        }
    }

    #[test]
    fn oauth_is_atlassians() {
        let authorization = authorization(&json!({"instance": "acme"}), &BuildContext::new()).unwrap();
        assert_eq!(authorization.token_url, "https://auth.atlassian.com/oauth/token");
        assert!(authorization.rotates_refresh_token && !authorization.pkce);
        assert!(authorization.is_vendors_own && authorization.scopes.contains(&"offline_access".to_owned()));
        assert!(super::authorization(&json!({}), &BuildContext::new()).is_ok());
        assert!(super::authorization(&json!({"instance": "jira.acme.com"}), &BuildContext::new()).is_err());
        assert!(super::authorization(&json!({"instance": "http://127.0.0.1:1"}), &BuildContext::new()).is_err());
    }
}
