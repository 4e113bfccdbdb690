"""In self-play, what matters more: the search's exploration or the outcome's variance?

Hex on 3x3 cells. Both players learn from their games and choose moves as UCT does, with
exploration constant c; z: 1 if X wins, -1 if O does; k: visits after a move. Outsiders
make a share of one side's moves: perfect (skill 1), random (0) or bungling (-1).
"""

# %% setup
from itertools import product

import matplotlib.pyplot as plt
import numpy as np

GAMES, SEEDS, CONSTANTS = 300, 24, (0, 0.5)  # games a run, runs a setting
SELF_PLAY, RANDOM, PERFECT = (0, 0), (1, 0), (1, 1)  # an outsider's share and skill
OPPONENTS = (0.9, -1), (0.7, -1), (0.4, -1), SELF_PLAY, RANDOM, PERFECT

# %% hex
boards = np.array(list(product((0, 1, 2), repeat=9)))  # 1 is X, 2 is O
boards = boards[np.isin((boards == 1).sum(1) - (boards == 2).sum(1), (0, 1))]
FILLED, POWERS = (boards > 0).sum(1), 3 ** np.arange(9)[::-1]
LEVELS = [np.flatnonzero(t == FILLED) for t in range(9)]
codes = boards @ POWERS  # ascending
cells = np.argsort(boards > 0, axis=1, kind="stable")  # the free ones first
NEXT = np.searchsorted(codes, (codes + (1 + FILLED % 2) * POWERS[cells].T).T)  # X first
down, right = (x[:, None] - x for x in np.divmod(np.arange(9), 3))
NEAR = (abs(down) < 2) & (abs(right) < 2) & (down != right)  # six neighbours
chain = (boards == 1) & (np.arange(9) < 3)  # X's stones that are linked to the top row
for _ in range(9):
    chain = (boards == 1) & (chain | chain @ NEAR)
Z = np.where(FILLED == 9, np.where(chain[:, 6:].any(1), 1.0, -1.0), 0.0)


# %% exact
def best(sign, V=None):
    """Evenly among the best moves, for X (1) or O (-1), by V or else by the truth x."""

    def rule(after, x):
        q = sign * (x if V is None else V)[:, after]
        top = q > q.max(-1, keepdims=True) - 1e-6
        return top / top.sum(-1, keepdims=True)

    return rule


def mean_z(x_rule, o_rule, runs=1):
    """The mean outcome from every position, if X and O play by these rules."""
    x = np.tile(Z, (runs, 1))
    for t, s in reversed([*enumerate(LEVELS)]):
        after = NEXT[s, : 9 - t]
        x[:, s] = ((o_rule if t % 2 else x_rule)(after, x) * x[:, after]).sum(-1)
    return x


SOLVED, EVENLY = mean_z(best(1), best(-1)), best(0)


def before(share, skill, side=1):
    """The mean outcome before anything is learnt, if the outsider faces this side."""
    out = best(-side * skill, SOLVED)
    rules = EVENLY, lambda *a: (1 - share) * EVENLY(*a) + share * out(*a)
    return mean_z(*rules[::side])[0, 0]


def wins(V, o_rule=None):
    """How often X beats O, by default a perfect one, when it trusts its estimates V."""
    return (mean_z(best(1, V), o_rule or best(-1, SOLVED), len(V))[:, 0] + 1) / 2


# %% learn
def learn(opponents, c, games, rng, side=1):
    """The estimates V of both players after their games; one run for each c."""
    runs, start = len(c), np.arange(len(c)) * len(Z)
    total, visits = np.zeros(runs * len(Z), "f4"), np.ones(runs * len(Z), "f4")
    usual = [*map({o: before(*o, side) for o in {*opponents}}.get, opponents)]
    (share, skill), c = np.array(opponents).T[..., None], np.array(c, "f4")[:, None]
    for _ in range(games):
        s, path, dice = np.zeros(runs, int), [start], rng.random((9, runs, 10), "f4")
        for t in range(9):
            after, sign = NEXT[s, : 9 - t], (-1) ** t
            i, n = start[:, None] + after, visits[path[-1]][:, None]
            q = sign * total[i] / visits[i] + c * np.sqrt(np.log(n) / visits[i])
            if sign == -side:  # the outsider's share of these moves
                o = np.flatnonzero(dice[t, :, 9:] < share)
                q[o] = dice[t, o, : 9 - t] + sign * skill[o] * SOLVED[0, after[o]]
            s = after[np.arange(runs), (q + 1e-5 * dice[t, :, : 9 - t]).argmax(1)]
            path.append(start + s)
        total[np.array(path)] += Z[s] - usual
        visits[np.array(path)] += 1
    return (total / visits).reshape(runs, -1)


def strength(opponents, constants, games, rng, seeds=SEEDS, side=1):
    """For each setting, how often X beats a perfect O, or O (side -1) a random X."""
    faced, c, _ = zip(*product(opponents, constants, range(seeds)), strict=True)
    V = learn(faced, c, games, rng, side)
    won = wins(V) if side == 1 else (1 - mean_z(EVENLY, best(-1, V), len(V))[:, 0]) / 2
    return won.reshape(len(opponents), len(constants), seeds)


# %% results
VAR = [1 - before(*opponent) ** 2 for opponent in OPPONENTS]  # z² is always 1
won = strength(OPPONENTS, CONSTANTS, GAMES, np.random.default_rng(0))
print("share skill  Var(z)", *(f"  c = {c:3}" for c in CONSTANTS))
for opponent, var, rates in zip(OPPONENTS, VAR, won.mean(2), strict=True):
    print("{:5} {:5}".format(*opponent), f"{var:7.2f}", *(f"{x:9.0%}" for x in rates))

# %% figure
fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
x, y, error = VAR, 100 * won.mean(2), 200 * won.std(2) / SEEDS**0.5
for i, (c, mark) in enumerate(zip(CONSTANTS, "os", strict=False)):
    ax.errorbar(x[:4], y[:4, i], error[:4, i], fmt=f"C{i}{mark}-")
    ax.plot(x[5], y[5, i], f"C{i}{mark}", mfc="none", ms=8 + 3 * i)
    ax.text(x[3] + 0.02, y[3, i], f"c = {c}", va="center", color=f"C{i}")
ax.axhline(100 * wins(np.zeros((1, len(Z))))[0], color="gray", ls=":")
for label in (0.99, 23, "untaught"), (0.88, 88, "self-play"), (0.5, 94, "perfect O"):
    ax.text(*label, ha="center")
ax.set(xlim=(0, 1.05), ylim=(0, 100), xlabel="Var(z) before learning")
ax.set_ylabel("X beats a perfect O (% of games)")
plt.show()
