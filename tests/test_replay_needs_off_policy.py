"""The claims of replay_needs_off_policy."""

import numpy as np
import pytest
from replay_needs_off_policy import (
    CELLS,
    COIN,
    GOAL,
    HALVES,
    METHODS,
    NEXT,
    NOW,
    REWARDS,
    START,
    R,
    greedy,
    replay,
    update,
    visits,
    walker,
)

BEST = np.array([-13 if s == START else r + c - 14 for s, (r, c) in enumerate(CELLS)])


def true_values(pi):
    """Values of a policy as one linear solve, with the steps taken one by one."""
    A, b = np.eye(152), np.zeros(152)
    for s, (r, c) in enumerate(CELLS):
        for a, (down, right) in enumerate(((-1, 0), (0, 1), (1, 0), (0, -1))):
            if s == GOAL:
                continue
            r2, c2 = min(max(r + down, 0), 3), min(max(c + right, 0), 11)
            fell = r2 == 3 and 0 < c2 < 11
            b[4 * s + a] = -100 if fell else -1
            to = CELLS.index((3, 0) if fell else (r2, c2))
            if to != GOAL:
                A[4 * s + a, 4 * to : 4 * to + 4] -= pi[to]
    return np.linalg.solve(A, b).reshape(38, 4)


def any_policy(rng):
    """Heads for the goal most of the time, with random odds of its own in each cell."""
    return 0.7 * walker(0.0) + 0.3 * rng.dirichlet(np.ones(4), 38)


def written(pi, episodes, rng):
    """Steps (s, a, s', a') of so many episodes, all walked side by side."""
    s, steps = np.full(episodes, START), []
    a = (rng.random((episodes, 1)) > pi[s].cumsum(1)).sum(1).clip(max=3)
    while s.size:
        s2 = NEXT[s, a]
        a2 = (rng.random((s.size, 1)) > pi[s2].cumsum(1)).sum(1).clip(max=3)
        steps.append((s, a, s2, a2))
        s, a = s2[s2 != GOAL], a2[s2 != GOAL]
    return [np.concatenate(x) for x in zip(*steps, strict=True)]


@pytest.mark.breaks("target = backup(target, pi)", "target = backup(target, NOW)")
def test_sarsa_mixes_the_authors(rng):
    """Exact for random authors, because no visit is lost when episodes are cut into lines.

    Last, Sarsa replayed from a buffer that was walked: there the value of going up has
    standard error 0.9, and 6 is over six. The answer is 29 from the value under NOW.
    """
    for _ in range(8):
        shares = rng.dirichlet(np.ones(3))
        authors = [(any_policy(rng), share) for share in shares]
        Q = replay(authors, *METHODS["Sarsa"])
        learnt = sum(share * pi[START] for pi, share in authors) @ Q[START]
        true = [pi[START] @ true_values(pi)[START] for pi, _ in authors]
        assert learnt == pytest.approx(shares @ true, abs=1e-4)
    halves = [written(pi, 5_000, rng) for pi, _ in HALVES]
    s, a, s2, a2 = (np.concatenate(x) for x in zip(*halves, strict=True))
    counts = np.zeros((152, 152))  # how often one pair followed another
    np.add.at(counts, (4 * s + a, 4 * s2 + a2), 1)
    share = counts / counts.sum(1, keepdims=True).clip(1)
    share[:, 4 * GOAL :] = 0
    Q = np.linalg.solve(np.eye(152) - share, R.ravel())
    assert Q[4 * START] == pytest.approx(replay(HALVES, 1)[START, 0], abs=6)


@pytest.mark.breaks("backup(Q, redraw(Q))", "backup(Q, pi)")
def test_redrawn_choices_never_go_stale(rng):
    """Exact, for policies drawn at random; 13 steps is the book's shortest path."""
    assert visits(walker(0)).sum() - 1 == pytest.approx(13)
    assert replay(HALVES, *METHODS["Expected Sarsa"]) == pytest.approx(true_values(NOW), abs=1e-5)
    for _ in range(5):
        current, *old = (any_policy(rng) for _ in range(4))
        authors = list(zip(old, rng.dirichlet(np.ones(3)), strict=True))
        learnt = replay(authors, 0, lambda Q, pi=current: pi)
        assert learnt == pytest.approx(true_values(current), abs=1e-5)
        best = replay(authors, *METHODS["Q-learning"])
        assert best == pytest.approx(R + BEST[NEXT], abs=1e-6)
        assert best[START].max() == pytest.approx(-13)


