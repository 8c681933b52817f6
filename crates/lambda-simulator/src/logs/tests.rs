//! The lines of every kind of invocation, as AWS writes them.

use std::collections::{BTreeMap, BTreeSet};

use super::super::invocation::{Invocation, Outcome, Start};
use super::super::scenario::Scenario;
use super::*;

/// The functions' places in [`region`].
const NODE: u32 = 0;
const PYTHON: u32 = 1;
const IMAGE: u32 = 2;
const JAVA_JSON: u32 = 3;
const NODE_WARN: u32 = 4;
const RUBY: u32 = 5;

pub(super) fn region() -> Scenario {
    let mut toml = String::from(
        "summary = 'log lines'\norigin = '2026-11-22T03:00:00Z'\nopening_min = 10\n[region]\nname = 'eu-west-1'\nlimit = 1000\n",
    );
    // name, the keys that matter here
    let functions = [
        ("checkout", "runtime = 'nodejs22.x'"),
        ("forecast", "runtime = 'python3.13'"),
        ("render", ""),
        ("pricing", "runtime = 'java21'\nlog_format = 'json'"),
        ("cart", "runtime = 'nodejs22.x'\nlog_format = 'json_warn'"),
        ("mailer", "runtime = 'ruby3.4'\nlog_group = '/shop/all'"),
    ];
    for (name, keys) in functions {
        toml += "[[function]]\nmemory_mb = 512\ntimeout_s = 3\nrate = 1.0\np50_ms = 40.0\nspread = 0.5\nerror_rate = 0.01\n";
        toml += &["name = '", name, "'\n", keys, "\n"].concat();
    }
    Scenario::parse("logs", &toml).unwrap()
}

/// A warm success of 41.27 ms, ten minutes after the origin.
pub(super) fn warm(function: u32) -> Invocation {
    Invocation {
        function,
        version: 1,
        environment: 3,
        born: Instant::of_min(-200.0),
        request: 77,
        started: Instant::of_min(10.0),
        init_us: 0,
        duration_us: 41_270,
        used_mb: 118,
        start: Start::Warm,
        outcome: Outcome::Success,
    }
}

fn cold(function: u32) -> Invocation {
    Invocation { start: Start::Cold, init_us: 389_810, born: Instant::of_min(10.0), ..warm(function) }
}

pub(super) fn writer<'a>(scenario: &'a Scenario, invocation: &'a Invocation) -> Writer<'a> {
    let function = &scenario.functions[invocation.function as usize];
    Writer { scenario, seed: 5, function, version: "7", invocation }
}

fn events(scenario: &Scenario, invocation: &Invocation) -> Vec<LogEvent> {
    pending([writer(scenario, invocation)].into_iter(), |_| true).iter().map(Pending::event).collect()
}

/// The lines as one text: each with its second, without what is chance.
fn written(scenario: &Scenario, invocation: &Invocation) -> String {
    let writer = writer(scenario, invocation);
    let id = writer.request_id();
    let (_, arn) = writer.runtime_version().unwrap_or_default();
    let arn = if arn.is_empty() { "-" } else { &*arn };
    let lines = events(scenario, invocation).into_iter().map(|event| {
        let at = event.timestamp.format("%S%.3f");
        format!("{at} {}\n", event.message.replace(&id, "ID").replace(arn, "ARN").escape_debug())
    });
    lines.collect::<String>().replace("\\\"", "\"").replace("\\'", "'")
}

fn check(cases: &[(Invocation, &str)]) {
    let scenario = region();
    for (invocation, expected) in cases {
        assert_eq!(written(&scenario, invocation), expected.trim_start(), "{invocation:?}");
    }
}

