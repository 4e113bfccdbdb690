"""The claims of on_policy_data_reuse."""

import numpy as np
import pytest
from on_policy_data_reuse import ARMS, GOAL, NEXT, PASSES, SIZES, START, TRACES, learn, reward

ONCE, REUSED, OFTEN = (
    [(name, K, 0, 0.1) for name in ("Expected Sarsa", "Q-learning")] for K in (1, 8, 32)
)


def seed(rng):
    """A fresh seed."""
    return int(rng.integers(2**32))


def plain(name, K, Q0, alpha, start, slip=0, lam=0, epsilon=0.1):
    """One run of five episodes as the page tells it, step by step: where the first and last end.

    With the program's dice: four to choose among the best, one whether to explore, two for
    slipping. The K updates of a step are made at once, for a pair drawn twice once.
    """
    dice, draws = np.random.default_rng(start).spawn(2)
    Q = {(s, a): Q0 * (s != GOAL) for s in range(88) for a in range(4)}
    s, a, steps, ends, marks = START, int(dice.random((1, 4)).argmax()), [], [], {}
    while len(ends) < 5:
        u = dice.random(7).tolist()
        s2 = int(NEXT[s, int(4 * u[6]) if u[5] < slip else a])
        now, top = (
            START if s2 == GOAL else s2,
            max(Q[START if s2 == GOAL else s2, b] for b in range(4)),
        )
        best = [b for b in range(4) if Q[now, b] == top or u[4] < epsilon]
        a2 = max(best, key=lambda b: u[b])
        steps.append((s, a, s2, a2))
        again = draws.integers(len(steps), size=K)[1:]
        new = {}
        for S, A, S2, A2 in (steps[-1], *(steps[i] for i in again)):
            values = [Q[S2, b] for b in range(4)]
            most, mean = max(values), sum(values) / 4
            value = {
                "Sarsa": Q[S2, A2],
                "Q-learning": most,
                "Expected Sarsa": most + epsilon * (mean - most),
            }[name]
            new[S, A] = Q[S, A] + alpha * ((S2 == GOAL) + 0.95 * value - Q[S, A])
        if lam:
            error = new[s, a] - Q[s, a]
            marks = {pair: 0.95 * lam * mark for pair, mark in marks.items()} | {(s, a): 1}
            new = {pair: Q[pair] + error * mark for pair, mark in marks.items()}
        Q |= new
        s, a = now, a2
        if s2 == GOAL:
            ends.append(len(steps))
            marks = {}
    return ends[0], ends[-1]


def check(arm, rng, **more):
    """The program does exactly what the plain one does."""
    start = seed(rng)
    first, rest = learn([arm], seed=start, runs=1, **more)
    assert (first.item(), (first + rest).item()) == plain(*arm, start, **more)


def log_pi(theta):
    return theta - np.log(np.exp(theta).sum())


def objective(theta, old, pulls, A, clip):
    """PPO's, as in its paper; without a clip that of the plain policy gradient."""
    ln = log_pi(theta)[pulls]
    ratio = np.exp(ln - old[pulls])
    return (
        np.minimum(A * ratio, A * ratio.clip(1 - clip, 1 + clip)).mean()
        if clip
        else A @ ln / A.size
    )


def climbed(size, passes, clip, rng, runs, batches=20, n=16):
    """What reward should give, with the same dice, by finite differences of the objective."""
    q, theta = rng.normal(size=(runs, 10)), np.zeros((runs, 10))
    for _ in range(batches):
        u, z = rng.random((runs, n)), rng.normal(size=(runs, n))
        for x, *dice in zip(theta, q, u, z, strict=True):
            old = log_pi(x)
            pulls = np.searchsorted(np.exp(old).cumsum(), dice[1], "right")
            A = dice[0][pulls] + dice[2]
            about = old, pulls, A - A.mean(), clip
            for _ in range(passes):
                slope = [
                    objective(x + h, *about) - objective(x - h, *about) for h in 1e-7 * np.eye(10)
                ]
                x += size * np.array(slope) / 2e-7
    return np.mean([np.exp(log_pi(x)) @ y for x, y in zip(theta, q, strict=True)])


