"""The claims of q_vs_v."""

import numpy as np
import pytest
from q_vs_v import (
    GAMMA,
    P2,
    R2,
    P,
    R,
    action_values,
    greedy,
    look_ahead,
    optimal,
    state_values,
    visits_needed,
)

RANDOM = np.full((25, 4), 0.25)
FIGURE_3_2 = """3.3  8.8  4.4  5.3  1.5  1.5  3.0  2.3  1.9  0.5  0.1  0.7  0.7  0.4 -0.4
    -1.0 -0.4 -0.4 -0.6 -1.2 -1.9 -1.3 -1.2 -1.4 -2.0"""
FIGURE_3_5 = """22.0 24.4 22.0 19.4 17.5 19.8 22.0 19.8 17.8 16.0 17.8 19.8 17.8 16.0 14.4
    16.0 17.8 16.0 14.4 13.0 14.4 16.0 14.4 13.0 11.7"""


def worlds(rng, count=20):
    """Random worlds of 3 to 8 states and 2 to 5 actions, each with a random policy."""
    for _ in range(count):
        states, actions = rng.integers(3, 9), rng.integers(2, 6)
        P = rng.dirichlet(np.ones(states), size=(states, actions))
        pi = rng.dirichlet(np.ones(actions), size=states)
        yield pi, P, rng.normal(size=(states, actions))


@pytest.mark.breaks("else (-1, s)", "else (0, s)")
def test_published_tables():
    """Exact, to the one digit printed in the book (half of one, and rounding of halves)."""
    for pi, table in (RANDOM, FIGURE_3_2), (optimal(P, R), FIGURE_3_5):
        published = np.array(table.split(), float)
        assert abs(state_values(pi, P, R) - published).max() < 0.0501


@pytest.mark.breaks("(pi * R).sum(1))", "R.max(1))")
def test_v_is_the_mean_of_q(rng):
    """Exact, for any policy; v and q are solved for apart from each other.

    The largest q is v where the policy takes only best actions, and more elsewhere.
    """
    for pi, P_, R_ in worlds(rng):
        for policy in (pi, greedy(action_values(pi, P_, R_)), optimal(P_, R_)):
            v, q = state_values(policy, P_, R_), action_values(policy, P_, R_)
            assert (policy * (q - v[:, None])).sum(1) == pytest.approx(0 * v, abs=1e-9)
            wasted = (policy * (q < q.max(1, keepdims=True) - 1e-9)).sum(1)
            assert ((q.max(1) > v + 1e-12) == (wasted > 0)).all()
    gap = action_values(RANDOM, P, R).max(1) - state_values(RANDOM, P, R)
    assert gap.mean() > 1.5
    assert gap.max() > 4.5


@pytest.mark.breaks('"san,nb->sanb", P, pi)', '"san,ab->sanb", P, np.eye(pi.shape[1]))')
def test_only_the_first_action(rng):
    """Exact: against adding up the rewards of 250 steps (0.9 ** 250 is below 1e-11)."""
    for pi, P_, R_ in worlds(rng, 10):
        onward, each = np.einsum("sa,san->sn", pi, P_), (pi * R_).sum(1)
        total, where = R_.copy(), P_  # the first action is a; where it has led
        for t in range(1, 250):
            total += GAMMA**t * where @ each
            where = where @ onward
        assert action_values(pi, P_, R_) == pytest.approx(total, abs=1e-8)
    always = np.tile([0.0, 0, 0, 1], (25, 1))
    assert state_values(always, P, R)[0] == pytest.approx(-1 / (1 - GAMMA))
    assert action_values(always, P, R)[0, 3] == pytest.approx(-1 / (1 - GAMMA))
    assert action_values(optimal(P, R), P, R)[0, 3] > 18


