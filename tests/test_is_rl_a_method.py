"""The claims of is_rl_a_method."""

from itertools import pairwise, product

import numpy as np
import pytest
from is_rl_a_method import RIGHT, learn, move, play, price, search, steps_needed

FOUR = ("learned model", "Q-learning", "policy gradient", "evolution")


def check_prices_and_updates(rng):
    """By hand: a price; how many runs; what is wrong; an update; runs with nothing left to find."""
    wrong = np.array([[1, 1, 1], [0, 1, 1], [0, 0, 1]], bool)
    assert price(wrong, np.array([[3], [4], [5]])).tolist() == [3, 7, np.inf]
    assert learn("Q-learning", rng)[1].shape == (60, 60)  # steps; the runs that the page names
    assert search("evolution", rng, np.zeros(3), 1)[1].shape == (60, 60)  # updates, runs
    for kind in FOUR[2:]:
        for start, is_wrong in ((0.5, -0.5, 0.5), False), ((0, -1, 1), True), ((1, 1, 1), True):
            run = search(kind, rng, np.array(start), 1, updates=1, runs=2)
            assert (run[1] == is_wrong).all()
        best = np.array([20.0, -20, 20])  # four episodes of three steps each time
        theta, wrong, steps = search(kind, rng, best, 1, updates=3, runs=5)
        assert (theta == best).all()
        assert not wrong.any()
        assert (steps == 12).all()
        # an opposite pair of episodes tells a direction, and so does another pair of levers
        assert search(kind, rng, np.zeros(3), 1, n=2, updates=9, runs=9)[0].all()
    seed, start = rng.integers(10**9), np.array([0.3, 0.2, -0.1])
    theta, *_ = search("policy gradient", np.random.default_rng(seed), start, 0.7, updates=1)
    returns, scores = play(np.tile(start, (60, 4, 1)), np.random.default_rng(seed))
    for after, G, score in zip(theta, returns, scores, strict=True):
        better = (G - G.mean()) / G.std() if G.std() else 0 * G
        assert after == pytest.approx(start + 0.7 * (better @ score) / 4, abs=1e-6)


@pytest.mark.breaks("score[i, o] += a - p[i, o]", "score[i, o] += a")
def test_four_solve_it(rng):
    """Means of 250 runs or more; each bound is at least seven standard errors away.

    One run's price has mean (standard deviation) of about 9.6 (4.3), 17 (2), 101 (60)
    and 290 (220) with three squares, 14 (6), 29 (2), 200 (110), 630 (400) with four.
    Q-learning gets the best of three step sizes. The values learned must be the exact
    optimal ones: minus the steps that remain. In 24,000 runs of 800 steps none was off by
    more than 1e-9; these are twenty of 1,200.
    """
    check_prices_and_updates(rng)
    for kind in FOUR[:2]:
        right = rng.integers(3, size=3)
        Q = learn(kind, rng, right, 3, epsilon=0.5, steps=1200, runs=10)[0][:, :3]
        is_right = np.arange(3) == right[:, None]
        exact = np.where(is_right, [[-3], [-2], [-1]], [[-4], [-4], [-3]])
        assert np.abs(Q - exact).max() < 0.01
    for N, updates in ((3, 60), (4, 80)):
        right = (np.arange(N) + 1) % 2
        mean = [price(learn("learned model", rng, right, steps=150, runs=500)[1]).mean()]
        swept = [learn("Q-learning", rng, right, alpha=x, steps=150) for x in (0.8, 0.9, 1)]
        mean.append(min(price(run[1]).mean() for run in swept))
        for kind in FOUR[2:]:
            run = search(kind, rng, np.zeros(N), 1, 4, updates, 250, right)
            x = price(*run[1:])
            assert np.isfinite(x).mean() >= 0.95
            mean.append(x[np.isfinite(x)].mean())
        assert np.all(np.isfinite(mean))
        assert all(b > 1.5 * a for a, b in pairwise(mean))
        assert mean[-1] > 15 * mean[0]


