"""The claims of self_play_signal."""

from collections import defaultdict
from functools import cache
from itertools import product
from math import comb

import numpy as np
import pytest
from self_play_signal import (
    CONSTANTS,
    OPPONENTS,
    PERFECT,
    RANDOM,
    SELF_PLAY,
    SOLVED,
    VAR,
    Z,
    before,
    best,
    boards,
    learn,
    strength,
    wins,
)

BUNGLER = OPPONENTS[0]
WHERE = {tuple(board): i for i, board in enumerate(boards.tolist())}


def moves(board):
    """The boards that the player to move can make, cell by cell."""
    player = 1 + (9 - board.count(0)) % 2
    return [(*board[:i], player, *board[i + 1 :]) for i in range(9) if board[i] == 0]


def learn_plainly(share, skill, c, games, rng, side):
    """The estimates after these games, kept board by board, with the dice of one run."""
    total, visits = defaultdict(np.float32), defaultdict(lambda: np.float32(1))
    usual = before(share, skill, side)
    for _ in range(games):
        path, dice = [(0,) * 9], rng.random((9, 1, 10), "f4")[:, 0]
        for t in range(9):
            after, sign = moves(path[-1]), 1 if t % 2 == 0 else -1
            z = np.array([total[b] / visits[b] for b in after])
            spread = np.log(visits[path[-1]]) / np.array([visits[b] for b in after])
            q = sign * z + np.float32(c) * np.sqrt(spread)
            if sign != side and dice[t, 9] < share:
                truth = SOLVED[0, [WHERE[b] for b in after]]
                q = (dice[t, : 9 - t] + sign * skill * truth).astype("f4")
            path.append(after[np.argmax(q + 1e-5 * dice[t, : 9 - t])])
        for board in path:
            total[board] = np.float32(total[board] + Z[WHERE[path[-1]]] - usual)
            visits[board] += 1
    return [total[board] / visits[board] for board in WHERE]


@pytest.mark.breaks("(abs(right) < 2) & (down != right)", "(abs(right) < 2)")
def test_hex_as_published():
    """Exact: the count in closed form; no draws, and the first player wins, by other code."""
    assert len(boards) == 1 + sum(comb(9, i) * comb(10 - i, i) for i in range(1, 6))
    steps = (1, 0), (-1, 0), (0, 1), (0, -1), (1, -1), (-1, 1)

    def linked(cells, axis):
        """By search over (row, column) pairs: from side 0 of this axis to side 2."""
        todo = [cell for cell in cells if cell[axis] == 0]
        seen = set(todo)
        while todo:
            r, c = todo.pop()
            new = {(r + a, c + b) for a, b in steps} & cells - seen
            seen |= new
            todo += new
        return any(cell[axis] == 2 for cell in seen)

    @cache
    def value(board):
        cells = [{divmod(i, 3) for i in range(9) if board[i] == player} for player in (1, 2)]
        if 0 not in board:
            assert linked(cells[0], 0) != linked(cells[1], 1)
            return 1 if linked(cells[0], 0) else -1
        return (max if board.count(0) % 2 else min)(value(b) for b in moves(board))

    assert value((0,) * 9) == 1
    assert value.cache_info().currsize == len(boards)
    assert SOLVED[0] == pytest.approx([value(board) for board in WHERE])
    assert wins(SOLVED) == pytest.approx(1)  # X at its best; then at its worst
    assert wins(-SOLVED) == pytest.approx(0)


@pytest.mark.breaks("q = sign * total[i]", "q = total[i]")
def test_variance_beats_bonus(rng):
    """With 128 and 64 runs, 0.53 and 0.6 against 0.32 and 0.28: over 5 standard errors.

    The learner does what a plain one does with the same dice, against each opponent.
    """
    assert OPPONENTS == ((0.9, -1), (0.7, -1), (0.4, -1), (0, 0), (1, 0), (1, 1))
    assert [round(VAR[i], 2) for i in (0, 3, 4)] == [0.14, 0.89, 0.89]
    assert before(*SELF_PLAY) == pytest.approx(Z[Z != 0].mean())  # full boards: equally likely
    assert sorted(VAR[:4]) == VAR[:4]  # of the figure: fewer bungled moves, more variance
    for opponent, side in product(OPPONENTS, (1, -1)):
        c, seed = rng.uniform(0, 1), int(rng.integers(2**31))
        dice, same = np.random.default_rng(seed), np.random.default_rng(seed)
        plain = learn_plainly(*opponent, c, 15, dice, side)
        assert learn([opponent], [c], 15, same, side)[0] == pytest.approx(plain, abs=1e-5)
    without = strength((BUNGLER, RANDOM), (0,), 300, rng, seeds=128).mean(2)[:, 0]
    low = without[0], strength((BUNGLER,), (0.5,), 300, rng, seeds=64).mean()
    high = without[1], strength((SELF_PLAY,), (0,), 300, rng, seeds=64).mean()
    assert min(high) > max(low)


@pytest.mark.breaks("visits[i] + c * np", "visits[i] - c * np")
def test_bonus_needs_variance(rng):
    """With 96 runs, gains of -0.06 and 0.16; the difference is 4.7 standard errors (0.046)."""
    rates = strength((BUNGLER, SELF_PLAY), CONSTANTS, 300, rng, seeds=96).mean(2)
    assert CONSTANTS == (0, 0.5)
    low, high = np.diff(rates)[:, 0]
    assert high > low


@pytest.mark.boundary
@pytest.mark.breaks("best(-1, V), len(V)", "best(1, V), len(V)")
def test_other_side_reverses(rng):
    """With 32 runs, 0.62 and 0.49; the difference is 7 standard errors (0.018).

    Untaught, O is a random player, too.
    """
    untaught = strength((SELF_PLAY,), (0,), 0, rng, side=-1)
    assert untaught == pytest.approx((1 - before(*SELF_PLAY)) / 2)
    perfect = (0.9, 1)
    assert round(1 - before(*perfect, side=-1) ** 2, 2) == 0.11
    bonus = strength((perfect,), (0.5,), 600, rng, seeds=32, side=-1).mean()
    self_play = strength((SELF_PLAY,), (0,), 600, rng, seeds=32, side=-1).mean()
    assert bonus > self_play


@pytest.mark.boundary
@pytest.mark.breaks("c * np.sqrt(np.log(n)", "c * np.sqrt(0 * n")
def test_exploration_perfects(rng):
    """With 40 runs each, 0.03 and 0.76: binomial tails below 2e-6."""
    V = learn([SELF_PLAY] * 80, np.repeat([0, 0.5], 40), 1000, rng)
    without, bonus = (wins(V, best(-1)) > 0.999).reshape(2, 40).mean(1)
    assert bonus > 0.4
    assert without < 0.25


@pytest.mark.boundary
@pytest.mark.breaks("dice[t, :, 9:] < share", "dice[t, :, 9:] < 0")
def test_less_variance_can_teach_more(rng):
    """With 48 runs, 0.95 (standard error 0.005) and 0.6 (0.035): over 8 to spare."""
    assert round(1 - before(*PERFECT) ** 2, 2) == 0.59
    perfect, self_play = strength((PERFECT, SELF_PLAY), (0,), 300, rng, seeds=48).mean((1, 2))
    assert perfect > self_play
