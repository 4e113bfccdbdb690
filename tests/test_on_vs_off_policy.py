"""The claims of on_vs_off_policy."""

import numpy as np
import pytest
from on_vs_off_policy import (
    PAY,
    START,
    TARGETS,
    P,
    R,
    earns,
    gradient,
    learned,
    pooled,
    stray,
    train,
)


def stranger(share, arms=3):
    """Who gives the last machine this share of the pulls, and the others the same."""
    return np.r_[np.full(arms - 1, (1 - share) / (arms - 1)), share]


@pytest.mark.breaks("lambda Q, acts: acts,", "lambda Q, acts: stray(Q, 0),")
def test_only_sarsa_moves(rng):
    """Exact, on the cliff and on random problems that end with chance 0.1 a step.

    The oracle is sampled: at the fixed points the textbook's own updates, from 20,000
    sampled steps, average to zero within 6 standard errors for each of 18 pairs.
    """
    best = learned(TARGETS["Q-learning"], None, P, R)
    starts = {}
    for name, target in TARGETS.items():
        q = [learned(target, stray(best, e), P, R)[START, 0] for e in (0.01, 0.1, 0.3, 1)]
        starts[name] = np.array(q)
    assert (np.diff(starts["Sarsa"]) < -10).all()
    assert np.ptp(starts["Q-learning"]) < 1e-6
    assert np.ptp(starts["Expected Sarsa"]) < 1e-6

    P_, R_ = 0.9 * rng.dirichlet(np.ones(6), (6, 3)), rng.normal(size=(6, 3))
    s, a, u, v = (
        rng.integers(6, size=20_000),
        rng.integers(3, size=20_000),
        *rng.random((2, 20_000)),
    )
    over = P_.cumsum(2)[s, a]
    s2 = (u[:, None] > over).sum(1)  # 6 if it is over
    for acts in rng.dirichlet(np.ones(3), (2, 6)):
        Q = {name: learned(target, acts, P_, R_) for name, target in TARGETS.items()}
        padded = {name: np.vstack((x, np.zeros(3))) for name, x in Q.items()}
        a2 = (v[:, None] > np.vstack((acts, np.ones(3) / 3)).cumsum(1)[s2]).sum(1).clip(0, 2)
        own = np.vstack((stray(Q["Expected Sarsa"], 0.1), np.ones(3) / 3))
        after = {
            "Sarsa": padded["Sarsa"][s2, a2],
            "Q-learning": padded["Q-learning"][s2].max(1),
            "Expected Sarsa": (own * padded["Expected Sarsa"])[s2].sum(1),
        }
        for name in TARGETS:
            error = R_[s, a] + after[name] - Q[name][s, a]
            for pair in range(18):
                x = error[3 * s + a == pair]
                assert abs(x.mean()) < 6 * x.std() / len(x) ** 0.5
        same = learned(TARGETS["Sarsa"], own[:6], P_, R_)
        assert same == pytest.approx(Q["Expected Sarsa"])


@pytest.mark.breaks("np.where(fell, -100.0, -1.0)", "-1.0 - 0 * fell")
def test_cliff_walking_as_in_the_book():
    """Exact, against curves read off the figure of Example 6.6; and the shortest path.

    The cliff itself is written down anew, as rows and columns.
    """
    for s, (row, column) in enumerate(np.ndindex(4, 12)):
        for a, (down, right) in enumerate(((-1, 0), (0, 1), (1, 0), (0, -1))):
            to = min(max(row + down, 0), 3), min(max(column + right, 0), 11)
            fell = to in [(3, x) for x in range(1, 11)]
            onto = np.arange(48) == (36 if fell else 12 * to[0] + to[1])
            assert (P[s, a] == (onto if s <= 36 else 0)).all()  # 36: the start
            assert R[s, a] == ((-100 if fell else -1) if s <= 36 else 0)
    assert earns(0, 0) == pytest.approx(-13)
    assert earns(0.1, 0) == pytest.approx(-50, abs=5)
    assert earns(0.1, 0.1) == pytest.approx(-25, abs=5)
    for epsilon in (1e-3, 1e-4, 1e-5):
        assert abs(earns(epsilon, 0) - earns(epsilon, epsilon)) < 0.1


