//! Reads the log lines of the simulated Region back, counts them, and compares the counts with its metrics.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use chrono::TimeDelta;

use crate::{Scenario, World};
use lambda_logs::{Fingerprint, Level, Line, Status, parse};
use lambda_model::api::MetricQuery;
use lambda_model::metric::{Metric, SeriesId, Statistic, Subject};
use lambda_model::time::{Clock, Minute};

/// A function for each runtime and format, busy for the first minutes and with every kind of incident.
const RUNTIMES: [(&str, &str); 6] = [
    ("node", "nodejs22.x"),
    ("python", "python3.13"),
    ("java", "java21"),
    ("dotnet", "dotnet8"),
    ("ruby", "ruby3.4"),
    ("own", "provided.al2023"),
];

fn scenario() -> Scenario {
    let mut toml = String::from(
        "summary = 'lines'\norigin = '2026-11-22T03:00:00Z'\nopening_min = 10\n[region]\nname = 'eu-west-1'\nlimit = 1000\n",
    );
    for (name, runtime) in RUNTIMES {
        for format in ["text", "json"] {
            // Only a published version starts from a snapshot.
            let snap = if name == "java" { "snap_start = true" } else { "" };
            let _ = write!(
                toml,
                "[[function]]\nname = '{name}-{format}'\nruntime = '{runtime}'\nlog_format = '{format}'\nmemory_mb = 256\n\
                 timeout_s = 3\nused_mb = 200.0\nrate = 0.0\np50_ms = 120.0\nspread = 0.5\nerror_rate = 0.1\ninit_ms = 400.0\n{snap}\n\
                 alias = [{{ name = 'live', version = '7', share = 0.6 }}]\n\
                 burst = {{ every_s = 86400, lasting_s = 150, rate = 6.0 }}\n\
                 [[incident]]\nfunction = '{name}-{format}'\nfrom_min = 0\nhang = 0.03\nleak_mb = 2.0\ninit_failures = 0.2\n"
            );
        }
    }
    let file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    std::fs::write(file.path(), toml).unwrap();
    crate::scenario(file.path().to_str().unwrap()).unwrap()
}

/// The counts from the lines of a function.
#[derive(Default)]
struct Counts {
    kinds: BTreeMap<String, usize>,
    reports: usize,
    /// By REPORT: the platform found an error.
    failed: usize,
    /// By the application's lines: an error ended the invocation.
    raised: usize,
    cold: usize,
    timeouts: usize,
    out_of_memory: usize,
    fingerprints: BTreeSet<Fingerprint>,
}

impl Counts {
    fn add(&mut self, line: &Line) {
        *self.kinds.entry(kind(line)).or_default() += 1;
        match line {
            Line::Report(report) => {
                let figures = [report.duration_ms, report.billed_ms.map(|ms| ms as f64)];
                assert!(figures.iter().all(Option::is_some) && report.memory_mb == Some(256), "{report:?}");
                self.reports += 1;
                self.failed += usize::from(report.status.is_some_and(|status| status != Status::Success));
                self.cold += usize::from(report.is_cold_start());
                self.timeouts += usize::from(report.is_timeout());
                self.out_of_memory += usize::from(report.is_out_of_memory());
            }
            Line::Application(line) => {
                let error = line.error();
                assert_eq!(error.is_some(), line.level() >= Some(Level::Error) || is_untitled(line.text()), "{line:?}");
                let Some(error) = error else { return };
                assert!(error.ends_invocation, "{line:?}");
                // A failed init phase has a platform error type or none, and is in REPORT.
                if error.error_type.as_ref().is_some_and(|name| !name.starts_with("Runtime.")) {
                    self.raised += 1;
                    self.fingerprints.insert(error.fingerprint());
                }
            }
            _ => {}
        }
    }
}

/// The name of the line's variant.
fn kind(line: &Line) -> String {
    format!("{line:?}").split(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default().to_string()
}

/// The error lines that the simulator writes without a level.
fn is_untitled(line: &str) -> bool {
    line.starts_with("fatal: ") || line.starts_with("Error raised") || line.contains("\n\tat ")
}

#[tokio::test(start_paused = true)]
async fn every_line_is_parsed_and_agrees_with_the_metrics() {
    let scenario = scenario();
    let (origin, now) = (scenario.origin(), scenario.origin() + TimeDelta::minutes(30));
    let mut world = World::new(&scenario, 3);
    world.advance(now);
    let account = crate::account(&scenario, 3, Clock::simulated(now, 1.0));
    for (runtime, _) in RUNTIMES {
        for format in ["text", "json"] {
            let name = format!("{runtime}-{format}");
            let group = format!("/aws/lambda/{name}");
            let mut counts = Counts::default();
            for event in world.log_events(&group, origin, now).unwrap() {
                let found = lambda_logs::origin(&event.group, &event.stream);
                assert_eq!((found.function, found.version.is_some()), (Some(&*name), true), "{}", event.stream);
                counts.add(&parse(&event.message));
            }
            let series = [Metric::Invocations, Metric::Errors].map(|metric| SeriesId {
                subject: Subject::Function(name.as_str().into()),
                metric,
                statistic: Statistic::Sum,
            });
            let (from, until) = (Minute::of(origin), Minute::of(origin).plus(20));
            let query = MetricQuery { series: series.to_vec().into(), from, until };
            let mut sums = [0.0; 2];
            for (series, points) in account.metrics.points(&query, None).await.unwrap().items {
                let place = usize::from(series.metric == Metric::Errors);
                sums[place] += points.iter().map(|point| point.value).sum::<f64>();
            }
            let errors = if format == "json" { counts.failed } else { counts.failed + counts.raised };
            assert_eq!([counts.reports, errors], sums.map(|sum| sum as usize), "{name}: {:?}", counts.kinds);
            // In JSON an error of the handler is an error in REPORT, too.
            assert!(counts.raised > 20 && counts.raised < counts.reports / 4, "{name}: {}", counts.raised);
            assert!(counts.timeouts > 5 && counts.out_of_memory > 0 && counts.cold > 5, "{name}: {:?}", counts.kinds);
            assert_eq!(counts.fingerprints.len(), 3, "a function raises three errors: {:?}", counts.fingerprints);
            let mut kinds = vec!["Start", "Report", "Application"];
            kinds.extend(if runtime == "java" {
                ["RestoreStart", "RestoreReport"]
            } else {
                ["InitStart", "InitReport"]
            });
            kinds.push(if format == "json" { "RuntimeDone" } else { "End" });
            assert!(kinds.iter().all(|kind| counts.kinds.contains_key(*kind)), "{name}: {:?}", counts.kinds);
        }
    }
}
