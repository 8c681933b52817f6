//! The Lambda control plane: functions, aliases, concurrency, event sources. All calls only read.

use async_trait::async_trait;
use aws_sdk_lambda::types::{
    AccountLimit, AliasConfiguration, DestinationConfig, EventSourceMappingConfiguration, EventSourceMappingMetric,
    FunctionConfiguration, FunctionEventInvokeConfig, ProvisionedConcurrencyConfigListItem, SnapStartApplyOn,
};
use chrono::{DateTime, Utc};

use super::failure::lacks;
use super::page::{none_if_not_found, page};
use super::session::Session;
use lambda_model::api::{Functions, Page, Token};
use lambda_model::failure::ApiError;
use lambda_model::function::{
    AccountLimits, Alias, EventSource, EventSourceKind, FunctionInfo, InvokeConfig, Provisioned,
};
use lambda_model::{Arn, FunctionName};

#[async_trait]
impl Functions for Session {
    async fn account_limits(&self) -> Result<AccountLimits, ApiError> {
        let answer = self.call(|clients| clients.lambda.get_account_settings().send()).await?;
        answer.account_limit().and_then(account_limits).ok_or_else(|| lacks("AccountLimit"))
    }

    async fn functions(&self, token: Token) -> Result<Page<FunctionInfo>, ApiError> {
        let answer = self.call(|clients| clients.lambda.list_functions().set_marker(token.clone()).send()).await?;
        page("Functions", answer.functions, answer.next_marker, function_info)
    }

    async fn aliases(&self, function: &FunctionName, token: Token) -> Result<Page<Alias>, ApiError> {
        let answer = self
            .call(|clients| {
                clients.lambda.list_aliases().function_name(function.as_str()).set_marker(token.clone()).send()
            })
            .await?;
        page("Aliases", answer.aliases, answer.next_marker, alias)
    }

    async fn reserved(&self, function: &FunctionName) -> Result<Option<u32>, ApiError> {
        let answer = self
            .call(|clients| clients.lambda.get_function_concurrency().function_name(function.as_str()).send())
            .await?;
        Ok(count(answer.reserved_concurrent_executions))
    }

    async fn provisioned(&self, function: &FunctionName, token: Token) -> Result<Page<Provisioned>, ApiError> {
        let answer = self
            .call(|clients| {
                clients
                    .lambda
                    .list_provisioned_concurrency_configs()
                    .function_name(function.as_str())
                    .set_marker(token.clone())
                    .send()
            })
            .await
            .and_then(|answer| {
                let configs = answer.provisioned_concurrency_configs;
                page("ProvisionedConcurrencyConfigs", configs, answer.next_marker, provisioned)
            });
        none_if_not_found(answer)
    }

    async fn invoke_configs(&self, function: &FunctionName, token: Token) -> Result<Page<InvokeConfig>, ApiError> {
        let answer = self
            .call(|clients| {
                clients
                    .lambda
                    .list_function_event_invoke_configs()
                    .function_name(function.as_str())
                    .set_marker(token.clone())
                    .send()
            })
            .await
            .and_then(|answer| {
                let configs = answer.function_event_invoke_configs;
                page("FunctionEventInvokeConfigs", configs, answer.next_marker, invoke_config)
            });
        none_if_not_found(answer)
    }

    async fn event_sources(&self, token: Token) -> Result<Page<EventSource>, ApiError> {
        let answer =
            self.call(|clients| clients.lambda.list_event_source_mappings().set_marker(token.clone()).send()).await?;
        page("EventSourceMappings", answer.event_source_mappings, answer.next_marker, event_source)
    }
}

/// The SDK reads an absent limit as 0, which no account has.
fn account_limits(limit: &AccountLimit) -> Option<AccountLimits> {
    Some(AccountLimits {
        concurrent_executions: count(Some(limit.concurrent_executions)).filter(|limit| *limit > 0)?,
        unreserved_concurrent_executions: count(limit.unreserved_concurrent_executions),
    })
}