@pytest.mark.breaks("Q0[:, None, None] *", "(Q0 + (K > 1))[:, None, None] *")
def test_reuse_cannot_find_the_first_reward(rng):
    """The same steps: exact. The mean: 250 nearly geometric times have a standard
    error near 6.2 %, so 30 % is almost five. Expected: linear equations and a search, on a maze
    written down anew, as coordinates of Sutton and Barto's Figure 8.2, whose
    axis marks the shortest way: 14 steps.
    """
    walls = {(2, 1), (2, 2), (2, 3), (5, 4), (7, 0), (7, 1), (7, 2)}
    cells = [(x, y) for x in range(9) for y in range(6) if (x, y) not in walls]
    place = {(x, y): 11 * (y + 1) + x + 1 for x, y in cells}  # in the program
    assert (len(cells), START, GOAL) == (47, place[0, 2], place[8, 0])
    walk, far = np.eye(47), {(0, 2): 0}
    for k, (x, y) in enumerate(cells):
        ways = ((x, y - 1), (x, y + 1), (x - 1, y), (x + 1, y))
        ways = [way if way in cells else (x, y) for way in ways]
        assert NEXT[place[x, y]].tolist() == [place[way] for way in ways]
        for way in ways if (x, y) != (8, 0) else ():
            walk[k, cells.index(way)] -= 0.25
    times = np.linalg.solve(walk, [cell != (8, 0) for cell in cells])
    assert times[cells.index((0, 2))] == pytest.approx(869, abs=0.5)
    for x, y in (queue := [(0, 2)]):  # breadth first
        for way in ((x, y - 1), (x, y + 1), (x - 1, y), (x + 1, y)):
            if way in cells and way not in far:
                far[way] = far[x, y] + 1
                queue.append(way)
    assert far[8, 0] == 14

    names, uses, alphas = ("Sarsa", "Expected Sarsa", "Q-learning"), (1, 8), (0.1, 1.0)
    arms = [(name, K, 0, alpha) for name in names for K in uses for alpha in alphas]
    start = seed(rng)
    first = learn(arms, seed=start, runs=2, episodes=1)[0]
    assert (first == first[0]).all()
    hopeful = [("Q-learning", 1, 1, 1.0)]  # but wholly random
    assert (learn(hopeful, epsilon=1, seed=start, runs=2, episodes=1)[0] == first[0]).all()
    first = learn(ONCE[1:], seed=seed(rng), runs=250, episodes=1)[0]
    assert first.min() >= 14
    assert first.mean() == pytest.approx(869, rel=0.3)


@pytest.mark.breaks("best, mean = q.max(1)", "best, mean = q.min(1)")
def test_target_makes_no_difference(rng):
    """Without random actions exact. With: the ratio is about 1.024, its standard error
    with 24 paired runs about 0.024: 20 % is over six of them.

    Exact, too: two runs of each learner, step by step as the page tells it.
    """
    for name in ("Sarsa", "Expected Sarsa", "Q-learning"):
        check((name, 1, 0, 0.1), rng)
        check((name, 1, 1, 0.5), rng, epsilon=0.5)  # where more depends on the target
    arms = [("Sarsa", 1, 0, 0.1), ("Q-learning", 1, 0, 0.1)]
    assert {*arms, ("Sarsa", 8, 0, 0.1)} <= {*ARMS}  # as in the page's table
    sarsa, best = learn(arms, epsilon=0.0, seed=seed(rng), runs=3)[1]
    assert (sarsa == best).all()
    sarsa, best = learn(arms, seed=seed(rng), runs=24)[1].mean(1)
    assert sarsa == pytest.approx(best, rel=0.2)


