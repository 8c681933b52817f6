//! The table of lines, and properties of any line.

use proptest::prelude::*;
use toml::{Table, Value};

use super::*;

const LINES: &str = include_str!("../tests/lines.toml");

/// The messages of the table, each with its kind of line and its fields.
fn table() -> Vec<(String, String, Table)> {
    let table: Table = LINES.parse().unwrap();
    let mut lines = Vec::new();
    for line in table["line"].as_array().unwrap() {
        let mut line = line.as_table().unwrap().clone();
        let Some(Value::String(message)) = line.remove("message") else { panic!("a line without a message") };
        assert_eq!(line.len(), 1, "{message:?} is of one kind");
        let (kind, fields) = line.into_iter().next().unwrap();
        lines.push((message, kind, fields.as_table().unwrap().clone()));
    }
    lines
}

/// Fields with a value, as the table writes them.
#[derive(Default)]
struct Fields(Table);

impl Fields {
    fn text(mut self, name: &str, value: Option<&str>) -> Self {
        self.0.extend(value.map(|value| (name.to_string(), Value::String(value.to_string()))));
        self
    }

    fn word(self, name: &str, value: Option<impl std::fmt::Debug>) -> Self {
        let word = value.map(|value| format!("{value:?}"));
        self.text(name, word.as_deref())
    }

    fn decimal(mut self, name: &str, value: Option<f64>) -> Self {
        self.0.extend(value.map(|value| (name.to_string(), Value::Float(value))));
        self
    }

    fn whole(mut self, name: &str, value: Option<u64>) -> Self {
        self.0.extend(value.map(|value| (name.to_string(), Value::Integer(value.try_into().unwrap()))));
        self
    }

    fn truth(mut self, name: &str, value: Option<bool>) -> Self {
        self.0.extend(value.map(|value| (name.to_string(), Value::Boolean(value))));
        self
    }

    fn init_start(self, init: &InitStart) -> Self {
        self.text("runtime_version", init.runtime_version)
            .text("runtime_arn", init.runtime_arn)
            .text("function", init.function)
            .text("version", init.version)
            .word("initialization", init.initialization)
            .word("phase", init.phase)
    }

    fn init_report(self, init: &InitReport) -> Self {
        self.decimal("duration_ms", init.duration_ms)
            .word("initialization", init.initialization)
            .word("phase", init.phase)
            .word("status", init.status)
            .text("error_type", init.error_type.as_deref())
    }

    fn report(self, report: &Report) -> Self {
        assert_eq!(report.is_cold_start(), report.init_ms.is_some() || report.restore_ms.is_some());
        self.text("request", Some(report.request))
            .decimal("duration_ms", report.duration_ms)
            .whole("billed_ms", report.billed_ms)
            .whole("memory_mb", report.memory_mb.map(u64::from))
            .whole("used_mb", report.used_mb.map(u64::from))
            .decimal("init_ms", report.init_ms)
            .decimal("restore_ms", report.restore_ms)
            .whole("billed_restore_ms", report.billed_restore_ms)
            .word("status", report.status)
            .text("error_type", report.error_type.as_deref())
            .text("trace", report.xray.map(|xray| xray.trace))
            .text("segment", report.xray.and_then(|xray| xray.segment))
            .truth("sampled", report.xray.and_then(|xray| xray.sampled))
            .truth("is_timeout", report.is_timeout().then_some(true))
            .truth("is_out_of_memory", report.is_out_of_memory().then_some(true))
    }

    fn extension(self, extension: &Extension) -> Self {
        self.text("name", extension.name)
            .text("state", extension.state)
            .text("error_type", extension.error_type.as_deref())
    }
}