#[test]
fn each_end_has_its_lines() {
    // the invocation, its lines
    let cases = [
        (
            warm(NODE),
            r"
00.000 START RequestId: ID Version: 7\n
00.005 2026-11-22T03:10:00.005Z\tID\tINFO\tloaded configuration revision 84\n
00.041 END RequestId: ID\n
00.041 REPORT RequestId: ID\tDuration: 41.27 ms\tBilled Duration: 42 ms\tMemory Size: 512 MB\tMax Memory Used: 118 MB\t\n
",
        ),
        (
            cold(PYTHON),
            r"
00.000 INIT_START Runtime Version: python:3.13.v99\tRuntime Version ARN: ARN\n
00.389 START RequestId: ID Version: 7\n
00.420 [INFO]\t2026-11-22T03:10:00.420Z\tID\tloaded configuration revision 388\n
00.431 END RequestId: ID\n
00.431 REPORT RequestId: ID\tDuration: 41.27 ms\tBilled Duration: 432 ms\tMemory Size: 512 MB\tMax Memory Used: 118 MB\tInit Duration: 389.81 ms\t\n
",
        ),
        (
            Invocation { outcome: Outcome::HandlerError, ..warm(PYTHON) },
            r#"
00.000 START RequestId: ID Version: 7\n
00.030 [INFO]\t2026-11-22T03:10:00.030Z\tID\tprocessed record 7355\n
00.041 [ERROR] KeyError: 'customer_id'\rTraceback (most recent call last):\r  File "/var/task/app.py", line 38, in handler\n
00.041 END RequestId: ID\n
00.041 REPORT RequestId: ID\tDuration: 41.27 ms\tBilled Duration: 42 ms\tMemory Size: 512 MB\tMax Memory Used: 118 MB\t\n
"#,
        ),
        (
            Invocation { outcome: Outcome::HandlerError, start: Start::Ready, ..warm(RUBY) },
            r#"
00.000 START RequestId: ID Version: 7\n
00.041 Error raised from handler method\n{"errorMessage":"undefined method 'fetch' for nil","errorType":"Function<NoMethodError>","stackTrace":["/var/task/app.rb:95:in 'handler'"]}\n
00.041 END RequestId: ID\n
00.041 REPORT RequestId: ID\tDuration: 41.27 ms\tBilled Duration: 42 ms\tMemory Size: 512 MB\tMax Memory Used: 118 MB\t\n
"#,
        ),
        (
            Invocation { outcome: Outcome::Timeout, duration_us: 3_000_000, ..cold(IMAGE) },
            r"
00.000 INIT_START \n
00.389 START RequestId: ID Version: 7\n
03.389 END RequestId: ID\n
03.389 REPORT RequestId: ID\tDuration: 3000.00 ms\tBilled Duration: 3390 ms\tMemory Size: 512 MB\tMax Memory Used: 118 MB\tInit Duration: 389.81 ms\tStatus: timeout\n
",
        ),
        (
            Invocation { outcome: Outcome::OutOfMemory, used_mb: 512, ..warm(IMAGE) },
            r"
00.000 START RequestId: ID Version: 7\n
00.041 END RequestId: ID\n
00.041 REPORT RequestId: ID\tDuration: 41.27 ms\tBilled Duration: 42 ms\tMemory Size: 512 MB\tMax Memory Used: 512 MB\tStatus: error\tError Type: Runtime.OutOfMemory\n
",
        ),
    ];
    check(&cases);
}

