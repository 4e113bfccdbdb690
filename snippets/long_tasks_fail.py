"""Why is fetching a coffee harder for a robot than it looks?

A coffee of N steps, made by dice: exact chances, and a simulated robot that slips.
p: chance that a step succeeds; d: share of what is wrong that the robot notices.
"""

# %% setup
import matplotlib.pyplot as plt
import numpy as np

COFFEE = """go to kitchen, find cupboard, open it, find cup, grasp cup, lift it, close
cupboard, find machine, place cup, fill tank, insert pod, close lid, press button, wait,
grasp cup, lift it, leave kitchen, find person, approach, hand over"""
N, P, SEEN = len(COFFEE.split(",")), 0.95, 0.9


# %% chain
def needed(N, goal=0.9):
    """How often each of N steps must succeed, if all are to with chance goal."""
    return goal ** (1 / N)


for n in (1, 5, 20, 100):
    print(f"{n:3d} steps of {P:.0%}: {P**n:5.1%};  90% in all needs {needed(n):.2%}")


# %% kitchen
def fetch(rng, how, p=P, d=SEEN, false=0, spoils=0, N=N, limit=10**4, runs=4000):
    """Which coffees come out right within the limit, and after how many actions."""
    # how: look never; at each step, and redo it or start over; or once at the end
    done, flaw, right = np.zeros(runs, int), np.zeros(runs, bool), np.zeros(runs, bool)
    actions, i, t = np.full(runs, limit), np.arange(runs), 0
    while i.size and t < limit:
        bad, looks, t = rng.random(i.size) >= p, how in ("redo", "over"), t + 1
        if how == "end":
            bad, looks = bad | flaw[i], done[i] == N - 1  # one look at the whole
        alarm = looks & (rng.random(i.size) < np.where(bad, d, false))
        flaw[i] |= np.where(alarm, rng.random(i.size) < spoils, bad)
        done[i] += 1
        if how == "redo":
            done[i] -= alarm
        else:  # throw it all away and start over
            done[i[alarm]], flaw[i[alarm]] = 0, False
        end, i = i[done[i] == N], i[done[i] < N]
        right[end], actions[end] = ~flaw[end], t
    return right, actions


rng = np.random.default_rng(0)
for how in ("never", "end", "over", "redo"):
    right, actions = fetch(rng, how)
    fast = right & (actions <= 2 * N)
    print(f"{how:5s} {right.mean():4.0%} right, {actions.mean():3.0f} actions;", end="")
    print(f" {fast.mean():4.0%} right within {2 * N}")


# %% exact
def step(p, d, false=0, spoils=0, tries=np.inf):
    """The chance that a step ends well, if redone whenever something seems wrong."""
    again = (p * false + (1 - p) * d) * (1 - spoils)
    return p * (1 - false) * (1 - again**tries) / (1 - again)


CHANCE = {  # that all N steps end well, if the robot looks for mistakes ...
    "never": lambda N, p, d: p**N,
    "end": lambda N, p, d: p**N / (1 - d * (1 - p**N)),
    "redo": lambda N, p, d: step(p, d) ** N,
}


def horizon(how, p=P, d=SEEN):
    """The number of steps at which half of the coffees come out right."""
    low, high = 0.0, 1e7
    for _ in range(80):
        N = (low + high) / 2
        low, high = (N, high) if CHANCE[how](N, p, d) > 0.5 else (low, N)
    return low


print("50% horizon:", *(f"{how} {horizon(how):.0f}," for how in CHANCE), "steps")
print(f"half as many slips: {horizon('never', 1 - (1 - P) / 2):.1f};", end=" ")
print(f"half of them seen and redone: {horizon('redo', d=0.5):.1f}")

# %% published
# Of 1,000 chains, those left after 0 to 5 instructions: MoDE's log; GR-MG's issue 13
CALVIN = np.array([[1000, 971, 934, 899, 862, 824], [1000, 957, 896, 807, 740, 648]])
rate = CALVIN[:, 1:].sum(1) / CALVIN[:, :-1].sum(1)  # one for all five instructions
for scene, counts, one in zip(("familiar", "new"), CALVIN, rate, strict=True):
    shares = " ".join(f"{x:.1%}" for x in 1 - counts[1:] / counts[:-1])
    print(f"{scene + ' scene:':15s} {shares} fail; together {1 - one:.1%}")


# %% luck
def lucky(N, keep=10**9, a=19):
    """The chance of N good steps; p is from Beta(a, 1), drawn anew every keep steps."""
    whole, rest = divmod(N, keep)
    return (a / (a + keep)) ** whole * a / (a + rest)  # the mean of p**k is a / (a + k)


print("p is drawn   each step  every 10     once")
for n in (1, 10, 20, 100):
    shares = (f"{lucky(n, keep):10.1%}" for keep in (1, 10, 10**9))
    print(f"{n:3d} steps:  ", *shares, sep="")

# %% figure
fig, (left, right) = plt.subplots(1, 2, figsize=(7, 4.2), layout="constrained")
labels, n = ("never", "at\nend", "at each\nstep"), np.arange(1, 1001)
for k, (how, label) in enumerate(zip(CHANCE, labels, strict=True)):
    left.plot(n, 100 * CHANCE[how](n, P, SEEN), f"C{k}")
    left.text((1.2, 82, 210)[k], (60, 16, 38)[k], label)
    for m in (5, 20, 60):
        y = 100 * fetch(rng, how, N=m, runs=1000)[0]
        left.errorbar(m, y.mean(), 2 * y.std() / 1000**0.5, fmt=f"C{k}" + "o^s"[k])
left.set(xscale="log", xlabel="steps, N", ylabel="right (%)", title="Robot looks ...")
for keep, label in (1, "each step"), (10, "every 10"), (50, "every 50"), (1e9, "once"):
    right.semilogy(n[:200], [100 * lucky(m, keep) for m in n[:200]])
    right.text(204, 100 * lucky(200, keep), label, va="center")
right.set(xlim=(0, 280), xlabel="steps, N", ylabel="right (%)", title="p is drawn ...")
plt.show()
