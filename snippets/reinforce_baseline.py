"""Why is it better to subtract a baseline in REINFORCE?

Exact means and variances of its update on slot machines; then learning from samples.
q: what each machine pays on average; theta: preferences, pi: their softmax, the policy;
G: what a pull pays, q plus noise; b: baseline; v: expected pay; alpha: step size.
"""

# %% setup
import matplotlib.pyplot as plt
import numpy as np

PAYS, EVEN = np.array([10.0, 11.0, 12.0]), np.full(3, 1 / 3)


def softmax(theta):
    """The policy of these preferences."""
    x = np.exp(theta - theta.max(-1, keepdims=True))
    return x / x.sum(-1, keepdims=True)


# %% update
def size(pi):
    """|∇ln π(a)|² for each a; ∇ln π(a) has a 1 at a, minus π everywhere."""
    return 1 - 2 * pi + (pi**2).sum(-1, keepdims=True)


def update(pi, q, b, noise=1.0):
    """Mean of (G - b) ∇ln π(a) over all pulls, and its variance; both exact."""
    push = pi * (q - b)
    mean = push - pi * push.sum(-1, keepdims=True)
    square = pi * size(pi) * ((q - b) ** 2 + noise**2)
    return mean, square.sum(-1) - (mean**2).sum(-1)


for b in (0, 11, 30):
    mean, variance = update(EVEN, PAYS, b)
    print(f"b = {b:2}: mean {mean.round(2) + 0.0}, variance {variance:6.2f}")


# %% best
def value(pi, q):
    """v, the expected pay: each pay counts by π(a)."""
    return (pi * q).sum(-1, keepdims=True)


def best(pi, q):
    """b*, the baseline of least variance: each pay counts by π(a) |∇ln π(a)|²."""
    return value(pi * size(pi), q) / value(pi, size(pi))


rng, worse = np.random.default_rng(0), {}
for near, sd in (4, 1), (4, 4), (0, 1), (0, 4):
    pi, q = softmax(rng.normal(0, sd, (2000, 10))), rng.normal(near, 1, (2000, 10))
    none, v, least = (update(pi, q, b)[1] for b in (0, value(pi, q), best(pi, q)))
    median, tenth = np.quantile(v / least, (0.5, 0.9))
    worse[near, sd] = np.mean(v > none)
    print(f"near {near}, ±{sd}: {median:.2f} {tenth:.2f} {worse[near, sd]:4.0%}")


# %% learn
def learn(q, baseline, alpha, steps, rng, noise=1.0):
    """One run for each row of q; how often they pull their best in the end."""
    theta, mean, runs = np.zeros(q.shape), 0.0, np.arange(len(q))
    for t in range(steps):
        pi = softmax(theta)
        a = (pi[:, :-1].cumsum(1) < rng.random((len(q), 1))).sum(1)
        G = (q[runs, a] + noise * rng.normal(size=len(q)))[:, None]
        mean = mean + (G - mean) / (t + 1)  # this pull included
        push = alpha * (G - baseline(pi, q, mean))
        theta -= push * pi
        theta[runs, a] += push[:, 0]
    return softmax(theta)[runs, q.argmax(1)].mean()


def near_best(distance):
    """A baseline that keeps this distance from b*, whatever the policy."""
    return lambda pi, q, mean: best(pi, q) + distance


BASELINES = {"none": lambda pi, q, mean: 0.0, "mean so far": lambda pi, q, mean: mean}
BASELINES |= {"b* - 2": near_best(-2), "b* + 2": near_best(2)}

# %% testbed
TEN = rng.normal(4, 1, (250, 10))
for name in ("none", "mean so far"):
    x = [learn(TEN, BASELINES[name], alpha, 1000, rng) for alpha in (0.025, 0.1, 0.4)]
    print(f"{name:11} {x[0]:4.0%} {x[1]:4.0%} {x[2]:4.0%}")

# %% three
THREE = np.tile(PAYS, (1000, 1))
for name, baseline in BASELINES.items():
    x = [learn(THREE, baseline, alpha, 100, rng) for alpha in (0.1, 0.3, 1.0)]
    print(f"{name:11} {x[0]:4.0%} {x[1]:4.0%} {x[2]:4.0%}")

# %% figure
fig, (left, right) = plt.subplots(1, 2, figsize=(7, 3.5), layout="constrained")
left.plot([update(EVEN, PAYS, b)[1] for b in range(23)])
left.set(xlabel="baseline b (none: 0, v: 11)", ylabel="variance of the first update")
for k, style, at in (-1, "C1o-", (0.8, 0.6)), (1, "C2s-", (3.2, 0.9)):
    right.plot([learn(THREE, near_best(k * x), 0.3, 100, rng) for x in range(7)], style)
    right.text(*at, "b below b*" if k < 0 else "b above b*")
right.set(xlabel="distance from b*", ylabel="pulls of the best machine", ylim=(0, 1.05))
plt.show()

# %% sure
for p in (0.5, 0.6, 0.7, 0.9, 0.99):
    pi, q = np.array([1 - p, p]), np.array([0.0, 1.0])
    none, v = (update(pi, q, b, noise=0)[1] for b in (0, value(pi, q)))
    print(f"p = {p:4}: {v / none:8.2f}")


# %% own
def own_included(pi, q, n):
    """Mean of b, given a, if b averages n pulls and the pull of a is one of them."""
    return (q + (n - 1) * value(pi, q)) / n


for n in (1, 2, 4, 100):
    print(n, update(EVEN, PAYS, own_included(EVEN, PAYS, n))[0].round(3) + 0.0)
