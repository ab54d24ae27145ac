//! Credentials that stay as they are.

use async_trait::async_trait;
use base64::Engine as _;
use http::{HeaderMap, HeaderName, HeaderValue};
use ticketing_core::{Error, Result, Secret};

use super::{Authenticator, Generation};

macro_rules! fixed {
    ($( $(#[$doc:meta])* $name:ident )*) => { $(
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name {
            name: HeaderName,
            value: HeaderValue,
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }

        #[async_trait]
        impl Authenticator for $name {
            async fn authorize(&self, headers: &mut HeaderMap) -> Result<Generation> {
                headers.insert(self.name.clone(), self.value.clone());
                Ok(0)
            }

            fn refused(&self, _: Generation) -> bool {
                false
            }
        }
    )* };
}

fixed! {
    /// A user name and password (RFC 7617).
    Basic
    /// A bearer token (RFC 6750).
    Bearer
    /// A key in a header of the vendor's own.
    ApiKey
}

fn sensitive(field: &str, value: String) -> Result<HeaderValue> {
    let mut value = HeaderValue::try_from(value)
        .map_err(|_| Error::config(field, "it holds a line break or control character").with_hint("copy it again"))?;
    value.set_sensitive(true);
    Ok(value)
}

impl Basic {
    /// A user name and password.
    ///
    /// # Errors
    /// `Config` where the name holds a colon, which Basic cannot carry.
    pub fn new(username: &str, password: &Secret) -> Result<Self> {
        if username.contains(':') {
            return Err(Error::config("username", "it holds a colon, which Basic authentication cannot carry"));
        }
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{username}:{}", password.expose()));
        Ok(Self { name: http::header::AUTHORIZATION, value: sensitive("password", format!("Basic {pair}"))? })
    }
}

impl Bearer {
    /// A token.
    ///
    /// # Errors
    /// `Config` where it cannot stand in a header.
    pub fn new(token: &Secret) -> Result<Self> {
        Ok(Self { name: http::header::AUTHORIZATION, value: sensitive("token", format!("Bearer {}", token.expose()))? })
    }
}

impl ApiKey {
    /// A key in this header.
    ///
    /// # Errors
    /// `Config` where it cannot stand in a header.
    pub fn new(header: HeaderName, key: &Secret) -> Result<Self> {
        Ok(Self { name: header, value: sensitive("key", key.expose().to_owned())? })
    }
}
