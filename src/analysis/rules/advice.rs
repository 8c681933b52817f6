//! The `aws` commands that findings hand on: complete, with the values at hand. None is ever run.

use super::case::{Case, FunctionCase};
use crate::analysis::finding::Command;
use lambda_model::Arn;

/// Service Quotas' code of the concurrency limit (docs/aws.md#permissions).
const CONCURRENCY_QUOTA: &str = "L-B99A9384";

/// What fails, as a filter pattern of `CloudWatch` Logs: one for lines of text and one for JSON
/// (docs/aws.md#filter-patterns).
pub(super) struct Pattern {
    text: &'static str,
    json: &'static str,
}

/// Lines of errors of any kind.
pub(super) const ERRORS: Pattern =
    Pattern { text: "?ERROR ?Error ?Exception", json: "?ERROR ?Error ?Exception ?errorType" };
/// Lines of timeouts, of the old style and of the new.
pub(super) const TIMEOUTS: Pattern =
    Pattern { text: "?\"Task timed out\" ?\"Status: timeout\"", json: "{ $.record.status = \"timeout\" }" };
/// Lines of kills, of the old style and of the new.
pub(super) const KILLS: Pattern = Pattern {
    text: "?\"signal: killed\" ?Runtime.OutOfMemory",
    json: "{ $.record.errorType = \"Runtime.OutOfMemory\" }",
};
/// The platform's line about each invocation.
pub(super) const REPORTS: Pattern = Pattern { text: "REPORT", json: "{ $.type = \"platform.report\" }" };

/// An option and its value.
type Choice<'a> = (&'a str, &'a str);

impl Case<'_> {
    /// An `aws` command that acts where this was seen; `operation` is words without values.
    pub(super) fn aws(&self, operation: &str, options: &[Choice<'_>]) -> Command {
        let scope = self.scope;
        let place = [
            ("--region", Some(scope.region.to_string())),
            ("--profile", scope.profile.as_ref().map(ToString::to_string)),
        ];
        let mut arguments: Vec<String> = operation.split_whitespace().map(str::to_string).collect();
        arguments.extend(options.iter().flat_map(|(option, value)| [(*option).to_string(), (*value).to_string()]));
        arguments.extend(place.into_iter().filter_map(|(option, value)| Some([option.to_string(), value?])).flatten());
        Command { program: "aws", arguments }
    }
}

/// Shows the function's newest lines with this pattern.
pub(super) fn tail(case: &Case<'_>, function: &FunctionCase<'_>, pattern: &Pattern) -> Command {
    let info = function.state.info.as_ref().map(|info| &info.value);
    let group = info.map_or_else(
        || format!("/aws/lambda/{}", function.name()),
        lambda_model::function::FunctionInfo::log_group_name,
    );
    // Only JSON has levels.
    let is_json = info.is_some_and(|info| info.system_log_level.is_some());
    let pattern = if is_json { pattern.json } else { pattern.text };
    case.aws(&format!("logs tail {group}"), &[("--since", "10m"), ("--filter-pattern", pattern)])
}

/// A command of `aws lambda` about the function.
pub(super) fn lambda(case: &Case<'_>, function: &FunctionCase<'_>, operation: &str, options: &[Choice<'_>]) -> Command {
    let about = [("--function-name", function.name().as_str())];
    case.aws(&format!("lambda {operation}"), &[&about, options].concat())
}

/// The newest versions of the function.
pub(super) fn versions(case: &Case<'_>, function: &FunctionCase<'_>) -> Command {
    lambda(case, function, "list-versions-by-function", &[("--query", "Versions[-3:].[Version,LastModified]")])
}

/// Reserves so much for the function of this name.
pub(super) fn reserve(case: &Case<'_>, name: &str, reserved: u32) -> Command {
    let reserved = reserved.to_string();
    let options = [("--function-name", name), ("--reserved-concurrent-executions", &*reserved)];
    case.aws("lambda put-function-concurrency", &options)
}

/// Provisions so much for a qualifier of the function.
pub(super) fn provision(case: &Case<'_>, function: &FunctionCase<'_>, qualifier: &str, provisioned: f64) -> Command {
    let provisioned = format!("{provisioned:.0}");
    let options = [("--qualifier", qualifier), ("--provisioned-concurrent-executions", &*provisioned)];
    lambda(case, function, "put-provisioned-concurrency-config", &options)
}

/// Asks for a higher limit of concurrent executions.
pub(super) fn raise_limit(case: &Case<'_>, desired: f64) -> Command {
    let desired = format!("{:.0}", desired.ceil());
    let options = [("--service-code", "lambda"), ("--quota-code", CONCURRENCY_QUOTA), ("--desired-value", &*desired)];
    case.aws("service-quotas request-service-quota-increase", &options)
}

/// Shows messages of a queue and leaves them there.
pub(super) fn look_inside(case: &Case<'_>, queue: &Arn) -> Command {
    let url = queue_url(queue);
    let options = [
        ("--queue-url", &*url),
        ("--max-number-of-messages", "10"),
        ("--visibility-timeout", "0"),
        ("--message-attribute-names", "All"),
    ];
    case.aws("sqs receive-message", &options)
}

/// The URL that SQS gives a queue.
fn queue_url(queue: &Arn) -> String {
    let domain = if queue.as_str().starts_with("arn:aws-cn:") { "amazonaws.com.cn" } else { "amazonaws.com" };
    let (region, account) = (queue.region().unwrap_or_default(), queue.account().unwrap_or_default());
    format!("https://sqs.{region}.{domain}/{account}/{}", queue.name())
}

/// Who changed the function lately, as `CloudTrail` recorded it.
pub(super) fn history(case: &Case<'_>, function: &FunctionCase<'_>) -> Command {
    let attribute = format!("AttributeKey=ResourceName,AttributeValue={}", function.name());
    case.aws("cloudtrail lookup-events", &[("--lookup-attributes", &attribute), ("--max-results", "10")])
}
