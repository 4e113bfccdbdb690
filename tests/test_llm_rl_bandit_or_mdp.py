"""The claims of llm_rl_bandit_or_mdp."""

import itertools

import numpy as np
import pytest
from llm_rl_bandit_or_mdp import (
    CHECKERS,
    Y,
    critic,
    degrees,
    loops,
    reinforce,
    rows,
    slope,
    stale,
)

WORDS = ["".join(word) for word in itertools.product("abc", repeat=4)]


def random_task(rng, V=3, T=4, size=None):
    """A random reward for each word; for each prefix one of `size` random rows."""
    Y = np.array(list(itertools.product(range(V), repeat=T)))
    size = size or rng.integers(1, 7)
    chosen = {}
    rows = [[chosen.setdefault(tuple(y[:t]), rng.integers(size)) for t in range(T)] for y in Y]
    return rng.normal(size=(size, V)), rng.normal(size=len(Y)), Y, np.array(rows)


def walk(theta, reward, Y, rows, reply, prefix=()):
    """The expected reward, letter by letter: a step of an MDP after each prefix."""
    T, V = len(Y[0]), theta.shape[-1]
    first = sum(letter * V ** (T - 1 - t) for t, letter in enumerate(prefix))
    if len(prefix) == T:
        return reward[first]
    pi = np.exp(theta[rows[first, len(prefix)]])
    pi = pi / pi.sum() if reply is None or len(prefix) != 1 else reply
    return sum(pi[a] * walk(theta, reward, Y, rows, reply, (*prefix, a)) for a in range(V))


def walked_slope(theta, reward, Y, rows, reply=None, h=1e-5):
    slopes = []
    for step in h * np.eye(theta.size).reshape(-1, *theta.shape):
        ahead, behind = (walk(x, reward, Y, rows, reply) for x in (theta + step, theta - step))
        slopes.append((ahead - behind) / (2 * h))
    return np.array(slopes)


def scores(theta):
    """For each letter of each word the gradient of its log-probability; its probability."""
    pi = np.exp(theta) / np.exp(theta).sum(-1, keepdims=True)
    each = np.zeros((*Y.shape, *theta.shape))
    for word, t in np.ndindex(Y.shape):
        row = rows[word, t]
        each[word, t, row] = np.eye(3)[Y[word, t]] - pi[row]
    return each, pi[rows, Y]


def moments(prob, pay, each):
    """Mean and variance of an update that pays each letter's score."""
    updates = (pay[..., None, None] * each).sum(1)
    mean = np.tensordot(prob, updates, 1)
    return mean.ravel(), prob @ ((updates - mean) ** 2).sum((1, 2))


@pytest.mark.breaks("np.eye(pi.shape[-1])[Y] - pi[..., rows, :]", "np.eye(pi.shape[-1])[Y]")
def test_same_gradient(rng):
    """Exact; finite differences of rewards near 1 are good to about 1e-10."""
    for V, T in [(2, 1), (2, 3), (3, 2), (4, 3), (2, 5), (3, 4)]:
        task = random_task(rng, V, T)
        assert reinforce(*task) == pytest.approx(walked_slope(*task), abs=1e-8)
        assert slope(*task) == pytest.approx(walked_slope(*task), abs=1e-8)


@pytest.mark.breaks("Y[:, None, :t] == Y[:, :t]", "Y[:, None, : t + 1] == Y[:, : t + 1]")
def test_critic_changes_the_noise(rng):
    """Means over 400 tables: 0.28 (standard error 0.007) and 1.042 (0.004), ten from 1.

    The first table's mean and variances are worked out letter by letter.
    """
    tables = rng.normal(size=(400, 4, 3))
    checkers = [CHECKERS["first letter a"], CHECKERS["last letter a"]]
    first, last = (critic(tables, reward, Y, rows) for reward in checkers)
    each, prob = scores(tables[0])
    prob = prob.prod(1)
    for t, reward, (mean, ratio) in (0, checkers[0], first), (-1, checkers[1], last):
        assert reward.tolist() == [word[t] == "a" for word in WORDS]
        assert mean[0] == pytest.approx(walked_slope(tables[0], reward, Y, rows), abs=1e-8)
        v = np.zeros(Y.shape)
        for word, n in np.ndindex(Y.shape):
            same = (Y[:, :n] == Y[word, :n]).all(1)
            v[word, n] = prob[same] @ reward[same] / prob[same].sum()
        noise = moments(prob, reward[:, None] - v, each)[1]
        rivals = [moments(prob, reward[:, None] - b + 0 * v, each)[1] for b in np.arange(21) / 20]
        assert ratio[0] == pytest.approx(noise / min(rivals))
    assert first[1].mean() < 0.5
    assert 1 < last[1].mean() < 1.1


