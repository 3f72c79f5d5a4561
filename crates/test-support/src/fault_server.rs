//! Registries that fail, each in one way, for tests.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// How a registry fails.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// It answers 500 to everything.
    InternalError,
    /// It answers 401 to everything.
    NeedsLogin,
    /// It answers 401, names another address for the token, at which nobody listens, and speaks to the reader.
    SendsElsewhere,
    /// It answers 403 to everything.
    Forbids,
    /// It closes each connection without an answer.
    HangsUp,
    /// It takes each request and answers nothing.
    StaysSilent,
}

impl Fault {
    /// The status, with a header where it needs one, and the body.
    fn answer(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::InternalError => Some(("500 Internal Server Error", "the disk is full")),
            Self::NeedsLogin => Some(("401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"cave\"", "say the word")),
            Self::SendsElsewhere => Some((
                "401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"http://127.0.0.1:1/internal?x=1\",service=\"x\"",
                "get a better job at https://evil.example",
            )),
            Self::Forbids => Some(("403 Forbidden", "not for you")),
            Self::HangsUp | Self::StaysSilent => None,
        }
    }
}

/// A server on loopback with a fault; it ends when it is dropped.
#[derive(Debug)]
pub struct FaultServer {
    address: SocketAddr,
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl FaultServer {
    /// Starts the server.
    ///
    /// # Panics
    ///
    /// If loopback has no free port.
    pub fn start(fault: Fault) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = listener.local_addr().expect("the listener is bound");
        let ends = Arc::new(AtomicBool::new(false));
        let thread = std::thread::spawn({
            let ends = Arc::clone(&ends);
            move || serve(&listener, fault, &ends)
        });
        Self { address, ends, thread: Some(thread) }
    }

    /// `127.0.0.1:port`
    pub fn address(&self) -> String {
        self.address.to_string()
    }
}

impl Drop for FaultServer {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        // Wakes the thread; it has ended already where this fails.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(listener: &TcpListener, fault: Fault, ends: &AtomicBool) {
    let mut silent = Vec::new();
    for stream in listener.incoming().map_while(Result::ok) {
        if ends.load(Ordering::Relaxed) {
            break;
        }
        match fault {
            Fault::StaysSilent => silent.push(stream),
            // A client that goes away early is no concern of the server's.
            _ => drop(respond(stream, fault)),
        }
    }
}

fn respond(mut stream: TcpStream, fault: Fault) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut request = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    // The headers end with an empty line; to close before it would reset the connection.
    while request.read_line(&mut line)? > 2 {
        line.clear();
    }
    let Some((status, body)) = fault.answer() else { return Ok(()) };
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}