@pytest.mark.breaks("mean.sum() * policy", "mean.sum() * writer")
def test_stale_gradient_copies_the_buffer(rng):
    """Exact; the ratio is checked against finite differences of expected reward."""
    for actions in (2, 3, 5):
        for _ in range(20):
            policy, writer = rng.dirichlet(np.full(actions, 2), 2).clip(0.01)
            policy, writer = policy / policy.sum(), writer / writer.sum()
            rewards = rng.uniform(0.1, 5, actions)
            rest = writer * rewards / (writer @ rewards)
            assert update(rest, writer, rewards) == pytest.approx(0, abs=1e-9)
            toward = update(policy, writer, rewards)
            assert toward == pytest.approx((writer @ rewards) * (rest - policy))
            for k in range(actions):
                J = []
                for h in (-1e-5, 1e-5):
                    e = policy * np.exp(h * (np.arange(actions) == k))
                    J.append(e @ rewards / e.sum())
                slope = (J[1] - J[0]) / 2e-5
                ratio = update(policy, writer, rewards, ratio=True)[k]
                assert ratio == pytest.approx(slope, abs=1e-6)
    policy, writer = np.array([0.05, 0.94, 0.01]), np.array([0.1, 0.1, 0.8])
    rewards = np.array([-13, -15, -17]) - policy @ [-13, -15, -17]  # three routes
    slope = update(policy, writer, rewards, ratio=True)
    assert update(policy, writer, rewards) @ slope < -0.03  # downhill all the same
    for p in (0.69, 0.71, 0.99):  # the page's buffer of coin flips, rewards 7 and 3
        policy = np.array([p, 1 - p])
        assert (update(policy, COIN, REWARDS)[0] < 0) == (p > 0.7)
        assert update(policy, COIN, REWARDS, ratio=True)[0] == pytest.approx(4 * p * (1 - p))


@pytest.mark.boundary
@pytest.mark.breaks("count / total * target", "target / len(authors)")
def test_small_changes_do_little_harm():
    """Exact: none if the policy stayed; else proportional, near enough, to the change."""
    for epsilon in (0.02, 0.1):
        policy = walker(epsilon)
        unchanged = replay([(policy, 0.3), (policy, 0.7)], 1)
        assert unchanged == pytest.approx(true_values(policy), abs=1e-5)
    now, error = true_values(NOW)[START, 0], []
    for change in (0.18, 0.09, 0.045, 0.0225):
        for share in (0.2, 0.8):
            authors = [(walker(0.02 + change), share), (NOW, 1 - share)]
            error.append(now - replay(authors, 1)[START, 0])
    error = np.reshape(error, (4, 2))
    assert error[1:] / error[:-1] == pytest.approx(0.5, abs=0.05)
    assert error[:, 0] / error[:, 1] == pytest.approx(0.25, abs=0.02)


@pytest.mark.boundary
@pytest.mark.breaks("target = backup(target, pi)", "target = backup(target, greedy(target))")
def test_off_policy_is_not_enough():
    """Exact: 3-step Q-learning, off-policy by definition, misses -13 by over 5.

    That it settled is checked by summing over both stored choices one by one.
    """
    assert replay(HALVES, 0, greedy)[START, 0] == pytest.approx(-13)
    learnt = replay(HALVES, *METHODS["3-step Q-learning"])
    assert learnt[START, 0] < -18
    assert visits(greedy(learnt)).sum() - 1 > 13.5
    odds = np.array([share * visits(pi)[START, 0] for pi, share in HALVES])
    target, s1 = 0, NEXT[START, 0]
    for (pi, _), p in zip(HALVES, odds / odds.sum(), strict=True):
        for a1 in range(4):
            s2 = NEXT[s1, a1]
            for a2 in range(4):
                G = R[START, 0] + R[s1, a1] + R[s2, a2] + learnt[NEXT[s2, a2]].max()
                target += p * pi[s1, a1] * pi[s2, a2] * G
    assert learnt[START, 0] == pytest.approx(target)
