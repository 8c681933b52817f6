//! Converts the SDK's errors to the kinds of [`ApiError`].
//!
//! The kind depends on AWS's error code if AWS answered, on the HTTP status if something else did, and on the stage
//! that failed if nothing did. Messages are one short line, for the screen.

use std::error::Error;
use std::fmt;

use aws_sdk_lambda::error::{ProvideErrorMetadata, SdkError};

use lambda_model::failure::ApiError;
use lambda_model::text;

/// Columns of the longest message: enough for the code, the identity and the action of a denied call.
const MAX_MESSAGE: usize = 300;

/// Converts the error of any operation.
pub(super) fn api_error<E>(error: &SdkError<E>) -> ApiError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    match error {
        SdkError::ServiceError(error) => {
            let (status, meta) = (error.raw().status().as_u16(), error.err().meta());
            match meta.code() {
                Some(code) => with_code(status, code, meta.message()),
                None => not_aws(status),
            }
        }
        // Kinesis's newer protocol: the SDK cannot parse an error without a code.
        SdkError::ResponseError(answer) if !answer.raw().status().is_success() => {
            not_aws(answer.raw().status().as_u16())
        }
        SdkError::TimeoutError(_) => ApiError::Unreachable(one_line(&root(error))),
        // A connection failed, or the request never left: credentials are loaded on the way.
        _ => credentials(error).unwrap_or_else(|| ApiError::Unreachable(one_line(&root(error)))),
    }
}

/// Converts an error within an event stream, after the stream was opened.
pub(super) fn stream_error<E, R>(error: &SdkError<E, R>) -> ApiError
where
    E: ProvideErrorMetadata + Error + 'static,
    R: fmt::Debug,
{
    if let SdkError::ServiceError(error) = error
        && let Some(code) = error.err().code()
    {
        // An exception has no HTTP status: a code that is not listed is a failure of the service.
        return with_code(500, code, error.err().message());
    }
    ApiError::Unreachable(one_line(&root(error)))
}

/// The error for an answer of AWS that lacks a part that it always sends.
pub(super) fn lacks(what: &str) -> ApiError {
    ApiError::Unreachable(format!("the answer lacks {what}"))
}

/// Converts an error code of AWS (docs/aws.md#error-codes). For unlisted codes the HTTP status decides.
fn with_code(status: u16, code: &str, message: Option<&str>) -> ApiError {
    let kind: fn(String) -> ApiError = match code {
        "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "TooManyRequestsException"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "RequestLimitExceeded"
        | "LimitExceeded"
        | "LimitExceededException"
        | "ProvisionedThroughputExceededException"
        | "KMSThrottlingException"
        | "SlowDown" => ApiError::Throttled,
        "AccessDenied"
        | "AccessDeniedException"
        | "NotAuthorized"
        | "UnauthorizedOperation"
        | "OptInRequired"
        | "KmsAccessDenied"
        | "KMSAccessDeniedException" => ApiError::Denied,
        "ExpiredToken"
        | "ExpiredTokenException"
        | "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidAccessKeyId"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "IncompleteSignature"
        | "IncompleteSignatureException"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "RequestExpired"
        | "RequestTimeTooSkewed" => ApiError::Expired,
        "ResourceNotFoundException"
        | "ProvisionedConcurrencyConfigNotFoundException"
        | "DeploymentDoesNotExistException"
        | "DeploymentNotStartedException"
        | "DeploymentTargetDoesNotExistException"
        | "DeploymentConfigDoesNotExistException"
        | "QueueDoesNotExist"
        | "AWS.SimpleQueueService.NonExistentQueue" => ApiError::NotFound,
        "UnknownOperation"
        | "UnknownOperationException"
        | "InvalidAction"
        | "NotImplemented"
        | "UnsupportedOperation"
        | "AWS.SimpleQueueService.UnsupportedOperation" => ApiError::Unsupported,
        // An expired token: the listing has to start again.
        "RequestTimeout" | "RequestTimeoutException" | "ExpiredNextTokenException" => ApiError::Unreachable,
        _ => match status {
            401 => ApiError::Expired,
            403 => ApiError::Denied,
            404 => ApiError::NotFound,
            429 => ApiError::Throttled,
            // An invalid parameter: the endpoint supports another form of the operation.
            400..=499 | 501 => ApiError::Unsupported,
            _ => ApiError::Unreachable,
        },
    };
    kind(match message {
        Some(message) => one_line(&format!("{code}: {message}")),
        None => one_line(code),
    })
}