@pytest.mark.breaks("data * ratio * A", "data * A")
def test_first_pass_is_on_policy(rng):
    """Finite differences of the expected reward, at 2 to 10 machines."""
    for arms in range(2, 11):
        pay, theta = rng.normal(size=arms), rng.normal(size=arms)

        def pi(theta):
            return np.exp(theta) / np.exp(theta).sum()

        nudges = 1e-5 * np.eye(arms)
        slope = [(pi(theta + n) @ pay - pi(theta - n) @ pay) / 2e-5 for n in nudges]
        now = pi(theta)
        assert gradient(now, pay, now, now) == pytest.approx(slope, abs=1e-8)
        old = pi(theta + rng.uniform(-0.09, 0.09, arms))  # ratios from 0.83 to 1.198
        assert gradient(now, pay, old, old) == pytest.approx(slope, abs=1e-8)
        beyond = old * np.where(pay > old @ pay, 1.3, 0.7)
        assert gradient(beyond, pay, old, old) == pytest.approx(0)
    now, old = np.array((0.6, 0.4)), np.array((0.2, 0.8))  # moved the wrong way: not silenced
    assert gradient(now, np.array((0, 1)), old, old) == pytest.approx((-0.24, 0.24))
    one, many = (train(PAY, batches=1, passes=n) for n in (1, 100))
    assert one[2] < many[2] < 0.5
    assert many == pytest.approx(train(PAY, batches=1, passes=200))


@pytest.mark.breaks("pi if acts is None else acts\n", "pi + 0 * acts\n")
def test_data_taken_for_its_own(rng):
    """Exact: the ninth; and, with one pass, the arm with the largest share times lead."""
    for passes in (1, 10):
        share = np.array((0.02, 0.05, 0.1, 0.11, 0.112, 0.12, 0.2, 0.5, 0.8))
        end = train(PAY, np.stack([stranger(x) for x in share]), passes=passes)
        assert ((end[:, 2] > end[:, 1]) == (share > 1 / 9)).all()
    assert train(PAY)[2] > 0.99
    assert (train(PAY) == train(PAY, batches=200, passes=10)).all()  # as the page says
    for arms in (3, 5, 10):
        pay, acts = rng.random(arms), rng.dirichlet(np.ones(arms))
        end = train(pay, acts, passes=1)
        assert end.argmax() == (acts * (pay - acts @ pay)).argmax()


@pytest.mark.breaks("np.sign(A) * (ratio - 1) < clip", "ratio - 1 < clip")
def test_the_clip_keeps_it_near(rng):
    """Exact, for all shares on a grid, from 1 % to 99 %, and a batch's passes."""
    share = np.linspace(0.01, 0.99, 197)
    acts = np.stack([stranger(x) for x in share])
    for passes in (3, 10):
        end = train(PAY, acts, told=True, passes=passes)[:, 2]
        assert (end <= np.maximum(1 / 3, 1.5 * share)).all()
        free = train(PAY, acts, told=True, clip=np.inf, passes=passes)
        assert (free[:, 2] > 0.99).all()
        assert free == pytest.approx(np.tile(free[0], (197, 1)))


@pytest.mark.boundary
@pytest.mark.breaks("np.linalg.solve(one - step, one[START])[:, None] * acts", "np.ones_like(acts)")
def test_shared_values_move_too():
    """Exact; with a column to itself each, nothing moves, as in the table.

    The oracle: over the visits, counted step by step, the updates average to zero.
    """
    best = learned(TARGETS["Q-learning"], None, P, R)
    for width, falls in ((1, False), (2, True), (3, True), (4, True), (6, True)):
        q = []
        for epsilon in (0.01, 0.1, 0.2, 1):
            acts = stray(best, epsilon)
            Q = learned(TARGETS["Q-learning"], None, *pooled(acts, P, R, width))
            q.append(Q[START // width, 0])
            if 0.1 <= epsilon < 1:
                block, now, visits = np.arange(48) // width, np.eye(48)[START], 0
                while now.sum() > 1e-9:
                    visits, now = visits + now, np.einsum("s,sa,san->n", now, acts, P)
                update = R + P @ Q.max(1)[block] - Q[block]
                total = np.zeros_like(Q)
                np.add.at(total, block, visits[:, None] * acts * update)
                assert np.abs(total).max() < 1e-5
        assert (np.diff(q) < -1).all() if falls else np.ptp(q) < 1e-6
