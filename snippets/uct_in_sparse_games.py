"""Why can MCTS with UCT do so badly when the reward is truly sparse?

Visits until UCT first sees a corridor's end, by plain UCT and by a recursion from one
decisive visit to the next. D: steps; c: exploration constant; prizes: what leaving pays
at each step (the end pays 1); G: return; n: visits of a position; k: tries of a move.
"""

# %% setup
import math
from collections import defaultdict
from itertools import product

import matplotlib.pyplot as plt
import numpy as np


# %% games
def decoys(D, scale=1):
    """The D-chain (Coquelin & Munos 2007): each step makes leaving pay a bit less."""
    return [scale * (D - 1 - d) / D for d in range(D)]


def spread(prizes):
    """Exact standard deviation of the return if every move is the throw of a coin."""
    p = 0.5 ** np.append(np.arange(1, len(prizes) + 1), len(prizes))
    return math.sqrt(np.cov([*prizes, 1], aweights=p, ddof=0))


games = {"decoys": decoys(7), "decoys / 10": decoys(7, scale=0.1)}
games |= {"needle": decoys(7, scale=0), "helpful": decoys(7)[::-1]}


# %% uct
def ucb1(n, k, c):
    """Bonus of a move tried k times in n visits (Auer et al. 2002)."""
    return c * math.sqrt(math.log(n) / k) if k else math.inf


def puct(n, k, c):
    """Bonus of AlphaGo Zero (Silver et al. 2017), with priors of 1/2."""
    return c / 2 * math.sqrt(n) / (1 + k)


def uct(prizes, c, bonus=ucb1, budget=20_000, ties=None):
    """Leaves visited up to the first sight of the end; once out, moves do nothing."""
    D, leaves, visits, total = len(prizes), [], defaultdict(int), defaultdict(float)
    while len(leaves) < budget and "w" * D not in leaves[-1:]:
        path = ""
        for moves in ties or ["lw"] * D:  # leave or walk on; of equals, the first
            n, tries = visits[path], {path + m: visits[path + m] for m in moves}
            bound = {p: total[p] / (k or 1) + bonus(n, k, c) for p, k in tries.items()}
            path = max(bound, key=bound.get)
        for i in range(D + 1):
            visits[path[:i]] += 1
            total[path[:i]] += prizes[path.index("l")] if "l" in path else 1
        leaves.append(path)
    return leaves


C = math.sqrt(2)
for name, prizes in games.items():
    print(f"{name:11}: std of G {spread(prizes):.2f}, visits {len(uct(prizes, C)):6,}")
orders = [len(uct(decoys(5), C, ties=t)) for t in product(["lw", "wl"], repeat=5)]


# %% recursion
def overtakes(k, gap, c, bonus):
    """ln of the visits after which a move tried k times passes a rival `gap` better."""
    alone = k * (gap / c) ** 2 if bonus is ucb1 else 2 * math.log1p(2 * k * gap / c)
    if alone > 30:  # neglects the rival's bonus, tiny by then
        return alone
    n = k
    for step in (2**i for i in range(44, -1, -1)):
        if bonus(n + step, k, c) <= gap + bonus(n + step, n + step - k, c):
            n += step
    return math.log(n + 1)


def first_sight(prizes, c, bonus=ucb1):
    """log10 of the visits up to the first sight of the end, if the prizes fall."""
    k, mean = 0, 0.0  # walking on: tries before the decisive one, and their mean return
    for prize in reversed(prizes):
        log_n = overtakes(k, prize - mean, c, bonus)
        n = round(math.exp(log_n)) if log_n < 700 else math.inf
        k, mean = n, prize + (k / n if n < math.inf else 0) * (mean - prize)
    return (math.log(k + 1) if k < math.inf else log_n) / math.log(10)


growth = {D: first_sight(decoys(D), C) for D in range(2, 10)}
for D, log_n in growth.items():
    print(f"D = {D}: UCT 10^{log_n:.1f}, exhaustive search 10^{D * math.log10(2):.1f}")


# %% constants
def blow_up(c):
    """The least D at which the decoys cost UCT over 100 times 2^D visits, up to 40."""
    costly = (D for D in range(41) if first_sight(decoys(D), c) > 2 + D * math.log10(2))
    return next(costly, math.inf)


blow_ups = {c: blow_up(c) for c in (0.5, 1, 2, 4, 8, 16, 32, 64)}
helped = {c: len(uct(decoys(10)[::-1], c)) for c in blow_ups}
for c, D in blow_ups.items():
    print(f"c = {c:3}: blow-up at D = {D:2}; helpful, D = 10: {helped[c]:3} visits")

# %% figure
D = np.arange(1, 21)
fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
lines = {"decoys: c=½": (0.5,), "c=√2": (C,), "PUCT": (2, puct), "c=8": (8,)}
for name, setting in lines.items():
    y = np.minimum([first_sight(decoys(d), *setting) for d in D], 1e3)
    ax.plot(D, y, ".-")
    ax.text(np.interp(20, y, D), 20.3, name, ha="center")
ax.plot(D, D * math.log10(2), "--")
ax.text(20, 6.4, "needle, any c", ha="right")
ax.plot(D[1::3], [math.log10(len(uct(decoys(d)[::-1], C))) for d in D[1::3]], ":")
ax.text(20, 1.6, "helpful, c=√2", ha="right")
ax.set(ylim=(0, 20), xticks=D[1::2], xlabel="steps in the corridor, D")
ax.set_ylabel("log10 of the visits until the end is seen")
plt.show()
