//! From the user's choice to a connected [`Account`]: profile, Region, endpoint and timeouts.
//!
//! Mistakes that can be found without a call to AWS end the program here, with a hint. No request is made, except to
//! the instance metadata of EC2 for the Region.

use std::borrow::Cow;
use std::error::Error as _;
use std::time::Duration;

use aws_config::profile::{ProfileFileCredentialsProvider, ProfileFileLoadError, ProfileSet};
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sts::config::SharedCredentialsProvider;
use futures::FutureExt;

use super::failure::one_line;
use super::guard::guard;
use super::session::Session;
use crate::error::Error;
use lambda_model::Scope;
use lambda_model::api::Account;

/// The most profiles that a hint lists.
const LISTED_PROFILES: usize = 12;

/// The user's choice. `None` leaves it to the standard chain: environment, profile files, SSO, instance metadata.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// A profile of `~/.aws/config` or `~/.aws/credentials`. Its credentials take precedence over those of the
    /// environment.
    pub profile: Option<String>,
    /// A Region, for example `eu-west-1`.
    pub region: Option<String>,
    /// The endpoint of every service, for example of an emulator.
    pub endpoint_url: Option<String>,
}

/// A connected account in a Region.
#[derive(Clone)]
pub struct Connection {
    /// The chosen profile and the Region found.
    pub scope: Scope,
    /// The services.
    pub account: Account,
}

/// Finds credentials, Region and endpoint as the AWS CLI does.
///
/// Credentials are loaded with the first request, not here; without them that request fails with `ApiError::Expired`.
///
/// # Errors
/// A usage error: a profile that does not exist, profile files that cannot be read, no Region, a text that is not a
/// Region, or an endpoint that is not a URL.
pub async fn connect(choice: &Choice) -> Result<Connection, Error> {
    check_profile(profiles(choice.profile.clone()).await, choice.profile.is_some())?;
    let config = guard(load(choice.clone())).await.map_err(|failure| {
        Error::aws("the AWS configuration could not be loaded", failure, "give --region and --profile, then try again")
    })?;
    check_endpoint(config.endpoint_url())?;
    let region = check_region(config.region().map(Region::as_ref), config.endpoint_url().is_some())?.to_string();

    let scope = Scope::new(choice.profile.as_deref(), &region);
    let settled = Choice { region: Some(region), ..choice.clone() };
    let session = Session::new(&config, Box::new(move || load(settled.clone()).boxed()));
    Ok(Connection { scope, account: Account::new(session) })
}

/// The profile files, with `profile` or else `AWS_PROFILE` selected.
#[expect(
    clippy::default_trait_access,
    reason = "real environment and files; their types are in a crate that is not a dependency"
)]
async fn profiles(profile: Option<String>) -> Result<ProfileSet, ProfileFileLoadError> {
    aws_config::profile::load(&Default::default(), &Default::default(), &Default::default(), profile.map(Cow::Owned))
        .await
}

/// The SDK's configuration, pinned to a behaviour version so that a newer SDK does not change timeouts and retries.
async fn load(choice: Choice) -> SdkConfig {
    let mut loader =
        aws_config::defaults(BehaviorVersion::v2026_01_12()).timeout_config(timeouts()).retry_config(retries());
    if let Some(region) = choice.region {
        loader = loader.region(Region::new(region));
    }
    if let Some(url) = choice.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    let Some(profile) = choice.profile else { return loader.load().await };

    // Even with a named profile the SDK prefers keys in the environment, which would show another account under the
    // profile's name. The AWS CLI does not (docs/aws.md#credentials).
    let config = loader.profile_name(&profile).load().await;
    let provider_config = ProviderConfig::without_region()
        .with_region(config.region().cloned())
        .with_use_fips(config.use_fips())
        .with_use_dual_stack(config.use_dual_stack())
        .with_timeout_config(timeouts())
        .with_retry_config(retries());
    let provider = ProfileFileCredentialsProvider::builder().profile_name(profile).configure(&provider_config).build();
    config.into_builder().credentials_provider(SharedCredentialsProvider::new(provider)).build()
}

/// The SDK's defaults have no timeout for an answer.
pub(super) fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(3))
        .read_timeout(Duration::from_secs(8))
        .operation_attempt_timeout(Duration::from_secs(10))
        .operation_timeout(Duration::from_secs(25))
        .build()
}

