//! Writes log lines of busy functions at a given rate, in the format of `aws logs tail`, to measure lamtop:
//! `cargo run --release --example flood -- 20000 | lamtop --logs file:-`.
//!
//! It reads nothing, and ends when its output is closed.

use std::io::{self, Write};
use std::time::Duration;

use chrono::{TimeDelta, Utc};

/// Functions that write, each in ten execution environments.
const FUNCTIONS: u64 = 40;
/// Lines of an invocation: START, two of the application, REPORT.
const LINES: u64 = 4;
/// The pause between two writes.
const EVERY: Duration = Duration::from_millis(20);

fn main() -> io::Result<()> {
    let per_s: u64 = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(20_000);
    let mut out = io::BufWriter::new(io::stdout().lock());
    let begun = std::time::Instant::now();
    let mut written = 0;
    for round in 1_u32.. {
        std::thread::sleep((EVERY * round).saturating_sub(begun.elapsed()));
        let due = u64::try_from((EVERY * round).as_millis()).unwrap_or(u64::MAX) * per_s / 1000 / LINES;
        for number in written..due {
            invocation(&mut out, number)?;
        }
        written = due;
        out.flush()?;
    }
    Ok(())
}

/// The lines of an invocation that ends now.
fn invocation(out: &mut impl Write, number: u64) -> io::Result<()> {
    let (function, environment) = (number % FUNCTIONS, number / FUNCTIONS % 10);
    let ms = 40 + number * 31 % 400;
    let ended = Utc::now();
    let started = ended - TimeDelta::milliseconds(ms.cast_signed());
    let stream = format!("2026/11/22/function-{function}[7]{environment:032x}");
    let id = format!("{number:08x}-0b9d-4f61-8e27-{function:012x}");
    let [began, over] = [started, ended].map(|at| at.format("%Y-%m-%dT%H:%M:%S%.6f+00:00"));
    writeln!(out, "{began} {stream} START RequestId: {id} Version: 7")?;
    writeln!(out, "{began} {stream} {started:?}\t{id}\tINFO\trequest accepted, {number} items")?;
    writeln!(out, "{over} {stream} {ended:?}\t{id}\tINFO\tupstream answered in {ms} ms")?;
    writeln!(
        out,
        "{over} {stream} REPORT RequestId: {id}\tDuration: {ms}.27 ms\tBilled Duration: {} ms\tMemory Size: 512 MB\tMax Memory Used: 118 MB\t",
        ms + 1
    )
}