/// A line as the table writes it.
fn fields_of(line: &Line) -> (&'static str, Table) {
    let none = Fields::default();
    let (kind, fields) = match line {
        Line::InitStart(init) => ("init_start", none.init_start(init)),
        Line::RestoreStart(init) => ("restore_start", none.init_start(init)),
        Line::InitReport(init) => ("init_report", none.init_report(init)),
        Line::InitRuntimeDone(init) => ("init_runtime_done", none.init_report(init)),
        Line::RestoreReport(init) => ("restore_report", none.init_report(init)),
        Line::RestoreRuntimeDone(init) => ("restore_runtime_done", none.init_report(init)),
        Line::Start(start) => ("start", none.text("request", Some(start.request)).text("version", start.version)),
        Line::RuntimeDone(done) => (
            "runtime_done",
            none.text("request", Some(done.request))
                .decimal("duration_ms", done.duration_ms)
                .word("status", done.status)
                .text("error_type", done.error_type.as_deref()),
        ),
        Line::End { request } => ("end", none.text("request", Some(request))),
        Line::Report(report) => ("report", none.report(report)),
        Line::TimedOut(timeout) => {
            ("timed_out", none.text("request", Some(timeout.request)).decimal("after_s", timeout.after_s))
        }
        Line::Crash(crash) => (
            "crash",
            none.text("request", Some(crash.request))
                .text("error", Some(crash.error))
                .text("error_type", crash.error_type)
                .truth("is_out_of_memory", crash.is_out_of_memory().then_some(true)),
        ),
        Line::Extension(extension) => ("extension", none.extension(extension)),
        Line::Telemetry(extension) => ("telemetry", none.extension(extension)),
        Line::LogsDropped(dropped) => (
            "logs_dropped",
            none.whole("records", dropped.records)
                .whole("bytes", dropped.bytes)
                .text("reason", dropped.reason.as_deref()),
        ),
        Line::Application(line) => ("application", none.word("level", line.level()).text("of", line.request())),
    };
    (kind, fields.0)
}

#[test]
fn every_line_of_the_table_is_read() {
    let table = table();
    assert!(table.len() >= 120, "{}", table.len());
    for (message, kind, fields) in &table {
        let line = parse(message);
        assert_eq!(fields_of(&line), (kind.as_str(), fields.clone()), "{message:?}");
        let request = ["request", "of"].into_iter().find_map(|name| fields.get(name)).and_then(Value::as_str);
        assert_eq!(line.request(), request, "{message:?}");
        if let Line::Report(Report { error_type: Some(name), .. }) = &line {
            assert_eq!(matches!(name, Cow::Borrowed(_)), !message.contains('\\'), "copied without need: {message:?}");
        }
    }
}

#[test]
fn a_report_reads_the_same_in_text_and_in_json() {
    let text = "REPORT RequestId: r\tDuration: 2.50 ms\tBilled Duration: 3 ms\tMemory Size: 128 MB\tMax Memory Used: 64 MB\tInit Duration: 9.75 ms\tStatus: error\tError Type: Runtime.ExitError\n";
    let json = r#"{"type":"platform.report","record":{"requestId":"r","status":"error","errorType":"Runtime.ExitError","metrics":{"durationMs":2.5,"billedDurationMs":3,"memorySizeMB":128,"maxMemoryUsedMB":64,"initDurationMs":9.75}}}"#;
    assert_eq!(parse(text), parse(json));
}

/// Everything that can be read from a message.
fn ask(message: &str) {
    let line = parse(message);
    if let Line::Report(report) = &line {
        let times = [report.duration_ms, report.init_ms, report.restore_ms];
        assert!(times.into_iter().flatten().all(|ms| ms.is_finite() && ms >= 0.0), "{line:?}");
    }
    // Also for a line of the platform: nothing may panic.
    let application = Application(message);
    let _ = (line.request(), application.level(), application.request());
    if let Some(error) = application.error() {
        assert!(error.fingerprint().as_str().len() <= Fingerprint::LONGEST, "{error:?}");
    }
}

