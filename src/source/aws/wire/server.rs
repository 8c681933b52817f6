//! A web server of a few lines: each request gets the next answer of a script, the last one for ever.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server does with a request.
#[derive(Clone)]
pub(super) enum Answer {
    /// Answers with this status, these header lines and this body.
    Http(u16, &'static str, Vec<u8>),
    /// Promises more of a body than it sends.
    Cut,
    /// Takes the request and never answers.
    Hang,
}

/// A request as it came: head and body, unreadable bytes replaced.
pub(super) type Request = String;

pub(super) struct Server {
    /// Where it listens.
    pub(super) url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    pub(super) async fn start(script: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = requests.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, script.clone(), seen.clone()));
            }
        });
        Self { url, requests }
    }

    /// What was asked so far.
    pub(super) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

/// One request, one answer, closed.
async fn serve(mut stream: TcpStream, script: Vec<Answer>, seen: Arc<Mutex<Vec<Request>>>) {
    let Some(request) = read(&mut stream).await else { return };
    let answer = {
        let mut seen = seen.lock().unwrap();
        seen.push(request);
        script[(seen.len() - 1).min(script.len() - 1)].clone()
    };
    let (head, body) = match answer {
        Answer::Http(status, headers, body) => {
            (format!("HTTP/1.1 {status} x\r\n{headers}content-length: {}\r\n", body.len()), body)
        }
        Answer::Cut => ("HTTP/1.1 200 x\r\ncontent-length: 100\r\n".into(), b"{\"Functions\":".to_vec()),
        Answer::Hang => std::future::pending().await,
    };
    let head = format!("{head}connection: close\r\n\r\n");
    // The client may be gone; then there is nobody to tell.
    let _ = stream.write_all(&[head.into_bytes(), body].concat()).await;
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
