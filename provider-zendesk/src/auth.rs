//! Logging in: what the configuration says, as what goes on a request; and how a customer connects by OAuth
//! (`wire/jira-zendesk.md` §B1.2, §B1.3).

use std::net::IpAddr;
use std::sync::Arc;

use serde_json::Value;
use ticketing_core::{Authorization, BuildContext, Error, Result, Secret};
use ticketing_http::auth::{
    Authenticator, Basic, Bearer, OAuthClient, OAuthGrant, OAuthSource, TokenCache, TokenCacheOptions,
};
use ticketing_http::{Address, AddressPolicy, HttpContext};

use crate::config::AuthConfig;
use ticketing_http::config::object;

/// What a bare subdomain is completed with (§B1.1).
const SUFFIX: &str = ".zendesk.com";

/// What a client asks for: without any, its tokens open nothing (§B1.3).
const SCOPES: [&str; 2] = ["read", "write"];

/// Where tokens are exchanged, on the account's own host.
const TOKEN_PATH: &str = "/oauth/tokens";

/// The address that `instance` means, under the policy.
pub(crate) fn address(policy: &AddressPolicy, instance: &str) -> Result<Address> {
    policy.check("instance", instance, Some(SUFFIX))
}

/// Whether the vendor runs the host; an emulated one is on this machine, where nobody else listens.
fn is_vendors_own(address: &Address) -> bool {
    let host = address.host().trim_matches(['[', ']']);
    host.ends_with(SUFFIX) || host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// What puts the credential on requests.
pub(crate) fn authenticator(
    auth: &AuthConfig,
    address: &Address,
    context: &HttpContext,
) -> Result<Arc<dyn Authenticator>> {
    let named = |error: Error| match error.field() {
        Some("username") => error.with_field("auth.email"),
        Some("password") => error.with_field("auth.token"),
        Some(field) if !field.contains('.') => {
            let field = format!("auth.{field}");
            error.with_field(field)
        }
        _ => error,
    };
    Ok(match auth {
        // `email/token` is a user name whose password is the token (§B1.2).
        AuthConfig::ApiToken { email, token } => Arc::new(Basic::new(&format!("{email}/token"), token).map_err(named)?),
        AuthConfig::Bearer { token } => Arc::new(Bearer::new(token).map_err(named)?),
        AuthConfig::Connection => context.credential()?,
        AuthConfig::OAuth { client_id, client_secret, refresh_token } => {
            let client = OAuthClient {
                id: client_id.clone(),
                secret: client_secret.clone(),
                token_url: address.join(TOKEN_PATH)?,
                secret_in_body: true,
            };
            let grant = match refresh_token {
                Some(token) => OAuthGrant::RefreshToken(Secret::new(token.expose())),
                None => OAuthGrant::ClientCredentials,
            };
            // §B1.3: the endpoint is documented with JSON.
            let source = OAuthSource::new(client, grant, context.clone()).with_json().with_scopes(SCOPES);
            Arc::new(TokenCache::new(Arc::new(source), context.clock(), context.random(), TokenCacheOptions::default()))
        }
    })
}

/// How a customer's account is connected by OAuth.
///
/// # Errors
/// `Config`, naming `instance`, where the address is wrong.
pub(crate) fn authorization(config: &Value, context: &BuildContext) -> Result<Authorization> {
    let map = object("config", config.clone())?;
    let Some(Value::String(instance)) = map.get("instance") else {
        return Err(
            Error::config("instance", "it is missing").with_hint("give the account's subdomain, `acme`, or its host")
        );
    };
    // What a customer types is strict unless who runs this process opens more.
    let strict = AddressPolicy::strict();
    let address = address(context.extension::<HttpContext>().map_or(&strict, HttpContext::policy), instance)?;
    let at = |path: &str| address.join(path).map(|url| url.to_string());
    let mut authorization = Authorization::new(at("/oauth/authorizations/new")?, at(TOKEN_PATH)?);
    authorization.scopes = SCOPES.map(str::to_owned).into();
    authorization.pkce = true;
    authorization.is_vendors_own = is_vendors_own(&address);
    // Each refresh consumes the token that it used (§B1.3).
    authorization.rotates_refresh_token = true;
    authorization.json_token_request = true;
    authorization.client_credentials = true;
    Ok(authorization)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn addresses_are_completed_and_pinned() {
        let strict = AddressPolicy::strict();
        for (instance, expected) in [
            ("acme", "https://acme.zendesk.com"),
            ("acme.zendesk.com", "https://acme.zendesk.com"),
            ("https://acme.zendesk.com/", "https://acme.zendesk.com"),
            ("support.acme.com", "https://support.acme.com"),
        ] {
            assert_eq!(address(&strict, instance).unwrap().as_str(), expected, "{instance}");
        }
        for instance in [
            "http://127.0.0.1:4010",
            "http://acme.zendesk.com",
            "acme.zendesk.com@evil.example",
            "acme.zendesk.com/../x",
            "10.0.0.1",
            "-acme",
            "localhost",
            "acme.zendesk.com:8443",
        ] {
            let error = address(&strict, instance).unwrap_err();
            assert_eq!(error.field(), Some("instance"), "{instance}: {error}");
        }
    }

    #[test]
    fn oauth_is_described_from_the_address() {
        let context = BuildContext::new();
        let authorization = authorization(&json!({"instance": "acme"}), &context).unwrap();
        assert_eq!(authorization.authorize_url, "https://acme.zendesk.com/oauth/authorizations/new");
        assert_eq!(authorization.token_url, "https://acme.zendesk.com/oauth/tokens");
        assert!(authorization.pkce && authorization.rotates_refresh_token && !authorization.reissues_live_token);
        assert!(authorization.is_vendors_own);
        let own = super::authorization(&json!({"instance": "support.acme.com"}), &context).unwrap();
        assert!(!own.is_vendors_own, "a customer's own host");
        assert!(super::authorization(&json!({"instance": "http://127.0.0.1:1"}), &context).is_err());
        assert!(super::authorization(&json!({}), &context).is_err());
    }
}