/// Lines on which a scan with backtracking would take very long.
#[test]
fn a_hostile_line_is_read_in_one_pass() {
    let starts = [
        "",
        "REPORT RequestId: x ",
        "REPORT RequestId: x\t",
        "INIT_START ",
        "INIT_REPORT\t",
        "EXTENSION\tName: x\t",
        "{",
        "{\"platform.",
        "{\"type\":\"platform.report\",\"record\":",
        "[ERROR] E1: ",
        "2026-02-03T10:11:12.345Z ",
        "RequestId: ",
        "2026-03-04T05:06:07.890Z\tundefined\tERROR\tInvoke Error \t",
        "Error raised from handler method\n",
        "thread 'main' panicked at ",
    ];
    let repeated = [
        "a",
        " ",
        "\t",
        "\n",
        "\r",
        ":",
        ": ",
        "a: ",
        "a: b ",
        "a: b\t",
        "Duration: ",
        "Duration: 1 ms ",
        "Duration: 1\t",
        "1",
        "1a",
        "-1",
        "[",
        "{\"a\":",
        "\"",
        "\\",
        "\\u",
        "'",
        "/",
        "ERROR ",
        "[ERROR] ",
        "E: ",
        "\n\tat ",
        "\n    at ",
        "\n   at ",
        "Traceback (most recent call last):",
        "https://a/",
        "arn:",
        "a@b.c ",
        "é",
    ];
    for start in starts {
        for repeated in repeated {
            let message = format!("{start}{}", repeated.repeat((1 << 17) / repeated.len()));
            ask(&message);
        }
    }
}

/// A field of a REPORT line.
fn field() -> impl Strategy<Value = String> {
    prop_oneof![
        (0u32..1_000_000, 0u32..100).prop_map(|(ms, part)| format!("Duration: {ms}.{part:02} ms")),
        any::<u32>().prop_map(|ms| format!("Billed Duration: {ms} ms")),
        (128u32..10_240).prop_map(|mb| format!("Memory Size: {mb} MB")),
        (1u32..10_240).prop_map(|mb| format!("Max Memory Used: {mb} MB")),
        (0u32..10_000, 0u32..100).prop_map(|(ms, part)| format!("Init Duration: {ms}.{part:02} ms")),
        (0u32..10_000, 0u32..100).prop_map(|(ms, part)| format!("Restore Duration: {ms}.{part:02} ms")),
        any::<u16>().prop_map(|ms| format!("Billed Restore Duration: {ms} ms")),
        prop::sample::select(vec!["success", "failure", "error", "timeout"]).prop_map(|word| format!("Status: {word}")),
        "Error Type: [A-Z][a-z]{1,8}\\.[A-Z][A-Za-z]{1,12}",
        "XRAY TraceId: 1-[0-9a-f]{8}-[0-9a-f]{24}",
    ]
}

/// Fields of different names, and an order of them.
fn fields() -> impl Strategy<Value = (Vec<String>, Vec<String>)> {
    let name = |field: &String| field.split(':').next().unwrap_or_default().to_string();
    prop::collection::vec(field(), 0..10).prop_flat_map(move |mut fields| {
        fields.sort_by_key(name);
        fields.dedup_by_key(|field| name(field));
        (Just(fields.clone()), Just(fields).prop_shuffle())
    })
}

