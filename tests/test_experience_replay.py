"""The claims of experience_replay."""

from collections import deque

import numpy as np
import pytest
from experience_replay import (
    LEARNERS,
    PLACES,
    TABLE,
    A,
    B,
    T,
    batch,
    error_after,
    errors,
    streams,
    updates_needed,
    x,
)
from experience_replay import after as next_state
from experience_replay import r as reward
from experience_replay import s as state

ALPHAS = (0.01, 0.03, 0.1, 0.2)


def model_value(s, r, after, states, gamma):
    """Count, divide, solve: the value in the likeliest model; the last state ends."""
    P, R = np.zeros((states, states)), np.zeros(states)
    np.add.at(P, (s, after), 1)
    np.add.at(R, s, r)
    n = np.maximum(P.sum(1), 1)
    return np.linalg.solve(np.eye(states) - gamma * P / n[:, None], R / n)


@pytest.mark.breaks("r + gamma * X[after] @ w", "r + 0 * X[after] @ w")
def test_replay_is_the_model(rng):
    """Sutton and Barto, Example 6.4: 3/4 and 3/4; from returns 0 and 3/4.

    By hand: a pass makes B worth 0.1 for each of six 1s; the next moves A a tenth of the way.
    And, for random batches of a random process, a linear solve of the counted model.
    """
    for passes, worth in (1, 0), (2, 0.1 * 0.6):
        value = batch(state, reward, next_state, TABLE, 0.1, 1, passes)
        assert value[A] == pytest.approx(worth)
    for gamma, answer in ((1, [0.75, 0.75]), (0, [0, 0.75])):
        value = batch(state, reward, next_state, TABLE, 0.1, gamma, 1000)
        assert value[[A, B]] == pytest.approx(answer, abs=1e-6)
    X = np.diag([1.0] * 4 + [0.0])
    for gamma in (0.3, 0.6, 0.8):
        s = np.append(np.tile(np.arange(4), 3), rng.integers(4, size=12))
        r, after = rng.normal(size=s.size), rng.integers(5, size=s.size)
        value = batch(s, r, after, X, 0.05, gamma, 800)
        assert value == pytest.approx(model_value(s, r, after, 5, gamma), abs=1e-3)


@pytest.mark.breaks("N - 1 - t", "(N - 1 + t) % N")
def test_news_travels_backwards(rng):
    """Exact, but for the random draws: N waits, each geometric with chance 1/N.

    Their sum has variance N**2 (N - 1); 200 runs, six standard errors.
    """
    for N in (2, 5, 9):
        assert updates_needed(N, "forwards", rng) == N * (N - 1) + 1
        assert updates_needed(N, "backwards", rng) == N
        drawn = [updates_needed(N, "random", rng) for _ in range(200)]
        assert np.mean(drawn) == pytest.approx(N**2, abs=6 * N * ((N - 1) / 200) ** 0.5)


