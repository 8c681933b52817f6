//! What the functions' own code logs, and which errors it raises. `text` and `json` format it.

use super::super::noise::Noise;
use super::super::scenario::Function;

/// Runtimes that log in the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Node,
    Python,
    Java,
    DotNet,
    Ruby,
    /// A custom binary, in a container image or on an OS-only runtime.
    Own,
}

/// An error as the runtime names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) name: &'static str,
    pub(super) message: &'static str,
    /// The source line that raised it, in [`Family::file`].
    pub(super) line: u64,
}

/// How many different errors a function's handler raises.
const FAULTS: u64 = 3;

type Named = (&'static str, &'static str);

const NODE: &[Named] = &[
    ("TypeError", "Cannot read properties of undefined (reading 'items')"),
    ("TimeoutError", "Connection timed out after 1000 ms"),
    ("ConditionalCheckFailedException", "The conditional request failed"),
    ("Error", "connect ECONNREFUSED 10.0.3.41:5432"),
    ("SyntaxError", "Unexpected token '<', \"<!DOCTYPE \"... is not valid JSON"),
    ("ValidationError", "\"quantity\" must be greater than or equal to 1"),
];
const PYTHON: &[Named] = &[
    ("KeyError", "'customer_id'"),
    ("ValueError", "could not convert string to float: 'n/a'"),
    ("ConnectTimeoutError", "Connect timeout on endpoint URL: \"https://inventory.internal.example/v2/stock\""),
    ("ConditionalCheckFailedException", "The conditional request failed"),
    ("AttributeError", "'NoneType' object has no attribute 'get'"),
    ("JSONDecodeError", "Expecting value: line 1 column 1 (char 0)"),
];
const JAVA: &[Named] = &[
    ("java.lang.NullPointerException", "Cannot invoke \"Order.lines()\" because \"order\" is null"),
    ("java.lang.IllegalArgumentException", "unknown currency: XBT"),
    ("java.net.http.HttpTimeoutException", "request timed out"),
    ("java.sql.SQLTransientConnectionException", "Connection is not available, request timed out after 3000ms"),
    ("java.lang.IllegalStateException", "no price list in force"),
];
const DOT_NET: &[Named] = &[
    ("System.NullReferenceException", "Object reference not set to an instance of an object."),
    ("System.ArgumentException", "Unknown postal zone (Parameter 'zone')"),
    ("System.Net.Http.HttpRequestException", "Connection refused (rates.internal.example:443)"),
    ("System.Text.Json.JsonException", "The JSON value could not be converted to System.Decimal. Path: $.weight"),
];
const RUBY: &[Named] = &[
    ("NoMethodError", "undefined method 'fetch' for nil"),
    ("KeyError", "key not found: \"order_id\""),
    ("Net::ReadTimeout", "Net::ReadTimeout with #<TCPSocket:(closed)>"),
    ("ArgumentError", "invalid date"),
];
const OWN: &[Named] = &[
    ("UpstreamError", "upstream answered 503 Service Unavailable"),
    ("DecodeError", "missing field `tenant` at line 1 column 214"),
    ("DeadlineExceeded", "deadline exceeded after 800ms"),
    ("PoolError", "timed out waiting for a connection"),
];

/// Application messages; the braces are a number.
const SAID: &[&str] = &[
    "request accepted, {} items",
    "cache miss for key {}",
    "loaded configuration revision {}",
    "upstream answered in {} ms",
    "wrote {} bytes",
    "processed record {}",
];

impl Family {
    /// The family of the function's runtime.
    pub(super) fn of(function: &Function) -> Self {
        let families = [
            ("nodejs", Self::Node),
            ("python", Self::Python),
            ("java", Self::Java),
            ("dotnet", Self::DotNet),
            ("ruby", Self::Ruby),
        ];
        let runtime = function.runtime.as_deref().unwrap_or("");
        families.into_iter().find(|(prefix, _)| runtime.starts_with(prefix)).map_or(Self::Own, |(_, family)| family)
    }

    /// Where the handler is.
    pub(super) fn file(self) -> &'static str {
        match self {
            Self::Node => "/var/task/index.mjs",
            Self::Python => "/var/task/app.py",
            Self::Java => "Handler.java",
            Self::DotNet => "/src/Function.cs",
            Self::Ruby => "/var/task/app.rb",
            Self::Own => "src/main.rs",
        }
    }

    /// Why an init phase fails.
    pub(super) fn init_error(self) -> Fault {
        let (name, message) = match self {
            Self::Node => ("Runtime.ImportModuleError", "Error: Cannot find module 'pino'"),
            Self::Python => ("Runtime.ImportModuleError", "Unable to import module 'app': No module named 'pydantic'"),
            Self::Java | Self::DotNet | Self::Ruby | Self::Own => {
                ("Runtime.ExitError", "fatal: environment variable TABLE_NAME is not set")
            }
        };
        Fault { name, message, line: 1 }
    }

    fn faults(self) -> &'static [Named] {
        match self {
            Self::Node => NODE,
            Self::Python => PYTHON,
            Self::Java => JAVA,
            Self::DotNet => DOT_NET,
            Self::Ruby => RUBY,
            Self::Own => OWN,
        }
    }
}

/// The error that the function's handler raised: one of a few, the first of them most often.
pub(super) fn raised(function: &Function, draw: u64) -> Fault {
    let faults = Family::of(function).faults();
    let which = match draw % 10 {
        0..6 => 0,
        6..9 => 1,
        _ => FAULTS - 1,
    };
    let mut noise = Noise::new(0, &function.name, 0);
    let first = noise.below(faults.len() as u64);
    let (name, message) = faults[((first + which) % faults.len() as u64) as usize];
    let line = 20 + noise.below(60) + 31 * which;
    Fault { name, message, line }
}

/// A message that the function's code logs.
pub(super) fn said(draw: u64) -> String {
    let count = SAID.len() as u64;
    let number = 1 + draw / count % 9999;
    SAID[(draw % count) as usize].replace("{}", &number.to_string())
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::super::tests::region;
    use super::*;

    #[test]
    fn a_function_raises_a_few_errors_again_and_again() {
        let mut function = region().functions.swap_remove(0);
        for runtime in ["nodejs22.x", "python3.13", "java21", "dotnet8", "ruby3.4", "provided.al2023"] {
            function.runtime = Some(runtime.to_string());
            let mut counts = BTreeMap::new();
            for index in 0..1000 {
                let fault = raised(&function, Noise::new(1, "draw", index).bits());
                *counts.entry((fault.name, fault.message, fault.line)).or_insert(0) += 1;
            }
            let mut counts: Vec<i32> = counts.into_values().collect();
            counts.sort_unstable();
            assert_eq!(counts.len() as u64, FAULTS, "{runtime}");
            // 10, 30 and 60 %.
            for (count, expected) in counts.iter().zip([100, 300, 600]) {
                assert!((count - expected).abs() < 60, "{runtime}: {counts:?}");
            }
        }
    }

    #[test]
    fn messages_differ_in_numbers_only() {
        let texts: BTreeSet<String> = (0..1000)
            .map(|index| said(Noise::new(1, "draw", index).bits()).replace(|letter: char| letter.is_ascii_digit(), ""))
            .collect();
        assert_eq!(texts.len(), SAID.len());
    }
}
