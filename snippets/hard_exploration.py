"""Do we have any methods that are good at hard exploration?

Attempts until Q-learning opens a lock of N two-way dials, one combination in 2^N.
N: dials; code: the right turns; Q: estimated values, Q0 at first; a: turn; alpha: step
size; epsilon: share of random turns; clicks: whether a mistake ends the attempt.
"""

# %% setup
from functools import cache
from itertools import product

import matplotlib.pyplot as plt
import numpy as np

MISTAKE = 0.0  # reward of an attempt that fails; opening the lock pays 1


# %% learner
def attempt(Q, i, code, clicks, rng, epsilon, alpha, readings, mistake=MISTAKE):
    """One attempt of each run in i, learnt backwards; says which of them open."""
    ok, state, steps = np.full(i.size, True), np.zeros(i.size, int), []
    for t in range(code.shape[1]):
        if clicks:  # the dial; what a clock shows beside it, if it has readings
            state = t * readings + rng.integers(readings, size=i.size)
        lead = Q[i, state, 1] - Q[i, state, 0]
        lead += (lead == 0) * (rng.random(i.size) - 0.5)  # ties at random
        dither = rng.random(i.size) < epsilon
        a = np.where(dither, rng.integers(2, size=i.size), lead > 0)
        steps.append((np.flatnonzero(ok | (not clicks)), state, a))
        ok = ok & (a == code[i, t])
        state = 2 * state + 1 + a  # all turns so far, as a node of a binary tree
    value = np.where(ok, 1.0, mistake)
    for on, state, a in reversed(steps):  # on: those who still made this turn
        j, s = i[on], state[on]
        Q[j, s, a[on]] += alpha * (value[on] - Q[j, s, a[on]])
        value[on] = Q[j, s].max(-1)
    return ok


def attempts(N, Q0, clicks, rng, runs=400, epsilon=0, alpha=1, readings=1, **more):
    """How many attempts each run needs to open its own random lock."""
    code, count = rng.integers(2, size=(runs, N)), np.zeros(runs, int)
    states = N * readings if clicks else 2**N
    Q, i = np.full((runs, states, 2), float(Q0)), np.arange(runs)
    while i.size:
        count[i] += 1
        i = i[~attempt(Q, i, code, clicks, rng, epsilon, alpha, readings, **more)]
    return count


# %% results
LOCKS = {  # the arguments; and the values of N
    "clicking, dithering": (dict(Q0=0, clicks=True, epsilon=0.1), (2, 4, 6)),
    "clicking, optimistic": (dict(Q0=1, clicks=True), (2, 4, 6, 8, 16, 32)),
    "silent, optimistic": (dict(Q0=1, clicks=False), (2, 4, 6, 8)),
}
rng, mean, error = np.random.default_rng(0), {}, {}
for name, (options, sizes) in LOCKS.items():
    x = [attempts(N, rng=rng, **options) for N in sizes]
    mean[name], error[name] = np.mean(x, 1), 2 * np.std(x, 1) / len(x[0]) ** 0.5
    print(f"{name}, N = {sizes}: {mean[name].round(1)}")

# %% sweep
for epsilon in (0, 0.1, 1):
    swept = [attempts(3, 0, True, rng, 1600, epsilon, x).mean() for x in (0.1, 1)]
    print(f"ε = {epsilon}: {swept[0]:.0f} with α = 0.1, {swept[1]:.0f} with α = 1")


# %% best
def feedback(code, turns, clicks):
    """What an attempt tells: the turns before a mistake, or only whether it opened."""
    right = [a == b for a, b in zip(code, turns, strict=True)]
    return [*right, False].index(False) if clicks else all(right)


@cache
def best(codes, clicks):
    """Least mean attempts of any method, if each of these codes is as likely."""
    costs = []
    for turns in product((0, 1), repeat=len(min(codes))):
        parts = {}  # the codes still possible, by what the attempt tells
        for code in codes - {turns}:
            parts.setdefault(feedback(code, turns, clicks), set()).add(code)
        if codes not in parts.values():  # something was learnt
            cost = sum(len(p) * best(frozenset(p), clicks) for p in parts.values())
            costs.append(1 + cost / len(codes))
    return min(costs)


for N in (1, 2, 3):
    codes = frozenset(product((0, 1), repeat=N))
    print(f"N = {N}: {best(codes, True)} clicking, {best(codes, False)} silent")


# %% setback
def turns_needed(N, back):
    """Mean random turns to open, exactly, if a mistake undoes `back` right ones."""
    s, step = np.arange(N), np.eye(N, k=1) / 2
    step[s, np.maximum(s - back, 0)] = 0.5
    return np.linalg.solve(np.eye(N) - step, np.ones(N))[0]


# %% clock
clock = [attempts(6, 1, True, rng, readings=k).mean() for k in (1, 10, 100, 1000)]
print("1, 10, 100, 1000 readings: {:.0f}, {:.0f}, {:.0f}, {:.0f}".format(*clock))

# %% figure
fig, (left, right) = plt.subplots(1, 2, figsize=(7, 4.5), layout="constrained")
N = np.arange(1, 17)
lines, heights = (2.0**N, N + 1.0, (2.0**N + 1) / 2), (1e3, 1.8, 70)
for k, (name, (_, sizes)) in enumerate(LOCKS.items()):
    left.plot(N, lines[k], f"C{k}--")
    left.errorbar(sizes, mean[name], error[name], fmt=f"C{k}" + "o^s"[k])
    left.text((1.5, 6.5, 9.5)[k], heights[k], name.replace(", ", ",\n"))
for back, label in {1: "−1 dial", 2: "−2", 3: "−3", 16: "all"}.items():
    right.plot(N, [turns_needed(n, back) for n in N])
    right.text(16.3, turns_needed(16, back), label, va="center")
for ax, unit in (left, "attempts until it opens"), (right, "turns until it opens"):
    ax.set(yscale="log", xlim=(0, 21), ylim=(1, 2e5), xlabel="dials, N", ylabel=unit)
plt.show()