/// Converts an answer without an AWS error code, such as from a proxy, a captive portal or the web page of an emulator.
fn not_aws(status: u16) -> ApiError {
    match status {
        404 | 405 | 501 => ApiError::Unsupported(format!("HTTP {status}: the endpoint does not know this operation")),
        429 => ApiError::Throttled(format!("HTTP {status}")),
        _ => ApiError::Unreachable(format!("HTTP {status}, but not an answer of AWS")),
    }
}

/// The failure to load credentials, if `error` is one.
///
/// The SDK reports it like any other failed dispatch. Only the message distinguishes it: every `CredentialsError` of
/// `aws-credential-types` names credentials or a credential provider.
fn credentials(error: &dyn Error) -> Option<ApiError> {
    chain(error).any(|link| link.to_string().contains("credential")).then(|| {
        let cause = root(error);
        ApiError::Expired(if cause.starts_with("no credentials found in chain") {
            "no credentials in the environment, the profile, SSO or instance metadata".into()
        } else if cause.contains("provider was not enabled") {
            "no credentials in the profile".into()
        } else if cause.contains("SSO") {
            one_line(&format!("{cause}; sign in with `aws sso login`"))
        } else if cause.contains("Login token") {
            one_line(&format!("{cause}; sign in with `aws login`"))
        } else {
            one_line(&cause)
        })
    })
}

/// `error` and what caused it, outermost first.
fn chain(error: &dyn Error) -> impl Iterator<Item = &dyn Error> {
    std::iter::successors(Some(error), |link| (*link).source())
}

/// The innermost cause: "Connection refused" rather than "dispatch failure".
fn root(error: &dyn Error) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

