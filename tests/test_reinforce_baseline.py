"""The claims of reinforce_baseline."""

from itertools import product

import numpy as np
import pytest
from reinforce_baseline import (
    BASELINES,
    EVEN,
    PAYS,
    TEN,
    THREE,
    best,
    learn,
    near_best,
    own_included,
    softmax,
    update,
    value,
)


def problems(rng, count=30):
    """Random preferences and pays of 2 to 6 machines, all of them far from 0 or near it."""
    for _ in range(count):
        k = rng.integers(2, 7)
        theta = rng.normal(rng.choice([0, 400]), rng.choice([0.5, 2.0]), k)
        yield theta, rng.normal(rng.choice([-9.0, 0.0, 5.0]), 1, k)


def derivative(f, theta, h=1e-5):
    """Central differences of f, one row for each preference."""
    return np.array([(f(theta + d) - f(theta - d)) / (2 * h) for d in h * np.eye(len(theta))])


def learn_plainly(q, averaging, alpha, steps, rng):
    """One run, pull by pull; the baseline is 0 or the average of all pays so far."""
    theta, paid = np.zeros(len(q)), []
    for _ in range(steps):
        pi = softmax(theta)
        a = np.searchsorted(pi.cumsum(), rng.random())
        paid.append(q[a] + rng.normal())
        b = np.mean(paid) if averaging else 0
        theta += alpha * (paid[-1] - b) * (np.eye(len(q))[a] - pi)
    return softmax(theta)[q.argmax()]


@pytest.mark.breaks("push - pi * push.sum(-1, keepdims=True)", "push")
def test_mean_is_the_gradient(rng):
    """Exact sums against central differences of the expected pay, for any baseline."""
    for theta, q in problems(rng):
        gradient = derivative(lambda x, q=q: softmax(x) @ q, theta)
        for b in (0.0, 7.0, *rng.normal(0, 20, 3), value(softmax(theta), q)):
            mean, _ = update(softmax(theta), q, b)
            assert mean == pytest.approx(gradient, abs=1e-7)


@pytest.mark.breaks("value(pi * size(pi), q) / value(pi, size(pi))", "value(pi, q)")
def test_variance_is_a_parabola(rng):
    """Exact; the variance is also summed outcome by outcome, pays being q + noise or q - noise.

    The scores ∇ln π(a) are central differences there.
    """
    for theta, q in problems(rng):
        pi, noise = softmax(theta), rng.uniform(0, 2)
        score = derivative(lambda x: np.log(softmax(x)), theta).T
        length = pi @ (score**2).sum(1)
        least = update(pi, q, best(pi, q), noise)[1]
        for b in (0.0, *rng.normal(0, 9, 3), *value(pi, q)):
            steps = np.array([(q + e - b)[:, None] * score for e in (noise, -noise)])
            second = (pi[:, None] * steps**2).sum(1).mean(0)
            mean = (pi[:, None] * steps).sum(1).mean(0)
            variance = update(pi, q, b, noise)[1]
            assert variance == pytest.approx((second - mean**2).sum(), rel=1e-6, abs=1e-8)
            excess = length * (b - best(pi, q)[0]) ** 2
            assert variance == pytest.approx(least + excess, rel=1e-6, abs=1e-8)
        even = np.full(len(q), 1 / len(q))
        assert best(even, q) == pytest.approx(value(even, q))
    none, mean, high = (update(EVEN, PAYS, b)[1] for b in (0, 11, 30))
    assert none > 90 * mean
    assert 2.9 * none < high < 3 * none


