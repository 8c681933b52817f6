//! The metrics of a function and of an event source, field by field as the table of metrics has them.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::number::{minute, number};
use crate::analysis::metrics::{Durations, FunctionMetrics, MappingMetrics};
use lambda_model::metric::Metric;

/// The metrics of a function.
#[derive(Debug)]
pub(super) struct MetricsJson<'a>(pub(super) &'a FunctionMetrics);

impl Serialize for MetricsJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let metrics = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("as_of", &minute(metrics.as_of))?;
        map.serialize_entry("period_s", &60)?;
        for metric in Metric::FUNCTION.iter().chain(Metric::FUNCTION_EXTRA) {
            let Some(field) = metric.json() else { continue };
            match metric {
                Metric::Duration => map.serialize_entry(field, &DurationsJson::of(&metrics.duration_ms))?,
                _ => map.serialize_entry(field, &number(metrics.get(*metric)))?,
            }
            if *metric == Metric::Throttles {
                // No metric, but it stands with those of which it is made.
                map.serialize_entry("error_rate", &metrics.error_rate)?;
            }
        }
        map.end()
    }
}

/// The metrics of an event source mapping.
#[derive(Debug)]
pub(super) struct EventsJson<'a>(pub(super) &'a MappingMetrics);

impl Serialize for EventsJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("as_of", &minute(self.0.as_of))?;
        for metric in Metric::MAPPING {
            if let Some(field) = metric.json() {
                map.serialize_entry(field, &number(self.0.get(*metric)))?;
            }
        }
        map.end()
    }
}

#[derive(Debug, serde::Serialize)]
struct DurationsJson {
    avg: Option<f64>,
    p50: Option<f64>,
    p95: Option<f64>,
    p99: Option<f64>,
    max: Option<f64>,
}

impl DurationsJson {
    fn of(durations: &Durations) -> Self {
        let Durations { avg, p50, p95, p99, max } = *durations;
        Self { avg, p50, p95, p99, max }
    }
}
