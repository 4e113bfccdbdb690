"""The claims of feedback_as_advantage: all exact; only policies and costs are drawn."""

import numpy as np
import pytest
from feedback_as_advantage import (
    GAMMA,
    KINDNESS,
    P,
    R,
    arrives,
    best,
    follow,
    labels,
    maximise,
    nudge,
    signs,
    sizes,
    target,
    values,
    wanderer,
)

SHORTEST = -(1 - 0.95**13) / 0.05  # thirteen steps of -1, by hand
LOOP = -(1 - 0.95**11) / 0.05 - 100 * 0.95**11  # eleven steps and a fall


def policies(rng, count):
    """Wanderers, decided and undecided walkers."""
    for k in range(count):
        yield rng.dirichlet(np.full(4, (0.1, 0.5, 2.0)[k % 3]), len(P))


@pytest.mark.breaks("return q - v[:, None]", "return q")
def test_sizes_may_be_summed(rng):
    """Ng, Harada and Russell: the largest sum is v* - v, in every cell; no exceptions.

    Arriving is counted in the end: the wanderer is sure to, though it takes thousands of steps.
    """
    assert values(P, R, maximise(P, R))[1][36] == pytest.approx(SHORTEST)
    assert arrives(P, wanderer) == len(P)
    kind = maximise(P, sizes(P, R, wanderer) + KINDNESS)  # the page's
    assert arrives(P, kind) == len(P)
    assert values(P, R, kind)[1] == pytest.approx(values(P, R, maximise(P, R))[1])
    for first in [wanderer, *policies(rng, 9)]:
        costs = R - rng.exponential(3, R.shape) * rng.integers(2)
        told = sizes(P, costs, first)
        pi, optimal = maximise(P, told), maximise(P, costs)
        v, v_best = values(P, costs, first)[1], values(P, costs, optimal)[1]
        assert values(P, told, pi)[1] == pytest.approx(v_best - v, abs=1e-6)
        assert values(P, costs, pi)[1] == pytest.approx(v_best, abs=1e-6)


@pytest.mark.breaks("-weight, np.sign(A)", "weight * A, A")
def test_signs_go_in_circles():
    """Nothing pays more than praise for ever, 1 / (1 - gamma): each cell gets it."""
    for gamma in (0.8, 0.95, 0.999):
        for weight in (0.001, 0.1, 1, 10, 1000):
            told = signs(P, R, wanderer, weight, gamma)
            assert [told.min(), told.max()] == [-weight, 1]
            pi = maximise(P, told, gamma)
            assert arrives(P, pi) == 0
            assert values(P, told, pi, gamma)[1] == pytest.approx(1 / (1 - gamma))
    told = signs(P, R, wanderer, gamma=0.0)  # one step counts: only a cliff differs
    assert (told == np.sign(R - R.mean(1, keepdims=True))).all()


@pytest.mark.breaks("1, -weight)", "1, -1)")
def test_labels_as_a_reward():
    """By hand: 11 goods and a jump, for ever, against 13 goods and the end."""
    goods = (1 - GAMMA ** np.arange(14)) / (1 - GAMMA)  # discounted sums of 0 to 13 goods
    weight = (goods[11] - goods[13] * (1 - GAMMA**12)) / GAMMA**11
    assert 7.2 < weight < 7.4
    for w in (7.2, 0.999 * weight, 1.001 * weight, 7.4):
        pi = maximise(P, labels(target, w))
        cost = values(P, R, pi)[1][36]
        if w < weight:
            assert pi[22 + 12] @ [0, 0, 1, 0] == 1  # off the cliff, one cell before the end
            assert cost == pytest.approx(LOOP / (1 - GAMMA**12))
        else:
            assert arrives(P, pi) == len(P)
            assert cost == pytest.approx(SHORTEST)
    optimal = values(P, R, maximise(P, R))[1]
    assert values(P, R, best(labels(target, 1.0)))[1] == pytest.approx(optimal)


@pytest.mark.breaks("* h + teacher(P, R, pi)", "* h + teacher(P, R, wanderer)")
def test_ask_anew(rng):
    """Exact from the wanderer; from 12 random policies twenty questions are many."""
    optimal = values(P, R, maximise(P, R))[1]
    assert optimal[36] == pytest.approx(SHORTEST)
    for first in [wanderer, *policies(rng, 12)]:
        for teacher in (sizes, signs):
            pi = follow(P, R, first, teacher)
            assert values(P, R, pi)[1] == pytest.approx(optimal, abs=1e-6)
    once = follow(P, R, wanderer, sizes, rounds=1)
    assert arrives(P, once) == 4
    both = sizes(P, R, wanderer) + sizes(P, R, once)
    assert (follow(P, R, wanderer, sizes, 2, memory=1.0) == best(both)).all()


@pytest.mark.breaks("pi * np.exp(", "np.exp(")
def test_nudges_never_harm(rng):
    """The policy improvement theorem admits no exception; 1e-7 is for rounding."""
    told, pi = sizes(P, R, wanderer), nudge(wanderer, sizes(P, R, wanderer), 0.1)
    second = nudge(pi, told, 0.1)
    log_odds = np.diff(np.log(second)) - np.diff(0.2 * told)  # nudges add up
    assert log_odds == pytest.approx(0, abs=1e-9)
    gain = values(P, R, second)[1] - values(P, R, pi)[1]
    assert gain.min() < -0.01  # old feedback harms some cell
    for first in policies(rng, 24):
        v = values(P, R, first)[1]
        step = 10 ** rng.uniform(-3, 1)
        for told in (sizes(P, R, first), signs(P, R, first, rng.exponential(2))):
            after = values(P, R, nudge(first, told, step))[1]
            assert (after > v - 1e-7 * (1 - v)).all()


@pytest.mark.boundary
@pytest.mark.breaks("values(P, h, pi, gamma)", "values(P, h, pi)")
def test_patience_parks(rng):
    """Exact; at the start it stays put, and the sum of that has a closed form."""
    told = sizes(P, R, wanderer)
    v = values(P, R, wanderer)[1]
    for gamma in [0.96, 0.97, 0.98, 0.99, *rng.uniform(0.96, 0.99, 6)]:
        pi = maximise(P, told, gamma)
        step = (pi[:, :, None] * P).sum(1)
        still_out = np.linalg.matrix_power(step, 2**16).sum(1)
        assert still_out == pytest.approx(1)  # never, rather than not surely
        assert step[36, 36] == pytest.approx(1)
        stay = (-1 + GAMMA * v[36] - v[36]) / (1 - gamma)
        assert values(P, told, pi, gamma)[1][36] == pytest.approx(stay)
        assert values(P, R, pi)[1][36] == pytest.approx(-1 / (1 - GAMMA))
    assert arrives(P, maximise(P, told, GAMMA)) == len(P)
