"""Why doesn't Q-learning work with continuous actions?

What a maximum over M listed actions costs, n for each of d dials. s: state, a: action;
Q, q: estimated, true values; gamma: discount rate; epsilon: share of random actions.
"""

# %% setup
import matplotlib.pyplot as plt
import numpy as np

DRAUGHT = np.arange(-7, 8, 2) / 16  # degrees, each as likely
s = np.linspace(-2, 2, 81)  # degrees too warm; in between, interpolated


def positions(n):
    """Of a dial that turns from -1 to 1: the middles of n equal slices."""
    return (2 * np.arange(n) + 1) / n - 1


# %% shower
def sweep(a, draught=DRAUGHT, gamma=0.9, price=0.3, sweeps=80):
    """Q and mean cost of Q-learning with the turns a (or with one turn per state)."""
    reward, after, V = -(s[:, None] ** 2) - price * a**2, s[:, None] + a, 0 * s
    for _ in range(sweeps):
        Q = reward + gamma * np.interp(after[..., None] + draught, s, V).mean(2)
        V = Q.max(1)
    return Q, -V[abs(s) <= 1].mean()


def best_cost(gamma=0.9, price=0.3):
    """Mean cost if any turn is allowed, from the Riccati equation."""
    b = gamma + gamma * price - price
    P = (b + np.sqrt(b**2 + 4 * gamma * price)) / (2 * gamma)
    return P * (s[abs(s) <= 1] ** 2).mean() + gamma * P * DRAUGHT.var() / (1 - gamma)


def shower(n, met=DRAUGHT, **task):
    """Percent above the least cost, learnt from the draughts met: promised; true."""
    Q, hoped = sweep(positions(n), met, **task)
    policy = positions(n)[Q.argmax(1)]  # the other maximum: to act
    _, true = sweep(policy[:, None], **task)
    return [100 * (cost / best_cost(**task) - 1) for cost in (hoped, true)]


exact = {n: shower(n)[1] for n in (3, 6, 12, 24, 60)}
print("% above the least", *(f"n = {n}: {x:.1f}" for n, x in exact.items()), sep="\n")


# %% dials
def left_over(d, n, runs=40, seed=0):
    """Try all n^d settings; % left of the loss with all dials in the middle."""
    goal = np.random.default_rng(seed).uniform(-1, 1, (runs, 1, d))
    tried = positions(n)[np.indices((n,) * d).reshape(d, -1).T]
    return 100 * ((tried - goal) ** 2).sum(2).min(1).sum() / (goal**2).sum()


left = {d: left_over(d, round(4096 ** (1 / d))) for d in (1, 2, 3, 4, 6, 12)}
print("% left", *(f"d = {d}: {x:.2f}" for d, x in left.items()), sep="\n")


# %% taps
def dial_by_dial(q, epsilon, rounds=60):
    """Fit q by a sum, Q1 + Q2, where tried; try the best of each; and so on."""
    tried = [np.full(n, 1 / n) for n in q.shape]
    for _ in range(rounds):
        best = (q @ tried[1]).argmax(), (tried[0] @ q).argmax()  # of Q1, of Q2
        for p, i in zip(tried, best, strict=True):
            p += 0.1 * ((1 - epsilon) * (np.arange(p.size) == i) + epsilon / p.size - p)
    return q[best]


def water(mixer, n):
    """For 16 wishes, the value of each setting of the two dials of a shower."""
    x, y = 1 + positions(n)[:, None], 1 + positions(n)
    celsius, litres = 10 + 25 * x, 10 * y  # a mixer: one dial for each
    if not mixer:  # one tap for water of 60 degrees, one for water of 10
        celsius, litres = (60 * x + 10 * y) / (x + y), 5 * (x + y)
    wishes = [(w, f) for w in (32, 36, 40, 44) for f in (4, 6, 8, 10)]
    return [-(((celsius - w) / 2) ** 2) - ((litres - f) / 5) ** 2 for w, f in wishes]


def losses(qs, epsilons=(1, 0.3, 0.1, 0.03)):
    """Mean loss of the joint scan; of dial by dial, for each epsilon."""
    each = [np.mean([dial_by_dial(q, e) for q in qs]) for e in epsilons]
    return -np.array([np.mean([q.max() for q in qs]), *each])


mixer, two_taps = losses(water(True, 20)), losses(water(False, 20))
print("mixer:", mixer.round(2), "\ntwo taps:", two_taps.round(2))


# %% train
def fewest(throttles, distance):
    """Fewest steps from rest to rest; whole throttles, places in half units."""
    states, steps = {(0, 0)}, 0
    while (distance, 0) not in states:
        states = {(x + 2 * v + a, v + a) for x, v in states for a in throttles}
        steps += 1
    return steps


for D in (16, 2):
    print(f"{D} m: two {fewest((-1, 1), 2 * D)}, nine {fewest(range(-4, 5), 8 * D)} s")

# %% figure
rng, d = np.random.default_rng(0), np.linspace(1, 12)
met = {n: rng.choice(DRAUGHT, (3, s.size, n, 120 // n)) for n in exact}
learnt = {n: np.transpose([shower(n, m) for m in met[n]]) for n in exact}
fig, (one, two) = plt.subplots(1, 2, figsize=(7, 4), layout="constrained")
one.plot(left.keys(), left.values(), "C1s")
for M, line in (64, "C0-"), (4096, "C1--"), (2**18, "C2:"):
    one.plot(d, 100 * M ** (-2 / d), line)
    one.text(12.4, 100 * M ** (-2 / 12), f"M = {M:,}", va="center")
one.set(xlim=(0, 21), ylim=(0, 60), xlabel="dials, d", ylabel="loss left, %")
two.plot(names := [str(n) for n in exact], exact.values(), "C0o-")
two.plot(names, [true for _, true in learnt.values()], "C1s")
two.set(xlabel="turns to choose from, n", ylabel="cost above the least, %")
two.text(1.9, 4.5, "draughts known")
two.text(2.0, 48, "from 120 tries")
plt.show()
