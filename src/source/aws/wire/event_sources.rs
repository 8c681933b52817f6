//! `ListEventSourceMappings` over real HTTP.

use super::{answering, json};
use lambda_model::api::Functions;

#[tokio::test]
async fn a_mapping_shows_whether_its_event_count_metric_is_on() {
    let mapping = |uuid: &str, more: &str| {
        format!(
            r#"{{"UUID":"{uuid}","FunctionArn":"arn:aws:lambda:eu-west-1:123456789012:function:checkout","State":"Enabled",
            "EventSourceArn":"arn:aws:sqs:eu-west-1:123456789012:orders"{more}}}"#
        )
    };
    let mappings = [
        mapping("counts", r#","MetricsConfig":{"Metrics":["EventCount"]}"#),
        mapping("counts-all", r#","MetricsConfig":{"Metrics":["KafkaMetrics","EventCount","ErrorCount"]}"#),
        mapping("counts-else", r#","MetricsConfig":{"Metrics":["ErrorCount","NewerThanThis"]}"#),
        mapping("counts-nothing", r#","MetricsConfig":{"Metrics":[]}"#),
        mapping("no-config", ""),
    ];
    let (_server, session) =
        answering(vec![json(&format!(r#"{{"EventSourceMappings":[{}]}}"#, mappings.join(",")))]).await;
    let read = session.event_sources(None).await.unwrap().items;
    let counting: Vec<_> = read.iter().filter(|source| source.event_count).map(|source| &*source.uuid).collect();
    assert_eq!((read.len(), counting), (5, vec!["counts", "counts-all"]));
}
