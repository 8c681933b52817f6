//! Reads log events from a file or standard input: for post-mortems, without an account.
//!
//! What it understands: platform lines as they are, what `aws logs tail` and `aws logs filter-log-events` print,
//! and subscription envelopes as JSON; any of them gzipped. It reads once, from the beginning to the end.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use flate2::read::MultiGzDecoder;
use tokio::sync::mpsc;

use lambda_logs::file::{Events, Records};
use lambda_model::log::{FeedState, LogBatch, LogEvent, LogFeed, LogWay};
use lambda_model::observation::Payload;
use lambda_model::time::Clock;

use super::outlet::Outlet;
use crate::error::Error;

/// Bytes that are read at a time: what a writer has to say now is never waited for longer than it takes to come.
const CHUNK: usize = 64 * 1024;

/// Chunks of events that wait for the engine; reading waits when they are full, nothing is dropped.
const WAITING: usize = 8;

/// Begins with these bytes: gzip (RFC 1952).
const GZIP: [u8; 2] = [0x1F, 0x8B];

/// A log that is open for reading.
pub(crate) struct Input {
    reader: Box<dyn BufRead + Send>,
    /// Of the file; standard input has none.
    name: Option<String>,
}

impl Input {
    /// Opens the file at `path`; `-` is standard input.
    ///
    /// # Errors
    ///
    /// A usage error when the file cannot be opened.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        if path == Path::new("-") {
            return Ok(Self { reader: Box::new(BufReader::with_capacity(CHUNK, io::stdin())), name: None });
        }
        let file = File::open(path).map_err(|error| {
            Error::usage(format!("cannot read {}", path.display()), error, "name a readable file: --logs file:PATH")
        })?;
        let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        Ok(Self { reader: Box::new(BufReader::with_capacity(CHUNK, file)), name })
    }

    /// What the function is called where the log does not name it.
    fn function(&self) -> &str {
        self.name.as_deref().unwrap_or("stdin")
    }
}

/// Reads `input` to its end and tells what is in it, or until nobody listens.
pub(crate) async fn read(input: Input, outlet: Outlet) {
    let name = input.function().to_string();
    let tell = |state, reason| {
        let feed = LogFeed { state, reason, groups: 0, left: 0, sessions: 0, behind_ms: None };
        outlet.tell(Payload::LogFeed(feed))
    };
    if tell(FeedState::Running(LogWay::File), format!("reading {name}")).await.is_none() {
        return;
    }
    let (send, mut received) = mpsc::channel(WAITING);
    let clock = outlet.clock().clone();
    // Reading a file blocks; a thread that waits for standard input must not hold up the others.
    std::thread::spawn(move || {
        let ended = pump(input, &clock, &send).err().map(|error| error.to_string());
        // Whoever does not listen any more need not know.
        let _ = send.blocking_send(Chunk::End(ended));
    });
    let mut until: Option<DateTime<Utc>> = None;
    while let Some(chunk) = received.recv().await {
        let heard = match chunk {
            Chunk::Events(events) => {
                let newest = events.iter().map(|event| event.timestamp).max().max(until);
                let oldest = until.or_else(|| events.iter().map(|event| event.timestamp).min());
                until = newest;
                let span = oldest.zip(newest);
                let batch = LogBatch { way: LogWay::File, groups: None, span, left_out: None, events };
                outlet.tell(Payload::Logs(batch)).await
            }
            Chunk::End(None) => tell(FeedState::Ended, format!("{name} has been read to its end")).await,
            Chunk::End(Some(error)) => tell(FeedState::Failing, format!("{name} cannot be read on: {error}")).await,
        };
        if heard.is_none() {
            return;
        }
    }
}

/// What the reading thread has to say.
enum Chunk {
    Events(Vec<LogEvent>),
    /// There is no more, for this reason if it is not the end.
    End(Option<String>),
}

fn pump(input: Input, clock: &Clock, out: &mpsc::Sender<Chunk>) -> io::Result<()> {
    let function = input.function().to_string();
    let mut reader = input.reader;
    let gzipped = reader.fill_buf()?.starts_with(&GZIP);
    let mut reader: Box<dyn Read> = if gzipped { Box::new(MultiGzDecoder::new(reader)) } else { Box::new(reader) };
    let mut records = Records::default();
    let mut events = Events::new(Arc::from(format!("/aws/lambda/{function}")));
    let mut bytes = vec![0; CHUNK];
    loop {
        let read = match reader.read(&mut bytes) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let now = clock.now();
        if read == 0 {
            records.finish(|record| events.take(record, now));
        } else {
            records.push(&bytes[..read], |record| events.take(record, now));
        }
        let found = events.found();
        if !found.is_empty() && out.blocking_send(Chunk::Events(found)).is_err() || read == 0 {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests;
