//! A judgement in words: every number it rests on, one fact a line, what decided first.

use super::Split;
use super::judge::{Judgement, Standing};
use crate::analysis::live::FunctionLive;
use crate::analysis::statistics::Count;
use crate::analysis::thresholds::CanaryTerms;
use crate::analysis::traffic::AliasTraffic;
use lambda_model::time::Minute;

/// A share as a percentage, with as many digits as tell something.
pub(in crate::analysis) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    match percent.abs() {
        size if size < 0.000_5 => "0 %".to_string(),
        size if size < 0.1 => format!("{percent:.3} %"),
        size if size < 1.0 => format!("{percent:.2} %"),
        size if size < 10.0 => format!("{percent:.1} %"),
        // 99.9 % is not 100 %.
        size if size > 99.0 => format!("{} %", (percent * 10.0).round() / 10.0),
        _ => format!("{percent:.0} %"),
    }
}

fn points(share: f64) -> String {
    format!("{:+.2}", share * 100.0)
}

fn clock(minute: Minute) -> String {
    minute.start().format("%H:%M").to_string()
}

fn failed(version: &str, count: Count) -> String {
    let rate = count.rate().map_or_else(|| "no rate".to_string(), percent);
    format!("version {version} failed {} of {} calls ({rate})", count.failures, count.calls)
}

/// All reasons of a judgement, what decided first.
pub(super) fn reasons(
    split: &Split,
    judgement: &Judgement,
    alias: &AliasTraffic,
    live: Option<&FunctionLive>,
    terms: &CanaryTerms,
) -> Vec<String> {
    let mut reasons = vec![errors(split, judgement, terms), durations(split, judgement, terms)];
    if matches!(judgement.durations, Standing::Beyond(_)) && !matches!(judgement.errors, Standing::Beyond(_)) {
        reasons.reverse();
    }
    if let Some((first, last)) = judgement.span {
        let until = last.plus(1);
        reasons.push(format!("counted from {} to {} UTC, {} min", clock(first), clock(until), judgement.minutes()));
    }
    reasons.extend(cold_starts(split, live));
    reasons.extend(caller(alias));
    reasons
}

fn errors(split: &Split, judgement: &Judgement, terms: &CanaryTerms) -> String {
    let (canary, baseline) = (judgement.canary, judgement.baseline);
    for (version, count) in [(split.version, canary), (split.baseline, baseline)] {
        if count.calls <= 0.0 {
            return format!("errors: nothing can be said, no call of version {version} is known since the split began");
        }
    }
    let standing = match judgement.errors {
        Standing::Open => "not decided yet".to_string(),
        Standing::Within(minute) => format!("within it since {}", clock(minute.plus(1))),
        Standing::Beyond(minute) => format!("beyond it since {}", clock(minute.plus(1))),
    };
    let interval = judgement.difference.map_or_else(String::new, |(low, high)| {
        format!(
            "; the difference is {} to {} points (holds at every look with {})",
            points(low),
            points(high),
            percent(1.0 - terms.false_fail)
        )
    });
    format!(
        "errors: {}, {}{interval}, the margin {} points: {standing}",
        failed(split.version, canary),
        failed(split.baseline, baseline),
        points(terms.margin)
    )
}

fn durations(split: &Split, judgement: &Judgement, terms: &CanaryTerms) -> String {
    let ratios = judgement.ratios;
    let allowed = terms.slower;
    if ratios.count == 0 {
        return format!(
            "durations: not compared yet (allowed {allowed}×); it takes minutes in which both versions have calls"
        );
    }
    let standing = match judgement.durations {
        Standing::Open => "not decided yet".to_string(),
        Standing::Within(minute) => format!("within it since {}", clock(minute.plus(1))),
        Standing::Beyond(minute) => format!("beyond it since {}", clock(minute.plus(1))),
    };
    let interval = match judgement.ratio {
        Some((low, high)) => format!("{low:.2}× to {high:.2}× at every look with {}", percent(1.0 - terms.false_fail)),
        None => "too few for a range".to_string(),
    };
    format!(
        "durations: version {} takes {:.2}× as long as version {} (medians of {} min; {interval}), allowed {allowed}×: {standing}",
        split.version,
        ratios.mean.exp(),
        split.baseline,
        ratios.count,
    )
}

/// A new version is colder by construction: told, and not judged.
fn cold_starts(split: &Split, live: Option<&FunctionLive>) -> Option<String> {
    let live = live?;
    let part = |version: &str| {
        let runs = live.versions.get(version)?;
        Some(format!("version {version} {} of {}", live.cold_starts(version)?, runs.invocations))
    };
    let (canary, baseline) = (part(split.version)?, part(split.baseline)?);
    Some(format!("cold starts in the last minute of the logs, not judged: {canary}, {baseline}"))
}

/// What callers of the alias see: refused requests ran no version, so they are nobody's.
fn caller(alias: &AliasTraffic) -> Option<String> {
    let throttles = alias.throttles.filter(|throttles| *throttles > 0.0)?;
    let sum = |part: fn(&crate::analysis::traffic::VersionTraffic) -> Option<f64>| {
        alias.versions.iter().filter_map(part).reduce(|sum, one| sum + one)
    };
    let (errors, calls) = (sum(|version| version.errors)?, sum(|version| version.invocations)?);
    let rate = (errors + throttles) / (calls + throttles);
    Some(format!(
        "callers of {} saw {} of their requests fail over the window: {errors} errors and {throttles} refused, which ran no version, of {}",
        alias.name,
        percent(rate),
        calls + throttles
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_have_the_digits_that_tell() {
        let cases = [
            (0.0, "0 %"),
            (0.0005, "0.050 %"),
            (0.0021, "0.21 %"),
            (0.0612, "6.1 %"),
            (0.99, "99 %"),
            (0.999, "99.9 %"),
            (1.0, "100 %"),
            (-0.03, "-3.0 %"),
        ];
        for (share, expected) in cases {
            assert_eq!(percent(share), expected);
        }
        assert_eq!((points(0.01), points(-0.0213)), ("+1.00".to_string(), "-2.13".to_string()));
    }
}