@pytest.mark.breaks("np.arange(T) // size + rng.random(s.shape)", "np.arange(T) + 0 * s")
def test_order_matters_to_shared_weights(rng):
    """Line: about 0.25 against 1.5 times 0.12, over six standard errors of 300 runs.

    Without noise about 0.2 against less than 0.01: not the noise makes the difference. A
    table then holds the same after any order, exactly, whatever the step size; with noise
    the means of its errors differ by about 1 %.
    """
    made = streams(rng, 300, sizes=(1, 10, T))
    for stride in (1, 5):  # it moves by one stride, or is turned back at a wall
        walk = streams(rng, 50, stride=stride, sizes=(1,))[1][0]
        reached = [walk[:, :-1] + move for move in (-stride, stride)]
        reached = [np.where(s < 0, -1 - s, np.minimum(s, 2 * PLACES - 1 - s)) for s in reached]
        assert ((walk[:, 1:] == reached[0]) | (walk[:, 1:] == reached[1])).all()
    one, other = (made[k][1] + 100 * (np.arange(T) // 10) for k in (1, 10))
    assert (one != other).any()
    assert (np.sort(one) == np.sort(other)).all()  # the same rewards in each block of ten
    w = np.zeros(2)  # one run by hand
    for s, r in zip(made[1][0][0], made[1][1][0], strict=True):
        w += 0.1 * (r - w @ [1, x[s]]) * np.array([1, x[s]])
    rms = np.mean((w[0] + w[1] * x - x) ** 2) ** 0.5
    assert errors(*made[1], LEARNERS["line"], [0.1])[0] == pytest.approx(rms)
    line = [errors(*made[size], LEARNERS["line"], ALPHAS).mean() for size in (1, T)]
    assert line[0] > 1.5 * line[1]
    table = [errors(*made[size], LEARNERS["table"], (0.1, 0.2)).mean() for size in (1, T)]
    assert table[0] == pytest.approx(table[1], rel=0.1)
    exact = streams(rng, 30, noise=0, sizes=(1, 7, T))
    for alpha in (0.05, 0.5):
        first, *others = (errors(*exact[k], LEARNERS["table"], [alpha]) for k in (1, 7, T))
        assert all(other == pytest.approx(first) for other in others)
    line = [errors(*exact[size], LEARNERS["line"]).mean() for size in (1, T)]
    assert line[0] > 1.5 * line[1]


@pytest.mark.boundary
@pytest.mark.breaks("s = rng.integers(PLACES, size=s.shape)", "s = rng.permuted(s, axis=1)")
def test_shuffled_is_not_independent(rng):
    """About 0.12 against 1.4 times 0.06, six standard errors of 300 runs.

    The correlation left is the mean of the walk's own over all pairs of its 300 steps,
    from powers of its matrix: an exact sum.
    """
    assert [*streams(rng, 1)] == [1, 10, 100, 300, "independent"]  # as in the figure
    made = streams(rng, 300, sizes=(T,))
    for s, r in made.values():  # the same rewards, but for the places
        assert np.std(r - x[s]) == pytest.approx(0.5, rel=0.05)
    error = [errors(*d, LEARNERS["line"]).mean() for d in made.values()]
    assert error[0] > 1.4 * error[1]
    finer = np.geomspace(0.01, 0.3, 9)  # the page's six step sizes lose little to more of them
    finest = [errors(*d, LEARNERS["line"], finer).mean() for d in made.values()]
    assert (error <= np.multiply(1.15, finest)).all()
    P = (np.eye(PLACES, k=1) + np.eye(PLACES, k=-1)) / 2
    P[0, 0] = P[-1, -1] = 0.5
    ahead, total = x, 0.0
    for lag in range(1, T):
        ahead = P @ ahead
        total += 2 * (T - lag) * (x @ ahead) / (x @ x)
    left = total / (T * (T - 1))
    assert left > 0.3
    pairs = (x[s] for s in (made[T][0][:, :-1], made[T][0][:, 1:]))
    assert np.corrcoef(*(y.ravel() for y in pairs))[0, 1] == pytest.approx(left, abs=0.15)


@pytest.mark.boundary
@pytest.mark.breaks(" - X[s] @ w", "")
def test_averages_gain_nothing(rng):
    """Exact: with steps of one over the count, and with K passes against one larger step."""
    for arms, n, K in ((1, 20, 10), (3, 7, 2), (10, 2, 50)):
        s, r = np.repeat(np.arange(arms), n), rng.normal(size=arms * n)
        for passes in (1, K):
            average = batch(s, r, s, np.eye(arms), 1 / n, 0, passes)
            assert average == pytest.approx(r.reshape(arms, n).mean(1))
        for alpha in (0.1 / n, 0.7 / n):
            larger = (1 - (1 - alpha * n) ** K) / n
            once = batch(s, r, s, np.eye(arms), larger, 0, 1)
            assert batch(s, r, s, np.eye(arms), alpha, 0, K) == pytest.approx(once)


@pytest.mark.boundary
@pytest.mark.breaks("min(size, before + t)", "min(size, t)")
def test_old_worlds_linger():
    """Exact: a buffer that is a list, averaged after each step, gives the same errors."""
    for size in (1, 7, 90, 400):
        kept, Q = deque([0] * 300, maxlen=size), 0.0
        for steps in range(1, 200):
            kept.append(1)
            Q += 0.1 * (sum(kept) / len(kept) - Q)
            assert error_after(size, 300, steps) == pytest.approx(1 - Q)
    for before in (100, 1000):
        for after in (before // 2, before, 2 * before):
            for alpha in (0.01, 0.1, 0.5, 1):
                floor = before / (before + after)
                assert error_after(10**6, before, after, alpha) >= floor - 1e-9
            assert error_after(10**6, before, after, 1) == pytest.approx(floor)
        assert error_after(100, before, 30, 1) == pytest.approx(0.7)
        for size in (1, 50, 100, 1000):
            assert error_after(size, before, size + 100) < 0.001