/// `text` on one line of bounded length, safe for a terminal.
pub(super) fn one_line(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    text::fit(&words.join(" "), MAX_MESSAGE).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_lambda::config::http::HttpResponse;
    use aws_sdk_lambda::error::{ConnectorError, ErrorMetadata};
    use aws_sdk_lambda::operation::list_functions::ListFunctionsError;
    use aws_sdk_lambda::primitives::SdkBody;

    fn answered(status: u16, code: Option<&str>, message: Option<&str>) -> ApiError {
        let mut meta = ErrorMetadata::builder();
        if let Some(code) = code {
            meta = meta.code(code);
        }
        if let Some(message) = message {
            meta = meta.message(message);
        }
        let response = HttpResponse::new(status.try_into().unwrap(), SdkBody::empty());
        api_error(&SdkError::service_error(ListFunctionsError::generic(meta.build()), response))
    }

    fn not_sent(cause: &'static str) -> ApiError {
        api_error(&SdkError::<ListFunctionsError>::dispatch_failure(ConnectorError::other(cause.into(), None)))
    }

    #[test]
    fn the_error_code_decides_or_else_the_status() {
        let cases = [
            (400, "ThrottlingException", "throttled"),
            (400, "Throttling", "throttled"),
            (429, "TooManyRequestsException", "throttled"),
            (403, "RequestThrottled", "throttled"),
            (400, "LimitExceededException", "throttled"),
            (400, "ProvisionedThroughputExceededException", "throttled"),
            (400, "KMSThrottlingException", "throttled"),
            (429, "BrandNewLimit", "throttled"),
            (403, "AccessDeniedException", "denied"),
            (400, "AccessDenied", "denied"),
            (403, "OptInRequired", "denied"),
            (403, "BrandNewRefusal", "denied"),
            (400, "ExpiredTokenException", "expired"),
            (403, "ExpiredToken", "expired"),
            (400, "UnrecognizedClientException", "expired"),
            (403, "InvalidClientTokenId", "expired"),
            (403, "SignatureDoesNotMatch", "expired"),
            (401, "BrandNewLogin", "expired"),
            (404, "ResourceNotFoundException", "ok"),
            (400, "AWS.SimpleQueueService.NonExistentQueue", "ok"),
            (400, "QueueDoesNotExist", "ok"),
            (404, "ProvisionedConcurrencyConfigNotFoundException", "ok"),
            (404, "UnknownOperationException", "unsupported"),
            (400, "InvalidAction", "unsupported"),
            (501, "BrandNewGap", "unsupported"),
            (400, "InvalidParameterValueException", "unsupported"),
            (400, "ValidationException", "unsupported"),
            (500, "ServiceException", "unreachable"),
            (503, "ServiceUnavailable", "unreachable"),
            (408, "RequestTimeout", "unreachable"),
            (400, "ExpiredNextTokenException", "unreachable"),
        ];
        for (status, code, state) in cases {
            let error = answered(status, Some(code), Some("why"));
            assert_eq!(error.state().word(), state, "{status} {code}");
            assert!(error.to_string().ends_with(&format!("{code}: why")), "{error}");
        }
    }

    #[test]
    fn without_an_error_code_the_status_decides() {
        let cases = [
            (200, "unreachable"),
            (301, "unreachable"),
            (403, "unreachable"),
            (404, "unsupported"),
            (405, "unsupported"),
            (407, "unreachable"),
            (429, "throttled"),
            (500, "unreachable"),
            (501, "unsupported"),
            (502, "unreachable"),
        ];
        for (status, state) in cases {
            let error = answered(status, None, Some("<html>"));
            assert_eq!(error.state().word(), state, "{status}");
            assert!(error.to_string().contains(&format!("HTTP {status}")), "{error}");
            assert!(!error.to_string().contains('<'), "{error}");
        }
    }

    #[test]
    fn missing_credentials_are_distinguished_from_a_missing_network() {
        let cases = [
            (
                "no credentials found in chain. Attempted:\n  Environment: x",
                "expired",
                "no credentials in the environment",
            ),
            ("the credential provider was not enabled", "expired", "no credentials in the profile"),
            ("profile `dev` was not defined: credential source", "expired", "profile `dev` was not defined"),
            ("Connection refused (os error 111)", "unreachable", "Connection refused (os error 111)"),
            ("", "unreachable", ""),
        ];
        for (cause, state, message) in cases {
            let error = not_sent(cause);
            assert_eq!(error.state().word(), state, "{cause}");
            assert!(error.to_string().contains(message), "{error}");
        }
    }

    #[test]
    fn an_expired_login_names_the_command_that_renews_it() {
        #[derive(Debug, thiserror::Error)]
        #[error("an error occurred while loading credentials")]
        struct Loading(#[source] Box<dyn Error + Send + Sync>);

        let cases = [
            ("the SSO token has expired and cannot be refreshed", "aws sso login"),
            ("cached Login token is expired", "aws login"),
        ];
        for (cause, command) in cases {
            let source = ConnectorError::other(Loading(cause.into()).into(), None);
            let error = api_error(&SdkError::<ListFunctionsError>::dispatch_failure(source));
            assert_eq!(error, ApiError::Expired(format!("{cause}; sign in with `{command}`")));
        }
    }

    #[test]
    fn timeouts_and_broken_answers_are_unreachable() {
        let timeout = SdkError::<ListFunctionsError>::timeout_error("operation timed out");
        assert_eq!(api_error(&timeout), ApiError::Unreachable("operation timed out".into()));
        let response = HttpResponse::new(200.try_into().unwrap(), SdkBody::empty());
        let broken = SdkError::<ListFunctionsError>::response_error("connection closed", response);
        assert_eq!(api_error(&broken), ApiError::Unreachable("connection closed".into()));
        let response = HttpResponse::new(404.try_into().unwrap(), SdkBody::empty());
        let page = SdkError::<ListFunctionsError>::response_error("no JSON", response);
        assert!(matches!(api_error(&page), ApiError::Unsupported(_)));
    }

    #[test]
    fn messages_are_one_short_line_without_control_characters() {
        let long = answered(403, Some("AccessDenied"), Some(&"User\nis \u{1b}[2J ".repeat(100)));
        let ApiError::Denied(message) = long else { panic!("{long:?}") };
        assert!(!message.contains(char::is_control), "{message}");
        assert_eq!(text::width(&message), MAX_MESSAGE);
        assert_eq!(answered(403, Some("AccessDenied"), None), ApiError::Denied("AccessDenied".into()));
    }
}
