//! Any bytes as the answer of a Live Tail session, read as the program reads it: loopback HTTP, the SDK's frames, lamtop's
//! events. `AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x cargo +nightly fuzz run event_stream`.

#![no_main]

use std::sync::{Arc, LazyLock, Mutex};

use lambda_model::Arn;
use lambda_model::api::{Account, TailFilter};
use lamtop::source::aws::{Choice, connect};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

const GROUP: &str = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/checkout";

static STAND: LazyLock<Stand> = LazyLock::new(Stand::new);

/// An account whose endpoint answers every request with `body`.
struct Stand {
    runtime: Runtime,
    account: Account,
    body: Arc<Mutex<Vec<u8>>>,
}

impl Stand {
    fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let body: Arc<Mutex<Vec<u8>>> = Arc::default();
        let served = body.clone();
        let account = runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}", listener.local_addr().unwrap());
            tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let body = served.lock().unwrap().clone();
                    answer(stream, &body).await;
                }
            });
            let choice = Choice { profile: None, region: Some("eu-west-1".into()), endpoint_url: Some(url) };
            connect(&choice).await.unwrap().account
        });
        Self { runtime, account, body }
    }

    /// Reads a session that sends `bytes` and closes.
    fn tail(&self, bytes: &[u8]) {
        *self.body.lock().unwrap() = bytes.to_vec();
        self.runtime.block_on(async {
            if let Ok(mut tail) = self.account.logs.tail(&[Arn::new(GROUP)], TailFilter::Everything).await {
                while let Ok(update) = tail.next().await {
                    std::hint::black_box(update);
                }
            }
        });
    }
}

/// One request, read whole: what is left unread would reset the connection.
async fn answer(mut stream: TcpStream, body: &[u8]) {
    let (mut request, mut buffer) = (Vec::new(), [0; 4096]);
    let whole = |request: &[u8]| {
        let text = String::from_utf8_lossy(request).to_ascii_lowercase();
        let (head, rest) = text.split_once("\r\n\r\n")?;
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
        Some(rest.len() >= length.parse().ok()?)
    };
    while whole(&request) != Some(true) {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(count) => request.extend_from_slice(&buffer[..count]),
        }
    }
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\nconnection: close\r\n";
    let head = format!("{head}content-length: {}\r\n\r\n", body.len());
    let _ = stream.write_all(&[head.as_bytes(), body].concat()).await;
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| STAND.tail(bytes));
