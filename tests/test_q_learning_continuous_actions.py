"""The claims of q_learning_continuous_actions."""

from itertools import product

import numpy as np
import pytest
from q_learning_continuous_actions import (
    DRAUGHT,
    best_cost,
    dial_by_dial,
    fewest,
    left_over,
    losses,
    positions,
    s,
    shower,
    sweep,
    water,
)


def by_least_squares(q, epsilon, rounds):
    """What dial_by_dial should give: the sum fitted by least squares, the tries written out."""
    n, m = q.shape
    terms = np.array([np.r_[np.eye(n)[i], np.eye(m)[j]] for i, j in np.ndindex(n, m)])
    tried = np.full(n, 1 / n), np.full(m, 1 / m)
    for _ in range(rounds):
        root = np.sqrt(np.outer(*tried)).ravel()
        fit = np.linalg.lstsq(root[:, None] * terms, root * q.ravel(), rcond=None)[0]
        best = fit[:n].argmax(), fit[n:].argmax()
        now = (
            epsilon / x + (1 - epsilon) * np.eye(x)[k] for x, k in zip((n, m), best, strict=True)
        )
        tried = [0.9 * old + 0.1 * new for old, new in zip(tried, now, strict=True)]
    return q[best]


@pytest.mark.breaks("V = Q.max(1)", "V = Q.mean(1)")
def test_a_dozen_turns_suffice():
    """No chance in it. Oracle: the Riccati recursion, and the quadratic it implies.

    By the Riccati solution Q falls by (price + gamma P) x² if the turn is x off, and x is
    spread evenly over a slice of width 2 / n: mean square (2 / n)² / 12, once per step.
    Two steps of the update by hand, for turns and draughts that are not symmetric.
    """
    a, draught, near = np.array((-0.5, 0.25, 1)), np.array((0.25, 0.5)), abs(s) <= 0.5
    after = (s[near, None] + a)[..., None] + draught
    later = (after**2).mean(2) + 0.3 * 0.25**2
    Q = sweep(a, draught, sweeps=2)[0][near]
    assert pytest.approx(Q) == -(s[near, None] ** 2) - 0.3 * a**2 - 0.9 * later
    others = dict(gamma=0.8, price=0.1), dict(gamma=0.5, price=0.3), dict(gamma=0.9, price=0.05)
    for task in ({}, *others):
        gamma, price = task.values() or (0.9, 0.3)
        P = 0.0
        for _ in range(300):
            P = 1 + gamma * P - (gamma * P) ** 2 / (price + gamma * P)
        start = (s[abs(s) <= 1] ** 2).mean()
        least = P * start + gamma / (1 - gamma) * P * (DRAUGHT**2).mean()
        assert best_cost(**task) == pytest.approx(least)
        for n in (3, 6, 12):
            above = shower(n, **task)[1]
            theory = (price + gamma * P) / (3 * n**2) / (1 - gamma) / least
            assert above == pytest.approx(100 * theory, rel=0.15, abs=0.5)
            hoped = 100 * sweep(positions(n), **task)[1] / least - 100
            assert shower(n, **task)[0] == pytest.approx(hoped)
        assert above < 3


@pytest.mark.breaks(".min(1)", ".mean(1)")
def test_every_dial_multiplies(rng):
    """Exact on average: a goal lies evenly in a slice 2 / n wide, variance 1 / (3 n²).

    The relative standard deviation of the loss of one run is at most 0.9 (one dial), and
    the mean square of the goal's likewise: 4,000 runs of d dials, 12 % is over six errors.
    Exactly: what is left of these very goals if each dial stands in the middle of their slice.
    """
    for d, n in ((1, 2), (1, 30), (2, 3), (2, 8), (3, 4), (4, 3), (6, 2)):
        M, seed = n**d, int(rng.integers(2**31))
        left = left_over(d, n, runs=4000, seed=seed)
        assert left == pytest.approx(100 * M ** (-2 / d), rel=0.12)
        goals = np.random.default_rng(seed).uniform(-1, 1, (4000, d))
        off = (goals + 1) % (2 / n) - 1 / n
        assert left == pytest.approx(100 * (off**2).sum() / (goals**2).sum())