@pytest.mark.breaks("G - baseline(pi, q, mean)", "G")
def test_gradient_bandit_of_the_book(rng):
    """800 runs: standard errors below 0.018 and 0.01, the shares 0.48 and 0.85 in long runs.

    So 0.1 leaves over five of them. The learner does exactly what a plain one does with the
    same dice; the page's ten machines, too, have values of mean 4 and standard deviation 1
    (errors 0.02 and 0.014).
    """
    assert TEN.shape[1] == 10
    assert (TEN.mean(), TEN.std()) == pytest.approx((4, 1), abs=0.1)
    for name, published in (("none", 0.49), ("mean so far", 0.86)):
        for q in rng.normal(4, 1, (9, 10)):
            seed = int(rng.integers(2**31))
            dice, same = np.random.default_rng(seed), np.random.default_rng(seed)
            plain = learn_plainly(q, name == "mean so far", 0.1, 30, dice)
            assert learn(q[None], BASELINES[name], 0.1, 30, same) == pytest.approx(plain)
        share = learn(rng.normal(4, 1, (800, 10)), BASELINES[name], 0.1, 1000, rng)
        assert share == pytest.approx(published, abs=0.1)


@pytest.mark.breaks("best(pi, q) + distance", "value(pi, q) + distance")
def test_equal_variance_unequal_learning(rng):
    """Shares of 3,000 runs differ by 9.8 and 16 points, standard errors 0.85 and 1.2.

    So 5 points is more than five standard errors away. The two variances: exact.
    """
    for theta, q in problems(rng):
        pi, distance = softmax(theta), rng.uniform(0, 5)
        low, high = (update(pi, q, near_best(x)(pi, q, None)) for x in (-distance, distance))
        assert low[0] == pytest.approx(high[0], abs=1e-9)
        assert low[1] == pytest.approx(high[1])
    runs = np.tile(THREE, (3, 1))
    assert (runs == PAYS).all()
    for alpha in (0.3, 1.0):
        low, high = (learn(runs, near_best(x), alpha, 100, rng) for x in (-2, 2))
        assert high > low + 0.05


@pytest.mark.boundary
@pytest.mark.breaks("return 1 - 2 * pi + (pi**2).sum(-1, keepdims=True)", "return 1 + 0 * pi")
def test_value_worse_than_none(rng):
    """Exact: the formula for two machines; for more, which of 0 and v is nearer to b*."""
    for p in np.linspace(0.02, 0.98, 25):
        pi, q = np.array([1 - p, p]), np.array([0.0, 1.0])
        none, v = (update(pi, q, b, noise=0)[1] for b in (0.0, value(pi, q)))
        assert v / none == pytest.approx(((2 * p - 1) / (1 - p)) ** 2, rel=1e-6, abs=1e-9)
        assert (v > none) == (p > 2 / 3)
        shifted = update(pi, q + 10, value(pi, q + 10), noise=0)[1]
        assert shifted == pytest.approx(v)
    for theta, q in problems(rng, 200):
        pi = softmax(theta)
        none, v = (update(pi, q, b)[1] for b in (0.0, value(pi, q)))
        gap = abs(value(pi, q) - best(pi, q))[0] - abs(best(pi, q))[0]
        assert abs(gap) < 1e-9 or (v > none) == (gap > 0)


@pytest.mark.boundary
@pytest.mark.breaks("(q + (n - 1) * value(pi, q)) / n", "value(pi, q)")
def test_own_return_in_the_baseline(rng):
    """Exact: the update of the first of n pulls, summed over all groups of n pulls.

    So is the mean of all n returns, given the first pull.
    """
    for n, (theta, q) in product((1, 2, 3, 4), problems(rng, 4)):
        pi, q = softmax(theta[:3]), q[:3]
        gradient, all_n, others, given = (np.zeros(len(q)) for _ in range(4))
        for group in product(range(len(q)), repeat=n):
            G, score = q[list(group)], np.eye(len(q))[group[0]] - pi
            chance = pi[list(group)].prod()
            gradient += chance * G[0] * score
            all_n += chance * (G[0] - G.mean()) * score
            others += chance * (G[0] - (G[1:].mean() if n > 1 else 0)) * score
            given[group[0]] += chance / pi[group[0]] * G.mean()
        assert others == pytest.approx(gradient, abs=1e-9)
        assert all_n == pytest.approx((1 - 1 / n) * gradient, abs=1e-9)
        assert own_included(pi, q, n) == pytest.approx(given)
        assert update(pi, q, own_included(pi, q, n))[0] == pytest.approx(all_n, abs=1e-9)
