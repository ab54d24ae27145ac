//! TLS against a server with a certificate of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ticketing_core::{Delivery, ErrorKind};
use ticketing_http::{AddressPolicy, HttpClient, HttpContext, Request, ReqwestTransport};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// A server with a self-signed certificate for these names; its port, certificate, and how often somebody connected.
async fn serve(names: &[&str]) -> (u16, String, Arc<AtomicUsize>) {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let connected = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connected);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::Relaxed);
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut request = [0; 4096];
                let _read = stream.read(&mut request).await;
                let _gone = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
                let _gone = stream.shutdown().await;
            });
        }
    });
    (port, made.cert.pem(), connected)
}

fn client(port: u16, pem: Option<&str>) -> HttpClient {
    let policy = AddressPolicy::strict().allow_loopback();
    let mut transport = ReqwestTransport::builder(policy.clone());
    if let Some(pem) = pem {
        transport = transport.with_root_certificates(pem.as_bytes()).unwrap();
    }
    let context = HttpContext::with_transport(policy, Arc::new(transport.build().unwrap()));
    let address = context.policy().check("instance", &format!("https://localhost:{port}"), None).unwrap();
    HttpClient::builder(address, context).build()
}

#[tokio::test]
async fn a_certificate_of_its_own_is_trusted_where_it_is_named() {
    let (port, pem, _) = serve(&["localhost"]).await;
    let response = client(port, Some(&pem)).send(&Request::get("/x")).await.unwrap();
    assert_eq!(response.body.as_ref(), b"{}");
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_no_outage_and_gets_nothing() {
    for (names, trusted) in [(["localhost"], false), (["another.example.com"], true)] {
        let (port, pem, connected) = serve(&names).await;
        let error = client(port, trusted.then_some(pem.as_str())).send(&Request::post("/x")).await.unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Unavailable, Delivery::NotSent), "{error:?}");
        assert!(
            !error.is_retryable() && error.message().contains("certificate") && error.hint().is_some(),
            "{error:?}"
        );
        assert_eq!(connected.load(Ordering::Relaxed), 1, "it is not tried again");
    }
}

#[test]
fn text_without_a_certificate_is_refused() {
    for pem in ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n"] {
        let builder = ReqwestTransport::builder(AddressPolicy::strict());
        let error = builder.with_root_certificates(pem.as_bytes()).map(drop).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::Config, Some("root_certificate")), "{pem}");
    }
}
