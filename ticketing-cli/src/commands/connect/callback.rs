//! The port of this machine that the customer's browser comes back to.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use axum::response::IntoResponse;
use axum::routing::get;
use ticketing::Secret;
use ticketing_store::Callback;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::exit::Exit;
use crate::failure::{Failure, Result};

/// Listens from before the address is shown, so that nobody comes too early.
pub(crate) struct Listener {
    socket: TcpListener,
}

impl Listener {
    pub(crate) async fn bind(port: u16) -> Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let socket = TcpListener::bind(address).await.map_err(|error| {
            Failure::usage(format!("--port: 127.0.0.1:{port} cannot be listened on ({error}); take another that is registered with the vendor"))
        })?;
        Ok(Self { socket })
    }

    /// Waits for a browser that brings this state. What else comes to the port is told that it is wrong here, and changes
    /// nothing: any page that is open in a browser of this machine may send it there.
    pub(crate) async fn wait(self, timeout: Duration, state: Secret) -> Result<Callback> {
        let (sender, mut receiver) = mpsc::channel(1);
        let router = Router::new().route("/callback", get(came)).with_state(Awaited { state, sender });
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let serving = axum::serve(self.socket, router).with_graceful_shutdown(async move {
            let _ = stopped.await;
        });
        let serving = tokio::spawn(async move { serving.await });
        let callback = tokio::time::timeout(timeout, receiver.recv()).await.ok().flatten();
        let _ = stop.send(());
        // The page gets through to the browser before the port closes.
        let _ = tokio::time::timeout(Duration::from_secs(2), serving).await;
        callback.ok_or_else(|| {
            Failure::new(Exit::TryLater, format!("no browser came back within {} s; connect again", timeout.as_secs()))
        })
    }
}

/// Whom the listener waits for.
#[derive(Clone)]
struct Awaited {
    state: Secret,
    sender: mpsc::Sender<Callback>,
}

async fn came(State(awaited): State<Awaited>, RawQuery(query): RawQuery) -> impl IntoResponse {
    let (status, text) = match Callback::from_query(&query.unwrap_or_default()) {
        Ok(callback) if callback.state.expose() != awaited.state.expose() => {
            (StatusCode::BAD_REQUEST, "This is not what `ticketing connect` waits for. It goes on waiting.")
        }
        Ok(callback) => {
            let said = match &callback.outcome {
                Ok(_) => "Thank you. The rest is said in the terminal; this page can be closed.",
                Err(_) => "The vendor's page said no. The reason is said in the terminal; this page can be closed.",
            };
            // A second one is one too many: a state is good once.
            let _ = awaited.sender.try_send(callback);
            (StatusCode::OK, said)
        }
        Err(_) => (StatusCode::BAD_REQUEST, "This address is for the vendor's page alone: something is missing in it."),
    };
    let headers = [
        (CONTENT_TYPE, "text/plain; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'"),
    ];
    (status, headers, text)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    use super::*;

    async fn get(address: SocketAddr, path: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn who_brings_another_state_does_not_end_the_wait() {
        let listener = Listener::bind(0).await.unwrap();
        let address = listener.socket.local_addr().unwrap();
        let waiting = tokio::spawn(listener.wait(Duration::from_secs(30), Secret::new("right")));
        for path in [
            "/callback?state=wrong&code=evil",
            "/callback?state=wrong&error=access_denied",
            "/callback?state=&code=evil",
            "/callback?code=evil",
            "/callback",
        ] {
            let answer = get(address, path).await;
            assert!(answer.starts_with("HTTP/1.1 400 ") && !answer.contains("evil"), "{path}: {answer}");
            assert!(!waiting.is_finished(), "{path}");
        }
        assert!(get(address, "/favicon.ico").await.starts_with("HTTP/1.1 404 "));
        let answer = get(address, "/callback?state=right&code=good").await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        let Ok(callback) = waiting.await.unwrap() else { panic!("the right one was not taken") };
        assert_eq!(callback.outcome.unwrap().expose(), "good");
    }
}
