//! The `aws` commands that findings hand on: complete, with the values at hand. None is ever run.

use super::{Case, FunctionCase};
use lambda_model::Arn;

/// What fails, as a filter pattern of `CloudWatch` Logs: one for lines of text and one for JSON (aws-facts 3.2, 3.3).
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

/// Shows the function's newest lines with this pattern.
pub(super) fn tail(case: &Case<'_>, function: &FunctionCase<'_>, pattern: &Pattern) -> String {
    let info = function.state.info.as_ref().map(|info| &info.value);
    let group = info.map_or_else(
        || format!("/aws/lambda/{}", function.name()),
        lambda_model::function::FunctionInfo::log_group_name,
    );
    // Only JSON has levels.
    let is_json = info.is_some_and(|info| info.system_log_level.is_some());
    let pattern = if is_json { pattern.json } else { pattern.text };
    format!("aws logs tail {group} --since 10m --filter-pattern '{pattern}' {}", case.place())
}

/// A command of `aws lambda` about the function.
pub(super) fn lambda(case: &Case<'_>, function: &FunctionCase<'_>, command: &str, options: &str) -> String {
    let space = if options.is_empty() { "" } else { " " };
    format!("aws lambda {command} --function-name {}{space}{options} {}", function.name(), case.place())
}

/// A command of `aws sqs` about a queue, whose URL is looked up on the way.
pub(super) fn queue(case: &Case<'_>, queue: &Arn, command: &str, options: &str) -> String {
    let place = case.place();
    let owner = queue.account().map(|account| format!(" --queue-owner-aws-account-id {account}")).unwrap_or_default();
    let name = queue.name();
    let url = format!("$(aws sqs get-queue-url --queue-name {name}{owner} --query QueueUrl --output text {place})");
    format!("aws sqs {command} --queue-url \"{url}\" {options} {place}")
}

/// Who changed the function lately, as `CloudTrail` wrote it down.
pub(super) fn history(case: &Case<'_>, function: &FunctionCase<'_>) -> String {
    let name = function.name();
    let attribute = format!("AttributeKey=ResourceName,AttributeValue={name}");
    format!("aws cloudtrail lookup-events --lookup-attributes {attribute} --max-results 10 {}", case.place())
}
