//! How fast log lines and envelopes are read, compared with simple implementations: `cargo bench --bench logs`.
//!
//! All contenders read the same text in turn, repeatedly, so that a slow machine slows all of them. All must get the same
//! counts and sums.

use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Instant;

use flate2::Compression;
use flate2::write::GzEncoder;
use lambda_logs::envelope::Reader;
use lambda_logs::{Application, Line, Report, Start, parse};
use regex::Regex;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// The size of the text, and the number of rounds.
const TEXT_BYTES: usize = 32 << 20;
const ROUNDS: usize = 9;

/// Events in an envelope, and envelopes.
const EVENTS: usize = 1000;
const ENVELOPES: usize = 60;

/// What all contenders must agree on.
#[derive(Debug, Default, PartialEq)]
struct Sums {
    lines: u64,
    starts: u64,
    ends: u64,
    reports: u64,
    cold: u64,
    duration_ms: f64,
    billed_ms: u64,
    memory_mb: u64,
    used_mb: u64,
    init_ms: f64,
}

impl Sums {
    fn add(&mut self, line: &Line) {
        self.lines += 1;
        match line {
            Line::Start(start) if start.version == Some("7") => self.starts += 1,
            Line::End { .. } => self.ends += 1,
            Line::Report(report) => self.add_report(report),
            _ => {}
        }
    }

    fn add_report(&mut self, report: &Report) {
        self.reports += 1;
        self.duration_ms += report.duration_ms.unwrap_or(0.0);
        self.billed_ms += report.billed_ms.unwrap_or(0);
        self.memory_mb += u64::from(report.memory_mb.unwrap_or(0));
        self.used_mb += u64::from(report.used_mb.unwrap_or(0));
        if let Some(init_ms) = report.init_ms {
            self.cold += 1;
            self.init_ms += init_ms;
        }
    }
}

/// The same numbers on every run (Marsaglia's xorshift).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn id(&mut self) -> String {
        let (a, b) = (self.next(), self.next());
        let (first, second, third) = (a >> 32, (a >> 16) & 0xffff, a & 0xffff);
        format!("{first:08x}-{second:04x}-{third:04x}-{:04x}-{:012x}", b >> 48, b & 0xffff_ffff_ffff)
    }

    /// The five lines of an invocation: START, two of the application, END, REPORT; one in ten is a cold start.
    fn invocation(&mut self) -> Result<[String; 5], std::fmt::Error> {
        let id = self.id();
        let minute = self.below(60);
        let stamp = format!("2026-11-22T10:{minute:02}:{:02}.{:03}Z", self.below(60), self.below(1000));
        let (ms, part) = (1 + self.below(3000), self.below(100));
        let init = (self.below(10) == 0).then(|| (200 + self.below(700), self.below(100)));
        let billed = ms + 1 + init.map_or(0, |(ms, _)| ms + 1);
        let used = 40 + self.below(400);
        let mut report = format!(
            "REPORT RequestId: {id}\tDuration: {ms}.{part:02} ms\tBilled Duration: {billed} ms\tMemory Size: 512 MB\tMax Memory Used: {used} MB\t",
        );
        if let Some((ms, part)) = init {
            write!(report, "Init Duration: {ms}.{part:02} ms\t")?;
        }
        let (items, revision) = (self.below(90), self.below(9000));
        Ok([
            format!("START RequestId: {id} Version: 7\n"),
            format!("{stamp}\t{id}\tINFO\trequest accepted, {items} items for the basket\n"),
            format!("{stamp}\t{id}\tINFO\tloaded configuration revision {revision} from the table\n"),
            format!("END RequestId: {id}\n"),
            report + "\n",
        ])
    }
}

/// A simple parser of the three lines of an invocation, with each field in its usual place. It reads no other line and no
/// other order.
struct Patterns {
    start: Regex,
    end: Regex,
    report: Regex,
}

