//! How exact live numbers are, and what they cost: `cargo bench --bench live`.
//!
//! First it compares the live curves with the true ones of a simulated Region. Then it reads 20,000 lines a second and
//! measures processor time (Linux), so that a busy machine does not matter.

#[path = "live/played.rs"]
mod played;

use std::error::Error;
use std::io::Write;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use lambda_model::function::FunctionInfo;
use lambda_model::log::{LogBatch, LogEvent, LogWay};
use lambda_model::observation::{Observation, Payload};
use lambda_model::{Arn, Scope};
use lamtop::analysis::live::ScopeLive;
use lamtop::store::Store;
use played::{Distance, Played};

fn main() -> Result<(), Box<dyn Error>> {
    let mut output = std::io::stdout();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    for name in ["mixed", "region-limit"] {
        for mends in [true, false] {
            writeln!(output, "{}", runtime.block_on(accuracy(name, mends))?)?;
        }
    }
    for functions in [40, 400, 1000] {
        writeln!(output, "{}", fleet(functions)?)?;
    }
    writeln!(output, "{}", idle(10_000)?)?;
    Ok(())
}

/// Ten minutes of a scenario, read with Live Tail from two minutes earlier on.
async fn accuracy(name: &str, mends: bool) -> Result<String, Box<dyn Error>> {
    let mut played = Played::new(name, 1, 10).await?;
    let mut region = Distance::default();
    let mut functions = vec![Distance::default(); played.functions().len()];
    let mut updates = 0;
    for second in 1..=720 {
        updates += played.second(mends);
        if second > 120 && second % 60 == 0 {
            played.compare(60, &mut region, &mut functions);
        }
    }
    let errors: Vec<f64> = functions.iter().filter_map(|distance| distance.error()).collect();
    let mean = errors.iter().sum::<f64>() / errors.len() as f64;
    let worst = errors.iter().copied().fold(0.0, f64::max);
    let percent = |share: f64| format!("{:.2} %", share * 100.0);
    let how = if mends { "samples made good" } else { "samples as they are" };
    Ok(format!(
        "{name}, {how} ({} of {updates} updates were samples): mean absolute error of the Region {} of its peak; of {} functions {} on average, {} at worst; {} seconds not known",
        played.sampled,
        region.error().map_or_else(|| "not known".to_string(), percent),
        errors.len(),
        percent(mean),
        percent(worst),
        region.unknown,
    ))
}

const LINES_PER_S: usize = 20_000;
/// START, two lines of the application, REPORT; every second one has an END, too.
const LINES_PER_RUN_X10: usize = 45;

/// The lines of a second of `functions` functions, in batches of ten groups: 4,444 invocations of 40 to 440 ms.
fn second(functions: usize, at: DateTime<Utc>, number: usize) -> Vec<LogBatch> {
    let runs = LINES_PER_S * 10 / LINES_PER_RUN_X10;
    let mut batches: Vec<LogBatch> = (0..functions.div_ceil(10))
        .map(|batch| {
            let of = batch * 10..(batch * 10 + 10).min(functions);
            LogBatch {
                way: LogWay::Kinesis,
                groups: Some(of.map(|place| Arc::from(group(place))).collect()),
                span: Some((at, at + TimeDelta::seconds(1))),
                left_out: None,
                events: Vec::new(),
            }
        })
        .collect();
    for run in 0..runs {
        let function = run * 7919 % functions;
        let ended = at + TimeDelta::milliseconds((run * 1000 / runs).cast_signed() as i64);
        let ms = 40 + (run * 31 + number * 17) % 400;
        let started = ended - TimeDelta::milliseconds(ms.cast_signed() as i64);
        let (group, stream) = (group(function), format!("2026/11/22/[7]{:032x}", function * 1000 + run % 11));
        let (group, stream): (Arc<str>, Arc<str>) = (group.into(), stream.into());
        let id = format!("{number:08x}-{:04x}-4000-8000-{run:012x}", function % 0xFFFF);
        let mut event = |timestamp: DateTime<Utc>, message: String| {
            let ingestion = timestamp + TimeDelta::milliseconds(900);
            let (group, stream) = (Arc::clone(&group), Arc::clone(&stream));
            if let Some(batch) = batches.get_mut(function / 10) {
                batch.events.push(LogEvent { id: None, timestamp, ingestion, stream, group, message });
            }
        };
        event(started, format!("START RequestId: {id} Version: 7\n"));
        event(started, format!("2026-11-22T10:00:00.000Z\t{id}\tINFO\trequest accepted, {run} items\n"));
        event(ended, format!("2026-11-22T10:00:00.000Z\t{id}\tINFO\tupstream answered in {ms} ms\n"));
        if run % 2 == 0 {
            event(ended, format!("END RequestId: {id}\n"));
        }
        event(
            ended,
            format!(
                "REPORT RequestId: {id}\tDuration: {ms}.27 ms\tBilled Duration: {} ms\tMemory Size: 512 MB\tMax Memory Used: 118 MB\t\n",
                ms + 1
            ),
        );
    }
    batches
}