@pytest.mark.breaks("draws.integers(t + 1, size=j.size)", "np.full(j.size, t)")
def test_reuse_saves_steps(rng):
    """Steps: ratios near 0.195, in logarithms 0.72 below 0.4, standard error with 36
    runs 0.12: six. Updates with K = 32: ratios near 2.4, 0.9 above 1: seven.

    Exact: a run of each learner with three or eight updates a step.
    """
    check(("Sarsa", 3, 0, 0.1), rng)
    check(("Expected Sarsa", 8, 1, 0.5), rng, epsilon=0.5)
    check(("Q-learning", 8, 0, 0.1), rng, epsilon=0.2)
    assert {*ONCE, *REUSED} <= {*ARMS}  # as in the page's table
    arms = ONCE + REUSED + OFTEN
    once, reused, often = np.split(learn(arms, seed=seed(rng), runs=36)[1].mean(1), 3)
    assert (reused < 0.4 * once).all()
    assert (32 * often > once).all()


@pytest.mark.breaks("trace *= gamma * lam", "trace *= 0")
def test_traces_rival_reuse(rng):
    """Ratios, in logarithms: quiet near 0.29, that is 0.55 below a half, standard
    error with 16 runs 0.105; noisy near 0.44, 0.8 below 1, with 22 runs 0.15: five.

    Exact: noisy runs of either.
    """
    for slip in (0.3, 0.5):
        check(("Sarsa", 1, 0, 0.5), rng, lam=0.7, slip=slip)
    check(("Q-learning", 8, 0, 0.1), rng, slip=0.5)
    assert TRACES == [("Sarsa(λ)", 1, 0, 0.5)]
    start = seed(rng)
    traces = learn(TRACES, lam=0.7, seed=start, runs=16)[1].mean()
    assert 2 * traces < learn(REUSED, seed=start, runs=16)[1].mean(1).min()
    traces = learn(TRACES, slip=0.5, lam=0.7, seed=start, runs=22)[1].mean()
    often = learn(OFTEN[1:], slip=0.5, seed=start, runs=22)[1].mean()
    assert often < traces


@pytest.mark.boundary
@pytest.mark.breaks("Q0[:, None, None] *", "0 * Q0[:, None, None] *")
def test_optimism_mixes_them(rng):
    """Ratio near 0.855, 0.16 below 1 in logarithms; standard error 0.0275: over five."""
    check(("Q-learning", 8, 1, 1.0), rng)  # exact
    arms = [("Q-learning", K, 1, 1.0) for K in (1, 8)]
    once, reused = learn(arms, seed=seed(rng), runs=400, episodes=1)[0].mean(1)
    assert reused < once


@pytest.mark.boundary
@pytest.mark.breaks("for _ in range(passes)", "for _ in range(1)")
def test_passes_are_step_size(rng):
    """Exact for plain passes. With the best of the step sizes for each, on the same problems,
    clipping gains about 0.014, with a standard deviation of 0.007: 0.05 is five off.

    Exact: what a few passes earn, by finite differences of PPO's objective, so short that a clip
    begins within one with a chance of about 1 in 20,000.
    """
    start = seed(rng)

    def score(sizes, passes, clip, more=0, runs=16):
        return reward(sizes, passes, clip, np.random.default_rng(start + more), runs)

    for passes, clip, *size in ((1, 0), (3, 0, 3, 6), (4, 0.2, 3, 6)):
        dice = (np.random.default_rng(start) for _ in range(2))
        found = reward([0.7], passes, clip, next(dice), 3, *size)
        expected = climbed(0.7, passes, clip, next(dice), 3, *size)
        assert found == pytest.approx(expected, abs=1e-6)
    # of two pulls, the first pass moves both ratios to where a narrow clip ends the rest
    two = (reward([1.0], *x, np.random.default_rng(start), 50, 1, 2) for x in ((1, 0), (8, 1e-9)))
    assert next(two) == pytest.approx(next(two))
    sizes = 2.0 ** np.arange(-4, 4)
    assert score(sizes, 8, 0) == pytest.approx(score(8 * sizes, 1, 0), abs=1e-6)
    assert (SIZES[1], PASSES) == (0.25, ((1, 0), (8, 0.2)))  # what the page compares
    sizes = [0.25, 1, 2, 4, 8]
    once, clipped = (score(sizes, *x, 2, 350) for x in PASSES)
    assert abs(clipped.max() - once.max()) < 0.05
    assert clipped[0] > once[0] + 0.5