@pytest.mark.breaks("on = (1 + (1 - q) * on) / q", "on = 1 / q + (1 - q) * on")
def test_book_numbers(rng):
    """Published: 44, 82 and 11.6 at 0.59. Exact: linear equations.

    Played: the mean, its slope and the mean score of 0, within six standard errors.
    """
    assert steps_needed(0.95) == pytest.approx(44, abs=0.5)
    assert steps_needed(0.05) == pytest.approx(82, abs=0.5)
    x = np.linspace(0.01, 0.99, 981)
    assert x[steps_needed(x).argmin()] == pytest.approx(0.59, abs=0.005)
    assert 11.6 < steps_needed(x).min() < 11.7
    for N, p in ((3, 0.3), (6, 0.59), (9, 0.45)):
        right, s = rng.integers(2, size=N), np.arange(N)
        P = np.zeros((N, N + 1))
        for a, chance in ((0, 1 - p), (1, p)):
            np.add.at(P, (s, move(s, a, right)), chance)
        exact = np.linalg.solve(np.eye(N) - P[:, :N], np.ones(N))[0]
        assert steps_needed(p, right) == pytest.approx(exact)
    G, _ = play(np.full((4000, 1), np.log(0.59 / 0.41)), rng)
    error = G.std() / 4000**0.5
    assert -G.mean() == pytest.approx(steps_needed(0.59), abs=6 * error)
    theta = np.log(0.3 / 0.7)
    G, score = play(np.full((4000, 1), theta), rng)
    up, down = (steps_needed(1 / (1 + np.exp(-theta - h))) for h in (1e-5, -1e-5))
    assert abs(score.mean()) < 6 * score.std() / 4000**0.5
    slopes = (G - G.mean()) * score[:, 0]
    assert abs(slopes.mean() + (up - down) / 2e-5) < 6 * slopes.std() / 4000**0.5


@pytest.mark.breaks("q = p if lever == 1 else 1 - p", "q = p")
def test_dark_turns_the_order(rng):
    """Means of 24 runs, standard error below 0.1, at most 12.0 where 12.8 is allowed.

    Nothing else is left to chance: a preferred lever is one or the other. First, a model learned
    from levers pulled at random: of an episode's 12 steps, two on average are in the last
    square; so lever 1 ends it one time in six, lever 0 never. Standard error 0.05.
    """
    Q = learn("learned model", rng, seen=0, epsilon=1, steps=1500, runs=100)[0][:, 0]
    assert Q.mean(0) == pytest.approx([-7, -6], abs=0.5)
    Q = learn("learned model", rng, seen=0, steps=200)[0][:, 0]  # tries what it tried less
    assert (Q[:, 1] > Q[:, 0]).all()
    best = steps_needed(2 - 2**0.5)
    for kind, start in product(FOUR[2:], (0.05, 0.95)):
        first = np.log([start / (1 - start)])
        theta = search(kind, rng, first, 0.2, n=16, updates=40, runs=24)[0]
        steps = steps_needed(1 / (1 + np.exp(-theta[:, 0])))
        assert steps.mean() < 1.1 * best < 0.4 * steps_needed(start)
    for kind, (alpha, epsilon) in product(FOUR[:2], ((0.05, 0.1), (0.2, 0.3))):
        Q = learn(kind, rng, seen=0, epsilon=epsilon, alpha=alpha, steps=300)[0]
        lead = Q[:, 0, 1] - Q[:, 0, 0]
        assert np.all(lead != 0)
        for share in np.linspace(0.01, 0.5, 50):
            p = np.where(lead > 0, 1 - share / 2, share / 2)
            assert steps_needed(p).min() > 1.1 * best
            assert steps_needed(p).min() >= 44 or share > 0.1001


@pytest.mark.breaks("alpha * (-1 + Q[i, o2]", "alpha * (1 + Q[i, o2]")
def test_learning_on_beats_the_dark(rng):
    """About 10.4 and 9.9, standard error below 0.1, against 11.66; an episode that is
    still under way at the end counts against the learner. With one lever it takes three.
    """
    assert learn("Q-learning", rng, 0 * RIGHT, m=1)[2] == 3
    for epsilon in (0.3, 0.5):
        run = learn("Q-learning", rng, seen=0, epsilon=epsilon, alpha=1, steps=800)
        assert 3 < run[2] < steps_needed(2 - 2**0.5) - 0.5


@pytest.mark.boundary
@pytest.mark.breaks("Q[i, o] = np.eye(m)[right[s]]", "Q[i, o, a] += a == right[s]")
def test_being_told_is_cheap(rng):
    """No run may exceed the bound; the mean has a closed form, allowed six errors.

    The first visit to a square goes wrong with probability 1 - 1 / m, costing one step
    in the first square, two between, none in the last, where being told is enough. The
    other two pay about 5 m and 10 m, so that 3 m is at least ten standard errors away.
    """
    for N, m in ((3, 2), (3, 16), (3, 30), (5, 4)):
        right = rng.integers(m, size=N)
        told = price(learn("told the lever", rng, right, m, runs=300)[1])
        assert told.max() <= 3 * N - 3
        mean = N + (1 - 1 / m) * (2 * N - 3)
        assert told.mean() == pytest.approx(mean, abs=6 * told.std() / 300**0.5)
        for kind in FOUR[:2]:
            untold = price(learn(kind, rng, right, m, steps=60 + 16 * m, runs=60)[1])
            assert untold.mean() > 3 * m
