//! The port of this machine that the customer's browser comes back to.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use axum::response::IntoResponse;
use axum::routing::get;
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

    /// Waits for a browser that brings a state; what else comes to the port is told that it is wrong here.
    pub(crate) async fn wait(self, timeout: Duration) -> Result<Callback> {
        let (sender, mut receiver) = mpsc::channel(1);
        let router = Router::new().route("/callback", get(came)).with_state(sender);
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

async fn came(State(sender): State<mpsc::Sender<Callback>>, RawQuery(query): RawQuery) -> impl IntoResponse {
    let (status, text) = match Callback::from_query(&query.unwrap_or_default()) {
        Ok(callback) => {
            let said = match &callback.outcome {
                Ok(_) => "Thank you. The rest is said in the terminal; this page can be closed.",
                Err(_) => "The vendor's page said no. The reason is said in the terminal; this page can be closed.",
            };
            // A second one is one too many: a state is good once.
            let _ = sender.try_send(callback);
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
