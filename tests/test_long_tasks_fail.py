"""The claims of long_tasks_fail."""

import math
from itertools import pairwise

import numpy as np
import pytest
from long_tasks_fail import CALVIN, CHANCE, fetch, horizon, lucky, needed, rate, step

RUNS = 4000
SIX = 6 * 0.5 / RUNS**0.5  # at most; six standard errors fail with probability 2e-9


@pytest.mark.breaks("goal ** (1 / N)", "goal")
def test_chances_multiply(rng):
    """Exact, and by dice: within six standard errors."""
    assert CHANCE["never"](20, 0.95, 0.9) < 0.36
    assert 0.994 < needed(20) < 0.995
    for N, p, chance in ((20, 0.95, 0.95**20), (20, needed(20), 0.9), (7, needed(7, 0.5), 0.5)):
        right, actions = fetch(rng, "never", p, N=N, runs=RUNS)
        assert right.mean() == pytest.approx(chance, abs=SIX)
        assert (actions == N).all()
    for how in ("never", "end", "over", "redo"):  # in 20 actions nothing can be repaired
        right, _ = fetch(rng, how, limit=20, runs=RUNS)
        assert right.mean() == pytest.approx(0.95**20, abs=SIX)


@pytest.mark.breaks("(1 - p) * d)", "(1 - p))")
def test_seeing_half_is_like_halving(rng):
    """Exact, by logarithms and by a geometric series; by dice, within six standard errors."""
    for p in np.linspace(0.9, 0.999, 34):
        ok = sum(p * ((1 - p) / 2) ** k for k in range(60))
        assert step(p, 0.5, tries=2) == pytest.approx(p + (1 - p) / 2 * p)
        seen, halved = horizon("redo", p, 0.5), horizon("never", (1 + p) / 2)
        assert seen == pytest.approx(math.log(0.5) / math.log(ok))
        assert halved == pytest.approx(math.log(0.5) / math.log((1 + p) / 2))
        assert 0.94 < seen / halved < 1
    for p, N in ((0.9, 13), (0.95, 27)):
        right, _ = fetch(rng, "redo", p, 0.5, N=N, runs=RUNS)
        assert right.mean() == pytest.approx(step(p, 0.5) ** N, abs=SIX)


@pytest.mark.breaks("p**N / (1 - d * (1 - p**N))", "1 - (1 - p**N) * (1 - d)")
def test_where_one_looks(rng):
    """Exact; by dice within six standard errors, also of the mean number of actions.

    Starting over needs runs of N steps without an alarm: (a**-N - 1) / (1 - a) actions
    for a chance of a that a step raises none, by the theory of runs.
    """
    for p in np.linspace(0.9, 0.999, 34):
        never = horizon("never", p)
        assert 9 < horizon("redo", p, 0.9) / never < 10
        assert 3.4 < horizon("end", p, 0.9) / never < 3.5
    for p, d, N, options in ((0.95, 0.9, 20, {}), (0.6, 0.8, 3, dict(p=0.6, d=0.8, N=3))):
        a = 1 - (1 - p) * d
        whole = 1 - d * (1 - p**N)
        for how, mean in ("redo", N / a), ("over", (a**-N - 1) / (1 - a)), ("end", N / whole):
            right, actions = fetch(rng, how, **options, runs=RUNS)
            formula = CHANCE["end" if how == "end" else "redo"](N, p, d)
            assert right.mean() == pytest.approx(formula, abs=SIX)
            assert actions.mean() == pytest.approx(mean, abs=6 * actions.std() / RUNS**0.5)


@pytest.mark.breaks("/ CALVIN[:, :-1].sum(1)", "/ 5000")
def test_one_rate_fits_one_of_two():
    """Published counts: the likelihood searched on a grid, and a chi-squared test.

    The mean lengths of a chain are published next to the counts: 4.49 and 4.048.
    """
    assert CALVIN[:, 1:].sum(1) / CALVIN[:, 0] == pytest.approx([4.49, 4.048], abs=1e-9)
    excess, grid = [], np.linspace(0.001, 0.999, 9981)
    for counts, p in zip(CALVIN, rate, strict=True):
        tried, done = counts[:-1], counts[1:]
        likelihood = done.sum() * np.log(grid) + (tried - done).sum() * np.log(1 - grid)
        assert p == pytest.approx(grid[likelihood.argmax()], abs=1e-4)
        one = grid[:, None]  # the best of all rates, in the sense of chi squared
        excess.append(((done - tried * one) ** 2 / (tried * one * (1 - one))).sum(1).min())
    assert np.abs(CALVIN[0, 1:] / 1000 - rate[0] ** np.arange(1, 6)).max() < 0.01
    # the quantiles for 95% and 99.9% with four degrees of freedom
    assert excess[0] < 9.49
    assert excess[1] > 18.47


@pytest.mark.boundary
@pytest.mark.breaks("return (a / (a + keep)) ** whole * a / (a + rest)", "return 0.95**N")
def test_lasting_luck_is_not_geometric(rng):
    """Exact; by dice with p drawn once for each coffee, within six standard errors."""
    for N in range(1, 301):
        assert lucky(N) == pytest.approx(19 / (19 + N))
        assert lucky(N, 1) == pytest.approx(0.95**N)
        chances = [lucky(N, keep) for keep in (1, 3, 9, 27, 81, 243, 729)]
        assert all(x <= y * (1 + 1e-12) for x, y in pairwise(chances))
    for N in (20, 100):
        right, _ = fetch(rng, "never", rng.beta(19, 1, RUNS), N=N, runs=RUNS)
        assert right.mean() == pytest.approx(19 / (19 + N), abs=SIX)


@pytest.mark.boundary
@pytest.mark.breaks("p * false + (1 - p) * d", "(1 - p) * d")
def test_redoing_can_hurt(rng):
    """Exact, against the 1,024th power of the matrix of a Markov chain, and by dice.

    The states of a step: to be done, well done, botched. Sign of the effect by slip rate.
    """
    d, false, spoils = 0.9, 0.05, 0.1
    for slips in (*np.linspace(0.01, 0.5, 50), *np.linspace(0.0001, 0.005, 50)):
        p = 1 - slips
        alarm = p * false + slips * d
        again, well = alarm * (1 - spoils), p * (1 - false)
        botched = alarm * spoils + slips * (1 - d)
        states = np.array([[again, well, botched], [0, 1, 0], [0, 0, 1]])
        well = np.linalg.matrix_power(states, 2**10)[0, 1]
        assert states.sum(1) == pytest.approx(1)
        assert step(p, d, false, spoils) == pytest.approx(well)
        assert (well > p) == (slips > 0.007)
    right, _ = fetch(rng, "redo", 0.95, d, false, spoils, 20, runs=RUNS)
    assert right.mean() == pytest.approx(step(0.95, d, false, spoils) ** 20, abs=SIX)