@pytest.mark.breaks("R[:, OPPOSITE]", "R")
def test_v_cannot_choose(rng):
    """Exact: new buttons leave v as it was and change q, in any world."""
    old, new = optimal(P, R), optimal(P2, R2)
    assert state_values(new, P2, R2) == pytest.approx(state_values(old, P, R), abs=1e-12)
    assert ((old > 0) & (new > 0)).any(1).sum() == 2
    assert (old[[1, 3]] > 0).all()  # A and B: every button is best
    for _, P_, R_ in worlds(rng):
        order = np.roll(np.arange(R_.shape[1]), 1)
        best, best_new = optimal(P_, R_), optimal(P_[:, order], R_[:, order])
        v, v_new = state_values(best, P_, R_), state_values(best_new, P_[:, order], R_[:, order])
        assert v_new == pytest.approx(v, abs=1e-12)
        assert not ((best > 0) & (best_new > 0)).any()


@pytest.mark.breaks("var_q / pi", "var_q")
def test_visits_that_q_needs(rng):
    """Exact bounds; measured in one square by averaging returns, of 100 visits at a time.

    2,000 repetitions: the ratio of mean squared errors has a standard error below 4 %,
    and chance numbers of visits add 3 %; 25 % is over five of them.
    """
    cost = visits_needed(RANDOM, P, R)
    assert 1.79 < cost.min() < 1.81
    assert cost[[1, 3]] == pytest.approx(4)
    assert cost.max() < 4 + 1e-9
    rarely = np.tile([0.05, 0.35, 0.3, 0.3], (25, 1))
    assert visits_needed(rarely, P, R).max() > 6
    for _, P_, R_ in worlds(rng):
        states, actions = R_.shape
        uniform, sure = np.full(R_.shape, 1 / actions), np.eye(states)[P_.argmax(2)]
        assert (visits_needed(uniform, sure, R_) < actions + 1e-9).all()
        last = np.zeros((2, actions, 2))  # a choice that matters, then next to nothing
        last[:, :, 1] = 1
        pays = np.outer([1, 0.1], np.arange(actions))
        assert visits_needed(uniform[:2], last, pays)[0] < 1
    s = 6  # one right of and one below the corner: the cheapest
    v, q = state_values(RANDOM, P, R)[s], action_values(RANDOM, P, R)[s]
    onto, pays = P.argmax(2), R.astype(np.float32)
    here, G = np.full((2000, 100), s), np.zeros((2000, 100), np.float32)
    actions = rng.integers(4, size=(60, 2000, 100), dtype=np.int8)
    for t, a in enumerate(actions):  # 0.9 ** 60 is below 0.2 %
        G += GAMMA**t * pays[here, a]
        here = onto[here, a]
    tried = actions[0] == np.arange(4)[:, None, None]
    error_q = (((G * tried).sum(2) / tried.sum(2) - q[:, None]) ** 2).mean()
    error_v = ((G.mean(1) - v) ** 2).mean()
    assert error_q / error_v == pytest.approx(cost[s], rel=0.25)


@pytest.mark.boundary
@pytest.mark.breaks("R + GAMMA * P @ v", "P @ v")
def test_a_model_makes_v_enough(rng):
    """Exact: with the right model q itself, for any policy; with a wrong one far from it."""
    for pi, P_, R_ in worlds(rng):
        made = look_ahead(state_values(pi, P_, R_), P_, R_)
        assert made == pytest.approx(action_values(pi, P_, R_), abs=1e-9)
    best = optimal(P, R)
    v, q = state_values(best, P, R), action_values(best, P, R)
    assert (greedy(look_ahead(v, P, R - 1)) == best).all()  # wrong, and no matter
    for chosen in greedy(q), greedy(look_ahead(v, P, R)):  # in the world rewired
        least = R.min() / (1 - GAMMA)  # the lowest reward at every step
        assert state_values(chosen, P2, R2)[0] == pytest.approx(least)
    assert state_values(greedy(look_ahead(v, P2, R2)), P2, R2)[0] > 21.9
