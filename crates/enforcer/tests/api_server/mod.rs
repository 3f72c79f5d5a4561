//! An API server that answers what a test tells it to.

// Each test file is a program of its own, and needs its share.
#![allow(dead_code)]

pub mod cluster;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    sync::{Arc, Mutex},
    thread,
};

use serde_json::{Value, json};

/// Method and path with query, and the status and body of the answer.
pub type Routes = Vec<(String, u16, Value)>;

/// An API server on the loopback interface. Its threads end with the test's process.
pub struct Server {
    folder: tempfile::TempDir,
    requests: Arc<Mutex<Vec<(String, String)>>>,
}

impl Server {
    /// Starts it.
    pub fn start(routes: Routes) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (routes, seen) = (Arc::new(routes), requests.clone());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (routes, seen) = (routes.clone(), seen.clone());
                thread::spawn(move || serve(stream, &routes, &seen));
            }
        });
        let folder = tempfile::tempdir().expect("a folder");
        let kubeconfig = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "clusters": [{"name": "test", "cluster": {"server": format!("http://{address}")}}],
            "users": [{"name": "test", "user": {"token": "not-a-secret"}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
        });
        std::fs::write(folder.path().join("config"), kubeconfig.to_string()).expect("a file");
        Self { folder, requests }
    }

    /// What leads to it.
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("config")
    }

    /// Runs the program against this server.
    pub fn run(&self, arguments: &str) -> (String, String, Option<i32>) {
        let arguments = format!("{arguments} --kubeconfig {}", self.kubeconfig().display());
        let output = crate::common::run(&arguments.split_whitespace().collect::<Vec<_>>(), "");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (text(&output.stdout), text(&output.stderr), output.status.code())
    }

    /// The requests so far, each with its body.
    pub fn requests(&self) -> Vec<(String, String)> {
        self.requests.lock().expect("the requests").clone()
    }
}

/// Answers every request of a connection.
fn serve(stream: TcpStream, routes: &Routes, seen: &Mutex<Vec<(String, String)>>) {
    let Ok(mut out) = stream.try_clone() else { return };
    let mut input = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if input.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let request = line.trim_end().trim_end_matches(" HTTP/1.1").to_owned();
        let mut length = 0;
        loop {
            let mut header = String::new();
            if input.read_line(&mut header).unwrap_or(0) <= 2 {
                break;
            }
            if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        let mut body = vec![0; length];
        if input.read_exact(&mut body).is_err() {
            return;
        }
        seen.lock().expect("the requests").push((request.clone(), String::from_utf8_lossy(&body).into_owned()));
        let not_found = (404, status(404, "not found"));
        let found = routes.iter().find(|(route, ..)| *route == request);
        let (code, body) = found.map_or(not_found, |(_, code, body)| (*code, body.clone()));
        let body = body.to_string();
        let head =
            format!("HTTP/1.1 {code} x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
        if out.write_all(head.as_bytes()).and_then(|()| out.write_all(body.as_bytes())).is_err() {
            return;
        }
    }
}

/// What an API server says where it refuses.
#[must_use]
pub fn status(code: u16, message: &str) -> Value {
    json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": code})
}

/// A request and its answer.
#[must_use]
pub fn route(request: &str, code: u16, body: Value) -> (String, u16, Value) {
    (request.to_owned(), code, body)
}