fn group(function: usize) -> String {
    format!("/aws/lambda/function-{function}")
}

fn observed(at: DateTime<Utc>, payload: Payload) -> Observation {
    Observation { at, scope: Scope::new(None, "eu-west-1"), payload }
}

fn listed(functions: usize, at: DateTime<Utc>) -> Store {
    let infos = (0..functions).map(|place| FunctionInfo {
        name: format!("function-{place}").as_str().into(),
        arn: Arn::new(format!("arn:aws:lambda:eu-west-1:123456789012:function:function-{place}")),
        runtime: None,
        memory_mb: Some(512),
        timeout_s: Some(30),
        last_modified: None,
        code_sha256: None,
        snap_start: false,
        dead_letter_target: None,
        log_group: None,
        system_log_level: None,
    });
    let mut store = Store::default();
    store.apply(&observed(at, Payload::Functions(infos.collect())));
    store
}

fn derived(store: &Store, at: DateTime<Utc>) -> Option<ScopeLive> {
    store.scopes.values().next().map(|scope| ScopeLive::of(scope, 0.8, at))
}

/// Processor time of this thread, seconds.
fn processor_s() -> Result<f64, Box<dyn Error>> {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let ns: u64 = statistics.split_whitespace().next().unwrap_or_default().parse()?;
    Ok(ns as f64 / 1e9)
}

/// Two minutes to fill the store, then twenty measured seconds.
fn fleet(functions: usize) -> Result<String, Box<dyn Error>> {
    let mut at = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
    let mut store = listed(functions, at);
    let (mut taking, mut deriving, mut lines) = (0.0, 0.0, 0);
    let mut in_use = 0;
    for number in 0..140 {
        let batches = second(functions, at, number);
        at += TimeDelta::seconds(1);
        let count: usize = batches.iter().map(|batch| batch.events.len()).sum();
        let observations: Vec<_> = batches.into_iter().map(|batch| observed(at, Payload::Logs(batch))).collect();
        let begun = processor_s()?;
        for observation in &observations {
            store.apply(observation);
        }
        let taken = processor_s()? - begun;
        if number >= 120 {
            (taking, lines) = (taking + taken, lines + count);
            let begun = processor_s()?;
            let live = derived(&store, at);
            deriving += processor_s()? - begun;
            in_use = live.and_then(|live| live.region).map_or(0, |region| region.in_use);
        }
    }
    Ok(format!(
        "{functions} functions, {} lines/s: taken in at {:.0} lines/s, {:.1} ms a second; derived in {:.1} ms; {in_use} in use",
        lines / 20,
        lines as f64 / taking,
        taking / 20.0 * 1e3,
        deriving / 20.0 * 1e3,
    ))
}

/// Functions whose logs are not read.
fn idle(functions: usize) -> Result<String, Box<dyn Error>> {
    let at = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
    let store = listed(functions, at);
    let begun = processor_s()?;
    let live: usize = (0..1000).filter_map(|_| derived(&store, at)).map(|live| live.functions.len()).sum();
    let us = (processor_s()? - begun) * 1e6 / 1000.0;
    Ok(format!("{functions} functions without logs: derived in {us:.1} us, {live} live"))
}