proptest! {
    #[test]
    fn no_message_is_too_odd(message in any::<String>(), bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        ask(&message);
        ask(&String::from_utf8_lossy(&bytes));
    }

    /// A line of the table, with a piece of another in it.
    #[test]
    fn changed_lines_never_panic(
        one in any::<prop::sample::Index>(),
        other in any::<prop::sample::Index>(),
        cuts in any::<[prop::sample::Index; 4]>(),
    ) {
        let table = table();
        let (one, other) = (&one.get(&table).0, &other.get(&table).0);
        let cut = |text: &str, index: prop::sample::Index| text.floor_char_boundary(index.index(text.len() + 1));
        let (mut from, mut until) = (cut(other, cuts[2]), cut(other, cuts[3]));
        if from > until {
            (from, until) = (until, from);
        }
        let message = [&one[..cut(one, cuts[0])], &other[from..until], &one[cut(one, cuts[1])..]].concat();
        ask(&message);
    }

    #[test]
    fn the_order_of_fields_does_not_matter((fields, shuffled) in fields(), unknown in "[a-z]{1,8}: [ -~]{0,20}") {
        let line = |fields: &[String], gap: &str| format!("REPORT RequestId: r{gap}{}{gap}\n", fields.join(gap));
        let ordered = line(&fields, "\t");
        let expected = parse(&ordered);
        prop_assert!(matches!(expected, Line::Report(_)));
        let tabs = line(&shuffled, "\t");
        prop_assert_eq!(&parse(&tabs), &expected);
        let old = line(&shuffled, " \t");
        prop_assert_eq!(&parse(&old), &expected);
        let spaces = line(&shuffled, " ");
        prop_assert_eq!(&parse(&spaces), &expected);
        let more = line(&[&shuffled[..], &[unknown]].concat(), "\t");
        prop_assert_eq!(&parse(&more), &expected);
    }

    #[test]
    fn what_is_written_is_read(
        times in any::<[Option<u32>; 3]>(),
        billed: Option<u64>,
        memory: Option<u32>,
        used: Option<u32>,
        json: bool,
    ) {
        let [duration, init, restore] = times.map(|time| time.map(|hundredths| f64::from(hundredths) / 100.0));
        let report = Report {
            request: "7a3e1c52-0b9d-4f61-8e27-5c1d90ab3f44",
            duration_ms: duration,
            billed_ms: billed,
            memory_mb: memory,
            used_mb: used,
            init_ms: init,
            restore_ms: restore,
            ..Report::default()
        };
        let message = if json {
            let metrics = serde_json::json!({
                "durationMs": duration, "billedDurationMs": billed, "memorySizeMB": memory, "maxMemoryUsedMB": used,
                "initDurationMs": init, "restoreDurationMs": restore,
            });
            serde_json::json!({
                "type": "platform.report",
                "record": { "requestId": report.request, "metrics": metrics },
            })
            .to_string()
        } else {
            let mut line = format!("REPORT RequestId: {}", report.request);
            let times = [("Duration", duration), ("Init Duration", init), ("Restore Duration", restore)];
            line.extend(times.into_iter().filter_map(|(name, ms)| Some(format!("\t{name}: {:.2} ms", ms?))));
            line.extend(billed.map(|ms| format!("\tBilled Duration: {ms} ms")));
            line.extend(memory.map(|mb| format!("\tMemory Size: {mb} MB")));
            line.extend(used.map(|mb| format!("\tMax Memory Used: {mb} MB")));
            line + "\t\n"
        };
        prop_assert_eq!(parse(&message), Line::Report(report));
    }
}

/// The inputs that the fuzzers start from, and what they have found.
fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.map(|path| (path.display().to_string(), std::fs::read(&path).unwrap())).collect()
}

/// Runs the fuzz targets' checks on every input of their corpus.
#[test]
fn the_corpus_of_the_fuzzers_is_read() {
    let lines = corpus("line");
    for (_, bytes) in &lines {
        ask(&String::from_utf8_lossy(bytes));
    }
    let mut known = 0;
    let records = corpus("json_line");
    for (path, bytes) in &records {
        let input = String::from_utf8_lossy(bytes);
        let (kind, record) = input.split_once('\n').unwrap_or((&input, "{}"));
        let message = format!("{{\"record\":{record},\"type\":\"platform.{kind}\"}}");
        ask(&message);
        known += usize::from(!matches!(parse(&message), Line::Application(_)));
        assert!(message.len() < 1 << 16, "{path} is not small");
    }
    let (mut read, mut reader, mut scratch) = (0, envelope::Reader::default(), String::new());
    let envelopes = corpus("envelope");
    for (_, bytes) in &envelopes {
        let Ok(Some(envelope)) = reader.read(bytes) else { continue };
        origin(&envelope.group, &envelope.stream);
        for event in &envelope.events {
            let _ = (event.id(), event.timestamp_ms());
            ask(event.message(&mut scratch));
            read += 1;
        }
    }
    assert!(lines.len() > 50 && records.len() > 20 && envelopes.len() > 5, "the corpus is gone");
    assert!(known > 20 && read > 10, "{known} records, {read} events");
}
