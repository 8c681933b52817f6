//! Reads log events from a file or standard input: for post-mortems, without an account.
//!
//! The forms that are read are those of [`lambda_logs::file`]. Each may be gzipped. The input is read once, from the
//! beginning to the end.

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

/// Bytes that are read at a time, at most. A read returns as soon as there is input, so a pipe is shown without delay.
const CHUNK: usize = 64 * 1024;

/// Chunks of events that wait for the engine. Reading waits when the queue is full; nothing is dropped.
const WAITING: usize = 8;

/// The first bytes of a gzip file (RFC 1952).
const GZIP: [u8; 2] = [0x1F, 0x8B];

/// A log that is open for reading.
pub(crate) struct Input {
    reader: Box<dyn BufRead + Send>,
    /// The name of the file without its extension; `None` for standard input.
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
        let unreadable = |error| {
            Error::usage(format!("cannot read {}", path.display()), error, "name a readable file: --logs file:PATH")
        };
        let file = File::open(path).map_err(unreadable)?;
        if file.metadata().map_err(unreadable)?.is_dir() {
            let hint = "name one of its files, or join them: zcat -f FOLDER/* | lamtop --logs file:-";
            return Err(Error::usage(format!("cannot read {}", path.display()), "it is a folder", hint));
        }
        let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        Ok(Self { reader: Box::new(BufReader::with_capacity(CHUNK, file)), name })
    }

    /// The function's name, for logs that do not contain it.
    fn function(&self) -> &str {
        self.name.as_deref().unwrap_or("stdin")
    }
}

/// Reads `input` to its end and sends its events. It stops earlier when the engine has stopped.
pub(crate) async fn read(input: Input, outlet: Outlet) {
    let name = input.function().to_string();
    let report = |state, reason| {
        let feed = LogFeed { state, reason, groups: 0, left: 0, sessions: 0, behind_ms: None };
        outlet.publish(Payload::LogFeed(feed))
    };
    if report(FeedState::Running(LogWay::File), format!("reading {name}")).await.is_none() {
        return;
    }
    let (send, mut received) = mpsc::channel(WAITING);
    let clock = outlet.clock().clone();
    // Reading blocks: a thread of its own, so that waiting for standard input does not hold up other tasks.
    std::thread::spawn(move || {
        let ended = pump(input, &clock, &send).map_err(|error| error.to_string());
        // It fails only when the receiver has stopped and does not need the end.
        let _ = send.blocking_send(Chunk::End(ended));
    });
    let mut until: Option<DateTime<Utc>> = None;
    while let Some(chunk) = received.recv().await {
        let delivered = match chunk {
            Chunk::Events(events) => {
                let newest = events.iter().map(|event| event.timestamp).max().max(until);
                let oldest = until.or_else(|| events.iter().map(|event| event.timestamp).min());
                until = newest;
                let span = oldest.zip(newest);
                let batch = LogBatch { way: LogWay::File, groups: None, span, left_out: None, events };
                outlet.publish(Payload::Logs(batch)).await
            }
            Chunk::End(Ok(None)) => report(FeedState::Ended, format!("{name} has been read to its end")).await,
            Chunk::End(Ok(Some(unread))) => report(FeedState::Unread, format!("{name}: {unread}")).await,
            Chunk::End(Err(error)) => {
                report(FeedState::Failing, format!("{name} cannot be read further: {error}")).await
            }
        };
        if delivered.is_none() {
            return;
        }
    }
}

/// What the reading thread sends.
enum Chunk {
    Events(Vec<LogEvent>),
    /// The end of the input: why nothing of it was understood, or the error that stopped the reading.
    End(Result<Option<String>, String>),
}

/// Reads the whole input. Returns why nothing was understood, if so.
fn pump(input: Input, clock: &Clock, out: &mpsc::Sender<Chunk>) -> io::Result<Option<String>> {
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
        // A full read: there is more, and the first line of it may belong to the last event.
        let found = events.found(read == CHUNK);
        if !found.is_empty() && out.blocking_send(Chunk::Events(found)).is_err() || read == 0 {
            return Ok(events.unread());
        }
    }
}

#[cfg(test)]
mod tests;
