"""Should we abandon reinforcement learning? Is it the right approach?

Rivals on one problem: the short corridor of Sutton and Barto (2018, Example 13.1).
s, o, a: square, what is seen of it, lever; m: how many levers; Q: estimated values;
theta, p: parameters of a policy, its chance of lever 1; alpha: step size; epsilon:
share of random levers; G: return, which is minus the steps of an episode.
"""

# %% corridor
import matplotlib.pyplot as plt
import numpy as np

RIGHT = np.array([1, 0, 1])  # the lever that leads on, in each square


def move(s, a, right):
    """The right lever leads one square on, every other one back."""
    return np.where(a == right[s], s + 1, np.maximum(s - 1, 0))


def steps_needed(p, right=RIGHT):
    """Mean steps to the goal, exactly, if every square's lever 1 has chance p."""
    total = on = 0
    for lever in right:
        q = p if lever == 1 else 1 - p
        on = (1 + (1 - q) * on) / q  # from this square to the next
        total = total + on
    return total


# %% values
def learn(kind, rng, right=RIGHT, m=2, seen=1, epsilon=0, alpha=0.9, steps=60, runs=60):
    """The values; at each step, was a preferred lever wrong; mean steps an episode."""
    N, i, s, wrong, ends = len(right), np.arange(runs), np.zeros(runs, int), [], 0
    Q, count = np.zeros((runs, N + 1, m)), np.zeros((runs, N, m, N + 1))
    count[..., N] = 1e-9  # N is the goal, of value 0: hoped for until tried
    for _ in range(steps):
        best = Q[:, :N] == Q[:, :N].max(2, keepdims=True)
        wrong.append((best != np.eye(m)[right]).any((1, 2)))
        o, dither = s * seen, rng.random((runs, 1)) < epsilon
        a = ((best[i, o] | dither) * rng.random((runs, m))).argmax(1)  # ties at random
        s2 = move(s, a, right)
        o2 = np.where(s2 == N, N, s2 * seen)
        if kind == "told the lever":  # after each step: which one was right
            Q[i, o] = np.eye(m)[right[s]]
        elif kind == "Q-learning":
            Q[i, o, a] += alpha * (-1 + Q[i, o2].max(1) - Q[i, o, a])
        else:  # learn a model: count, then plan by value iteration
            count[i, o, a, o2] += 1
            P = count / count.sum(-1, keepdims=True)
            Q[:, :N] = -1 + (P * Q.max(2)[:, None, None]).sum(-1)
        s, ends = np.where(s2 == N, 0, s2), ends + np.sum(s2 == N)
    return Q, np.array(wrong), steps * runs / ends


# %% policies
def play(theta, rng, right=RIGHT, cap=1000):
    """An episode with each policy: its return, the gradient of its ln probability."""
    p = 1 / (1 + np.exp(-theta.reshape(-1, theta.shape[-1])))
    i, s, score, G = np.arange(len(p)), np.zeros(len(p), int), 0 * p, np.zeros(len(p))
    while i.size and G.min() > -cap:
        o = s % p.shape[1]  # with a single parameter no square is seen
        a = rng.random(i.size) < p[i, o]
        score[i, o] += a - p[i, o]
        G[i] -= 1
        s = move(s, a, right)
        i, s = i[s < len(right)], s[s < len(right)]
    return G.reshape(theta.shape[:-1]), score.reshape(theta.shape)


def search(kind, rng, theta, alpha, n=4, updates=60, runs=60, right=RIGHT):
    """The parameters; for each update whether a lever was wrong, and its steps."""
    theta, wrong, steps = np.tile(theta, (runs, 1, 1)), [], []
    for _ in range(updates):  # each from n episodes
        wrong.append((theta[:, 0] * (2 * right - 1) <= 0).any(1))
        if kind == "evolution":  # vary the parameters, in opposite pairs
            d = rng.normal(size=(runs, n // 2, theta.shape[2]))
            d = np.append(d, -d, 1)
            G, _ = play(theta + d, rng, right)
        else:  # policy gradient (REINFORCE): let the levers vary
            G, d = play(theta.repeat(n, 1), rng, right)
        A = (G - G.mean(1, keepdims=True)) / (G.std(1, keepdims=True) + 1e-9)
        theta = theta + alpha * (A[..., None] * d).mean(1, keepdims=True)
        steps.append(-G.sum(1))
    return theta[:, 0], np.array(wrong), np.array(steps)


# %% price
def price(wrong, steps=1):
    """Steps taken while some preferred lever was wrong; infinite if one still is."""
    return np.where(wrong[-1], np.inf, (steps * wrong).sum(0))


rng, cost = np.random.default_rng(0), {}
for kind in ("told the lever", "learned model", "Q-learning"):
    cost[kind] = price(learn(kind, rng)[1])
for kind in ("policy gradient", "evolution"):
    swept = [price(*search(kind, rng, np.zeros(3), x)[1:]) for x in (0.3, 1, 3)]
    cost[kind] = min(swept, key=np.mean)
for kind, x in cost.items():
    print(f"{kind:15s} {x.mean():5.1f} ± {2 * x.std() / x.size**0.5:.1f}")

# %% dark
dark = {}
for kind in ("learned model", "Q-learning"):
    Q = learn(kind, rng, seen=0, epsilon=0.1, alpha=0.1, steps=300)[0][:, 0]
    dark[kind] = np.where(Q[:, 1] > Q[:, 0], 0.95, 0.05)
for kind in ("policy gradient", "evolution"):
    theta = search(kind, rng, np.log([0.05 / 0.95]), 0.2, n=16, updates=40)[0]
    dark[kind] = 1 / (1 + np.exp(-theta[:, 0]))
fig, (top, bottom) = plt.subplots(2, figsize=(7, 5), sharex=True, layout="constrained")
x = np.linspace(0.03, 0.97, 200)
top.plot(x, steps_needed(x), "k")
for k, (kind, p) in enumerate(dark.items()):
    bottom.plot(p, 0 * p + k, f"C{k}" + "so^v"[k])
    print(f"{kind:15s} {np.median(steps_needed(p)):.0f}")
top.set(ylim=(0, 100), ylabel="mean steps")
bottom.set(xlabel="chance of lever 1 in every square, p", ylim=(3.5, -0.5))
bottom.set_yticks(range(4), dark)
plt.show()
