//! A self-signed certificate for `--tls`, for clients that refuse plain http.

use std::path::Path;
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::error::{Result, SandboxError};
use crate::serve::TlsListener;

/// Makes a certificate for `localhost`, `127.0.0.1` and `::1` and writes it to `path` as PEM. The
/// key stays in memory.
pub(crate) fn self_signed(path: &Path) -> Result<TlsListener> {
    let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let made = rcgen::generate_simple_self_signed(names).map_err(failed)?;
    std::fs::write(path, made.cert.pem())
        .map_err(|error| SandboxError::io(format!("cannot write the certificate to {}", path.display()), error))?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(failed)?
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .map_err(failed)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsListener { acceptor: TlsAcceptor::from(Arc::new(config)), certificate: path.to_owned() })
}

fn failed(error: impl std::fmt::Display) -> SandboxError {
    SandboxError::Tls(error.to_string())
}