fn function_info(function: FunctionConfiguration) -> Option<FunctionInfo> {
    let logging = function.logging_config.as_ref();
    let system_log_level = logging.and_then(|logging| logging.system_log_level.as_ref());
    Some(FunctionInfo {
        name: FunctionName::from(function.function_name()?),
        arn: arn(function.function_arn)?,
        runtime: function.runtime.map(|runtime| runtime.as_str().to_string()),
        memory_mb: count(function.memory_size),
        timeout_s: count(function.timeout),
        last_modified: function.last_modified.as_deref().and_then(time),
        code_sha256: function.code_sha256.filter(|hash| !hash.is_empty()),
        snap_start: function.snap_start.and_then(|snap| snap.apply_on) == Some(SnapStartApplyOn::PublishedVersions),
        dead_letter_target: function.dead_letter_config.and_then(|config| arn(config.target_arn)),
        log_group: logging.and_then(|logging| logging.log_group.clone()).filter(|group| !group.is_empty()),
        system_log_level: system_log_level.map(|level| level.as_str().to_string()),
    })
}

fn alias(alias: AliasConfiguration) -> Option<Alias> {
    let weights = alias.routing_config.and_then(|routing| routing.additional_version_weights);
    Some(Alias {
        name: alias.name?,
        version: alias.function_version?,
        additional: weights.unwrap_or_default().into_iter().collect(),
    })
}

fn provisioned(config: ProvisionedConcurrencyConfigListItem) -> Option<Provisioned> {
    Some(Provisioned {
        qualifier: arn(config.function_arn)?.lambda()?.1?.to_string(),
        requested: count(config.requested_provisioned_concurrent_executions)?,
        available: count(config.available_provisioned_concurrent_executions)?,
        allocated: count(config.allocated_provisioned_concurrent_executions)?,
    })
}

/// An ARN without a qualifier stands for `$LATEST`.
fn invoke_config(config: FunctionEventInvokeConfig) -> Option<InvokeConfig> {
    Some(InvokeConfig {
        qualifier: arn(config.function_arn)?.lambda()?.1.unwrap_or("$LATEST").to_string(),
        on_failure: config.destination_config.and_then(on_failure),
    })
}

fn event_source(mapping: EventSourceMappingConfiguration) -> Option<EventSource> {
    let source = arn(mapping.event_source_arn);
    Some(EventSource {
        uuid: mapping.uuid?,
        function: FunctionName::from(arn(mapping.function_arn)?.lambda()?.0),
        kind: EventSourceKind::of(source.as_ref()),
        source,
        state: mapping.state?,
        batch_size: count(mapping.batch_size),
        maximum_concurrency: count(mapping.scaling_config.and_then(|scaling| scaling.maximum_concurrency)),
        on_failure: mapping.destination_config.and_then(on_failure),
        event_count: mapping
            .metrics_config
            .is_some_and(|config| config.metrics().contains(&EventSourceMappingMetric::EventCount)),
    })
}

fn on_failure(destinations: DestinationConfig) -> Option<Arn> {
    arn(destinations.on_failure?.destination)
}

/// AWS writes "no ARN" as an absent or an empty string.
fn arn(text: Option<String>) -> Option<Arn> {
    text.filter(|text| !text.is_empty()).map(Arn::new)
}

fn count(number: Option<i32>) -> Option<u32> {
    u32::try_from(number?).ok()
}

