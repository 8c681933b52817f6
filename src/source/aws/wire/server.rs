//! A minimal web server: each request gets the next answer of a script. The last answer is repeated.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};

/// What the server does with a request.
#[derive(Clone)]
pub(super) enum Answer {
    /// Answers with this status, these header lines and this body.
    Http(u16, &'static str, Vec<u8>),
    /// Announces a longer body than it sends.
    Cut,
    /// Reads the request and never answers.
    Hang,
    /// Answers with this status, these header lines and the beginning of a body, and keeps the connection open.
    Open(u16, &'static str, Vec<u8>),
}

/// A received request: head and body, invalid UTF-8 replaced.
pub(super) type Request = String;

pub(super) struct Server {
    /// The URL of the server.
    pub(super) url: String,
    requests: Arc<Mutex<Vec<Request>>>,
    /// More bytes of the body of an [`Answer::Open`].
    rest: mpsc::Sender<Vec<u8>>,
    /// One permit for every client that left an [`Answer::Open`].
    left: Arc<Semaphore>,
}

impl Server {
    pub(super) async fn start(script: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let left = Arc::new(Semaphore::new(0));
        let (rest, more) = mpsc::channel(1);
        let handler = Handler {
            script,
            seen: requests.clone(),
            more: Arc::new(tokio::sync::Mutex::new(more)),
            left: left.clone(),
        };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(handler.clone().serve(stream));
            }
        });
        Self { url, requests, rest, left }
    }

    /// The requests so far.
    pub(super) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// Sends more of the body of an [`Answer::Open`].
    pub(super) async fn send(&self, bytes: &[u8]) {
        self.rest.send(bytes.to_vec()).await.unwrap();
    }

    /// Closes the connection of every [`Answer::Open`].
    pub(super) fn hang_up(self) {
        drop(self.rest);
    }

    /// Waits until the client has closed the connection of an [`Answer::Open`].
    pub(super) async fn left(&self) {
        self.left.acquire().await.unwrap().forget();
    }
}

/// Answers requests.
#[derive(Clone)]
struct Handler {
    script: Vec<Answer>,
    seen: Arc<Mutex<Vec<Request>>>,
    more: Arc<tokio::sync::Mutex<mpsc::Receiver<Vec<u8>>>>,
    left: Arc<Semaphore>,
}

impl Handler {
    /// Reads one request, answers, and closes.
    async fn serve(self, mut stream: TcpStream) {
        let Some(request) = read(&mut stream).await else { return };
        let answer = {
            let mut seen = self.seen.lock().unwrap();
            seen.push(request);
            self.script[(seen.len() - 1).min(self.script.len() - 1)].clone()
        };
        let open = matches!(answer, Answer::Open(..));
        let (head, body) = match answer {
            Answer::Http(status, headers, body) => {
                (format!("HTTP/1.1 {status} x\r\n{headers}content-length: {}\r\n", body.len()), body)
            }
            Answer::Cut => ("HTTP/1.1 200 x\r\ncontent-length: 100\r\n".into(), b"{\"Functions\":".to_vec()),
            Answer::Hang => std::future::pending().await,
            Answer::Open(status, headers, body) => (format!("HTTP/1.1 {status} x\r\n{headers}"), body),
        };
        let head = format!("{head}connection: close\r\n\r\n");
        // The client may have closed the connection; that is not a failure.
        let _ = stream.write_all(&[head.into_bytes(), body].concat()).await;
        if open {
            self.stay(stream).await;
        }
    }

    /// Sends more of the body, until the client closes the connection.
    async fn stay(self, stream: TcpStream) {
        let (mut from, mut to) = stream.into_split();
        // The client sends no more bytes, so a read returns only when the connection is closed or reset.
        let closed = async {
            let _ = from.read(&mut [0]).await;
        };
        let sent = async {
            while let Some(bytes) = self.more.lock().await.recv().await {
                let _ = to.write_all(&bytes).await;
            }
        };
        tokio::select! { () = closed => {} () = sent => {} }
        self.left.add_permits(1);
    }
}

async fn read(stream: &mut TcpStream) -> Option<Request> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let announced = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
            // The head is ASCII, so its length in the lossy text is its length on the wire.
            if bytes.len() >= head.len() + 4 + announced.parse::<usize>().ok()? {
                return Some(String::from_utf8_lossy(&bytes).into_owned());
            }
        }
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}
