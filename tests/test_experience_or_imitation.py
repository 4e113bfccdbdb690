"""The claims of experience_or_imitation."""

import numpy as np
import pytest
from experience_or_imitation import (
    DETOUR,
    GOAL,
    NEXT,
    RIGHT,
    START,
    compare,
    copy,
    experience,
    off_path,
    plan,
    rows,
    teachers,
    visits,
    walk,
)


@pytest.mark.breaks("visits(pi)[..., None] ** loud * pi", "pi")
def test_copy_is_the_average(rng):
    """Exact: a linear system on one side, counted or averaged episodes on the other."""
    for stray in (0, 0.3, 0.7):
        counts, length = walk(stray, rng, sets=10, episodes=int(rng.integers(1, 30)))
        assert counts.sum((1, 2)) == pytest.approx(length.sum(1))
        assert visits(copy(counts)).sum(-1) == pytest.approx(length.mean(1))
    for shared in (0, 0.5, 1):
        alone, (copied,) = compare(teachers(shared, rng, team=4, panels=5), [1])
        assert copied == pytest.approx(alone.mean(1))


@pytest.mark.breaks("** (1 / T)", "** T")
def test_cold_copy_beats_all(rng):
    """137 of 6,000 panels failed: over 15 of 150 would, with probability 1e-6.

    The maze's shortest way, by hand: down two, right seven, up one, right one, up three.
    """
    s, a = np.nonzero(np.arange(47)[:, None] != NEXT)  # 47 cells, as in the book
    assert (NEXT[NEXT[s, a], (a + 2) % 4] == s).all()  # the way back is the other way
    assert visits(np.eye(4)[plan(NEXT >= 0)[1]]).sum() == pytest.approx(14)
    pi = teachers(0, rng, team=15, panels=150)
    for turn, share in enumerate((0.76, 0.08, 0.08, 0.08)):  # within over ten errors
        did = pi[..., np.arange(47), (RIGHT + turn) % 4].mean()
        assert did == pytest.approx(share, abs=0.01)
    assert copy(pi[0], 1e-4) == pytest.approx(1.0 * (pi[0] > 0.5))  # cold: the commonest
    alone, (copied,) = compare(pi, [4])
    assert (copied < alone.min(1)).mean() >= 0.9
    votes = visits(copy(pi.mean(1), 1 / 4)).sum(-1)
    assert compare(pi, [4], loud=0)[1][0] == pytest.approx(votes)


@pytest.mark.breaks("np.where(allowed,", "np.where(allowed | True,")
def test_rewards_stitch(rng):
    """Never longer: no exception. Shorter than both competitors: in all of 1,000 data sets.

    If one in 300 failed, over 4 of 40 would with probability 3e-7. Oracle: flooding from the
    start through what was tried, and through random sets of moves.
    """
    for stray in (0.1, 0.4, 0.8):
        counts, length = walk(stray, rng)
        V, act = plan(counts > 0)
        assert (-V[:, START] <= length.min(1)).all()
    at = np.full(len(V), START)
    for n in range(1, 17):  # the plan keeps what it promises
        at = np.where(at == GOAL, at, NEXT[at, act[np.arange(len(V)), at]])
        assert ((at == GOAL) == (n >= -V[:, START])).all()
    best = [visits(copy(counts, T)).sum(-1) for T in (1, 1 / 2, 1 / 4, 1 / 8)]
    best = np.min([length.min(1), *best], axis=0)
    assert (-plan(counts > 0)[0][:, START] < best - 1e-9).mean() >= 0.9
    for tried in (*(counts > 0)[:5], *(rng.random((20, *NEXT.shape)) < 0.6)):
        steps, reached = 0, np.arange(len(NEXT)) == START
        while not reached[GOAL] and steps < 99:
            reached[NEXT[tried & reached[:, None]]] = True
            steps += 1
        assert -plan(tried)[0][START] == (steps if reached[GOAL] else np.inf)


@pytest.mark.boundary
@pytest.mark.breaks("np.where(same, bad[:, :1], bad)", "bad")
def test_shared_habits_sharpen(rng):
    """7 of 6,000 panels failed (no habit lay on the way): over 10 of 100 would, with 1e-13."""
    pi = teachers(1, rng, team=15, panels=100)
    right = pi[..., np.arange(len(NEXT)), RIGHT]
    assert right.mean() == pytest.approx(1 - 0.4 * 0.6, abs=0.03)  # 7 standard errors
    alone, (copied,) = compare(pi, [4])
    assert (copied > alone.max(1) + 1e-9).mean() >= 0.9


@pytest.mark.boundary
@pytest.mark.breaks("Q[i, state].max(-1) - 1", "Q[i, state].mean(-1) - 1")
def test_only_trying_finds_it(rng):
    """In 4,000 runs the last episode of another length ended by step 3,742.

    In one of 100 after 2,792, of 1,000 after 3,123, of 10,000 after 3,611: ten times rarer in
    some 450 steps. Extrapolated, step 6,000 is exceeded with a probability below 1e-8 a run.
    """
    counts, _ = walk(0, rng)
    assert (plan(counts > 0)[0][:, START] == -16).all()
    for T in (1, 1 / 4):
        assert visits(copy(counts, T)).sum(-1) == pytest.approx(16)
    assert visits(np.eye(4)[DETOUR]).sum() == pytest.approx(16)
    assert rows[0] == pytest.approx([0, 16, 16, 16, 16])
    assert (experience(6000, rng, runs=10)[-1] == 14).all()


@pytest.mark.boundary
@pytest.mark.breaks("(1 - e - back) ** t", "(1 - e) ** t")
def test_errors_compound(rng):
    """Exact; the chain of two states, step by step, and Ross and Bagnell's bound."""
    for _ in range(20):
        T, e, back = int(rng.integers(1, 300)), rng.uniform(1e-4, 0.5), rng.uniform(0, 0.5)
        off = total = 0
        for _ in range(T):
            off = off * (1 - back) + (1 - off) * e
            total += off
        assert off_path(T, e, back) == pytest.approx(total)
        assert total <= T**2 * e
    assert off_path(200, 1e-4, 0) / off_path(100, 1e-4, 0) > 3.9
    assert off_path(200, 1e-4, 0.2) / off_path(100, 1e-4, 0.2) < 2.1
