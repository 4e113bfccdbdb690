"""Can an agent that copies data become better than the data?

Teachers in a maze, copied or planned from. T: temperature; V, Q: values; pi: policy.
"""

# %% maze
import matplotlib.pyplot as plt
import numpy as np

ROWS = [".......#G", "..#....#.", "S.#....#.", "..#......", ".....#...", "........."]
CELLS = [(y, x) for y in range(6) for x in range(9) if ROWS[y][x] != "#"]
S, START, GOAL = len(CELLS), CELLS.index((2, 0)), CELLS.index((0, 8))
NEXT = [[(y - 1, x), (y, x + 1), (y + 1, x), (y, x - 1)] for y, x in CELLS]
NEXT = [[CELLS.index(c) if c in CELLS else s for c in NEXT[s]] for s in range(S)]
NEXT, GOES = np.array(NEXT), np.eye(S)[NEXT] * (np.arange(S) != GOAL)  # G: the end


def plan(allowed):
    """Value iteration with the allowed actions, -1 a step: V, and the best action."""
    V = np.where(np.arange(S) == GOAL, 0.0, -np.inf)
    for _ in range(S):
        Q = np.where(allowed, V[..., NEXT] - 1, -np.inf)
        V = np.where(np.arange(S) == GOAL, 0.0, Q.max(-1))
    return V, Q.argmax(-1)


V, RIGHT = plan(np.full((S, 4), True))
DETOUR = plan(~np.isin(NEXT, [CELLS.index((4, 2)), CELLS.index((5, 2))]))[1]


# %% copying
def copy(counts, T=1.0):
    """In each cell, act in proportion to the counts of the data, raised to 1/T."""
    share = (counts / counts.max(-1, keepdims=True).clip(1e-300)) ** (1 / T)
    return share / share.sum(-1, keepdims=True).clip(1e-300)


def visits(pi):
    """How often, on average, an episode is in each cell, exactly; their sum: steps."""
    stay = np.eye(S) - np.einsum("...sa,sat->...ts", pi, GOES)
    return np.linalg.solve(stay, np.eye(S)[:, [START]])[..., 0].round(9)


def teachers(shared, rng, team=15, panels=50, wrong=0.4, habit=0.6):
    """Panels of teachers; in a share of the cells, the team has the same habit."""
    bad, turn = rng.random(size := (panels, team, S)) < wrong, rng.integers(1, 4, size)
    same = rng.random((panels, 1, S)) < shared
    bad = habit * np.where(same, bad[:, :1], bad)[..., None]  # how often it wins
    turn = np.where(same, turn[:, :1], turn)
    return (1 - bad) * np.eye(4)[RIGHT] + bad * np.eye(4)[(RIGHT + turn) % 4]


def compare(pi, cold, loud=1):
    """Mean steps: each teacher; copies of endless data (loud 0: a vote per teacher)."""
    counts = (visits(pi)[..., None] ** loud * pi).sum(1)
    return visits(pi).sum(-1), [visits(copy(counts, 1 / x)).sum(-1) for x in cold]


COLD, copied, rows = (1, 1.5, 2, 3, 4), {}, []
print("shared [teacher, best of 15, copies at 1/T = 1, 1.5, 2, 3, 4]: median steps")
for x in (0, 0.5, 1):
    alone, y = copied[x] = compare(teachers(x, np.random.default_rng(0)), COLD)
    print(f"{x:6.0%}", np.median([alone.mean(1), alone.min(1), *y], 1).round())


# %% data
def walk(stray, rng, sets=40, episodes=20):
    """Detours with a share of random steps: counts of actions by cell; lengths."""
    who, state = np.arange(sets * episodes), np.full(sets * episodes, START)
    counts, length = np.zeros((sets, S, 4)), np.zeros(sets * episodes)
    while who.size:
        dice = rng.integers(4, size=who.size)
        a = np.where(rng.random(who.size) < stray, dice, DETOUR[state])
        np.add.at(counts, (who // episodes, state, a), 1)
        length[who] += 1
        state = NEXT[state, a]
        who, state = who[state != GOAL], state[state != GOAL]
    return counts, length.reshape(sets, episodes)


for x in (0, 0.2, 0.4, 0.6, 0.8, 0.9):
    counts, length = walk(x, np.random.default_rng(0))
    low = np.min([visits(copy(counts, T)).sum(-1) for T in (1, 1 / 2, 1 / 4, 1 / 8)], 0)
    y = np.mean([length.mean(1), low, length.min(1), -plan(counts > 0)[0][:, START]], 1)
    rows.append([100 * x, *y])
    print(f"{x:.0%} data {y[0]:.0f} copy {y[1]:.1f} best {y[2]:.1f} plan {y[3]:.1f}")

# %% figure
plt.rc("axes.formatter", min_exponent=3)  # 20 rather than 2 x 10
fig, (left, right) = plt.subplots(1, 2, sharey=True, figsize=(7, 4), layout="tight")
for k, (shared, (_, y)) in enumerate(copied.items()):
    low, mid, high = np.quantile(y, (0.25, 0.5, 0.75), axis=1)
    left.errorbar(COLD, mid, (mid - low, high - mid), fmt="os^"[k] + "-", capsize=3)
    left.text(4.2, mid[-1], f"{shared:.0%}\nshared", va="center")
for k, y in enumerate(np.transpose(rows)[1:]):
    right.plot(np.transpose(rows)[0], y, "os^D"[k] + "-")
    right.text(93, y[-1], ("data", "\ncopy", "best\n", "plan")[k], va="center")
left.set(xlabel="1/T of the copy", ylabel="steps to the goal", xlim=(0.9, 5.4))
right.set(xlabel="random steps of the teachers (%)", xlim=(-3, 114), yscale="log")
plt.show()


# %% experience
def experience(total, rng, runs=40):
    """Q-learning from 0, greedy, step size 1: length of the last episode, over time."""
    Q, state, t = np.zeros((runs, S, 4)), np.full(runs, START), np.zeros(runs)
    i, last = np.arange(runs), [np.full(runs, np.inf)]
    for _ in range(total):
        a = (Q[i, state] + 1e-6 * rng.random((runs, 4))).argmax(-1)  # ties at random
        state, before, t = NEXT[state, a], state, t + 1
        Q[i, before, a] = Q[i, state].max(-1) - 1
        last.append(np.where(state == GOAL, t, last[-1]))
        t[state == GOAL], state[state == GOAL] = 0, START
    return np.array(last)


# %% drift
def off_path(steps, e, back):
    """How many of the steps end off the path: errors at rate e; then ways back."""
    return e / (e + back) * sum(1 - (1 - e - back) ** t for t in range(1, steps + 1))
