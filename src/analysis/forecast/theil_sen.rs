//! The Theil–Sen slope: the median of the slopes between all pairs of points, and the interval in which the true slope
//! lies. A third of the points may be wild without moving it. Pure numerics: it knows neither time nor units.

/// A robust line through some points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Line {
    /// The median slope.
    pub(super) slope: f64,
    /// The slopes between which the true one lies with the confidence that was asked for.
    pub(super) interval: (f64, f64),
    /// The value at x = 0: the median of y − slope × x.
    pub(super) intercept: f64,
    /// How far points lie from the line at most.
    pub(super) spread: f64,
}

/// The line through `points`, (x, y); `z` is the normal quantile of the interval's confidence: 1.96 is 95 %.
///
/// The interval is by ranks: of N slopes between n points, those of ranks (N ∓ z √(n (n − 1) (2n + 5) / 18)) / 2 (Sen
/// 1968, "Estimates of the regression coefficient based on Kendall's tau"). `None` where so few points carry no
/// interval, and where all x are the same.
pub(super) fn line(points: &[(f64, f64)], z: f64) -> Option<Line> {
    let mut slopes = Vec::with_capacity(points.len() * points.len().saturating_sub(1) / 2);
    for (place, (x, y)) in points.iter().enumerate() {
        let later = points[place + 1..].iter().filter(|(other, _)| (other - x).abs() > 0.0);
        slopes.extend(later.map(|(other_x, other_y)| (other_y - y) / (other_x - x)));
    }
    slopes.sort_by(f64::total_cmp);
    let (pairs, count) = (slopes.len() as f64, points.len() as f64);
    let width = z * (count * (count - 1.0) * (2.0 * count + 5.0) / 18.0).sqrt();
    // Ranks from 0: the lower one is counted from the first, the upper one from the last.
    let low = ((pairs - width) / 2.0).round() - 1.0;
    if low < 0.0 {
        return None;
    }
    let high = f64::midpoint(pairs, width).round().min(pairs - 1.0);
    let interval = (*slopes.get(low as usize)?, *slopes.get(high as usize)?);
    let slope = median(&slopes)?;
    let mut levels: Vec<f64> = points.iter().map(|(x, y)| y - slope * x).collect();
    levels.sort_by(f64::total_cmp);
    let intercept = median(&levels)?;
    let spread = levels.iter().map(|level| (level - intercept).abs()).fold(0.0, f64::max);
    Some(Line { slope, interval, intercept, spread })
}

/// Of sorted values.
fn median(sorted: &[f64]) -> Option<f64> {
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    Some(if sorted.len().is_multiple_of(2) { f64::midpoint(sorted[middle - 1], upper) } else { upper })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    /// Computed with `scipy.stats.theilslopes(y, range(len(y)), alpha=0.95)` of `SciPy` 1.17.
    #[test]
    fn it_is_what_an_independent_implementation_finds() {
        // Values at 0, 1, 2 … -> the slope, and its interval.
        let cases: [(&[f64], f64, (f64, f64)); 5] = [
            (&[1.0, 2.0, 4.0, 3.0, 5.0, 7.0, 6.0, 8.0], 1.0, (0.5, 1.5)),
            (&[10.0, 12.0, 11.0, 15.0, 90.0, 17.0, 18.0, 22.0, 21.0], 1.45, (1.0, 2.0)),
            (&[5.0, 5.0, 5.0, 5.0, 5.0, 5.0], 0.0, (0.0, 0.0)),
            (&[300.0, 290.0, 310.0, 305.0, 420.0, 540.0, 655.0, 760.0], 74.833_333_333_333_33, (20.0, 115.0)),
            (
                &[3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0, 5.0, 3.0, 5.0, 8.0, 9.0, 7.0, 9.0],
                0.444_444_444_444_444_4,
                (0.2, 0.727_272_727_272_727_3),
            ),
        ];
        for (values, slope, (low, high)) in cases {
            let points: Vec<(f64, f64)> = (0u8..).map(f64::from).zip(values.iter().copied()).collect();
            let line = line(&points, 1.959_964).unwrap();
            let found = [line.slope, line.interval.0, line.interval.1];
            for (found, expected) in found.into_iter().zip([slope, low, high]) {
                assert!((found - expected).abs() < 1e-9, "{values:?}: {line:?}, not {expected}");
            }
        }
    }

    proptest! {
        #[test]
        fn a_line_is_found_through_a_third_of_wild_points(slope in -50.0..50.0f64, wild in vec(-1e4..1e4f64, 3)) {
            let mut points: Vec<(f64, f64)> = (0u8..12).map(f64::from).map(|x| (x, 7.0 + slope * x)).collect();
            for (place, wild) in [1, 5, 9].into_iter().zip(wild) {
                points[place].1 = wild;
            }
            let found = line(&points, 1.96).unwrap();
            prop_assert!((found.slope - slope).abs() < 1e-6);
            prop_assert!(found.interval.0 <= slope + 1e-6 && slope - 1e-6 <= found.interval.1);
        }

        #[test]
        fn few_points_carry_no_interval(values in vec(0.0..1000.0f64, 0..5)) {
            let points: Vec<(f64, f64)> = (0u8..).map(f64::from).zip(values).collect();
            prop_assert_eq!(line(&points, 1.96), None);
        }
    }
}