/// Not adaptive, because that stops the screen while calls are throttled. The pollers pace calls.
pub(super) fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(3).with_max_backoff(Duration::from_secs(5))
}

/// Rejects a selected profile that is in no file. Only `default` may be missing, unless the user named it.
fn check_profile(profiles: Result<ProfileSet, ProfileFileLoadError>, asked_for: bool) -> Result<(), Error> {
    let profiles = profiles.map_err(|error| {
        let cause = error.source().map_or_else(|| error.to_string(), ToString::to_string);
        Error::usage(
            "the AWS profile files cannot be read",
            one_line(&cause),
            "correct ~/.aws/config and ~/.aws/credentials",
        )
    })?;
    let selected = profiles.selected_profile();
    if profiles.get_profile(selected).is_some() || (selected == "default" && !asked_for) {
        return Ok(());
    }
    let origin = if asked_for { "--profile" } else { "AWS_PROFILE" };
    let mut names: Vec<_> = profiles.profiles().collect();
    names.sort_unstable();
    let hint = match names.len() {
        0 => "there are no profiles: run `aws configure` or `aws configure sso`".to_string(),
        1..=LISTED_PROFILES => format!("profiles that exist: {}", names.join(", ")),
        all => format!(
            "profiles that exist: {} … ({all} in all: aws configure list-profiles)",
            names[..LISTED_PROFILES].join(", ")
        ),
    };
    Err(Error::usage(
        format!("there is no AWS profile `{selected}`"),
        format!("{origin} names it, but neither ~/.aws/config nor ~/.aws/credentials has it"),
        hint,
    ))
}

fn check_endpoint(url: Option<&str>) -> Result<(), Error> {
    let Some(url) = url else { return Ok(()) };
    let host = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://")).unwrap_or_default();
    if !host.is_empty() && !host.starts_with('/') && !host.contains(char::is_whitespace) {
        return Ok(());
    }
    Err(Error::usage(
        format!("`{url}` is not an endpoint URL"),
        "an endpoint begins with http:// or https:// and names a host",
        "for example --endpoint-url http://127.0.0.1:4566",
    ))
}

/// The Region found. An emulator may use any name; AWS does not.
fn check_region(region: Option<&str>, own_endpoint: bool) -> Result<&str, Error> {
    let Some(region) = region.filter(|region| !region.is_empty()) else {
        return Err(Error::usage(
            "no AWS Region",
            "neither --region, AWS_REGION, AWS_DEFAULT_REGION nor the profile names one",
            "give one: --region eu-west-1",
        ));
    };
    if own_endpoint || looks_like_region(region) {
        return Ok(region);
    }
    let meant = likely_region(region);
    Err(Error::usage(
        format!("`{region}` is not an AWS Region"),
        "a Region reads like eu-west-1",
        meant.map_or("see the list: aws account list-regions".into(), |meant| format!("did you mean {meant}?")),
    ))
}

/// Whether `region` has the form of `eu-west-1` or `us-gov-east-1`: words joined by `-`, with a number at the end.
fn looks_like_region(text: &str) -> bool {
    let words: Vec<_> = text.split('-').collect();
    let all = |word: &&str, kind: fn(&u8) -> bool| !word.is_empty() && word.as_bytes().iter().all(kind);
    match words.as_slice() {
        [first, middle @ .., number] => {
            first.len() >= 2
                && all(first, u8::is_ascii_lowercase)
                && !middle.is_empty()
                && middle.iter().all(|word| all(word, u8::is_ascii_lowercase))
                && all(number, u8::is_ascii_digit)
        }
        _ => false,
    }
}

