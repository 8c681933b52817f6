//! Repeatable random numbers: the same seed, name and index give the same draws on every platform.
//!
//! Logarithms and exponentials come from the `libm` crate: the platforms' own differ in the last digit.

/// A stream of draws for one (seed, name, index).
#[derive(Clone, Debug)]
pub(super) struct Noise(u64);

/// Splitmix64's increment and scrambling (Steele, Lea and Flood, "Fast splittable pseudorandom number
/// generators", 2014).
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// A number that looks unlike its neighbours': splitmix64's output function.
pub(super) fn scramble(state: u64) -> u64 {
    let state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    state ^ (state >> 31)
}

/// Below this mean a Poisson count is drawn exactly; above, from the normal distribution.
const SMALL_MEAN: f64 = 32.0;

impl Noise {
    /// The stream of `name` (a function or queue) at `index` (often a minute).
    pub(super) fn new(seed: u64, name: &str, index: i64) -> Self {
        // FNV-1a: the name as a number.
        let name = name
            .bytes()
            .fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3));
        let seeded = scramble(seed.wrapping_add(STEP));
        Self(scramble(scramble(seeded ^ name) ^ index.cast_unsigned()))
    }

    /// 64 random bits.
    #[inline]
    pub(super) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        scramble(self.0)
    }

    /// Uniform in [0, 1).
    #[inline]
    pub(super) fn uniform(&mut self) -> f64 {
        // 53 bits fill a double's mantissa.
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform in `0..below`; `below` must not be 0.
    pub(super) fn below(&mut self, below: u64) -> u64 {
        self.bits() % below
    }

    /// Whether an event of this `probability` happens. Draws nothing when it is certain.
    #[inline]
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        probability > 0.0 && (probability >= 1.0 || self.uniform() < probability)
    }

    /// Exponential with mean 1: the wait for the next of independent arrivals.
    #[inline]
    pub(super) fn exponential(&mut self) -> f64 {
        // 1 − u lies in (0, 1]: its logarithm is finite.
        -libm::log(1.0 - self.uniform())
    }

    /// Standard normal.
    #[inline]
    pub(super) fn normal(&mut self) -> f64 {
        // The middle of one of 2^53 cells, so never 0 or 1.
        normal_quantile(((self.bits() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64)
    }

    /// Lognormal with median 1 and this standard deviation of the logarithm.
    #[inline]
    pub(super) fn lognormal(&mut self, spread: f64) -> f64 {
        if spread == 0.0 { 1.0 } else { libm::exp(spread * self.normal()) }
    }

    /// A Poisson count with this `mean`.
    pub(super) fn poisson(&mut self, mean: f64) -> u64 {
        if mean >= SMALL_MEAN {
            return (mean + self.normal() * mean.sqrt()).round().max(0.0) as u64;
        }
        if mean <= 0.0 {
            return 0;
        }
        let target = self.uniform();
        let mut probability = libm::exp(-mean);
        let mut reached = probability;
        let mut count = 0_u32;
        // The bound only guards against rounding: 200 events at a mean below 32 do not happen.
        while target >= reached && count < 200 {
            count += 1;
            probability *= mean / f64::from(count);
            reached += probability;
        }
        u64::from(count)
    }

    /// A binomial count: how many of `count` have a property of this `probability`.
    pub(super) fn binomial(&mut self, count: u64, probability: f64) -> u64 {
        if probability <= 0.0 {
            return 0;
        }
        if probability >= 1.0 {
            return count;
        }
        let (hits, misses) = (count as f64 * probability, count as f64 * (1.0 - probability));
        if hits < SMALL_MEAN {
            self.poisson(hits).min(count)
        } else if misses < SMALL_MEAN {
            count - self.poisson(misses).min(count)
        } else {
            let drawn = hits + self.normal() * (hits * (1.0 - probability)).sqrt();
            (drawn.round().max(0.0) as u64).min(count)
        }
    }
}

/// The value below which a standard normal variable lies with probability `p`, 0 < p < 1.
///
/// Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37
/// (1988), routine PPND7: about 7 correct digits.
pub(super) fn normal_quantile(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180_625 - q * q;
        let above = ((59.109_374_720 * r + 159.291_132_02) * r + 50.434_271_938) * r + 3.387_132_717_9;
        let below = ((67.187_563_600 * r + 78.757_757_664) * r + 17.895_169_469) * r + 1.0;
        return q * above / below;
    }
    let r = (-libm::log(if q < 0.0 { p } else { 1.0 - p })).sqrt();
    let size = if r <= 5.0 {
        let r = r - 1.6;
        let above = ((0.170_238_211_03 * r + 1.306_728_481_6) * r + 2.756_815_390_0) * r + 1.423_437_277_7;
        above / ((0.120_211_329_75 * r + 0.737_001_642_50) * r + 1.0)
    } else {
        let r = r - 5.0;
        let above = ((0.017_337_203_997 * r + 0.428_682_943_37) * r + 3.081_226_386_0) * r + 6.657_905_115_0;
        above / ((0.012_258_202_635 * r + 0.241_978_942_25) * r + 1.0)
    };
    if q < 0.0 { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAWS: i64 = 4000;

    fn mean(draw: impl Fn(&mut Noise) -> f64) -> f64 {
        (0..DRAWS).map(|index| draw(&mut Noise::new(7, "f", index))).sum::<f64>() / DRAWS as f64
    }

    #[test]
    fn the_key_decides_the_draw() {
        let draw = |seed, name, index| Noise::new(seed, name, index).bits();
        assert_eq!(draw(1, "checkout", 2), draw(1, "checkout", 2));
        assert_eq!(scramble(STEP), 0xE220_A839_7B1D_CDAF, "the reference generator's first number from seed 0");
        for other in [draw(2, "checkout", 2), draw(1, "checkin", 2), draw(1, "checkout", 3)] {
            assert_ne!(draw(1, "checkout", 2), other);
        }
    }

    #[test]
    fn the_normal_quantiles_are_those_of_the_tables() {
        // probability, quantile to 6 digits (any table of the normal distribution)
        let cases = [
            (0.5, 0.0),
            (0.6, 0.253_347),
            (0.95, 1.644_854),
            (0.99, 2.326_348),
            (0.001, -3.090_232),
            (1e-12, -7.034_484),
        ];
        for (p, expected) in cases {
            assert!((normal_quantile(p) - expected).abs() < 2e-6, "{p}: {}", normal_quantile(p));
        }
    }

    #[test]
    fn draws_have_the_mean_they_are_asked_for() {
        assert!(mean(Noise::normal).abs() < 0.05);
        assert!((mean(|noise| noise.normal().powi(2)) - 1.0).abs() < 0.06);
        assert!((mean(Noise::exponential) - 1.0).abs() < 0.05);
        assert!((mean(|noise| noise.lognormal(0.5)) - 0.125_f64.exp()).abs() < 0.04);
        assert!((mean(|noise| f64::from(noise.chance(0.3))) - 0.3).abs() < 0.03);
        for expected in [0.02, 0.7, 5.0, 31.9, 32.1, 400.0] {
            let error = (mean(|noise| noise.poisson(expected) as f64) - expected).abs();
            assert!(error < 4.0 * (expected / DRAWS as f64).sqrt(), "poisson {expected}: off by {error}");
        }
        for (count, probability) in [(3, 0.5), (10, 0.01), (1000, 0.3), (1000, 0.999), (5, 0.0), (5, 1.0)] {
            let expected = count as f64 * probability;
            let error = (mean(|noise| noise.binomial(count, probability) as f64) - expected).abs();
            // Small counts are cut at `count`, which lowers the mean a little.
            assert!(error <= 0.15 * expected.max(0.1), "{count} x {probability}: off by {error}");
        }
    }

    #[test]
    fn a_part_is_never_more_than_the_whole() {
        for index in 0..2000 {
            let mut noise = Noise::new(3, "f", index);
            let count = index.cast_unsigned() % 50;
            assert!(noise.binomial(count, 0.97) <= count);
            assert!(noise.binomial(count, 0.4) <= count);
        }
    }
}
