//! The sandbox on a real socket: resets that are resets, TLS, shutdown, webhooks.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use vendor_sandbox::servicenow::{Sandbox, Webhook};
use vendor_sandbox::{Fault, Launch, Vendor};

use crate::client::{basic, sandbox};

fn request(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nConnection: close\r\n\r\n", basic("admin", "admin"))
}

/// Everything that arrives until the connection ends.
async fn exchange(address: SocketAddr, path: &str) -> String {
    let text = request(path);
    tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        let mut answer = Vec::new();
        // A reset is an error here; what came before it counts.
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    })
    .await
    .unwrap()
}

const PATH: &str = "/api/now/table/incident?sysparm_query=ORDERBYnumber";

#[tokio::test]
async fn a_port_serves_until_it_is_shut_down() {
    let running = sandbox().serve(0).await.unwrap();
    assert!(running.address().ip().is_loopback());
    assert_eq!(running.base_url(), format!("http://{}", running.address()));
    let answer = exchange(running.address(), PATH).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("INC0010012"));
    // The vendor's clock, from which its limits and expiries count, and not the machine's.
    assert!(answer.contains("\r\ndate: Sun, 01 Feb 2026 00:00:00 GMT\r\n"), "{answer}");
    let taken = sandbox().serve(running.address().port()).await.unwrap_err();
    assert!(taken.to_string().contains("cannot listen on 127.0.0.1:"), "{taken}");
    let address = running.address();
    running.shutdown().await;
    assert!(TcpStream::connect(address).is_err());
}

#[tokio::test]
async fn resets_really_close_the_connection() {
    let sandbox = sandbox();
    let running = sandbox.serve(0).await.unwrap();
    let control = sandbox.control();
    control.set_faults([Fault::new("reset_before_answer").count(1)]).unwrap();
    assert_eq!(exchange(running.address(), PATH).await, "");
    control.set_faults([Fault::new("reset_mid_body").count(1).parameter(100)]).unwrap();
    let cut = exchange(running.address(), PATH).await;
    let (head, body) = cut.split_once("\r\n\r\n").unwrap();
    let length: usize = head
        .lines()
        .find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(|n| n.parse().unwrap()))
        .unwrap();
    assert!(body.len() <= 100 && length > 10_000, "{} of {length}", body.len());
    assert!(exchange(running.address(), PATH).await.starts_with("HTTP/1.1 200"));
    running.shutdown().await;
}

#[tokio::test]
async fn tls_serves_with_the_certificate_it_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sandbox.pem");
    let sandbox = sandbox();
    sandbox.control().set_property("glide.rest.replace_request_host_with_property", "false");
    let running = sandbox.serve_tls(0, &path).await.unwrap();
    assert!(running.base_url().starts_with("https://127.0.0.1:"));
    assert_eq!(running.certificate(), Some(path.as_path()));
    let address = running.address();
    let answer = tokio::task::spawn_blocking(move || {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&path).unwrap()).unwrap();
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let connection = ClientConnection::new(Arc::new(config), name).unwrap();
        let mut stream = StreamOwned::new(connection, TcpStream::connect(address).unwrap());
        stream.write_all(request(PATH).as_bytes()).unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    })
    .await
    .unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("\"link\":\"https://x/"), "links lead to where the caller came from: {answer}");
    running.shutdown().await;
}

#[tokio::test]
async fn any_vendor_is_launched_by_name() {
    let vendor: Vendor = "servicenow".parse().unwrap();
    let running = Launch::new(vendor).seed(3).tickets(20).start().await.unwrap();
    let state = exchange(running.address(), "/_sandbox/state").await;
    assert!(state.contains("\"incident\":32"), "{state}");
    running.shutdown().await;
    let error = "nonsense".parse::<Vendor>().unwrap_err().to_string();
    assert!(error.contains("known vendors: servicenow"), "{error}");
    let error = Sandbox::builder().as_of("2016-03-01T00:00:00Z".parse().unwrap()).build().unwrap_err();
    assert!(error.to_string().contains("as_of"), "{error}");
    let error = Sandbox::builder().event_log("/nowhere/log.zip").build().unwrap_err();
    assert!(error.to_string().contains("/nowhere/log.zip"), "{error}");
}

/// wire §8: signed, asynchronous, loopback only, at most once.
#[tokio::test]
async fn webhooks_report_changes_with_a_signature() {
    use hmac::{Hmac, KeyInit, Mac};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = listener.local_addr().unwrap();
    let sandbox = sandbox();
    let control = sandbox.control();
    let refused =
        control.set_webhooks(vec![Webhook { url: "http://example.com/".into(), secret: "s".into(), tables: vec![] }]);
    assert!(refused.unwrap_err().to_string().contains("loopback"));
    control
        .set_webhooks(vec![Webhook {
            url: format!("http://{target}/hook?x=1"),
            secret: "topsecret".into(),
            tables: vec!["incident".into()],
        }])
        .unwrap();
    control.insert("admin", "problem", json!({"short_description": "not reported"})).unwrap();
    let id = control.insert("itil", "incident", json!({"short_description": "ü"})).unwrap();
    let (mut stream, _) = listener.accept().await.unwrap();
    let received = {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut text = String::new();
        let mut bytes = [0; 4096];
        let complete = |text: &str| {
            let (head, body) = text.split_once("\r\n\r\n")?;
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
            Some(body.len() == length.parse::<usize>().unwrap())
        };
        while complete(&text) != Some(true) {
            let length = stream.read(&mut bytes).await.unwrap();
            assert!(length > 0, "the sender went away: {text}");
            text.push_str(std::str::from_utf8(&bytes[..length]).unwrap());
        }
        stream.write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        text
    };
    let (head, body) = received.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /hook?x=1 HTTP/1.1"), "{head}");
    let header = |name: &str| {
        head.lines()
            .find_map(|line| line.split_once(": ").filter(|(own, _)| *own == name).map(|(_, value)| value.to_owned()))
            .unwrap()
    };
    assert_eq!(header("user-agent"), "ServiceNow/1.0");
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(b"topsecret").unwrap();
    mac.update(format!("{}.{body}", header("x-sandbox-timestamp")).as_bytes());
    use base64::Engine;
    let expected = base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes());
    assert_eq!(header("x-sandbox-signature"), format!("sha256={expected}"));
    let event = serde_json::from_str::<serde_json::Value>(body).unwrap()["event"].clone();
    assert_eq!(
        (&event["sys_id"], &event["table"], &event["operation"], &event["by"]),
        (&json!(id), &json!("incident"), &json!("insert"), &json!("itil"))
    );
    for _ in 0..100 {
        if control.deliveries()[0].status.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(control.deliveries()[0].status, Some(202));
    assert_eq!(control.deliveries().len(), 1);
}
