//! Credentials: put on a request at the last moment, shown nowhere else.

mod fixed;
mod oauth;
mod token_cache;
mod token_endpoint;

use std::fmt;

use async_trait::async_trait;
use http::HeaderMap;
use ticketing_core::Result;

pub use fixed::{ApiKey, Basic, Bearer};
pub use oauth::{OAuthSource, RefreshTokenStore};
pub use token_cache::{CredentialSource, Token, TokenCache, TokenCacheOptions};
pub use token_endpoint::{AuthorizeRequest, Granted, OAuthClient, OAuthGrant, TokenEndpoint};

/// Which credential a request carried, so that a refusal ends that one and no newer one.
pub type Generation = u64;

/// Puts a credential on requests.
#[async_trait]
pub trait Authenticator: fmt::Debug + Send + Sync + 'static {
    /// Puts the credential on a request, fetching one first where there is none.
    ///
    /// # Errors
    /// `Unauthenticated` where the vendor gives none any more; `Unavailable` where it cannot be asked now.
    async fn authorize(&self, headers: &mut HeaderMap) -> Result<Generation>;

    /// The vendor refused this credential. True where another one may be had by trying again.
    fn refused(&self, generation: Generation) -> bool;
}
