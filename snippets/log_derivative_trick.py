"""Why does the policy gradient include a log probability?

What sampled updates do on average. theta: a number for each machine; π: its softmax,
the shares of the plays; r: payouts; k: the power of π(a) an update is divided by.
"""

# %% setup
import matplotlib.pyplot as plt
import numpy as np

PAYS = np.array([1.0, 0.8, 0.6])  # coins a play on the machines A, B and C
START = np.log([0.1, 0.8, 0.1])  # of ten plays one is on A, eight on B, one on C


def policy(theta):
    """Softmax: the share of the plays that each machine gets."""
    x = np.exp(theta - theta.max(-1, keepdims=True))
    return x / x.sum(-1, keepdims=True)


def nudge(f, x, h=1e-5):
    """The gradient of f, by moving each number in x a little up and down."""
    return np.array([f(x + d) - f(x - d) for d in h * np.eye(len(x))]) / (2 * h)


# %% update
def one_play(theta, r, k):
    """Row a: what one play of machine a adds to theta, r(a) ∇π(a) / π(a)^k."""
    pi = policy(theta)[..., None]
    gradients = pi * (np.eye(len(r)) - np.swapaxes(pi, -1, -2))  # row a: ∇π(a)
    return r[:, None] * gradients / pi**k


def average(theta, r, k):
    """The mean over sampled plays: row a comes up with probability π(a)."""
    return (policy(theta)[..., None] * one_play(theta, r, k)).sum(-2)


print("wanted:         ", nudge(lambda x: policy(x) @ PAYS, START).round(3) + 0.0)
print("without the log:", average(START, PAYS, 0).round(3) + 0.0)
print("with the log:   ", average(START, PAYS, 1).round(3) + 0.0)

# %% train
RULES = {"without the log": 0, "with the log": 1}  # the power k


def train(theta, r, k, alpha=2.0, updates=1000):
    """The policy before each of many average updates, and after the last."""
    path = [policy(theta)]
    for _ in range(updates):
        theta = theta + alpha * average(theta, r, k)
        path.append(policy(theta))
    return np.array(path)


# %% figure
grid = [(a, b, 10 - a - b) for a in range(1, 9) for b in range(1, 10 - a)]
fig, axes = plt.subplots(1, 2, figsize=(7, 3.8), sharey=True, layout="constrained")
for ax, (name, k) in zip(axes, RULES.items(), strict=True):
    paths = 100 * train(np.log(np.array(grid) / 10), PAYS, k)
    for path in paths.swapaxes(0, 1):
        i, (a, b, _) = path[-1].argmax(), path.T
        ax.plot(b, a, f"C{i}-" + "os^"[i], markevery=[0], lw=0.8, ms=5)
    for x, y, text in ((4, 101, "A pays 1"), (66, -11, "B: 0.8"), (-12, -11, "C: 0.6")):
        ax.text(x, y, text)
    ax.set(title=name, xlabel="plays on B, %", xlim=(-14, 108), ylim=(-14, 112))
axes[0].set_ylabel("plays on A, %")
plt.show()

# %% evening
JAM, PLAYS = np.array([0.5, 0.1, 0.0]), 10  # the chance that a play jams: all is over


def evenings(theta, n, rng, r=PAYS, jam=JAM, plays=PLAYS):
    """For each of n evenings: its income times the sum of ∇ ln π(a) over its plays."""
    pi = policy(theta)
    a = rng.choice(len(r), (n, plays), p=pi)
    jams = rng.random((n, plays)) < jam[a]
    on = jams.cumsum(1) - jams == 0  # up to the play that jams, which still pays
    score = np.eye(len(r))[a] - pi  # ∇ ln π(a) of a softmax
    return (on * r[a]).sum(1, keepdims=True) * (on[..., None] * score).sum(1)


def income(theta):
    """The expected income of an evening, exactly."""
    return policy(theta) @ PAYS * sum((1 - policy(theta) @ JAM) ** np.arange(PLAYS))


wanted = nudge(income, START)
sampled = evenings(START, 64_000, np.random.default_rng(0))
print(f"wanted {wanted.round(2)}, from 64,000 evenings {sampled.mean(0).round(2)}")
for n in (10, 40, 160, 640):
    error = sampled.reshape(-1, n, 3).mean(1) - wanted
    print(f"typical error of {n} evenings: {(error**2).sum(1).mean() ** 0.5:.2f}")


# %% loss
def loss(pi, r):
    """The mean of -r ln π(a) over the plays: what programs hand to autograd."""
    return -(pi * np.log(pi)) @ r


for r in (PAYS, PAYS - 1):  # the second as if each play cost a coin
    path = train(START, r, k=1)[[0, 20, 200, 1000]]
    print(f"mean payout {(path @ PAYS).round(2)}, loss {loss(path, r).round(3)}")


# %% edge
def edge(density, theta=2.0, h=1e-6):
    """Slope of the mean stake a, from 0 to theta: by nudging, and by the log trick."""
    up, down, grid = theta + h, theta - h, (np.arange(4000) + 0.5) / 4000
    more, less = (x * (x * grid * density(x * grid, x)).mean() for x in (up, down))
    a = theta * grid
    slope = np.log(density(a, up) / density(a, down)) / (2 * h)
    return (more - less) / (2 * h), theta * (a * slope * density(a, theta)).mean()


print("uniform:  wanted {:.3f}, log trick {:.3f}".format(*edge(lambda a, x: a**0 / x)))
falling = edge(lambda a, x: 2 * (x - a) / x**2)
print("triangle: wanted {:.3f}, log trick {:.3f}".format(*falling))
