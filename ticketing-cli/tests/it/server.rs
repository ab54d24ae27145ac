//! A sandbox as its users start it: a process of its own, on a socket.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Stdio};

use crate::runner::{Run, command, run};

/// A running `ticketing sandbox`; it ends with its owner.
pub(crate) struct Server {
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// Where it listens.
    pub(crate) url: String,
}

impl Server {
    /// A ServiceNow sandbox with these options, on any free port.
    pub(crate) fn start(options: &[&str]) -> Self {
        Self::of("servicenow", options)
    }

    /// A sandbox of this vendor with these options, on any free port.
    pub(crate) fn of(vendor: &str, options: &[&str]) -> Self {
        let mut child = command(&[&["sandbox", "--vendor", vendor, "--port", "0"], options].concat())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let url = line.split_whitespace().find(|word| word.starts_with("http")).unwrap_or_default().to_owned();
        assert!(url.contains("://127.0.0.1:"), "it said: {line:?}");
        Self { child, stdout, url }
    }

    /// The next line of its standard output.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line
    }

    pub(crate) fn port(&self) -> &str {
        self.url.rsplit(':').next().unwrap()
    }

    /// The provider's configuration for it.
    pub(crate) fn config(&self, password: &str) -> String {
        serde_json::json!({
            "instance": self.url,
            "auth": { "type": "basic", "username": "admin", "password": password },
        })
        .to_string()
    }

    /// Runs a command on it.
    pub(crate) fn run(&self, args: &[&str]) -> Run {
        let config = self.config("admin");
        run(&[args, &["--provider", "servicenow", "--config", &config]].concat())
    }

    /// One request in plain HTTP; the answer's head and body.
    pub(crate) fn http(&self, method: &str, path: &str, body: &str) -> String {
        let host = self.url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).unwrap();
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Asks it to stop, as a service manager or Ctrl-C does, and gives its exit code.
    #[cfg(unix)]
    pub(crate) fn stop(mut self, signal: &str) -> Option<i32> {
        let id = self.child.id().to_string();
        assert!(std::process::Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
