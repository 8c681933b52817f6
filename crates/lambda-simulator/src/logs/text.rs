//! Lines in the Text format: the platform's own (docs/aws.md#text-format) and the application's in its runtime's shape.

use std::fmt::Write;

use chrono::SecondsFormat;
use serde_json::json;

use super::super::invocation::Outcome;
use super::application::{self, Family, Fault};
use super::line::{Kind, Line, Writer};

const TRACEBACK: &str = "Traceback (most recent call last):";

/// The event's message.
pub(super) fn message(writer: &Writer, line: &Line) -> String {
    match line.kind {
        Kind::InitStart => format!("INIT_START {}\n", runtime(writer)),
        Kind::RestoreStart => format!("RESTORE_START {}\n", runtime(writer)),
        Kind::InitReport(phase) => {
            let ms = writer.init_ms(phase);
            format!("INIT_REPORT Init Duration: {ms:.2} ms\tPhase: {}{}\n", phase.word(), status(writer))
        }
        Kind::RestoreReport => {
            let status = if writer.invocation.outcome == Outcome::InitError { status(writer) } else { String::new() };
            format!("RESTORE_REPORT Restore Duration: {:.2} ms{status}\n", writer.figures().restore_ms.unwrap_or(0.0))
        }
        Kind::Start => format!("START RequestId: {} Version: {}\n", writer.request_id(), writer.version),
        Kind::End => format!("END RequestId: {}\n", writer.request_id()),
        Kind::Report => report(writer),
        Kind::Said => said(writer, line),
        Kind::Raised => raised(writer, line),
        Kind::InitRaised => init_raised(writer, line),
        // Not written in this format.
        Kind::InitRuntimeDone(_) | Kind::RuntimeDone => String::new(),
    }
}

fn runtime(writer: &Writer) -> String {
    let version = |(version, arn)| format!("Runtime Version: {version}\tRuntime Version ARN: {arn}");
    writer.runtime_version().map(version).unwrap_or_default()
}

/// The fields of an end that the platform found wrong; none if the handler returned or raised an error.
fn status(writer: &Writer) -> String {
    let error = writer.error_type().map(|name| format!("\tError Type: {name}")).unwrap_or_default();
    match writer.invocation.outcome {
        Outcome::Success | Outcome::HandlerError => String::new(),
        Outcome::Timeout | Outcome::OutOfMemory | Outcome::InitError => {
            format!("\tStatus: {}{error}", writer.status())
        }
    }
}

fn report(writer: &Writer) -> String {
    let figures = writer.figures();
    let mut line = format!(
        "REPORT RequestId: {}\tDuration: {:.2} ms\tBilled Duration: {} ms\tMemory Size: {} MB\tMax Memory Used: {} MB",
        writer.request_id(),
        figures.duration_ms,
        figures.billed_ms,
        figures.memory_mb,
        figures.used_mb,
    );
    let mut add = |name: &str, value: String| {
        // Writing to a string cannot fail.
        let _ = write!(line, "\t{name}: {value} ms");
    };
    if let Some(ms) = figures.init_ms {
        add("Init Duration", format!("{ms:.2}"));
    }
    if let Some(ms) = figures.restore_ms {
        add("Restore Duration", format!("{ms:.2}"));
    }
    if let Some(ms) = figures.billed_restore_ms {
        add("Billed Restore Duration", ms.to_string());
    }
    let status = status(writer);
    line + if status.is_empty() { "\t" } else { &status } + "\n"
}

