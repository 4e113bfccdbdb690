"""The claims of sparse_reward."""

import numpy as np
import pytest
from sparse_reward import (
    AT_LEAST,
    STEP_SIZES,
    TASKS,
    exact,
    learn,
    learn_best,
    play,
    rewards,
    win_rate,
)


@pytest.mark.breaks("(prob * G) @ (a - p)", "(prob * G) @ a")
def test_gradient_bounded(rng):
    """Exact: random returns for every sequence, random policies, slopes by finite differences."""
    for n in (1, 2, 3, 5, 8):
        for spread in (0, 1, 3):
            theta, G = rng.normal(0, spread, n), rng.normal(size=2**n) ** 3
            var = exact(theta, lambda a, G=G: G)[1]
            ahead, behind = (
                [exact(theta + step, lambda a, G=G: G)[0] for step in sign * 1e-5 * np.eye(n)]
                for sign in (1, -1)
            )
            slopes, tiny = (np.array(ahead) - behind) / 2e-5, 1e-8 * np.abs(G).max()
            assert exact(theta, lambda a, G=G: G)[2] == pytest.approx(slopes, abs=tiny)
            assert slopes @ slopes <= var / 4 + tiny * np.abs(slopes).max() * n
    _, var, gradient = exact(np.zeros(1), lambda a: a[:, 0])  # a single choice attains the bound
    assert gradient @ gradient == pytest.approx(var / 4)


@pytest.mark.breaks("won - 0.5 - loan.sum(-1)", "won - 0.5")
def test_variance_decides(rng):
    """A third of 144 seeds would have to meet a win; one does with at most 640 * 2**-12 = 0.16.

    That is a binomial tail of 1.2e-7 for each way to pay; the loan's noise favours no choice.
    Seven of twelve came to 1.000 in each of 60 re-runs. All rewards: exact.
    """
    assert [*AT_LEAST] == [7, 10, 11, 12]  # as in the page's table
    a = rng.random((500, 12)) < 0.5
    early = {"end": 0, "loan": (a[:, :-1] - 0.5) / 12, "fee": -1}
    for pay in early:
        r = rewards(a, AT_LEAST[7], pay, rng)
        assert r[:, :-1] == pytest.approx(early[pay] + 0 * r[:, :-1])
        assert r.sum(1) == pytest.approx((a.sum(1) >= 7) - 0.5 - 12 * (pay == "fee"))
        assert learn_best(AT_LEAST[7], pay, rng, seeds=144).mean() > 0.9
        assert learn_best(AT_LEAST[12], pay, rng, seeds=144).mean() < 1 / 3


@pytest.mark.breaks('board.count(" ") % 2', '(board.count(" ") + 1) % 2')
def test_random_play_as_published():
    """Exact; the numbers are published ones."""
    play.cache_clear()
    z, square = play(" " * 9, "")
    assert play.cache_info().currsize == 5478
    assert (square + z) / 2 == pytest.approx(737 / 1260, abs=1e-12)
    assert (square - z) / 2 == pytest.approx(121 / 420, abs=1e-12)


@pytest.mark.breaks('{"X": max, "O": min}[player]', "max")
def test_opponent_decides():
    """Exact."""
    z, square = play(" " * 9, "")
    for perfect, random_wins in ("O", 1), ("X", -1):
        mean, mean_square = play(" " * 9, perfect)
        assert mean_square + random_wins * mean == pytest.approx(0)  # the random side never wins
        assert mean_square - mean**2 < (square - z**2) / 4
    assert play(" " * 9, "XO") == (0, 0)


@pytest.mark.boundary
@pytest.mark.breaks("rng.random(a.shape[:-1]) < chance[a.sum(-1)]", "chance[a.sum(-1)]")
def test_coin_hides(rng):
    """60 re-runs gave 0.07 (sd 0.02) and 0.87 (sd 0.03): margins of over seven and ten sd."""
    (eleven, _), (coin, _) = TASKS["11 of 12"], TASKS["11 of 12, or coin"]
    assert (eleven == (np.arange(13) > 10)).all()
    assert (coin == np.where(eleven, 1, 0.5)).all()
    assert learn_best(coin, "end", rng, seeds=144).mean() < 1 / 4
    assert learn_best(eleven, "end", rng, seeds=144).mean() > 1 / 2


@pytest.mark.boundary
@pytest.mark.breaks("theta = theta + step_size", "theta = theta - step_size")
def test_zero_gradient_learnt(rng):
    """60 re-runs gave 0.98 (sd 0.014), and 0.0000 with the smallest steps.

    Step size 1024 gives 0.6: it would be chosen only if all 72 seeds that try it learn. One
    does with probability 0.81, all with 3e-7.
    """
    chance, pay = TASKS["even number"]
    assert (chance == (np.arange(13) % 2 == 0)).all()
    theta = rng.normal(size=12)
    assert win_rate(theta, chance) == pytest.approx(exact(theta, lambda a: chance[a.sum(1)])[0])
    *_, gradient = exact(np.zeros(12), lambda a: chance[a.sum(1)])
    assert np.abs(gradient).max() < 1e-15
    assert learn_best(chance, pay, rng, seeds=144).mean() > 3 / 4
    assert learn(chance, pay, rng, STEP_SIZES[0], seeds=144).mean() < 0.01