/// The Region that was probably meant by `eu-west1`, `EU_WEST_1`, or by the availability zone `eu-west-1a`.
fn likely_region(text: &str) -> Option<String> {
    let lower = text.trim().to_ascii_lowercase().replace(['_', ' '], "-");
    let region = lower.trim_end_matches(|last: char| last.is_ascii_lowercase());
    let words = region.trim_end_matches(|last: char| last.is_ascii_digit());
    let number = &region[words.len()..];
    let meant = format!("{}-{number}", words.trim_end_matches('-'));
    looks_like_region(&meant).then_some(meant)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    #[expect(
        deprecated,
        clippy::default_trait_access,
        reason = "the new names are in a crate that is not a dependency"
    )]
    async fn check(config: &str, asked_for: Option<&str>) -> Result<(), Error> {
        use aws_config::profile::profile_file::{ProfileFileKind, ProfileFiles};
        let files = ProfileFiles::builder().with_contents(ProfileFileKind::Config, config).build();
        // In place of AWS_PROFILE: a test cannot set its own environment.
        let selected = asked_for.unwrap_or("default").to_string();
        let profiles =
            aws_config::profile::load(&Default::default(), &Default::default(), &files, Some(selected.into())).await;
        check_profile(profiles, asked_for.is_some())
    }

    #[tokio::test]
    async fn a_named_profile_must_exist() {
        let config = "[default]\nregion = eu-west-1\n[profile prod]\n[profile dev]\n";
        assert_eq!(check(config, None).await, Ok(()));
        assert_eq!(check(config, Some("prod")).await, Ok(()));
        assert_eq!(check("", None).await, Ok(()));
        assert!(check("", Some("default")).await.is_err());

        let error = check(config, Some("pord")).await.unwrap_err();
        assert_eq!(error.kind, Kind::Usage);
        assert_eq!(error.what, "there is no AWS profile `pord`");
        assert!(error.cause.contains("--profile"), "{}", error.cause);
        assert_eq!(error.hint, "profiles that exist: default, dev, prod");
        assert!(check("", Some("pord")).await.unwrap_err().hint.contains("no profiles"));
    }

    #[tokio::test]
    async fn a_long_list_of_profiles_is_cut() {
        let sections: Vec<_> = (10..40).map(|number| format!("[profile p{number}]\n")).collect();
        let hint = check(&sections.concat(), Some("x")).await.unwrap_err().hint;
        assert!(hint.contains("p10, p11") && hint.contains("p21 …") && hint.contains("30 in all"), "{hint}");
    }

    #[tokio::test]
    async fn broken_profile_files_are_named() {
        let error = check("[default\n", None).await.unwrap_err();
        assert_eq!(error.what, "the AWS profile files cannot be read");
        assert!(error.cause.contains("line 1") && !error.cause.contains('\n'), "{}", error.cause);
    }

    #[test]
    fn endpoints_are_urls_with_a_host() {
        for good in [None, Some("http://127.0.0.1:4566"), Some("https://vpce.example.com/base")] {
            assert_eq!(check_endpoint(good), Ok(()), "{good:?}");
        }
        for bad in ["", "127.0.0.1:4566", "localhost", "ftp://host", "http://", "https:///path", "http://a b"] {
            let error = check_endpoint(Some(bad)).unwrap_err();
            assert_eq!(error.kind, Kind::Usage);
            assert!(error.what.contains(bad), "{bad}");
        }
    }

    #[test]
    fn a_region_must_be_found_and_look_like_one() {
        for good in ["eu-west-1", "us-gov-east-1", "ap-southeast-12", "us-iso-east-1", "mx-central-1"] {
            assert_eq!(check_region(Some(good), false), Ok(good));
        }
        let hints = [
            ("eu-west1", "did you mean eu-west-1?"),
            ("EU-West-1", "did you mean eu-west-1?"),
            ("eu_west_1", "did you mean eu-west-1?"),
            ("eu-west-1a", "did you mean eu-west-1?"),
            ("eu-west", "see the list"),
            ("e-west-1", "see the list"),
            ("eu--1", "see the list"),
            ("eu-1", "see the list"),
            ("-", "see the list"),
            ("東京", "see the list"),
            ("local", "see the list"),
        ];
        for (text, hint) in hints {
            let error = check_region(Some(text), false).unwrap_err();
            assert_eq!((error.kind, error.what), (Kind::Usage, format!("`{text}` is not an AWS Region")));
            assert!(error.hint.starts_with(hint), "{text}: {}", error.hint);
            assert_eq!(check_region(Some(text), true), Ok(text), "The Region of an emulator");
        }
        for missing in [None, Some("")] {
            assert_eq!(check_region(missing, true).unwrap_err().what, "no AWS Region");
        }
    }
}