/// Lambda's `2026-05-01T09:00:00.101+0000`: ISO 8601, but not RFC 3339.
fn time(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%#z").ok().map(|time| time.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_lambda::types::{
        AliasRoutingConfiguration, DeadLetterConfig, EventSourceMappingMetricsConfig, LoggingConfig, OnFailure,
        Runtime, ScalingConfig, SnapStartResponse, SystemLogLevel,
    };

    const ARN: &str = "arn:aws:lambda:eu-west-1:123456789012:function:checkout";
    const DLQ: &str = "arn:aws:sqs:eu-west-1:123456789012:checkout-dlq";

    fn to(destination: &str) -> DestinationConfig {
        DestinationConfig::builder().on_failure(OnFailure::builder().destination(destination).build()).build()
    }

    #[test]
    fn a_function_with_everything_set() {
        let sdk = FunctionConfiguration::builder()
            .function_name("checkout")
            .function_arn(ARN)
            .runtime(Runtime::from("nodejs99.x"))
            .memory_size(512)
            .timeout(30)
            .last_modified("2026-05-01T09:00:00.101+0000")
            .code_sha256("LmEx3qS6")
            .snap_start(SnapStartResponse::builder().apply_on(SnapStartApplyOn::PublishedVersions).build())
            .dead_letter_config(DeadLetterConfig::builder().target_arn(DLQ).build())
            .logging_config(
                LoggingConfig::builder().log_group("/shop/all").system_log_level(SystemLogLevel::Warn).build(),
            )
            .build();
        let ours = FunctionInfo {
            name: "checkout".into(),
            arn: Arn::new(ARN),
            runtime: Some("nodejs99.x".into()),
            memory_mb: Some(512),
            timeout_s: Some(30),
            last_modified: Some("2026-05-01T09:00:00.101Z".parse().unwrap()),
            code_sha256: Some("LmEx3qS6".into()),
            snap_start: true,
            dead_letter_target: Some(Arn::new(DLQ)),
            log_group: Some("/shop/all".into()),
            system_log_level: Some("WARN".into()),
        };
        assert_eq!(function_info(sdk), Some(ours));
    }

    #[test]
    fn absent_and_empty_values_are_none() {
        let bare = FunctionConfiguration::builder().function_name("checkout").function_arn(ARN);
        let empty = bare
            .clone()
            .memory_size(-1)
            .last_modified("yesterday")
            .code_sha256("")
            .snap_start(SnapStartResponse::builder().apply_on(SnapStartApplyOn::None).build())
            .dead_letter_config(DeadLetterConfig::builder().target_arn("").build())
            .logging_config(LoggingConfig::builder().log_group("").build());
        let ours = FunctionInfo {
            name: "checkout".into(),
            arn: Arn::new(ARN),
            runtime: None,
            memory_mb: None,
            timeout_s: None,
            last_modified: None,
            code_sha256: None,
            snap_start: false,
            dead_letter_target: None,
            log_group: None,
            system_log_level: None,
        };
        assert_eq!(function_info(bare.build()), Some(ours.clone()));
        assert_eq!(function_info(empty.build()), Some(ours));
        assert_eq!(function_info(FunctionConfiguration::builder().function_name("checkout").build()), None);
    }

    #[test]
    fn times_of_lambda_and_of_emulators_are_read() {
        let nine = Some("2026-05-01T09:00:00Z".parse().unwrap());
        let cases = [
            ("2026-05-01T09:00:00.000+0000", nine),
            ("2026-05-01T09:00:00+00:00", nine),
            ("2026-05-01T09:00:00Z", nine),
            ("2026-05-01T11:00:00.000+0200", nine),
            ("2026-05-01 09:00", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(time(text), expected, "{text}");
        }
    }

    #[test]
    fn an_alias_keeps_its_weights() {
        let routing = AliasRoutingConfiguration::builder().additional_version_weights("8", 0.1).build();
        let live = AliasConfiguration::builder().name("live").function_version("7");
        let ours = |additional: &[(&str, f64)]| Alias {
            name: "live".into(),
            version: "7".into(),
            additional: additional.iter().map(|(version, weight)| ((*version).to_string(), *weight)).collect(),
        };
        assert_eq!(alias(live.clone().build()), Some(ours(&[])));
        assert_eq!(alias(live.routing_config(routing).build()), Some(ours(&[("8", 0.1)])));
        assert_eq!(alias(AliasConfiguration::builder().name("live").build()), None);
    }

    #[test]
    fn provisioned_concurrency_belongs_to_the_qualifier_of_its_arn() {
        let config = |arn: &str| {
            ProvisionedConcurrencyConfigListItem::builder()
                .function_arn(arn)
                .requested_provisioned_concurrent_executions(10)
                .available_provisioned_concurrent_executions(4)
                .allocated_provisioned_concurrent_executions(6)
        };
        let live = Provisioned { qualifier: "live".into(), requested: 10, available: 4, allocated: 6 };
        assert_eq!(provisioned(config(&format!("{ARN}:live")).build()), Some(live));
        assert_eq!(provisioned(config(ARN).build()), None, "There is none without a qualifier");
        let partial = config(&format!("{ARN}:live")).set_allocated_provisioned_concurrent_executions(None);
        assert_eq!(provisioned(partial.build()), None, "A missing count is not zero");
    }

    #[test]
    fn invoke_settings_belong_to_the_qualifier_of_their_arn() {
        let config = |arn: &str| FunctionEventInvokeConfig::builder().function_arn(arn);
        let ours = |qualifier: &str, on_failure: Option<&str>| InvokeConfig {
            qualifier: qualifier.into(),
            on_failure: on_failure.map(Arn::new),
        };
        let live = config(&format!("{ARN}:live")).destination_config(to(DLQ));
        assert_eq!(invoke_config(live.build()), Some(ours("live", Some(DLQ))));
        let latest = config(&format!("{ARN}:$LATEST")).destination_config(to(""));
        assert_eq!(invoke_config(latest.build()), Some(ours("$LATEST", None)));
        assert_eq!(invoke_config(config(ARN).build()), Some(ours("$LATEST", None)));
        assert_eq!(invoke_config(config("nonsense").build()), None);
    }

    #[test]
    fn an_event_source_names_its_function_without_the_qualifier() {
        let queue = "arn:aws:sqs:eu-west-1:123456789012:orders";
        let sdk = EventSourceMappingConfiguration::builder()
            .uuid("u-1")
            .function_arn(format!("{ARN}:live"))
            .state("Enabled")
            .event_source_arn(queue)
            .batch_size(10)
            .scaling_config(ScalingConfig::builder().maximum_concurrency(5).build())
            .destination_config(to(DLQ));
        let ours = EventSource {
            uuid: "u-1".into(),
            function: "checkout".into(),
            source: Some(Arn::new(queue)),
            kind: Some(EventSourceKind::Sqs),
            state: "Enabled".into(),
            batch_size: Some(10),
            maximum_concurrency: Some(5),
            on_failure: Some(Arn::new(DLQ)),
            event_count: false,
        };
        assert_eq!(event_source(sdk.clone().build()), Some(ours));
        let counts = |metrics: &[EventSourceMappingMetric]| {
            let config = EventSourceMappingMetricsConfig::builder().set_metrics(Some(metrics.to_vec())).build();
            event_source(sdk.clone().metrics_config(config).build()).unwrap().event_count
        };
        assert!(counts(&[EventSourceMappingMetric::EventCount]));
        assert!(!counts(&[]), "No metric is on");
        assert!(!counts(&["ErrorCount".into()]), "Another metric is on");
        let kafka = event_source(sdk.clone().set_event_source_arn(None).build()).unwrap();
        assert_eq!((kafka.source, kafka.kind), (None, Some(EventSourceKind::Kafka)));
        assert_eq!(event_source(sdk.set_function_arn(None).build()), None);
    }

    #[test]
    fn an_absent_account_limit_is_not_zero() {
        let limit = |all: i32, unreserved: Option<i32>| {
            let sdk = AccountLimit::builder().concurrent_executions(all);
            account_limits(&sdk.set_unreserved_concurrent_executions(unreserved).build())
        };
        let ours =
            |unreserved| AccountLimits { concurrent_executions: 1000, unreserved_concurrent_executions: unreserved };
        assert_eq!(limit(1000, Some(900)), Some(ours(Some(900))));
        assert_eq!(limit(1000, Some(0)), Some(ours(Some(0))));
        assert_eq!(limit(1000, None), Some(ours(None)));
        assert_eq!(limit(0, None), None);
    }
}
