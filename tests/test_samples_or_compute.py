"""The claims of samples_or_compute."""

from collections import Counter
from itertools import product

import numpy as np
import pytest
from samples_or_compute import WEIGHTS, draw, models, practise, softmax, train


def share_that_learns(task, beta, rng):
    """The share of runs that learn within 4,096 answers."""
    theta, right, *_ = task
    return (train(theta, right, beta, rng)[1] < 4096).mean()


def train_plainly(theta, right, beta, rng, budget):
    """One model, word by word, step size 16; a score is a one at each letter, minus pi."""
    theta, count, first = theta.copy(), Counter(), budget
    for written in range(0, budget, 16):
        pi = softmax(theta)
        if pi[range(len(right)), right].prod() >= 0.9:
            return first, written
        words = draw(pi, 16, rng).T
        reward = np.array([tuple(w) == tuple(right) for w in words])
        if reward.any():
            first = min(first, written + 16)
        count.update(map(tuple, words))
        bonus = beta / np.sqrt([count[tuple(w)] for w in words])
        advantage = (reward - reward.mean()) / (reward.std() + 1e-6) + bonus - bonus.mean()
        for word, much in zip(words, advantage, strict=True):
            theta += much * (np.eye(4)[word] - pi)  # step size / group size is 1
    return first, budget


@pytest.mark.breaks(
    "softmax(x[:, prompts:] @ theta) * right[:, prompts:]",
    "softmax(x[:, :prompts] @ theta) * right[:, :prompts]",
)
def test_prompts_are_the_samples(rng):
    """Six re-runs gave 0.33 (sd 0.01) and 0.000 (sd 0.001): eight sd or more each.

    Also: untaught, p is 1/4; and with very many prompts three answers each do what endlessly
    many do, as the estimate is right on average. With 4 or 16 features the order of the
    designs is the same (differences of 5 points or more, with a standard error below 1).
    """
    seed = int(rng.integers(2**31))  # the same tasks for 32 answers and endlessly many

    def on_new_prompts(prompts, n):
        return practise(prompts, n, np.random.default_rng(seed), runs=60).mean()

    few = on_new_prompts(8, 32)
    assert on_new_prompts(128, 2) - few > 0.25
    assert abs(on_new_prompts(8, 0) - few) < 0.02
    assert practise(8, 0, rng, steps=0) == pytest.approx(0.25)
    three, endless = (
        practise(4000, n, np.random.default_rng(seed), runs=3, steps=3).mean() for n in (3, 0)
    )
    assert three == pytest.approx(endless, abs=0.02)
    for size in (4, 16):
        a, b, c = (practise(m, 256 // m, rng, 40, size).mean() for m in (8, 32, 128))
        assert a < b < c


@pytest.mark.breaks("reward - reward.mean(1, keepdims=True)", "reward - 0.5")
def test_grpo_waits(rng):
    """Geometric, by groups: 400 runs have a standard error below 5 %; 25 % is five."""
    for length, alpha, chance in ((3, 16, 0.03), (5, 1, 0.05), (6, 64, 0.01), (7, 16, 0.03)):
        theta, right, p, _ = models(chance, 400, rng, length)
        first, _ = train(theta, right, 0, rng, alpha, 4096)
        assert (first % 16 == 0).all()
        assert first.mean() == pytest.approx((16 / (1 - (1 - p) ** 16)).mean(), rel=0.25)


@pytest.mark.breaks("theta[on] += alpha / N", "theta[on] -= alpha / N")
def test_bonus_saves_little(rng):
    """Six re-runs gave ratios of 1.01 (sd 0.03) and 10.7 (sd 1.3): seven and five sd.

    Most bonuses lose by much; that costs are cut off at 512 favours those. The learner does
    exactly what a plain one does with the same dice.
    """
    for beta in (0, 0, *rng.uniform(0.1, 1, size=8)):
        theta, right, *_ = models(0.03, 1, rng, 3)
        seed = int(rng.integers(2**31))
        dice, same = np.random.default_rng(seed), np.random.default_rng(seed)
        plain = train_plainly(theta[0], right[0], beta, dice, 480)
        assert np.ravel(train(theta, right, beta, same, budget=480)).tolist() == [*plain]
    assert list(WEIGHTS) == sorted(WEIGHTS)
    assert (WEIGHTS[0], WEIGHTS[1], WEIGHTS[-1]) == (0, 0.01, 1)
    theta, right, *_ = models(0.03, 600, rng)
    cost = {
        (alpha, beta): train(theta, right, beta, rng, alpha, 512)[1].mean()
        for alpha in (4, 16, 64)
        for beta in WEIGHTS
    }
    best = min(x for (_, beta), x in cost.items() if beta == 0)
    assert best < 60  # GRPO learns: it writes about 41 before the first hit
    assert min(x for (_, beta), x in cost.items() if beta > 0) > 0.8 * best
    heavy = train(theta[:200], right[:200], 1, rng)[1].mean()
    assert heavy > 4 * cost[16, 0]


@pytest.mark.boundary
@pytest.mark.breaks("np.add.at(count, seen, 1)", "count[seen] = 1")
def test_bonus_wins_when_rare(rng):
    """Shares of about 0.47 and 0.53: 37 or fewer of 150 have a probability below 1e-7.

    GRPO hits with probability 0.0004 in a run: 8 of 150 will not.
    """
    task = models(1e-7, 150, rng)
    assert share_that_learns(task, 0, rng) < 0.05
    for beta in (0.3, 1):
        assert share_that_learns(task, beta, rng) > 0.25


@pytest.mark.boundary
@pytest.mark.breaks("log_p >= best[:, None]", "log_p <= best[:, None]")
def test_in_order_needs_no_luck(rng):
    """No exception is allowed: at most 1/p words can be as likely as p."""
    for length in (2, 4, 6):
        for chance in (0.3, 0.01, 1e-4, 1e-9):
            theta, right, p, rank = models(chance, 50, rng, length)
            assert (rank <= np.minimum(1 / p * (1 + 1e-9), 4**length)).all()
            letters = np.take_along_axis(softmax(theta), right[..., None], 2)
            assert letters.prod((1, 2)) == pytest.approx(p)


@pytest.mark.boundary
@pytest.mark.breaks("best = best + log_pi[:, t].max(1)", "best = best + 0")
def test_many_right_texts(rng):
    """Means of about 6 and 97 (standard error 6) against 44; and ranks by brute force."""
    for free, least, most in ((0, 0, 0.5), (6, 1, np.inf)):
        *_, p, checks = models(0.03, 250, rng, 2, free)
        sampled = (16 / (1 - (1 - p) ** 16)).mean()
        assert least * sampled < checks.mean() < most * sampled

    theta, right, p, checks = models(0.03, 20, rng, 2, 2)
    for run, pi in enumerate(softmax(theta)):
        chance = {w: pi[range(4), w].prod() for w in product(range(4), repeat=4)}
        order = sorted(chance, key=chance.get, reverse=True)
        is_right = [w[2:] == tuple(right[run]) for w in order]
        assert is_right.index(True) + 1 == checks[run]
        assert sum(chance[w] for w in order if w[2:] == tuple(right[run])) == pytest.approx(p[run])