@pytest.mark.boundary
@pytest.mark.breaks("gamma ** np.arange(Y.shape[1])[::-1]", "gamma ** (Y.shape[1] - 1)")
def test_discount_can_point_downhill(rng):
    """Exact: with a row for each prefix every slope is only scaled, by a positive number."""
    prefixes = {}
    own = np.array(
        [[prefixes.setdefault(tuple(y[:t]), len(prefixes)) for t in range(4)] for y in Y]
    )
    for gamma in (0.05, 0.5, 0.95):
        theta, reward = rng.normal(size=(len(prefixes), 3)), rng.normal(size=len(Y))
        gradient = slope(theta, reward, Y, own)
        assert reinforce(theta, reward, Y, own, gamma) @ gradient > 0
        restored = reinforce(theta, reward, Y, own, gamma, scored=gamma ** np.arange(4))
        assert restored == pytest.approx(gamma**3 * gradient, abs=1e-8)
    task = 1.0 * ((Y[:, 0] == 0) & (Y[:, -1] != 0)), Y, 0 * Y
    gradient = slope(np.zeros((1, 3)), *task)
    assert reinforce(np.zeros((1, 3)), *task, gamma=0.9) @ gradient > 0.001
    assert reinforce(np.zeros((1, 3)), *task, gamma=0.5) @ gradient < -0.001


@pytest.mark.boundary
@pytest.mark.breaks("powers.get(kind, word)", 'powers.get(kind, powers["root"])')
def test_letter_ratios_go_astray(rng):
    """The angles are 18 and 28 degrees at drift 1; the variances' median ratio 5.0 (sd 0.3).

    The first table's mean and variance are worked out letter by letter, for each kind.
    """
    tables, noise = rng.normal(size=(2, 400, 4, 3))
    reward = CHECKERS["two or more a"]
    assert reward.tolist() == [word.count("a") >= 2 for word in WORDS]
    assert CHECKERS["only a"].tolist() == [word == "aaaa" for word in WORDS]
    (each, new), (_, was) = scores(tables[0]), scores((tables + noise)[0])
    prob, word = was.prod(1), (new / was).prod(1, keepdims=True)
    weights = {"none": word**0, "root": word**0.25, "letter": new / was, "word": word}
    for kind, weight in weights.items():
        mean, variance = stale(tables[:2], (tables + noise)[:2], reward, Y, rows, kind)
        pay = (reward - prob @ reward)[:, None] * weight
        expected = moments(prob, pay, each)
        assert mean[0] == pytest.approx(expected[0], abs=1e-12)
        assert variance[0] == pytest.approx(expected[1])
    x = rng.normal(size=(100, 4))
    assert degrees(x, x) == pytest.approx(0, abs=1e-5)
    assert degrees(x, -x) == pytest.approx(180)
    task = reward, Y, rows
    true = np.array([slope(theta, *task) for theta in tables])
    for kind in ("letter", "root"):
        small, double, full = (
            degrees(stale(tables, tables + drift * noise, *task, kind)[0], true).mean()
            for drift in (0.02, 0.04, 1)
        )
        assert double / small == pytest.approx(2, rel=0.05)
        assert full > 10
    theta, *short = random_task(rng, T=1)  # words of one letter: every ratio is the word's
    root = stale(theta, theta + rng.normal(size=theta.shape), *short, "root")[0]
    assert root == pytest.approx(walked_slope(theta, *short), abs=1e-8)
    first = CHECKERS["first letter a"], Y, rows
    exact = stale(tables, tables + noise, *first, "letter")[0]
    assert exact[0] == pytest.approx(walked_slope(tables[0], *first), abs=1e-8)
    word, variance = stale(tables, tables + noise, *task, "word")
    assert word == pytest.approx(true, abs=1e-8)
    assert np.median(variance / stale(tables, tables + noise, *task, "letter")[1]) > 3


@pytest.mark.breaks("[::-1] * scored", "[::-1]")
def test_tool_letters_left_out(rng):
    """Exact; scored, 100 tasks are 40 degrees astray on average (standard error 3)."""
    tool, astray = rng.dirichlet(np.ones(3)), []
    for _ in range(100):
        task = random_task(rng, size=4)
        gradient = slope(*task, tool)
        masked = reinforce(*task, reply=tool, scored=np.array([1, 0, 1, 1]))
        assert masked == pytest.approx(gradient, abs=1e-8)
        astray.append(degrees(reinforce(*task, reply=tool), gradient))
    assert gradient == pytest.approx(walked_slope(*task, tool), abs=1e-8)
    assert np.mean(astray) > 20


@pytest.mark.boundary
@pytest.mark.breaks("(tree.max(-1) @ reply).max()", "(reply @ tree).max()")
def test_plan_beats_fixed_word(rng):
    """Exact; the two bests are found by trying every word and every plan."""
    for n in (1, 2, 3):
        reply = (np.arange(3) < n) / n
        assert loops(1.0 * (Y[:, 1] == Y[:, -1]), reply) == pytest.approx((1 / n, 1))
    for n in (1, 2, 3):
        reward, reply = rng.normal(size=(3, 3, 3)), (np.arange(3) < n) / n
        plans = [
            sum(reply[b] * reward[a, b, rest[b]] for b in range(3))
            for a, *rest in itertools.product(range(3), repeat=4)
        ]
        words = [reply @ reward[a, :, c] for a in range(3) for c in range(3)]
        fixed, plan = loops(reward.ravel(), reply)
        assert (fixed, plan) == pytest.approx((max(words), max(plans)))
        assert fixed <= plan + 1e-12
        assert n > 1 or fixed == pytest.approx(plan)