#[test]
fn init_phases_that_fail_and_restores_have_their_lines() {
    // the invocation, its lines
    let cases = [
        (
            Invocation { outcome: Outcome::InitError, ..cold(PYTHON) },
            r"
00.000 INIT_START Runtime Version: python:3.13.v99\tRuntime Version ARN: ARN\n
00.389 [ERROR] Runtime.ImportModuleError: Unable to import module 'app': No module named 'pydantic'\rTraceback (most recent call last):\n
00.389 INIT_REPORT Init Duration: 389.81 ms\tPhase: init\tStatus: error\tError Type: Runtime.ImportModuleError\n
00.431 [ERROR] Runtime.ImportModuleError: Unable to import module 'app': No module named 'pydantic'\rTraceback (most recent call last):\n
00.431 INIT_REPORT Init Duration: 41.27 ms\tPhase: invoke\tStatus: error\tError Type: Runtime.ImportModuleError\n
00.431 START RequestId: ID Version: 7\n
00.431 END RequestId: ID\n
00.431 REPORT RequestId: ID\tDuration: 41.27 ms\tBilled Duration: 42 ms\tMemory Size: 512 MB\tMax Memory Used: 118 MB\tStatus: error\tError Type: Runtime.ImportModuleError\n
",
        ),
        (
            Invocation { outcome: Outcome::InitError, duration_us: 0, ..cold(RUBY) },
            r"
00.000 INIT_START Runtime Version: ruby:3.4.v76\tRuntime Version ARN: ARN\n
00.389 fatal: environment variable TABLE_NAME is not set\n
00.389 INIT_REPORT Init Duration: 389.81 ms\tPhase: init\tStatus: error\tError Type: Runtime.ExitError\n
00.389 START RequestId: ID Version: 7\n
00.389 END RequestId: ID\n
00.389 REPORT RequestId: ID\tDuration: 0.00 ms\tBilled Duration: 0 ms\tMemory Size: 512 MB\tMax Memory Used: 118 MB\tStatus: error\tError Type: Runtime.ExitError\n
",
        ),
        (
            Invocation { start: Start::Restored, ..cold(RUBY) },
            r"
00.000 RESTORE_START Runtime Version: ruby:3.4.v76\tRuntime Version ARN: ARN\n
00.389 RESTORE_REPORT Restore Duration: 389.81 ms\n
00.389 START RequestId: ID Version: 7\n
00.431 END RequestId: ID\n
00.431 REPORT RequestId: ID\tDuration: 41.27 ms\tBilled Duration: 105 ms\tMemory Size: 512 MB\tMax Memory Used: 118 MB\tRestore Duration: 389.81 ms\tBilled Restore Duration: 63 ms\t\n
",
        ),
        (
            Invocation { start: Start::Restored, outcome: Outcome::InitError, duration_us: 0, ..cold(RUBY) },
            r"
00.000 RESTORE_START Runtime Version: ruby:3.4.v76\tRuntime Version ARN: ARN\n
00.389 RESTORE_REPORT Restore Duration: 389.81 ms\tStatus: error\tError Type: Runtime.ExitError\n
00.389 START RequestId: ID Version: 7\n
00.389 END RequestId: ID\n
00.389 REPORT RequestId: ID\tDuration: 0.00 ms\tBilled Duration: 63 ms\tMemory Size: 512 MB\tMax Memory Used: 118 MB\tRestore Duration: 389.81 ms\tBilled Restore Duration: 63 ms\tStatus: error\tError Type: Runtime.ExitError\n
",
        ),
    ];
    check(&cases);
}

