//! Failed AWS calls, as the scenario states them, with AWS's own codes and messages.

use std::collections::BTreeMap;

use super::instant::Instant;
use super::noise::Noise;
use super::scenario::{ACCOUNT, ApiAnswer, Scenario, within};
use lambda_model::Arn;
use lambda_model::failure::ApiError;
use lambda_model::operation::Operation;

/// The number of calls so far, so that a share of them can fail.
#[derive(Default)]
pub(super) struct Faults {
    calls: BTreeMap<Operation, i64>,
}

impl Faults {
    /// The error of the next call of `operation` on `resource` (`None`: on all of them) at `now`; `None` if it
    /// succeeds.
    pub(super) fn next(
        &mut self,
        scenario: &Scenario,
        seed: u64,
        operation: Operation,
        resource: Option<&Arn>,
        now: Instant,
    ) -> Option<ApiError> {
        let calls = self.calls.entry(operation).or_default();
        *calls += 1;
        let mut noise = Noise::new(seed, operation.action(), *calls);
        let concerned = |one: Option<Operation>| one.is_none_or(|one| one == operation);
        let fault = scenario
            .api_faults
            .iter()
            .filter(|fault| concerned(fault.operation) && within(now, fault.from_min, fault.until_min))
            .find(|fault| noise.chance(fault.share))?;
        Some(error(fault.answer, operation, resource))
    }
}

impl Faults {
    /// The error that ends an open stream of `operation` at `now`. Only an unreachable network does; other faults
    /// affect new calls.
    pub(super) fn cuts(scenario: &Scenario, operation: Operation, now: Instant) -> Option<ApiError> {
        let down = scenario.api_faults.iter().any(|fault| {
            let concerned = fault.operation.is_none_or(|one| one == operation);
            let down = matches!(fault.answer, ApiAnswer::Unreachable) && fault.share >= 1.0;
            concerned && down && within(now, fault.from_min, fault.until_min)
        });
        down.then(|| ApiError::Unreachable("the connection was reset".to_string()))
    }
}

