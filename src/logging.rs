//! Diagnostics, written only to the file that the user names and never to the terminal.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, IsTerminal};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::Mutex;

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::error::Error;

/// Only the user may read diagnostics, because they contain functions, accounts and access key ids.
const PRIVATE: u32 = 0o600;

/// Starts writing diagnostics to `file`, once per process. Without a file there are none.
///
/// `verbosity` is 0 for warnings, 1 for information, 2 for debugging, 3 for everything.
///
/// # Errors
///
/// A usage error if the file cannot be appended to, or is a terminal.
pub(crate) fn start(file: Option<&Path>, verbosity: u8) -> Result<(), Error> {
    let Some(path) = file else { return Ok(()) };
    let failed = |cause: &dyn std::fmt::Display| {
        Error::usage(
            format!("cannot write diagnostics to {}", path.display()),
            cause,
            "name a file you may write with --log-file, or leave it out",
        )
    };
    let file = open(path).map_err(|error| failed(&error))?;
    subscriber(file, verbosity).try_init().map_err(|error| failed(&error))
}

/// Opens `path` for appending, readable by the user only.
fn open(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().append(true).create(true).mode(PRIVATE).open(path)?;
    if file.is_terminal() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is a terminal, where lamtop draws"));
    }
    // The mode above applies to a new file; an existing one is made private, too. Devices keep their mode.
    if file.metadata()?.is_file() {
        file.set_permissions(Permissions::from_mode(PRIVATE))?;
    }
    Ok(file)
}

/// Writes events up to `verbosity` to `file`.
fn subscriber(file: File, verbosity: u8) -> impl Subscriber + Send + Sync {
    let writer = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(Mutex::new(file));
    tracing_subscriber::registry().with(filter(verbosity)).with(writer)
}

/// Which events are written. Other crates are limited to the debug level: at the trace level the AWS SDK and the HTTP
/// client write tokens in clear text (seen with aws-config 1.13: `x-amz-sso_bearer_token`).
fn filter(verbosity: u8) -> Targets {
    let level = match verbosity {
        0 => LevelFilter::WARN,
        1 => LevelFilter::INFO,
        2 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    Targets::new().with_default(level.min(LevelFilter::DEBUG)).with_target(env!("CARGO_PKG_NAME"), level)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use tracing::Level;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn other_crates_are_never_traced() {
        for verbosity in 0..=u8::MAX {
            let filter = filter(verbosity);
            for target in ["aws_config::sso", "aws_smithy_runtime", "hyper::proto", "hyper_util", "h2", "rustls", "log"]
            {
                assert!(!filter.would_enable(target, &Level::TRACE), "{target} at {verbosity}");
            }
        }
        assert!(filter(3).would_enable("lamtop::source", &Level::TRACE));
        assert!(filter(3).would_enable("aws_config", &Level::DEBUG));
    }

    #[test]
    fn verbosity_goes_in_steps() {
        let levels = [Level::WARN, Level::INFO, Level::DEBUG, Level::TRACE];
        for (verbosity, level) in (0_u8..).zip(levels) {
            for other in levels {
                assert_eq!(filter(verbosity).would_enable("lamtop", &other), other <= level, "{verbosity} {other}");
            }
        }
    }

    #[test]
    fn the_file_is_private_and_grows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lamtop.log");
        for message in ["first", "second \u{1b}[2J"] {
            tracing::subscriber::with_default(subscriber(open(&path).unwrap(), 0), || {
                tracing::warn!("{message}");
                tracing::info!("not at this verbosity");
            });
        }
        assert_eq!(mode(&path), 0o600);
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(text.contains("WARN") && text.contains("first") && text.contains("second"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }

    #[test]
    fn an_existing_file_becomes_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lamtop.log");
        fs::write(&path, "before\n").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        drop(open(&path).unwrap());
        assert_eq!(mode(&path), 0o600);
        assert_eq!(fs::read_to_string(&path).unwrap(), "before\n");
    }

    #[test]
    fn a_terminal_is_rejected() {
        let terminal = portable_pty::native_pty_system().openpty(portable_pty::PtySize::default()).unwrap();
        let error = start(terminal.master.tty_name().as_deref(), 0).unwrap_err();
        assert_eq!(error.cause, "it is a terminal, where lamtop draws");
    }

    #[test]
    fn a_file_that_cannot_be_written_is_a_usage_error() {
        let folder = tempfile::tempdir().unwrap();
        let error = start(Some(folder.path()), 0).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.what.contains(&folder.path().display().to_string()), "{error}");
        assert!(error.cause.contains("directory"), "{error}");
    }
}