#[test]
fn each_end_has_its_objects() {
    // the invocation, its lines
    let cases = [
        (
            cold(JAVA_JSON),
            r#"
00.000 {"time":"2026-11-22T03:10:00.000Z","type":"platform.initStart","record":{"initializationType":"on-demand","phase":"init","functionName":"pricing","functionVersion":"7","runtimeVersion":"java:21.v74","runtimeVersionArn":"ARN"}}
00.389 {"time":"2026-11-22T03:10:00.389Z","type":"platform.start","record":{"requestId":"ID","version":"7"}}
00.394 {"timestamp":"2026-11-22T03:10:00.394Z","level":"INFO","AWSRequestId":"ID","message":"request accepted, 9734 items"}
00.420 {"timestamp":"2026-11-22T03:10:00.420Z","level":"INFO","AWSRequestId":"ID","message":"upstream answered in 4088 ms"}
00.431 {"time":"2026-11-22T03:10:00.431Z","type":"platform.report","record":{"requestId":"ID","status":"success","metrics":{"durationMs":41.27,"billedDurationMs":432,"memorySizeMB":512,"maxMemoryUsedMB":118,"initDurationMs":389.81}}}
"#,
        ),
        (
            Invocation { start: Start::Restored, outcome: Outcome::Timeout, ..cold(JAVA_JSON) },
            r#"
00.000 {"time":"2026-11-22T03:10:00.000Z","type":"platform.restoreStart","record":{"functionName":"pricing","functionVersion":"7","runtimeVersion":"java:21.v74","runtimeVersionArn":"ARN"}}
00.389 {"time":"2026-11-22T03:10:00.389Z","type":"platform.restoreReport","record":{"status":"success","metrics":{"durationMs":389.81}}}
00.389 {"time":"2026-11-22T03:10:00.389Z","type":"platform.start","record":{"requestId":"ID","version":"7"}}
00.394 {"timestamp":"2026-11-22T03:10:00.394Z","level":"INFO","AWSRequestId":"ID","message":"upstream answered in 4088 ms"}
00.420 {"timestamp":"2026-11-22T03:10:00.420Z","level":"INFO","AWSRequestId":"ID","message":"processed record 3259"}
00.431 {"time":"2026-11-22T03:10:00.431Z","type":"platform.runtimeDone","record":{"requestId":"ID","status":"timeout","metrics":{"durationMs":41.27}}}
00.431 {"time":"2026-11-22T03:10:00.431Z","type":"platform.report","record":{"requestId":"ID","status":"timeout","metrics":{"durationMs":41.27,"billedDurationMs":105,"memorySizeMB":512,"maxMemoryUsedMB":118,"restoreDurationMs":389.81,"billedRestoreDurationMs":63}}}
"#,
        ),
        (cold(NODE_WARN), ""),
        (Invocation { start: Start::Restored, ..cold(NODE_WARN) }, ""),
        (
            Invocation { outcome: Outcome::HandlerError, ..cold(NODE_WARN) },
            r#"
00.431 {"timestamp":"2026-11-22T03:10:00.431Z","level":"ERROR","requestId":"ID","errorType":"Error","message":"connect ECONNREFUSED 10.0.3.41:5432","stackTrace":["/var/task/index.mjs:109"]}
00.431 {"time":"2026-11-22T03:10:00.431Z","type":"platform.runtimeDone","record":{"requestId":"ID","status":"error","metrics":{"durationMs":41.27}}}
00.431 {"time":"2026-11-22T03:10:00.431Z","type":"platform.report","record":{"requestId":"ID","status":"error","metrics":{"durationMs":41.27,"billedDurationMs":432,"memorySizeMB":512,"maxMemoryUsedMB":118,"initDurationMs":389.81}}}
"#,
        ),
        (
            Invocation { outcome: Outcome::InitError, duration_us: 0, ..cold(NODE_WARN) },
            r#"
00.389 {"timestamp":"2026-11-22T03:10:00.389Z","level":"ERROR","errorType":"Runtime.ImportModuleError","message":"Error: Cannot find module 'pino'","stackTrace":["/var/task/index.mjs:1"]}
00.389 {"time":"2026-11-22T03:10:00.389Z","type":"platform.initRuntimeDone","record":{"initializationType":"on-demand","phase":"init","status":"error","errorType":"Runtime.ImportModuleError"}}
00.389 {"time":"2026-11-22T03:10:00.389Z","type":"platform.initReport","record":{"initializationType":"on-demand","phase":"init","status":"error","errorType":"Runtime.ImportModuleError","metrics":{"durationMs":389.81}}}
00.389 {"time":"2026-11-22T03:10:00.389Z","type":"platform.report","record":{"requestId":"ID","status":"error","errorType":"Runtime.ImportModuleError","metrics":{"durationMs":0.0,"billedDurationMs":0,"memorySizeMB":512,"maxMemoryUsedMB":118}}}
"#,
        ),
    ];
    check(&cases);
}

/// Invocations of every kind of all the functions, with durations from microseconds to the timeout.
fn every_kind(count: u32) -> Vec<Invocation> {
    let starts = [Start::Warm, Start::Cold, Start::Restored, Start::Ready];
    let outcomes =
        [Outcome::Success, Outcome::HandlerError, Outcome::Timeout, Outcome::OutOfMemory, Outcome::InitError];
    let one = |number: u32| {
        let draw = scramble(u64::from(number) + 1);
        let start = starts[(draw % 4) as usize];
        let environment_made = matches!(start, Start::Cold | Start::Restored);
        Invocation {
            function: number % 6,
            environment: number,
            request: draw,
            started: Instant::of_min(10.0) + Instant((draw % 4_000_000).cast_signed()),
            init_us: if environment_made { 1 + (draw >> 20) as u32 % 2_000_000 } else { 0 },
            duration_us: (draw >> 8) as u32 % 3_000_000,
            used_mb: 40 + (draw >> 50) as u32 % 400,
            start,
            outcome: outcomes[(draw / 4 % 5) as usize],
            ..warm(NODE)
        }
    };
    (0..count).map(one).collect()
}

