//! A raw TCP server on this machine that plays a script, one step a request.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ticketing_http::{AddressPolicy, Backoff, HttpClient, HttpContext, Timeouts};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What the server does with the next request.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Reads it, writes these bytes, and closes the connection.
    Write(Vec<u8>),
    /// Reads it, writes these bytes, and waits for the next request on the same connection.
    KeepAlive(Vec<u8>),
    /// Reads it, and closes without a word: it may have been carried out.
    Drop,
    /// Reads it, writes these bytes, and goes silent with the connection open.
    Hang(Vec<u8>),
}

/// A request that reached the server.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    /// `GET /path`.
    pub(crate) fn line(&self) -> String {
        self.head.split(' ').take(2).collect::<Vec<_>>().join(" ")
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let lines = self.head.lines().skip(1);
        lines
            .filter_map(|line| line.split_once(": "))
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.to_owned())
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Mock {
    port: u16,
    state: Arc<State>,
    _accepting: Arc<Accepting>,
}

#[derive(Debug, Default)]
struct State {
    script: Mutex<VecDeque<Step>>,
    seen: Mutex<Vec<Seen>>,
}

/// Ends the server with the last handle on it.
#[derive(Debug)]
struct Accepting(JoinHandle<()>);

impl Drop for Accepting {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Mock {
    pub(crate) async fn start(script: impl IntoIterator<Item = Step>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State { script: Mutex::new(script.into_iter().collect()), seen: Mutex::default() });
        let shared = Arc::clone(&state);
        let accepting = tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { return };
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { port, state, _accepting: Arc::new(Accepting(accepting)) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.state.seen.lock().unwrap().clone()
    }

    /// How many requests reached the server.
    pub(crate) fn count(&self) -> usize {
        self.state.seen.lock().unwrap().len()
    }

    /// How many steps are left.
    pub(crate) fn left(&self) -> usize {
        self.state.script.lock().unwrap().len()
    }

    /// A client of this server that hardly waits.
    pub(crate) fn client(&self) -> HttpClient {
        let context = context();
        let address = context.policy().check("instance", &self.url(), None).unwrap();
        HttpClient::builder(address, context).build()
    }
}

/// The network under a policy that allows this machine, with short waits.
pub(crate) fn context() -> HttpContext {
    HttpContext::new(AddressPolicy::strict().allow_loopback())
        .unwrap()
        .with_retry(Arc::new(Backoff { initial: Duration::from_millis(2), ..Backoff::default() }))
        .with_timeouts(Timeouts { attempt: Duration::from_millis(400), operation: Duration::from_secs(20) })
}

async fn serve(mut stream: TcpStream, state: Arc<State>) {
    while let Some(seen) = read(&mut stream).await {
        state.seen.lock().unwrap().push(seen);
        let step = state.script.lock().unwrap().pop_front();
        match step {
            Some(Step::Write(bytes)) => {
                let _gone = stream.write_all(&bytes).await;
                let _gone = stream.shutdown().await;
                return;
            }
            Some(Step::KeepAlive(bytes)) => {
                let _gone = stream.write_all(&bytes).await;
            }
            Some(Step::Drop) => return,
            Some(Step::Hang(bytes)) => {
                let _gone = stream.write_all(&bytes).await;
                tokio::time::sleep(Duration::from_secs(30)).await;
                return;
            }
            None => {
                let _gone = stream.write_all(&answer("418 The Script Is Over", &[], b"")).await;
                return;
            }
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<Seen> {
    let mut all = Vec::new();
    let mut buffer = vec![0; 16 * 1024];
    let end = loop {
        if let Some(at) = all.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        match stream.read(&mut buffer).await {
            Ok(read) if read > 0 => all.extend_from_slice(&buffer[..read]),
            _ => return None,
        }
    };
    let head = String::from_utf8(all[..end].to_vec()).unwrap();
    let mut seen = Seen { head, body: all[end..].to_vec() };
    let length: usize = seen.header("content-length").map_or(0, |length| length.parse().unwrap());
    while seen.body.len() < length {
        match stream.read(&mut buffer).await {
            Ok(read) if read > 0 => seen.body.extend_from_slice(&buffer[..read]),
            _ => return None,
        }
    }
    Some(seen)
}

/// An answer with its true length.
pub(crate) fn answer(status: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let length = body.len().to_string();
    let mut all = vec![("content-length", length.as_str())];
    all.extend_from_slice(headers);
    head(status, &all, body)
}

/// An answer with these headers alone.
pub(crate) fn head(status: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut out = format!("HTTP/1.1 {status}\r\n");
    for (name, value) in headers {
        out.push_str(&format!("{name}: {value}\r\n"));
    }
    out.push_str("\r\n");
    let mut out = out.into_bytes();
    out.extend_from_slice(body);
    out
}

/// A good answer.
pub(crate) fn ok(body: &str) -> Step {
    Step::Write(answer("200 OK", &[("content-type", "application/json")], body.as_bytes()))
}