/// The codes are the services' own (docs/aws.md#error-codes).
fn error(answer: ApiAnswer, operation: Operation, resource: Option<&Arn>) -> ApiError {
    let action = operation.action();
    let service = action.split(':').next().unwrap_or(action);
    // CloudWatch and STS name their errors as the query protocol did.
    let queries = matches!(service, "cloudwatch" | "sts");
    match answer {
        ApiAnswer::Throttled => {
            let code = match service {
                "lambda" => "TooManyRequestsException",
                "sqs" => "RequestThrottled",
                "logs" => "ThrottlingException",
                _ => "Throttling",
            };
            ApiError::Throttled(format!("{code}: Rate exceeded"))
        }
        ApiAnswer::Denied => {
            let code = if queries { "AccessDenied" } else { "AccessDeniedException" };
            let resource = resource.map_or("*", Arn::as_str);
            ApiError::Denied(format!(
                "{code}: User: arn:aws:iam::{ACCOUNT}:user/oncall is not authorized to perform: {action} on resource: \
                 {resource} because no identity-based policy allows the {action} action"
            ))
        }
        ApiAnswer::Expired => {
            let code = if queries { "ExpiredToken" } else { "ExpiredTokenException" };
            ApiError::Expired(format!("{code}: The security token included in the request is expired"))
        }
        // The message of a timeout, returned without waiting for it.
        ApiAnswer::Unreachable => ApiError::Unreachable("no answer within 30 s".to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scenario(faults: &str) -> Scenario {
        let text = format!(
            r#"summary = "faults"
            origin = "2026-11-22T03:00:00Z"
            opening_min = 0
            region = {{ name = "eu-west-1", limit = 1000 }}
            {faults}"#
        );
        toml::from_str(&text).unwrap()
    }

    fn fault(rest: &str) -> String {
        format!("[[api_fault]]\n{rest}\n")
    }

    #[test]
    fn faults_begin_and_end_on_time_and_affect_their_operations() {
        let scenario = scenario(
            &(fault("operation = \"lambda:ListAliases\"\nfrom_min = 2\nuntil_min = 4\nanswer = \"denied\"")
                + &fault("from_min = 10\nanswer = \"expired\"")),
        );
        // minute, operation, whether it is denied, whether the credentials have expired
        let cases = [
            (1.99, Operation::ListAliases, false, false),
            (2.0, Operation::ListAliases, true, false),
            (3.99, Operation::ListAliases, true, false),
            (3.0, Operation::ListFunctions, false, false),
            (4.0, Operation::ListAliases, false, false),
            (10.0, Operation::GetCallerIdentity, false, true),
            (9999.0, Operation::GetMetricData, false, true),
        ];
        for (minute, operation, denied, expired) in cases {
            let error = Faults::default().next(&scenario, 1, operation, None, Instant::of_min(minute));
            assert_eq!(matches!(error, Some(ApiError::Denied(_))), denied, "{operation} at {minute}: {error:?}");
            assert_eq!(matches!(error, Some(ApiError::Expired(_))), expired, "{operation} at {minute}: {error:?}");
        }
    }

    #[test]
    fn only_a_network_that_is_down_cuts_what_is_open() {
        let down = "from_min = 2\nuntil_min = 4\nanswer = \"unreachable\"";
        let scenario = scenario(
            &(fault("from_min = 0\nuntil_min = 2\nanswer = \"denied\"")
                + &fault(&format!("operation = \"logs:StartLiveTail\"\n{down}"))
                + &fault("from_min = 5\nanswer = \"unreachable\"\nshare = 0.5")),
        );
        // minute, operation, whether it is cut
        let cases = [
            (1.0, Operation::StartLiveTail, false),
            (2.0, Operation::StartLiveTail, true),
            (2.0, Operation::GetRecords, false),
            (4.0, Operation::StartLiveTail, false),
            (6.0, Operation::StartLiveTail, false),
        ];
        for (minute, operation, cut) in cases {
            let found = Faults::cuts(&scenario, operation, Instant::of_min(minute));
            assert_eq!(found.is_some(), cut, "{operation} at {minute}");
        }
    }

    #[test]
    fn a_share_of_the_calls_fails_and_always_the_same() {
        let scenario = scenario(&fault("from_min = 0\nanswer = \"throttled\"\nshare = 0.3"));
        let run = |seed| -> Vec<bool> {
            let mut faults = Faults::default();
            let mut fails = |_| faults.next(&scenario, seed, Operation::ListAliases, None, Instant(0)).is_some();
            (0..1000).map(&mut fails).collect()
        };
        let failed = run(1).into_iter().filter(|one| *one).count();
        assert!((250..350).contains(&failed), "{failed} of 1000");
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }

    #[test]
    fn errors_have_the_messages_of_the_service() {
        let function = Arn::new("arn:aws:lambda:eu-west-1:123456789012:function:checkout");
        let denied = "AccessDeniedException: User: arn:aws:iam::123456789012:user/oncall is not authorized to perform: \
                      lambda:ListAliases on resource: arn:aws:lambda:eu-west-1:123456789012:function:checkout because \
                      no identity-based policy allows the lambda:ListAliases action";
        let words = |answer, operation, resource| error(answer, operation, resource).to_string();
        // answer, operation, resource, what the error says
        let cases = [
            (ApiAnswer::Denied, Operation::ListAliases, Some(&function), denied),
            (ApiAnswer::Denied, Operation::ListMetrics, None, "AccessDenied: User"),
            (ApiAnswer::Denied, Operation::ListMetrics, None, "on resource: * because"),
            (ApiAnswer::Throttled, Operation::ListFunctions, None, "TooManyRequestsException: Rate exceeded"),
            (ApiAnswer::Throttled, Operation::GetMetricData, None, "Throttling: Rate exceeded"),
            (ApiAnswer::Throttled, Operation::GetQueueUrl, None, "RequestThrottled: Rate exceeded"),
            (ApiAnswer::Throttled, Operation::DescribeLogGroups, None, "ThrottlingException: Rate exceeded"),
            (ApiAnswer::Expired, Operation::GetCallerIdentity, None, "ExpiredToken: The security token included"),
            (ApiAnswer::Expired, Operation::ListFunctions, None, "ExpiredTokenException: The security token"),
            (ApiAnswer::Unreachable, Operation::ListFunctions, None, "no answer within 30 s"),
        ];
        for (answer, operation, resource, message) in cases {
            let words = words(answer, operation, resource);
            assert!(words.contains(message), "{answer:?} of {operation}: {words}");
        }
    }
}