@pytest.mark.breaks("(q @ tried[1]).argmax()", "(q @ tried[1]).argmin()")
def test_a_sum_needs_no_joint_scan(rng):
    """Exact, for any sum of two tables; and for the mixer, however fine its dials.

    The mixer written down anew: from 10 to 60 degrees, from 0 to 20 litres.
    """
    for epsilon in (1, 0.5, 0.1, 0.01):
        for shape in ((2, 2), (20, 15)):
            q = rng.normal(size=(shape[0], 1)) + rng.normal(size=shape[1])
            assert dial_by_dial(q, epsilon, rounds=5) == pytest.approx(q.max())
    for q, wish in zip(water(True, 5), product((32, 36, 40, 44), (4, 6, 8, 10)), strict=True):
        for i, j in np.ndindex(5, 5):
            off = (15 + 10 * i - wish[0]) / 2, (2 + 4 * j - wish[1]) / 5
            assert q[i, j] == pytest.approx(-np.square(off).sum())
    joint, *single = losses(water(True, 7))
    assert single == pytest.approx([joint] * 4)


@pytest.mark.breaks("x + 2 * v + a, v + a", "x + v + a, v + a")
def test_two_throttles_lose_nothing():
    """Exact. From rest to rest over D metres takes 2 sqrt(D) s if |acceleration| <= 1.

    With throttles of 1 / K metres per second squared, places count in 1 / (2 K) metres.
    """
    for half in (1, 2, 3, 4, 5):
        seconds = 2 * np.sqrt(half**2)
        assert fewest((-1, 1), 2 * half**2) == seconds
        for K in (1, 2, 3):
            assert fewest(range(-K, K + 1), 2 * half**2 * K) == seconds
    assert (fewest((-1, 1), 2 * 2), fewest(range(-4, 5), 8 * 2)) == (4, 3)


@pytest.mark.boundary
@pytest.mark.breaks("(60 * x + 10 * y) / (x + y)", "10 + 25 * x")
def test_two_taps_mislead(rng):
    """No chance in it: 5 and 180 times with 20 positions, 11 and 400 with 30.

    At epsilon = 0.1 a 34th and a 35th of what is lost at 1. The scan's own loss is small.
    Oracles: the heat of each tap's water, added up; a fit by least squares, to any table.
    """
    for q, wish in zip(water(False, 5), product((32, 36, 40, 44), (4, 6, 8, 10)), strict=True):
        for i, j in np.ndindex(5, 5):
            hot, cold = 1 + 2 * i, 1 + 2 * j  # litres
            off = ((60 * hot + 10 * cold) / (hot + cold) - wish[0]) / 2, (hot + cold - wish[1]) / 5
            assert q[i, j] == pytest.approx(-np.square(off).sum())
    for epsilon, rounds in product((1, 0.3, 0.03), range(1, 16)):
        q = rng.normal(size=(4, 3))
        assert dial_by_dial(q, epsilon, rounds) == by_least_squares(q, epsilon, rounds)
    tables = water(False, 5)
    assert losses(tables) == pytest.approx(losses(tables, (1, 0.3, 0.1, 0.03)))
    for n in (20, 30):
        joint, *single = losses(water(False, n), (1, 0.3, 0.1, 0.03, 0))
        assert 0 < joint < 0.07
        assert min(single) > 3 * joint
        assert single[0] > 100 * joint
        assert max(single[2:]) < single[0] / 20


@pytest.mark.boundary
@pytest.mark.breaks("in (hoped, true)", "in (hoped, hoped)")
def test_finer_can_be_worse(rng):
    """Four runs each: the gap to either bound is six standard errors or more.

    In 40 runs 60 turns cost 56 % (deviation 10) above the least, 12 turns 14 % (3), and
    Q promised 61 % (2) below the least. The break takes its word for it.
    """
    runs = {n: rng.choice(DRAUGHT, (4, s.size, n, 120 // n)) for n in (12, 60)}
    few, many = (np.mean([shower(n, m) for m in runs[n]], 0) for n in (12, 60))
    assert many[1] > 1.5 * few[1]
    assert many[0] < -50