/// What a REPORT says, by the names of the text format.
fn report(message: &str) -> Option<BTreeMap<String, String>> {
    if let Some(fields) = message.strip_prefix("REPORT ") {
        let field = |field: &str| field.split_once(": ").map(|(name, value)| (name.to_string(), value.to_string()));
        return Some(fields.trim_end().split('\t').filter_map(field).collect());
    }
    let event: serde_json::Value = serde_json::from_str(message).ok()?;
    let names = [
        ("/record/requestId", "RequestId", ""),
        ("/record/metrics/durationMs", "Duration", " ms"),
        ("/record/metrics/billedDurationMs", "Billed Duration", " ms"),
        ("/record/metrics/initDurationMs", "Init Duration", " ms"),
        ("/record/metrics/restoreDurationMs", "Restore Duration", " ms"),
        ("/record/metrics/memorySizeMB", "Memory Size", " MB"),
        ("/record/metrics/maxMemoryUsedMB", "Max Memory Used", " MB"),
    ];
    let plain = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_string);
    let field = |(path, name, unit): (&str, &str, &str)| {
        event.pointer(path).map(|value| (name.to_string(), plain(value) + unit))
    };
    (event["type"] == "platform.report").then(|| names.into_iter().filter_map(field).collect())
}

#[test]
fn reports_parse_back_to_the_invocations_that_made_them() {
    let scenario = region();
    let mut reports = 0;
    for invocation in every_kind(3000) {
        let of_all: Vec<_> = events(&scenario, &invocation)
            .into_iter()
            .filter_map(|event| Some((event.timestamp, report(&event.message)?)))
            .collect();
        let silent = invocation.function == NODE_WARN && !invocation.failed();
        assert_eq!(of_all.len(), usize::from(!silent), "{invocation:?}");
        let Some((at, fields)) = of_all.first() else { continue };
        reports += 1;
        let number = |name: &str| fields.get(name).map(|text| text[..text.len() - 3].parse::<f64>().unwrap());
        let ms = |us: u32| f64::from(us) / 1000.0;
        let near = |said: Option<f64>, meant: f64, what: &str| {
            let said = said.unwrap_or_else(|| panic!("no {what}: {fields:?}"));
            assert!((said - meant).abs() <= 0.005_001, "{what} is {said}, not {meant}: {invocation:?}");
        };
        assert_eq!(fields["RequestId"], writer(&scenario, &invocation).request_id());
        near(number("Duration"), ms(invocation.duration_us), "Duration");
        near(number("Max Memory Used"), f64::from(invocation.used_mb), "Max Memory Used");
        near(number("Memory Size"), 512.0, "Memory Size");
        let failed_init = invocation.outcome == Outcome::InitError;
        let before = match invocation.start {
            Start::Cold if !failed_init => "Init Duration",
            Start::Restored => "Restore Duration",
            // There is none, or it is in an INIT_REPORT.
            Start::Cold | Start::Warm | Start::Ready => "",
        };
        for name in ["Init Duration", "Restore Duration"] {
            if name == before {
                near(number(name), ms(invocation.init_us), name);
            } else {
                assert_eq!(number(name), None, "{name}: {invocation:?}");
            }
        }
        let billed = number("Billed Duration").unwrap();
        let least = ms(invocation.duration_us) + number("Init Duration").unwrap_or(0.0);
        assert!(billed >= least - 0.01 && billed < least + 1.01 + 0.16 * ms(invocation.init_us) + 1.0);
        let lasted = number("Duration").unwrap() + number(before).unwrap_or(0.0);
        let began = if failed_init && before.is_empty() { invocation.handler_began() } else { invocation.started };
        let counted = (*at - scenario.time(began)).as_seconds_f64() * 1000.0;
        // The timestamp is cut to the millisecond, the two figures are rounded to hundredths.
        assert!((counted - lasted) <= 0.011 && (counted - lasted) >= -1.011, "{counted} {lasted}: {invocation:?}");
    }
    assert!(reports > 2500, "{reports}");
}

