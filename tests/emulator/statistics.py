"""Holds lamtop's statistics, read from standard input, against SciPy. It shares no formula with them where there is
another way: intervals by root finding on densities, the mixture of means by numerical integration."""

import json
import math
import sys

from scipy import integrate, optimize, special, stats

PRIOR = (0.5, 10.0)
EFFECT_VARIANCE = 10.0


def log_mixture(failures, calls):
    """The probability of one sequence with so many failures: the beta-binomial's without its binomial coefficient."""
    successes = calls - failures
    coefficient = math.lgamma(calls + 1) - math.lgamma(failures + 1) - math.lgamma(successes + 1)
    return stats.betabinom.logpmf(failures, calls, *PRIOR) - coefficient


def log_likelihood(failures, calls, rate):
    parts = ((failures, rate), (calls - failures, 1.0 - rate))
    return sum(count * (math.log(p) if p > 0 else -math.inf) for count, p in parts if count > 0)


def edge(function, inside, outside):
    """Where `function`, negative at `inside`, becomes positive on the way to `outside`."""
    if function(outside) < 0:
        return outside
    return optimize.bisect(lambda at: min(function(at), 1e9), inside, outside, xtol=1e-12)


def proportion(failures, calls, alpha):
    if calls == 0:
        return [0.0, 1.0]
    mixture = log_mixture(failures, calls)
    over = lambda rate: mixture - log_likelihood(failures, calls, rate) + math.log(alpha)
    return [edge(over, failures / calls, end) for end in (0.0, 1.0)]


def difference(f1, n1, f2, n2, alpha):
    if n1 == 0 or n2 == 0:
        return None
    mixture = log_mixture(f1, n1) + log_mixture(f2, n2)

    def over(delta):
        low, high = max(0.0, -delta), min(1.0, 1.0 - delta)
        unlikely = lambda p: -log_likelihood(f1, n1, min(max(p + delta, 0.0), 1.0)) - log_likelihood(f2, n2, p)
        best = optimize.minimize_scalar(unlikely, bounds=(low, high), method="bounded", options={"xatol": 1e-12})
        return mixture + min(best.fun, unlikely(low), unlikely(high)) + math.log(alpha)

    return [edge(over, f1 / n1 - f2 / n2, end) for end in (-1.0, 1.0)]


def mean(values, rest):
    (alpha,) = rest
    n, center, spread = len(values), sum(values) / len(values), stats.tstd(values)

    def over(distance):
        t = math.sqrt(n) * distance / spread
        density = lambda effect: stats.norm.pdf(effect, scale=math.sqrt(EFFECT_VARIANCE)) * stats.nct.pdf(
            t, n - 1, effect * math.sqrt(n)
        )
        integral, _ = integrate.quad(density, -25, 25, limit=500, points=(distance / spread,))
        return math.log(integral / stats.t.pdf(t, n - 1)) + math.log(alpha)

    if over(1e3 * spread) < 0:
        return None
    reach = optimize.bisect(over, 0.0, 1e3 * spread, xtol=1e-9)
    return [center - reach, center + reach]


CHECKS = {
    # SciPy subtracts large logarithms here and loses five digits.
    "ln_beta": (special.betaln, 1e-10),
    "incomplete_beta": (lambda a, b, x: stats.beta.cdf(x, a, b), 1e-7),
    "rate_exceeds": (lambda f, n, threshold: stats.beta.sf(threshold, f + 0.5, n - f + 0.5), 1e-7),
    "proportion": (proportion, 1e-7),
    "difference": (difference, 1e-6),
    "mean": (mean, 1e-4),
}


def agrees(found, expected, tolerance):
    if found is None or expected is None:
        return found is expected
    if isinstance(found, list):
        return all(map(lambda one, other: agrees(one, other, tolerance), found, expected))
    # What is nearly nothing need not agree in its digits.
    return abs(found - expected) <= tolerance * max(abs(expected), 1e-3)


def main():
    told = json.load(sys.stdin)
    wrong = 0
    for name, asked, found in told:
        function, tolerance = CHECKS[name]
        expected = function(*asked)
        if not agrees(found, expected, tolerance):
            wrong += 1
            print(f"{name} {asked}: {found}, SciPy {expected}")
    if wrong:
        sys.exit(1)
    print(f"{len(told)} agree")


main()
