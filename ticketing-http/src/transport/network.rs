//! The network, by reqwest and rustls with ring.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use async_trait::async_trait;
use futures::StreamExt as _;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use ticketing_core::request::ByteStream;
use ticketing_core::{Error, Result};
use url::Url;

use super::{Transport, TransportError, TransportErrorKind};
use crate::address::AddressPolicy;
use crate::request::Body;

/// The network. It follows no redirect, keeps no cookie, repeats nothing, and opens a connection only to an IP address that
/// the policy allows, asked after the name was resolved.
#[derive(Debug, Clone)]
pub struct ReqwestTransport {
    client: reqwest::Client,
    policy: AddressPolicy,
}

/// Makes a [`ReqwestTransport`].
#[derive(Debug)]
pub struct ReqwestTransportBuilder {
    policy: AddressPolicy,
    extra_roots: Vec<CertificateDer<'static>>,
    connect_timeout: Duration,
    hosts: HashMap<String, Vec<IpAddr>>,
}

impl ReqwestTransport {
    /// A network under this policy.
    #[must_use]
    pub fn builder(policy: AddressPolicy) -> ReqwestTransportBuilder {
        ReqwestTransportBuilder {
            policy,
            extra_roots: Vec::new(),
            connect_timeout: Duration::from_secs(10),
            hosts: HashMap::new(),
        }
    }
}

impl ReqwestTransportBuilder {
    /// Takes these addresses for a host's name instead of asking the system for them. The policy holds for them all the same.
    #[must_use]
    pub fn with_host(mut self, name: impl Into<String>, addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        self.hosts.insert(name.into().to_ascii_lowercase(), addresses.into_iter().collect());
        self
    }

    /// Trusts the certificates of this PEM text too: a sandbox's own, or a company's.
    ///
    /// # Errors
    /// `Config` where the text holds no certificate.
    pub fn with_root_certificates(mut self, pem: &[u8]) -> Result<Self> {
        let before = self.extra_roots.len();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate
                .map_err(|error| Error::config("root_certificate", "it is not a PEM certificate").with_source(error))?;
            self.extra_roots.push(certificate);
        }
        if self.extra_roots.len() == before {
            return Err(Error::config("root_certificate", "the text holds no PEM certificate"));
        }
        Ok(self)
    }

    /// The network.
    ///
    /// # Errors
    /// `Config` where no TLS client can be made.
    pub fn build(self) -> Result<ReqwestTransport> {
        let failed = |what: &str| Error::config("tls", what.to_owned());
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        // The system's own, for companies that inspect their traffic; a slim container has none, which is fine.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        for certificate in self.extra_roots {
            roots.add(certificate).map_err(|error| failed("a root certificate is not usable").with_source(error))?;
        }
        let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| failed("the TLS versions do not fit").with_source(error))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        #[expect(clippy::disallowed_methods, reason = "the one place that makes an HTTP client")]
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .dns_resolver(Arc::new(GuardedResolver { policy: self.policy.clone(), hosts: Arc::new(self.hosts) }))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(self.connect_timeout)
            .pool_idle_timeout(Duration::from_secs(60))
            .no_proxy()
            .user_agent(concat!("ticketing/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| failed("no HTTP client can be made").with_source(error))?;
        Ok(ReqwestTransport { client, policy: self.policy })
    }
}

#[async_trait]
impl Transport for ReqwestTransport {
    async fn send(&self, request: http::Request<Body>) -> Result<http::Response<ByteStream>, TransportError> {
        let (parts, body) = request.into_parts();
        // A literal IP address is never resolved, so that the resolver does not see it.
        let url = Url::parse(&parts.uri.to_string())
            .map_err(|error| TransportError::new(TransportErrorKind::Request, format!("no address ({error})")))?;
        if let Err(why) = self.policy.admits(&url) {
            let message = format!("`{}` {why}", url.host_str().unwrap_or_default());
            return Err(TransportError::new(TransportErrorKind::Forbidden, message));
        }
        let mut builder = self.client.request(parts.method, url).headers(parts.headers);
        builder = match body {
            Body::Empty => builder,
            Body::Bytes(bytes) => builder.body(bytes),
            Body::Stream(content) => {
                if let Some(size) = content.size() {
                    builder = builder.header(http::header::CONTENT_LENGTH, size);
                }
                builder.body(reqwest::Body::wrap_stream(content.open()))
            }
        };
        let response = builder.send().await.map_err(sent)?;
        let mut out = http::Response::builder().status(response.status());
        if let Some(headers) = out.headers_mut() {
            *headers = response.headers().clone();
        }
        let stream = response.bytes_stream().map(|piece| piece.map_err(|error| Error::from(sent(error)))).boxed();
        out.body(stream).map_err(|error| {
            TransportError::new(TransportErrorKind::Broken, "the answer has no form").with_source(error)
        })
    }
}

fn sent(error: reqwest::Error) -> TransportError {
    // reqwest's own text holds the URL, and a URL may hold what is nobody's business; its host and port are told.
    let host = error.url().map_or_else(|| "the server".to_owned(), authority);
    let error = error.without_url();
    let mut cause: &dyn StdError = &error;
    loop {
        if let Some(forbidden) = cause.downcast_ref::<LeadsNowhere>() {
            return TransportError::new(TransportErrorKind::Forbidden, forbidden.to_string());
        }
        if let Some(rustls::Error::InvalidCertificate(why)) = cause.downcast_ref() {
            let message = format!("the server's certificate is not trusted ({why})");
            return TransportError::new(TransportErrorKind::Untrusted, message);
        }
        // An I/O error hides the error that it carries behind that one's own source.
        let carried =
            cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref).map(|inner| inner as &dyn StdError);
        let Some(source) = carried.or_else(|| cause.source()) else { break };
        cause = source;
    }
    let cause = cause.to_string();
    let (kind, message) = if error.is_builder() {
        (TransportErrorKind::Request, "the request cannot be sent".to_owned())
    } else if error.is_connect() {
        (TransportErrorKind::Connect, format!("no connection to {host} could be made"))
    } else if error.is_timeout() {
        (TransportErrorKind::Timeout, format!("no answer from {host} in time"))
    } else if error.is_decode() {
        (TransportErrorKind::Broken, "the answer is cut off or damaged".to_owned())
    } else {
        (TransportErrorKind::Broken, "the connection broke".to_owned())
    };
    TransportError::new(kind, format!("{message} ({cause})")).with_source(error)
}

/// Host and port of an address, and nothing else of it.
fn authority(url: &reqwest::Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// A name that resolves, and to nothing that the policy allows.
#[derive(Debug)]
struct LeadsNowhere {
    host: String,
}

impl fmt::Display for LeadsNowhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` leads to no public address", self.host)
    }
}

impl std::error::Error for LeadsNowhere {}

/// Resolves names by the system, and lets through what the policy allows.
struct GuardedResolver {
    policy: AddressPolicy,
    hosts: Arc<HashMap<String, Vec<IpAddr>>>,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (policy, hosts) = (self.policy.clone(), Arc::clone(&self.hosts));
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found: Vec<SocketAddr> = match hosts.get(&host) {
                Some(known) => known.iter().map(|ip| SocketAddr::new(*ip, 0)).collect(),
                None => tokio::net::lookup_host((host.as_str(), 0)).await?.collect(),
            };
            let allowed: Vec<SocketAddr> =
                found.into_iter().filter(|found| policy.allows_ip(&host, found.ip())).collect();
            if allowed.is_empty() {
                return Err(LeadsNowhere { host }.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}