#[test]
fn nothing_can_be_read_before_it_is_written_and_ingested() {
    let scenario = region();
    let invocations = every_kind(600);
    let beginning = Instant::of_min(10.0);
    for invocation in &invocations {
        let lines = writer(&scenario, invocation).lines();
        assert!(lines.is_sorted_by_key(|line| line.at) && lines.is_sorted_by_key(|line| line.ingested));
        for line in lines {
            let since = line.at - invocation.started;
            assert!(since > Instant(-1000) && line.at <= invocation.ended(), "{line:?} {invocation:?}");
            let delay = line.ingested - line.at;
            assert!(delay >= INGESTED_AFTER.0 && delay < INGESTED_AFTER.1, "{delay:?}");
        }
    }
    let writers = || invocations.iter().map(|one| writer(&scenario, one));
    let forever = Instant::of_min(60.0);
    let all = read(writers(), Instant(0), forever, forever);
    assert!(all.is_sorted_by_key(|event| (event.timestamp, event.ingestion)));
    assert_eq!(all.iter().map(|event| &event.id).collect::<BTreeSet<_>>().len(), all.len());
    for tenths in 0..100 {
        let now = beginning + Instant(tenths * Instant::SECOND / 10);
        let then = scenario.time(now);
        let readable: Vec<_> = all.iter().filter(|event| event.ingestion <= then).cloned().collect();
        assert_eq!(read(writers(), Instant(0), forever, now), readable, "{then}");
        let part = read(writers(), now, now + Instant(500_000), forever);
        let later = then + chrono::TimeDelta::milliseconds(500);
        let within = all.iter().filter(|event| event.timestamp >= then && event.timestamp < later);
        assert!(within.eq(part.iter()), "{then}");
    }
    // Each second's update has what was ingested in it, and each event is in one of them.
    let second = |second: i64| beginning + Instant(second * Instant::SECOND);
    let updates = (0..15).map(|number| ingested(writers(), second(number), second(number + 1)).len());
    assert_eq!(updates.sum::<usize>(), all.len());
}

type IsPart = fn(&LogEvent) -> bool;

#[test]
fn live_tail_shows_an_even_sample_of_too_many() {
    let scenario = region();
    let one = |number: u32| Invocation {
        function: [NODE, NODE, NODE, NODE, PYTHON, IMAGE, IMAGE, RUBY][(number % 8) as usize],
        environment: number / 8 % 3,
        started: Instant::of_min(10.0) + Instant(i64::from(number) * 600),
        duration_us: 100,
        ..warm(NODE)
    };
    let invocations: Vec<_> = (0..8000).map(one).collect();
    let from = Instant::of_min(10.0) + Instant(2 * Instant::SECOND);
    let until = from + Instant(2 * Instant::SECOND);
    let writers = || invocations.iter().map(|one| writer(&scenario, one));
    let all = ingested(writers(), from, until);
    assert!(all.len() > 10_000, "{}", all.len());
    let shown = update(ingested(writers(), from, until));
    assert_eq!((shown.sampled, shown.events.len()), (true, TAIL_EVENTS));
    assert_eq!(shown, update(ingested(writers().rev(), from, until)), "however they come");
    assert!(shown.events.is_sorted_by_key(|event| event.timestamp));
    let everything: BTreeSet<_> = all.iter().map(|one| one.event().message).collect();
    assert!(shown.events.iter().all(|event| everything.contains(&event.message)));
    // A part of the lines, how far its share of the sample may be from that of all.
    let parts: [(IsPart, f64); 6] = [
        (|event| &*event.group == "/aws/lambda/checkout", 0.005),
        (|event| &*event.group == "/aws/lambda/forecast", 0.005),
        (|event| &*event.group == "/aws/lambda/render", 0.005),
        (|event| &*event.group == "/shop/all", 0.005),
        (|event| event.message.starts_with("START"), 0.06),
        (|event| event.message.starts_with("REPORT"), 0.06),
    ];
    for (place, (part, tolerance)) in parts.into_iter().enumerate() {
        let of_all = all.iter().filter(|one| part(&one.event())).count() as f64 / all.len() as f64;
        let of_shown = shown.events.iter().filter(|event| part(event)).count() as f64 / TAIL_EVENTS as f64;
        assert!((of_all - of_shown).abs() <= tolerance, "part {place}: {of_shown} of {of_all}");
    }
    // how many there are, whether they are sampled
    for (count, sampled) in [(0, false), (500, false), (501, true)] {
        let mut some = ingested(writers(), from, until);
        some.truncate(count);
        let shown = update(some);
        assert_eq!((shown.sampled, shown.events.len()), (sampled, count.min(TAIL_EVENTS)));
    }
}

