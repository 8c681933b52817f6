//! Numbers as people read them: short, with their unit, never more exact than useful.

use chrono::{DateTime, TimeDelta, Utc};

/// Stands where nothing is known.
pub(crate) const MISSING: &str = "–";

/// The seconds up to which a range is written in seconds; one that ends later is written in minutes.
const SECONDS_UNTIL: f64 = 120.0;
/// The highest end of a range, in its unit, that is worth writing.
const FARTHEST: f64 = 999.0;

/// A count: `7`, `982`, `1.2k`, `34k`, `5.6M`; below ten with a decimal when it has one.
pub(crate) fn count(value: f64) -> String {
    match value.abs() {
        small if small < 9.95 && value.fract() != 0.0 => format!("{value:.1}"),
        small if small < 9_999.5 => format!("{value:.0}"),
        thousands if thousands < 99_950.0 => format!("{:.1}k", value / 1e3),
        thousands if thousands < 999_500.0 => format!("{:.0}k", value / 1e3),
        millions if millions < 99_950_000.0 => format!("{:.1}M", value / 1e6),
        _ => format!("{:.0}M", value / 1e6),
    }
}

/// A share as percent: `0%`, `0.4%`, `12%`, `100%`; never `0%` for something, never `100%` for less than all.
pub(crate) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    match percent {
        nothing if nothing <= 0.0 => "0%".to_string(),
        tiny if tiny < 0.1 => "<0.1%".to_string(),
        small if small < 9.95 && small.fract() != 0.0 => format!("{small:.1}%"),
        almost if (99.5..100.0).contains(&almost) => ">99%".to_string(),
        _ => format!("{percent:.0}%"),
    }
}

/// A duration in milliseconds: `0`, `0.4ms`, `41ms`, `1.20s`, `45.2s`, `12m`.
pub(crate) fn milliseconds(value: f64) -> String {
    match value {
        0.0 => "0".to_string(),
        small if small < 9.95 => format!("{small:.1}ms"),
        small if small < 999.5 => format!("{small:.0}ms"),
        seconds if seconds < 9_995.0 => format!("{:.2}s", seconds / 1e3),
        seconds if seconds < 119_950.0 => format!("{:.1}s", seconds / 1e3),
        _ => format!("{:.0}m", value / 60e3),
    }
}

/// Seconds: `0s`, `400ms`, `4.5s`, `90s`, and what is longer as [`span`] has it.
pub(crate) fn seconds(value: f64) -> String {
    match value.abs() {
        short if short > 0.0 && short < 0.9995 => milliseconds(value * 1e3),
        few if few < 9.95 && few.fract() >= 0.05 => format!("{value:.1}s"),
        short if short < 99.5 && short % 60.0 > 0.0 => format!("{value:.0}s"),
        long => {
            let sign = if value < 0.0 { "-" } else { "" };
            format!(
                "{sign}{}",
                span(TimeDelta::try_milliseconds((long * 1e3).round() as i64).unwrap_or(TimeDelta::MAX))
            )
        }
    }
}

/// A span that is known as a range: `40–75 s`, `2–7 min`. Both ends are rounded outwards: a range that is written is
/// never narrower than the one that was computed.
pub(crate) fn seconds_range(low_s: f64, high_s: f64) -> String {
    let (unit, per_unit) = if high_s < SECONDS_UNTIL { ("s", 1.0) } else { ("min", 60.0) };
    let (low, high) = ((low_s / per_unit).max(0.0).floor(), (high_s / per_unit).ceil());
    match high {
        far if far.is_nan() || far > FARTHEST => format!("{low:.0} {unit} or more"),
        same if same <= low => format!("{low:.0} {unit}"),
        high => format!("{low:.0}–{high:.0} {unit}"),
    }
}

/// A difference of two shares in percentage points, with its sign: `+1.6`.
pub(crate) fn points(difference: f64) -> String {
    format!("{:+.1}", difference * 100.0)
}

/// A time of day in UTC: `03:04Z`.
pub(crate) fn clock(at: DateTime<Utc>) -> String {
    at.format("%H:%MZ").to_string()
}

/// The same to the second: `03:04:05Z`.
pub(crate) fn clock_seconds(at: DateTime<Utc>) -> String {
    at.format("%H:%M:%SZ").to_string()
}

/// Megabytes: `512M`, `10G`.
pub(crate) fn megabytes(value: f64) -> String {
    if value < 1024.0 || value % 1024.0 != 0.0 { format!("{value:.0}M") } else { format!("{:.0}G", value / 1024.0) }
}

/// A span of time, in its two leading units at most: `4s`, `2m`, `1h05m`, `3d`.
pub(crate) fn span(span: TimeDelta) -> String {
    let seconds = span.num_seconds().max(0);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h{:02}m", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// US dollars, small sums: `$0.0042`, `$0.18`, `$12`.
pub(crate) fn usd(value: f64) -> String {
    match value {
        small if small < 0.01 => format!("${small:.4}"),
        small if small < 10.0 => format!("${small:.2}"),
        _ => format!("${value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(format: fn(f64) -> String, cases: &[(f64, &str)]) {
        for (value, text) in cases {
            assert_eq!(format(*value), *text, "{value}");
        }
    }

    #[test]
    fn numbers_are_short() {
        table(
            count,
            &[
                (0.0, "0"),
                (4.5, "4.5"),
                (982.0, "982"),
                (9999.0, "9999"),
                (12_345.0, "12.3k"),
                (345_678.0, "346k"),
                (5_600_000.0, "5.6M"),
                (-3.0, "-3"),
            ],
        );
        table(
            percent,
            &[
                (0.0, "0%"),
                (0.0004, "<0.1%"),
                (0.004, "0.4%"),
                (0.09, "9%"),
                (0.125, "12%"),
                (0.999, ">99%"),
                (1.0, "100%"),
            ],
        );
        table(
            milliseconds,
            &[(0.0, "0"), (0.4, "0.4ms"), (41.27, "41ms"), (1_204.0, "1.20s"), (45_200.0, "45.2s"), (720_000.0, "12m")],
        );
        table(megabytes, &[(128.0, "128M"), (1024.0, "1G"), (1769.0, "1769M"), (10_240.0, "10G")]);
        table(usd, &[(0.0042, "$0.0042"), (0.18, "$0.18"), (12.4, "$12")]);
    }

    #[test]
    fn seconds_are_in_the_unit_that_fits() {
        table(
            seconds,
            &[
                (0.0, "0s"),
                (0.4, "400ms"),
                (4.5, "4.5s"),
                (30.0, "30s"),
                (60.0, "1m"),
                (90.0, "90s"),
                (720.0, "12m"),
                (-40.0, "-40s"),
                (3900.0, "1h05m"),
            ],
        );
    }

    #[test]
    fn spans_have_at_most_two_units() {
        let cases = [(-5, "0s"), (4, "4s"), (125, "2m"), (3900, "1h05m"), (260_000, "3d")];
        for (seconds, text) in cases {
            assert_eq!(span(TimeDelta::seconds(seconds)), text);
        }
    }
}