/// When the line was written, to the millisecond.
fn stamp(writer: &Writer, line: &Line) -> String {
    writer.scenario.time(line.at).to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// The same without a zone, as Java's and Ruby's loggers have it.
fn local_stamp(writer: &Writer, line: &Line, between: char) -> String {
    writer.scenario.time(line.at).format(&format!("%Y-%m-%d{between}%H:%M:%S%.3f")).to_string()
}

fn said(writer: &Writer, line: &Line) -> String {
    let (at, id) = (stamp(writer, line), writer.request_id());
    let said = application::said(line.draw);
    match Family::of(writer.function) {
        Family::Node => format!("{at}\t{id}\tINFO\t{said}\n"),
        Family::Python => format!("[INFO]\t{at}\t{id}\t{said}\n"),
        Family::Java => format!("{} {id} INFO  Handler - {said}\n", local_stamp(writer, line, ' ')),
        Family::DotNet => format!("{at}\t{id}\tinfo\t{said}\n"),
        Family::Ruby => format!("I, [{} #8]  INFO {id} -- : {said}\n", local_stamp(writer, line, 'T')),
        Family::Own => format!("{at}  INFO request_id={id} {said}\n"),
    }
}

fn raised(writer: &Writer, line: &Line) -> String {
    let (at, id) = (stamp(writer, line), writer.request_id());
    let family = Family::of(writer.function);
    let file = family.file();
    let fault = application::raised(writer.function, line.draw);
    let Fault { name, message, line } = fault;
    match family {
        Family::Node => {
            let stack = [format!("{name}: {message}"), format!("    at handler (file://{file}:{line}:17)")];
            let error = json!({ "errorType": name, "errorMessage": message, "stack": stack });
            format!("{at}\t{id}\tERROR\tInvoke Error \t{error}\n")
        }
        Family::Python => {
            format!("[ERROR] {name}: {message}\r{TRACEBACK}\r  File \"{file}\", line {line}, in handler\n")
        }
        Family::Java => {
            let frame = format!("\tat example.Handler.handleRequest({file}:{line})");
            format!("{message}: {name}\n{name}: {message}\n{frame}\n\n")
        }
        Family::DotNet => {
            let frame = format!("   at Example.Function.FunctionHandler(Request request) in {file}:line {line}");
            format!("{at}\t{id}\tfail\t{name}: {message}\n{frame}\n")
        }
        Family::Ruby => {
            let stack = [format!("{file}:{line}:in 'handler'")];
            let error =
                json!({ "errorType": format!("Function<{name}>"), "errorMessage": message, "stackTrace": stack });
            format!("Error raised from handler method\n{error}\n")
        }
        Family::Own => format!("{at} ERROR request_id={id} {name}: {message}\n"),
    }
}

fn init_raised(writer: &Writer, line: &Line) -> String {
    let family = Family::of(writer.function);
    let Fault { name, message, .. } = family.init_error();
    match family {
        Family::Node => {
            let error = json!({ "errorType": name, "errorMessage": message, "stack": [format!("{name}: {message}")] });
            // There is no request yet, and this is how Node writes that.
            format!("{}\tundefined\tERROR\tUncaught Exception \t{error}\n", stamp(writer, line))
        }
        Family::Python => format!("[ERROR] {name}: {message}\r{TRACEBACK}\n"),
        Family::Java | Family::DotNet | Family::Ruby | Family::Own => format!("{message}\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::instant::Instant;
    use super::super::tests::{region, warm, writer};
    use super::*;

    #[test]
    fn each_runtime_has_its_shapes() {
        let mut scenario = region();
        let invocation = warm(0);
        // the runtime, a line of the application's, an error of its handler
        let cases = [
            (
                Some("nodejs22.x"),
                "2026-11-22T03:10:00.007Z\tID\tINFO\tprocessed record 1\n",
                "2026-11-22T03:10:00.007Z\tID\tERROR\tInvoke Error \t{\"errorMessage\":\"Connection timed out after 1000 ms\",\"errorType\":\"TimeoutError\",\"stack\":[\"TimeoutError: Connection timed out after 1000 ms\",\"    at handler (file:///var/task/index.mjs:39:17)\"]}\n",
            ),
            (
                Some("python3.12"),
                "[INFO]\t2026-11-22T03:10:00.007Z\tID\tprocessed record 1\n",
                "[ERROR] ValueError: could not convert string to float: 'n/a'\rTraceback (most recent call last):\r  File \"/var/task/app.py\", line 39, in handler\n",
            ),
            (
                Some("java21"),
                "2026-11-22 03:10:00.007 ID INFO  Handler - processed record 1\n",
                "Cannot invoke \"Order.lines()\" because \"order\" is null: java.lang.NullPointerException\njava.lang.NullPointerException: Cannot invoke \"Order.lines()\" because \"order\" is null\n\tat example.Handler.handleRequest(Handler.java:39)\n\n",
            ),
            (
                Some("dotnet8"),
                "2026-11-22T03:10:00.007Z\tID\tinfo\tprocessed record 1\n",
                "2026-11-22T03:10:00.007Z\tID\tfail\tSystem.ArgumentException: Unknown postal zone (Parameter 'zone')\n   at Example.Function.FunctionHandler(Request request) in /src/Function.cs:line 39\n",
            ),
            (
                Some("ruby3.4"),
                "I, [2026-11-22T03:10:00.007 #8]  INFO ID -- : processed record 1\n",
                "Error raised from handler method\n{\"errorMessage\":\"key not found: \\\"order_id\\\"\",\"errorType\":\"Function<KeyError>\",\"stackTrace\":[\"/var/task/app.rb:39:in 'handler'\"]}\n",
            ),
            (
                Some("provided.al2023"),
                "2026-11-22T03:10:00.007Z  INFO request_id=ID processed record 1\n",
                "2026-11-22T03:10:00.007Z ERROR request_id=ID DecodeError: missing field `tenant` at line 1 column 214\n",
            ),
        ];
        for (runtime, said, raised) in cases {
            scenario.functions[0].runtime = runtime.map(str::to_string);
            let writer = writer(&scenario, &invocation);
            let worded = |kind| {
                let at = invocation.started + Instant::of_ms(7.0);
                message(&writer, &Line { at, ingested: at, kind, draw: 5 }).replace(&writer.request_id(), "ID")
            };
            assert_eq!((&*worded(Kind::Said), &*worded(Kind::Raised)), (said, raised), "{runtime:?}");
        }
    }
}