#[test]
fn an_environment_has_one_stream_and_a_retry_its_request() {
    let scenario = region();
    let first = warm(NODE);
    let of = |invocation: &Invocation| {
        let writer = writer(&scenario, invocation);
        (writer.stream(), writer.request_id())
    };
    let (stream, id) = of(&first);
    // Made on the day before.
    assert_eq!(stream, "2026/11/21/[7]8ac4dcf2349a0eb17a8a60dd20d86c5c");
    assert_eq!(id, "71e8b171-ed08-49d7-99a2-98fa37410179");
    // a change, whether the stream and the request's id are still the same
    let cases = [
        (Invocation { started: Instant::of_min(11.0), outcome: Outcome::Timeout, ..first.clone() }, (true, true)),
        (Invocation { request: 78, ..first.clone() }, (true, false)),
        (Invocation { environment: 4, ..first.clone() }, (false, true)),
        (Invocation { function: PYTHON, ..first.clone() }, (false, false)),
    ];
    for (other, expected) in cases {
        let (other_stream, other_id) = of(&other);
        assert_eq!((other_stream == stream, other_id == id), expected, "{other:?}");
    }
    let (stream, _) = of(&cold(RUBY));
    assert!(stream.starts_with("2026/11/22/mailer[7]"), "a group of several functions: {stream}");
}

#[test]
fn runtimes_have_their_versions() {
    let mut scenario = region();
    let invocation = warm(NODE);
    // the runtime, its version; which build of it is chance
    let cases = [
        (Some("nodejs22.x"), Some("nodejs:22.v")),
        (Some("java8.al2"), Some("java:8.al2.v")),
        (Some("provided.al2023"), Some("provided:al2023.v")),
        (None, None),
    ];
    for (runtime, expected) in cases {
        scenario.functions[0].runtime = runtime.map(str::to_string);
        let version = writer(&scenario, &invocation).runtime_version();
        let named = version.as_ref().map(|(version, _)| version.trim_end_matches(|digit: char| digit.is_ascii_digit()));
        assert_eq!(named, expected);
        if let Some((_, arn)) = &version {
            let hash = arn.strip_prefix("arn:aws:lambda:eu-west-1::runtime:").unwrap();
            assert!(hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{arn}");
        }
    }
}

#[test]
fn only_groups_that_are_written_to_exist() {
    let mut scenario = region();
    scenario.functions[PYTHON as usize].has_logs = false;
    let world = World::new(&scenario, 1);
    let (from, until) = (scenario.time(Instant::of_min(100.0)), scenario.time(Instant::of_min(101.0)));
    // the group, whether it exists
    let cases = [
        ("/aws/lambda/checkout", true),
        ("/shop/all", true),
        ("/aws/lambda/mailer", false),
        ("/aws/lambda/forecast", false),
        ("checkout", false),
    ];
    for (group, exists) in cases {
        let nothing_yet = exists.then(Vec::new);
        assert_eq!(world.log_events(group, from, until), nothing_yet, "{group}");
        assert_eq!(
            world.tail(&[group], TailFilter::Everything, from),
            TailUpdate { sampled: false, events: Vec::new() }
        );
    }
}
