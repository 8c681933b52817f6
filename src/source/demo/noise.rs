//! Chance that can be repeated: random draws that depend on nothing but their key.
//!
//! No state outlives a minute and no order of asking matters: the same seed, name and index give the
//! same draws on every platform.

/// A stream of draws for one (seed, name, index).
pub(super) struct Noise(u64);

/// Splitmix64's increment and scrambling (Steele, Lea and Flood, "Fast splittable pseudorandom number
/// generators", 2014).
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

fn scramble(state: u64) -> u64 {
    let state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    state ^ (state >> 31)
}

/// Below this mean, a count is drawn exactly; above, from the normal distribution.
const SMALL_MEAN: f64 = 16.0;

impl Noise {
    /// The stream of `name` (a function or queue) at `index` (mostly a minute).
    pub(super) fn new(seed: u64, name: &str, index: i64) -> Self {
        // FNV-1a: the name as a number.
        let name = name
            .bytes()
            .fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3));
        let seeded = scramble(seed.wrapping_add(STEP));
        Self(scramble(scramble(seeded ^ name) ^ index.cast_unsigned()))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        scramble(self.0)
    }

    /// Uniform in [0, 1).
    pub(super) fn uniform(&mut self) -> f64 {
        // 53 bits fill a double's mantissa.
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform in `0..below`; `below` must not be 0.
    pub(super) fn below(&mut self, below: u64) -> u64 {
        self.next() % below
    }

    /// About standard normal: the sum of four uniform draws, never further out than 3.5.
    ///
    /// Without `ln` and `cos`, whose last digit differs between platforms.
    pub(super) fn normal(&mut self) -> f64 {
        let bits = self.next();
        let sum: u64 = (0..4).map(|part| (bits >> (16 * part)) & 0xFFFF).sum();
        (sum as f64 - 2.0 * 65_535.0) / (65_536.0 * (1.0_f64 / 3.0).sqrt())
    }

    /// How often something happens that is expected `mean` times.
    pub(super) fn poisson(&mut self, mean: f64) -> u64 {
        if mean >= SMALL_MEAN {
            return (mean + self.normal() * mean.sqrt()).round().max(0.0) as u64;
        }
        if mean <= 0.0 {
            return 0;
        }
        let target = self.uniform();
        let mut probability = (-mean).exp();
        let mut reached = probability;
        let mut count = 0_u32;
        // The bound only guards against rounding: 100 events at a mean below 16 do not happen.
        while target >= reached && count < 100 {
            count += 1;
            probability *= mean / f64::from(count);
            reached += probability;
        }
        u64::from(count)
    }

    /// How many of `count` have a property that each has with this `probability`.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(draw: impl Fn(&mut Noise) -> f64) -> f64 {
        (0..4000).map(|index| draw(&mut Noise::new(7, "f", index))).sum::<f64>() / 4000.0
    }

    #[test]
    fn the_key_decides_the_draw() {
        let draw = |seed, name, index| Noise::new(seed, name, index).next();
        assert_eq!(draw(1, "checkout", 2), draw(1, "checkout", 2));
        assert_eq!(scramble(STEP), 0xE220_A839_7B1D_CDAF, "the reference generator's first number from seed 0");
        for other in [draw(2, "checkout", 2), draw(1, "checkin", 2), draw(1, "checkout", 3)] {
            assert_ne!(draw(1, "checkout", 2), other);
        }
    }

    #[test]
    fn draws_have_the_mean_they_are_asked_for() {
        assert!(mean(Noise::normal).abs() < 0.05);
        assert!((mean(|noise| noise.normal().powi(2)) - 1.0).abs() < 0.06);
        for expected in [0.02, 0.7, 5.0, 15.9, 16.1, 400.0] {
            let error = (mean(|noise| noise.poisson(expected) as f64) - expected).abs();
            assert!(error < 4.0 * (expected / 4000.0).sqrt(), "poisson {expected}: off by {error}");
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