impl Patterns {
    fn new() -> Result<Self, regex::Error> {
        let report = concat!(
            r"^REPORT RequestId: (?P<id>\S+)\tDuration: (?P<duration>[\d.]+) ms\tBilled Duration: (?P<billed>\d+) ms",
            r"\tMemory Size: (?P<memory>\d+) MB\tMax Memory Used: (?P<used>\d+) MB(?:\tInit Duration: (?P<init>[\d.]+) ms)?",
            r"(?:\tRestore Duration: (?P<restore>[\d.]+) ms\tBilled Restore Duration: (?P<billed_restore>\d+) ms)?",
            r"(?:\tStatus: (?P<status>\w+))?(?:\tError Type: (?P<error>\S+))?",
        );
        Ok(Self {
            start: Regex::new(r"^START RequestId: (?P<id>\S+) Version: (?P<version>\S+)")?,
            end: Regex::new(r"^END RequestId: (?P<id>\S+)")?,
            report: Regex::new(report)?,
        })
    }

    /// A line from named captures.
    fn parse<'a>(&self, line: &'a str) -> Line<'a> {
        if let Some(captures) = self.report.captures(line) {
            let field = |name| captures.name(name).map(|field| field.as_str());
            return Line::Report(Report {
                request: field("id").unwrap_or_default(),
                duration_ms: field("duration").and_then(|field| field.parse().ok()),
                billed_ms: field("billed").and_then(|field| field.parse().ok()),
                memory_mb: field("memory").and_then(|field| field.parse().ok()),
                used_mb: field("used").and_then(|field| field.parse().ok()),
                init_ms: field("init").and_then(|field| field.parse().ok()),
                restore_ms: field("restore").and_then(|field| field.parse().ok()),
                billed_restore_ms: field("billed_restore").and_then(|field| field.parse().ok()),
                error_type: field("error").map(Into::into),
                ..Report::default()
            });
        }
        if let Some(captures) = self.start.captures(line) {
            let version = captures.name("version").map(|version| version.as_str());
            return Line::Start(Start { request: captures.name("id").map_or("", |id| id.as_str()), version });
        }
        if let Some(captures) = self.end.captures(line) {
            return Line::End { request: captures.name("id").map_or("", |id| id.as_str()) };
        }
        Line::Application(Application(line))
    }
}

fn by_newlines(text: &str) -> Sums {
    Sums { lines: memchr::memchr_iter(b'\n', text.as_bytes()).count() as u64, ..Sums::default() }
}

fn each_line<'a>(text: &'a str, mut each: impl FnMut(&'a str)) {
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', text.as_bytes()) {
        each(&text[start..end]);
        start = end + 1;
    }
}

fn by_lamtop(text: &str) -> Sums {
    let mut sums = Sums::default();
    each_line(text, |line| sums.add(&parse(line)));
    sums
}

fn by_regex(patterns: &Patterns, text: &str) -> Sums {
    let mut sums = Sums::default();
    each_line(text, |line| sums.add(&patterns.parse(line)));
    sums
}

fn envelopes_by_lamtop(envelopes: &[Vec<u8>]) -> Outcome<Sums> {
    let mut sums = Sums::default();
    let mut reader = Reader::default();
    let mut scratch = String::new();
    for bytes in envelopes {
        let envelope = reader.read(bytes)?.ok_or("a control message")?;
        envelope.events.iter().for_each(|event| sums.add(&parse(event.message(&mut scratch))));
    }
    Ok(sums)
}

fn envelopes_by_value(patterns: &Patterns, envelopes: &[Vec<u8>]) -> Outcome<Sums> {
    let mut sums = Sums::default();
    for bytes in envelopes {
        // A gzip header without a name is of ten bytes, and the trailer of eight.
        let inflated = miniz_oxide::inflate::decompress_to_vec(&bytes[10..bytes.len() - 8])
            .map_err(|error| format!("{error:?}"))?;
        let envelope: serde_json::Value = serde_json::from_slice(&inflated)?;
        for event in envelope["logEvents"].as_array().ok_or("no events")? {
            let message = event["message"].as_str().ok_or("no message")?;
            sums.add(&patterns.parse(message));
        }
    }
    Ok(sums)
}

