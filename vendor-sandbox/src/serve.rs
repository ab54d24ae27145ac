//! Serving a sandbox on a loopback socket, with real connection resets.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::{HeaderValue, Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use crate::emulator::{ConnectionReset, FORWARDED_PROTO};
use crate::error::{Result, SandboxError};

/// How long open connections may finish after a shutdown.
const GRACE: Duration = Duration::from_millis(500);

/// The scheme under which a sandbox is served; `http` unless this extension says otherwise.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scheme(pub(crate) &'static str);

/// A sandbox that answers on a loopback port until it is shut down or dropped.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    certificate: Option<PathBuf>,
    stop: watch::Sender<bool>,
    task: Option<JoinHandle<()>>,
}

impl Running {
    /// The address it is bound to, always loopback.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT`, or https when it was started with TLS; no slash at the end.
    pub fn base_url(&self) -> String {
        let scheme = if self.certificate.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// The PEM file of the self-signed certificate that clients must trust; `None` without TLS.
    pub fn certificate(&self) -> Option<&std::path::Path> {
        self.certificate.as_deref()
    }

    /// Stops accepting, lets open exchanges finish for half a second, and closes everything.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        if let Some(task) = self.task.take() {
            let _ = task.await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

/// TLS settings and where the certificate was written.
pub(crate) struct TlsListener {
    pub(crate) acceptor: TlsAcceptor,
    pub(crate) certificate: PathBuf,
}

/// Binds a loopback port (0 for any free one) and serves the router on it.
pub(crate) async fn serve(router: Router, port: u16, tls: Option<TlsListener>) -> Result<Running> {
    let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let listener = TcpListener::bind(wanted)
        .await
        .map_err(|error| SandboxError::io(format!("cannot listen on {wanted}"), error))?;
    let address =
        listener.local_addr().map_err(|error| SandboxError::io("cannot read the listening address", error))?;
    let (stop, stopped) = watch::channel(false);
    let (acceptor, certificate) = match tls {
        Some(tls) => (Some(tls.acceptor), Some(tls.certificate)),
        None => (None, None),
    };
    let task = tokio::spawn(accept(listener, router, acceptor, stopped));
    Ok(Running { address, certificate, stop, task: Some(task) })
}

async fn accept(
    listener: TcpListener,
    router: Router,
    acceptor: Option<TlsAcceptor>,
    mut stopped: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = until_stopped(&mut stopped) => break,
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else {
                    // Out of file descriptors, most likely: give connections time to close.
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                };
                let _ = stream.set_nodelay(true);
                let router = router.clone();
                let acceptor = acceptor.clone();
                let stopped = stopped.clone();
                connections.spawn(async move {
                    match acceptor {
                        None => connection(stream, router, "http", stopped).await,
                        Some(acceptor) => {
                            if let Ok(stream) = acceptor.accept(stream).await {
                                connection(stream, router, "https", stopped).await;
                            }
                        }
                    }
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    let _ = tokio::time::timeout(GRACE, async { while connections.join_next().await.is_some() {} }).await;
    connections.shutdown().await;
}

async fn connection<S>(stream: S, router: Router, scheme: &'static str, mut stopped: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |mut request: Request<Incoming>| {
        let router = router.clone();
        // As the balancer in front of an instance says it: links begin with it.
        request.headers_mut().insert(FORWARDED_PROTO, HeaderValue::from_static(scheme));
        async move { exchange(router, request).await }
    });
    let builder = Builder::new(TokioExecutor::new());
    let serving = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(serving);
    tokio::select! {
        // An error is a client that went away, or a reset that a fault asked for.
        _ = serving.as_mut() => {}
        () = until_stopped(&mut stopped) => {
            serving.as_mut().graceful_shutdown();
            let _ = serving.await;
        }
    }
}

/// Returns when the sandbox is shut down or dropped.
async fn until_stopped(stopped: &mut watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stop| *stop).await;
}

/// hyper closes the connection without an answer when the service fails.
async fn exchange(router: Router, request: Request<Incoming>) -> io::Result<Response<Body>> {
    let response = match router.oneshot(request.map(Body::new)).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    match response.extensions().get::<ConnectionReset>() {
        Some(ConnectionReset) => Err(io::Error::from(io::ErrorKind::ConnectionReset)),
        None => Ok(response),
    }
}
