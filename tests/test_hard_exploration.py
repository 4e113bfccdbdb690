"""The claims of hard_exploration."""

from itertools import product

import pytest
from hard_exploration import LOCKS, attempts, best, feedback, turns_needed


@pytest.mark.breaks("float(Q0)", "1.0")
def test_dithering_doubles(rng):
    """Geometric: 4,000 runs have a standard error below 1.6 %; 10 % is over six."""
    for epsilon, alpha in ((0.3, 0.1), (0, 1), (0.05, 0.5), (1, 1)):
        for N in (2, 3, 4):
            mean = attempts(N, 0, True, rng, 4000, epsilon, alpha).mean()
            assert mean == pytest.approx(2**N, rel=0.1)


@pytest.mark.breaks("Q[j, s].max(-1)", "Q[j, s].mean(-1)")
def test_optimism_is_linear(rng):
    """The bound admits no exception; the mean may miss by six standard errors.

    With m dials unsettled an attempt opens with probability 2**-m, or else settles one:
    the mean follows by recursion, and the standard deviation of a run is below 1.8.
    The locks and learners that the page compares must be those that it names, and so the number
    of runs and, for the optimist, the longest lock.
    """
    assert attempts(2, 1, True, rng).size == 400
    assert LOCKS["clicking, optimistic"][1][-1] == 32
    assert LOCKS["silent, optimistic"][1][-1] == 8
    for name, (options, _) in LOCKS.items():
        lock, learner = name.split(", ")
        assert options["clicks"] == (lock == "clicking")
        assert options["Q0"] == (learner == "optimistic")
        assert options.get("epsilon", 0) == 0.1 * (learner == "dithering")
    mean = 1.0
    for m in range(1, 65):
        mean = 1 + (1 - 2.0**-m) * mean
        if m in (1, 4, 10, 64):
            for alpha in (0.1, 0.5, 1):
                runs = 200 if m == 64 else 1000
                count = attempts(m, 1, True, rng, runs, alpha=alpha)
                assert count.max() <= m + 1
                assert count.mean() == pytest.approx(mean, abs=6 * 1.8 / runs**0.5)


@pytest.mark.breaks("2 * state + 1 + a", "state * 0 + t + 1")
def test_silence_is_exponential(rng):
    """Uniform on 1 to 2**N: 1,000 runs have standard error 1.9 %; 12 % is six."""
    for N, alpha in product((1, 2, 4, 6), (0.3, 1)):
        count = attempts(N, 1, False, rng, 1000, alpha=alpha)
        assert count.max() <= 2**N
        assert count.mean() == pytest.approx((2**N + 1) / 2, rel=0.12)


@pytest.mark.breaks("return min(costs)", "return max(costs)")
def test_best_possible():
    """Exact: the formulas; by hand, a set of codes on which methods differ.

    If at most one of three turns is 1, trying 000 on the clicking lock tells which.
    """
    assert feedback((0, 1, 1), (0, 1, 0), True) == 2
    assert feedback((0, 1, 1), (0, 1, 1), True) == 3
    assert feedback((0, 1, 1), (0, 1, 1), False) != feedback((0, 1, 1), (0, 1, 0), False)
    codes = frozenset({(0, 0, 0), (0, 0, 1), (0, 1, 0), (1, 0, 0)})
    assert best(codes, True) == pytest.approx((1 + 3 * 2) / 4)
    for N in (4, 5):  # what the page argues for any N
        codes = frozenset(product((0, 1), repeat=N))
        assert best(codes, True) == pytest.approx(1 + N / 2)
    for N in (1, 2, 3):
        codes = frozenset(product((0, 1), repeat=N))
        assert best(codes, True) == pytest.approx(1 + N / 2)
        assert best(codes, False) == pytest.approx((2**N + 1) / 2)


@pytest.mark.boundary
@pytest.mark.breaks("np.maximum(s - back, 0)", "0 * s")
def test_small_setbacks_spare_dithering():
    """Exact: closed forms for setbacks of one and of all, the growth for two."""
    for N in range(1, 31):
        assert turns_needed(N, 1) == pytest.approx(N**2 + N)
        assert turns_needed(N, N) == pytest.approx(2 ** (N + 1) - 2)
    for N in range(15, 31):
        growth = turns_needed(N + 1, 2) / turns_needed(N, 2)
        assert growth == pytest.approx((1 + 5**0.5) / 2, rel=0.01)


@pytest.mark.boundary
@pytest.mark.breaks(" + rng.integers(readings, size=i.size)", " + 0 * i")
def test_clock_ruins_optimism(rng):
    """About 60.5 (standard error 2.3) against 8 times 5.5: seven of them.

    With two readings each failure crosses off one of 12 wrong turns: an exact bound.
    """
    assert attempts(6, 1, True, rng, 600, readings=2).max() <= 13
    plain, clock = (attempts(6, 1, True, rng, 600, readings=k) for k in (1, 1000))
    assert clock.mean() > 8 * plain.mean()
