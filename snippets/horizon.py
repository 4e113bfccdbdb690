"""What is the horizon, and what does the discount factor have to do with it?

Exact planning in a corridor with a cookie on the left and a cake on the right, under a
time limit and under a discount; and a world without discount that ends at random.
H: steps left; D: steps to the cake; gamma: discount; v: values of cells; q: of going
left (0) and right (1).
"""

# %% setup
from statistics import NormalDist

import matplotlib.pyplot as plt
import numpy as np

H, GAMMA = 20, 0.95  # a time limit and a discount; 1 / (1 - GAMMA) is 20 as well
DISTANCES = (10, 20, 40, 80, 160)  # steps to the cake


# %% planner
def plan(pays, ends, gamma, H, policy=None):
    """Value of each action in each cell with H steps left, worked out backwards.

    pays: the reward for entering a cell; ends: whether that ends the episode;
    policy: the chance of going right, unless the later steps are to be the best.
    """
    cell = np.arange(len(pays))
    to = np.stack([cell - 1, cell + 1], axis=1).clip(0, len(pays) - 1)  # walls
    v = np.zeros(len(pays))  # no steps left, nothing to come
    for _ in range(H):
        q = pays[to] + gamma * np.where(ends, 0, v)[to]
        v = q.max(1) if policy is None else q[:, 0] + policy * (q[:, 1] - q[:, 0])
    return q


def lead(steps, gamma, H=None, cookie=1.0, cake=10.0):
    """How much better a first step right, to the cake, is than one left."""
    pays = np.zeros(steps + 2)  # you stand in cell 1, next to the cookie
    pays[0], pays[-1] = cookie, cake
    q = plan(pays, pays > 0, gamma, H or len(pays))  # farther changes nothing
    return q[1, 1] - q[1, 0]


# %% choices
PLANNERS = {
    f"H = {H}": dict(gamma=1.0, H=H),
    f"H = {H}, cake 1000": dict(gamma=1.0, H=H, cake=1000.0),
    f"γ = {GAMMA}": dict(gamma=GAMMA),
    f"γ = {GAMMA}, cake 1000": dict(gamma=GAMMA, cake=1000.0),
    f"γ = {GAMMA}, no cookie": dict(gamma=GAMMA, cookie=0.0),
}
print("steps to the cake   ", *(f"{D:6}" for D in DISTANCES))
for name, options in PLANNERS.items():
    goes = ["cake" if lead(D, **options) > 0 else "cookie" for D in DISTANCES]
    print(f"{name:20}", *(f"{x:>6}" for x in goes))


# %% ending
def lights_out(rewards, gamma, rng, runs=100_000):
    """Undiscounted sums; each step is the last with chance 1 - gamma."""
    total, on = np.zeros(runs), np.arange(runs)
    for r in rewards:
        total[on] += r
        on = on[rng.random(on.size) < gamma]
    return total


rng = np.random.default_rng(0)
walk = np.append(np.zeros(9), 10.0)  # the rewards up to a cake at step 10
life = lights_out(np.ones(600), GAMMA, rng)  # 1 a step: counts the steps
print(f"cake, discounted:       {GAMMA ** np.arange(10) @ walk:.1f}")
print(f"cake, until lights out: {lights_out(walk, GAMMA, rng).mean():.1f}")
print(f"steps until lights out: {life.mean():.1f} on average")
print(f"still on after {H}:      {100 * (life > H).mean():.0f} % of the worlds")


# %% errors
def chance(steps, gamma, error):
    """How often the first step is right if each value has an error."""
    return NormalDist().cdf(lead(steps, gamma, cookie=0.0) / (error * 2**0.5))


print("1/(1−γ)   D =", *(f"{D:4}" for D in DISTANCES))
for horizon in (*DISTANCES, 10_000):
    right = [100 * chance(D, 1 - 1 / horizon, error=0.3) for D in DISTANCES]
    print(f"{horizon:6}       ", *(f"{x:4.0f}" for x in right))


# %% clock
def best_two(crumb, gamma, H):
    """A crumb a step, or the cake: best with a clock, and by one rule."""
    problem = np.array([crumb, 1.0]), np.array([False, True]), gamma, H
    rules = [plan(*problem, p)[0] @ (1 - p, p) for p in np.linspace(0, 1, 51)]
    return plan(*problem)[0].max(), max(rules)


CRUMB = 0.3
limit, discount = best_two(CRUMB, 1.0, H), best_two(CRUMB, GAMMA, 600)
print("H = {}:    {:.1f} with a clock, {:.1f} without".format(H, *limit))
print("γ = {}:  {:.1f} with a clock, {:.1f} without".format(GAMMA, *discount))

# %% figure
fig, (left, right) = plt.subplots(1, 2, figsize=(7, 4), layout="constrained")
t = np.arange(1, 81)
left.plot([1, H, H, 80], [1, 1, 0, 0], "C0--")
left.plot(t, GAMMA ** (t - 1.0), "C1")
left.fill_between(t, GAMMA ** (t - 1.0), where=t >= H, color="C1", alpha=0.3)
left.text(H + 1.5, 0.94, f"limit, H = {H}")
left.text(23, 0.46, f"discount, γ = {GAMMA}")
left.text(33, 0.24, f"{100 * GAMMA**H:.0f} % of the\nweight: after {H}")
left.set(xlabel="step, t", ylabel="weight of the reward in the return")
horizons = np.geomspace(2.5, 1280, 37)
for i, D in enumerate((10, 40, 160)):
    leads = np.array([lead(D, 1 - 1 / h, cookie=0.0) for h in horizons])
    best = leads.argmax()
    right.plot(horizons, leads, f"C{i + 2}" + "os^"[i] + "-", markevery=[best])
    right.text(horizons[best], leads[best] / 3.5, f"{D}\nsteps", ha="center")
right.set(xscale="log", yscale="log", ylim=(1e-3, 2))
right.set_xlabel("effective horizon 1/(1 − γ), steps")
right.set_ylabel("lead of the right first step")
plt.show()
