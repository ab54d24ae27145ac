//! Logging in: what the configuration says, as what goes on a request; and how a customer connects by OAuth
//! (`wire/servicenow.md` §5).

use std::net::IpAddr;
use std::sync::Arc;

use serde_json::Value;
use ticketing_core::{Authorization, BuildContext, Error, Result};
use ticketing_http::auth::{
    ApiKey, Authenticator, Basic, Bearer, OAuthClient, OAuthGrant, OAuthSource, TokenCache, TokenCacheOptions,
};
use ticketing_http::http::HeaderName;
use ticketing_http::{Address, AddressPolicy, HttpContext};

use crate::config::AuthConfig;
use ticketing_http::config::object;

/// What a bare instance name is completed with (wire §5.3).
const SUFFIX: &str = ".service-now.com";
/// Instances of governments stand elsewhere (§5.3).
const OTHERS: [&str; 1] = ["servicenowservices.com"];

/// Where tokens are exchanged, on the instance itself.
const TOKEN_PATH: &str = "/oauth_token.do";

/// The address that `instance` means, under the policy.
pub(crate) fn address(policy: &AddressPolicy, instance: &str) -> Result<Address> {
    policy.check_among("instance", instance, Some(SUFFIX), &OTHERS)
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
        Some(field) if !field.contains('.') => {
            let field = format!("auth.{field}");
            error.with_field(field)
        }
        _ => error,
    };
    Ok(match auth {
        AuthConfig::Basic { username, password } => Arc::new(Basic::new(username, password).map_err(named)?),
        AuthConfig::Bearer { token } => Arc::new(Bearer::new(token).map_err(named)?),
        AuthConfig::ApiKey { key } => {
            Arc::new(ApiKey::new(HeaderName::from_static("x-sn-apikey"), key).map_err(named)?)
        }
        AuthConfig::Connection => context.credential()?,
        AuthConfig::OAuth { client_id, client_secret, refresh_token } => {
            let client = OAuthClient {
                id: client_id.clone(),
                secret: Some(client_secret.clone()),
                token_url: address.join(TOKEN_PATH)?,
                // New instances take nothing else (wire §5.1).
                secret_in_body: true,
            };
            let source = OAuthSource::new(client, OAuthGrant::RefreshToken(refresh_token.clone()), context.clone());
            // "Requests made within the expiration time always return the current access token."
            let options = TokenCacheOptions { reissues_live_token: true, ..TokenCacheOptions::default() };
            Arc::new(TokenCache::new(Arc::new(source), context.clock(), context.random(), options))
        }
    })
}

/// How a customer's instance is connected by OAuth. Its administrator makes the client and gives us its id and secret.
///
/// # Errors
/// `Config`, naming `instance`, where the address is wrong.
pub(crate) fn authorization(config: &Value, context: &BuildContext) -> Result<Authorization> {
    let map = object("config", config.clone())?;
    let Some(Value::String(instance)) = map.get("instance") else {
        return Err(
            Error::config("instance", "it is missing").with_hint("give the instance's name, `acme`, or its host")
        );
    };
    // What a customer types is strict unless who runs this process opens more.
    let strict = AddressPolicy::strict();
    let address = address(context.extension::<HttpContext>().map_or(&strict, HttpContext::policy), instance)?;
    let at = |path: &str| address.join(path).map(|url| url.to_string());
    let mut authorization = Authorization::new(at("/oauth_auth.do")?, at(TOKEN_PATH)?);
    authorization.revoke_url = Some(at("/oauth_revoke_token.do")?);
    authorization.scopes = vec!["useraccount".to_owned()];
    authorization.pkce = true;
    authorization.is_vendors_own = is_vendors_own(&address);
    authorization.reissues_live_token = true;
    authorization.rotates_refresh_token = false;
    // Where the instance's administrator has opened them.
    authorization.client_credentials = true;
    authorization.password = true;
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
            ("acme", "https://acme.service-now.com"),
            ("acme.service-now.com", "https://acme.service-now.com"),
            ("https://acme.service-now.com/", "https://acme.service-now.com"),
            ("agency.servicenowservices.com", "https://agency.servicenowservices.com"),
            ("support.acme.com", "https://support.acme.com"),
        ] {
            assert_eq!(address(&strict, instance).unwrap().as_str(), expected, "{instance}");
        }
        for instance in [
            "http://127.0.0.1:4010",
            "http://acme.service-now.com",
            "acme.service-now.com@evil.example",
            "acme.service-now.com/../x",
            "10.0.0.1",
            "acme.service-now.com.",
            "-acme",
            "localhost",
            "acme.service-now.com:8443",
        ] {
            let error = address(&strict, instance).unwrap_err();
            assert_eq!(error.field(), Some("instance"), "{instance}: {error}");
        }
        let loopback = AddressPolicy::strict().allow_loopback();
        assert_eq!(address(&loopback, "http://127.0.0.1:4010").unwrap().as_str(), "http://127.0.0.1:4010");
    }

    #[test]
    fn oauth_is_described_from_the_address() {
        let context = BuildContext::new();
        let authorization = authorization(&json!({"instance": "acme"}), &context).unwrap();
        assert_eq!(authorization.authorize_url, "https://acme.service-now.com/oauth_auth.do");
        assert_eq!(authorization.token_url, "https://acme.service-now.com/oauth_token.do");
        assert!(authorization.pkce && authorization.reissues_live_token && !authorization.rotates_refresh_token);
        assert!(authorization.is_vendors_own);
        let own = super::authorization(&json!({"instance": "support.acme.com"}), &context).unwrap();
        assert!(!own.is_vendors_own, "a customer's own host");
        let loopback = json!({"instance": "http://127.0.0.1:1"});
        assert!(super::authorization(&loopback, &context).is_err());
        assert!(super::authorization(&json!({}), &context).is_err());
        let open = HttpContext::new(AddressPolicy::strict().allow_loopback()).unwrap();
        assert!(super::authorization(&loopback, &context.with_extension(open)).is_ok());
    }
}