/// Envelopes as CloudWatch Logs delivers them.
fn envelope(numbers: &mut Numbers) -> Outcome<(Vec<u8>, usize)> {
    let mut events = Vec::with_capacity(EVENTS);
    while events.len() < EVENTS {
        for message in numbers.invocation()? {
            let timestamp = 1_795_343_000_000 + numbers.below(1_000_000);
            let (first, second) = (numbers.next(), numbers.below(1 << 40));
            let id = format!("{first:028}{second:028}");
            events.push(serde_json::json!({ "id": id, "timestamp": timestamp, "message": message }));
        }
    }
    let json = serde_json::json!({
        "messageType": "DATA_MESSAGE", "owner": "111122223333", "logGroup": "/aws/lambda/orders",
        "logStream": "2026/11/22/[7]0c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f", "subscriptionFilters": ["lamtop"],
        "logEvents": events,
    })
    .to_string();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(json.as_bytes())?;
    Ok((encoder.finish()?, json.len()))
}

/// A contender: its name, and the sums that it gets from the input.
type Contender<'a> = (&'a str, Box<dyn Fn() -> Outcome<Sums> + 'a>);

/// Runs all in turn and prints the speed of each, and its ratio to the first. The first `agree` contenders must get equal
/// sums.
fn race(title: &str, bytes: usize, agree: usize, contenders: &[Contender]) -> Outcome<()> {
    let mut seconds = vec![Vec::new(); contenders.len()];
    let mut sums: Vec<Sums> = Vec::new();
    for round in 0..=ROUNDS {
        for (place, (_, run)) in contenders.iter().enumerate() {
            let start = Instant::now();
            let sum = std::hint::black_box(run()?);
            let elapsed = start.elapsed().as_secs_f64();
            // The first round warms up.
            if round == 0 {
                sums.push(sum);
            } else {
                seconds[place].push(elapsed);
            }
        }
    }
    for (sum, (name, _)) in sums.iter().zip(contenders) {
        if sum.lines != sums[0].lines {
            return Err(format!("{name} counts {} lines, not {}", sum.lines, sums[0].lines).into());
        }
    }
    for (sum, (name, _)) in sums[..agree].iter().zip(contenders) {
        if *sum != sums[0] {
            return Err(format!("{name} comes to {sum:?}, not to {:?}", sums[0]).into());
        }
    }
    let mut output = std::io::stdout();
    writeln!(output, "{title}: {} MB, {} lines, {} reports", bytes / 1_000_000, sums[0].lines, sums[0].reports)?;
    let median_and_best = |seconds: &mut Vec<f64>| {
        seconds.sort_by(f64::total_cmp);
        (seconds[seconds.len() / 2], seconds[0])
    };
    let times: Vec<(f64, f64)> = seconds.iter_mut().map(median_and_best).collect();
    for ((name, _), (median, best)) in contenders.iter().zip(&times) {
        let speed = |seconds: f64| bytes as f64 / seconds / 1e6;
        let ratios = (median / times[0].0, best / times[0].1);
        writeln!(
            output,
            "  {name:<44} {:>7.0} MB/s median {:>7.0} best   lamtop is {:>6.2} x median {:>6.2} x best",
            speed(*median),
            speed(*best),
            ratios.0,
            ratios.1,
        )?;
    }
    Ok(())
}

fn main() -> Outcome<()> {
    let patterns = Patterns::new()?;
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let mut text = String::with_capacity(TEXT_BYTES + 1024);
    while text.len() < TEXT_BYTES {
        numbers.invocation()?.iter().for_each(|line| text.push_str(line));
    }
    let contenders: [Contender; 3] = [
        ("lamtop", Box::new(|| Ok(by_lamtop(&text)))),
        ("regex, named captures", Box::new(|| Ok(by_regex(&patterns, &text)))),
        ("memchr, newlines counted", Box::new(|| Ok(by_newlines(&text)))),
    ];
    race("lines", text.len(), 2, &contenders)?;
    let mut envelopes = Vec::new();
    let mut bytes = 0;
    for _ in 0..ENVELOPES {
        let (gzip, size) = envelope(&mut numbers)?;
        envelopes.push(gzip);
        bytes += size;
    }
    let contenders: [Contender; 2] = [
        ("lamtop", Box::new(|| envelopes_by_lamtop(&envelopes))),
        ("miniz_oxide, serde_json::Value, regex", Box::new(|| envelopes_by_value(&patterns, &envelopes))),
    ];
    race("envelopes", bytes, 2, &contenders)
}
