"""Is experience replay only useful for neural networks?

TD learning from stored steps, in a table and with two weights: what reuse does and
what order does, one at a time.
s, r, after: state, reward, next state of each step; X: features, one row a state; w:
weights, X @ w their values; alpha: step size; gamma: discount.
"""

# %% setup
import matplotlib.pyplot as plt
import numpy as np

STRIDE = 1  # places that the walker moves in one step


# %% predictor
def batch(s, r, after, X, alpha, gamma, passes):
    """Replay all steps again and again; the changes of a pass are made at its end."""
    w = np.zeros(X.shape[1])
    for _ in range(passes):
        error = r + gamma * X[after] @ w - X[s] @ w
        w = w + alpha * X[s].T @ error
    return X @ w


A, B, END = 0, 1, 2
TABLE = np.diag([1.0, 1.0, 0.0])  # one weight a state; the end is worth 0
s = np.array([A, B, B, B, B, B, B, B, B])
r = np.array([0, 0, 1, 1, 1, 1, 1, 1, 0])
after = np.array([B] + 8 * [END])
for passes in (1, 10, 100):  # gamma 0: the return here, as A's episode paid nothing
    td, mc = (batch(s, r, after, TABLE, 0.1, g, passes)[A] for g in (1, 0))
    print(f"{passes:3d} passes: V(A) = {td:.2f}; with returns as targets {mc:.2f}")


# %% corridor
def updates_needed(N, order, rng):
    """Updates (alpha = 1) of N stored steps until the first state knows the reward."""
    V, n = np.zeros(N + 1), 0
    while V[0] < 1:
        t, n = n % N, n + 1
        i = {"forwards": t, "backwards": N - 1 - t, "random": rng.integers(N)}[order]
        V[i] = (i == N - 1) + V[i + 1]
    return n


rng = np.random.default_rng(0)
for order in ("forwards", "backwards", "random"):
    n = np.mean([updates_needed(10, order, rng) for _ in range(200)])
    print(f"{order}: {n:.0f} updates")

# %% walker
PLACES, T = 19, 300
x = np.linspace(-1, 1, PLACES)  # what each place pays on average
LEARNERS = {"table": np.eye(PLACES), "line": np.stack([np.ones(PLACES), x], 1)}


def streams(rng, runs=100, noise=0.5, stride=STRIDE, sizes=(1, 10, 100, T)):
    """A walker's steps, shuffled within blocks of each size; then independent ones."""
    start, move = rng.integers(PLACES, size=(runs, 1)), rng.choice((-1, 1), (runs, T))
    s = (start + stride * np.cumsum(move, 1)) % (2 * PLACES)
    s = np.minimum(s, 2 * PLACES - 1 - s)  # walls turn the walker back
    e, made = noise * rng.normal(size=s.shape), {}
    for size in sizes:
        order = np.argsort(np.arange(T) // size + rng.random(s.shape), 1)
        made[size] = [np.take_along_axis(y, order, 1) for y in (s, x[s] + e)]
    s = rng.integers(PLACES, size=s.shape)
    return made | {"independent": [s, x[s] + e]}


def errors(s, r, X, alphas=(0.003, 0.01, 0.03, 0.1, 0.2, 0.3)):
    """Each run's error over all places after one update a step; at the best alpha."""
    alpha = np.array(alphas)[:, None, None]
    w = np.zeros((len(alphas), len(s), X.shape[1]))
    for t in range(s.shape[1]):
        f = X[s[:, t]]
        w += alpha * (r[:, t] - (w * f).sum(-1))[..., None] * f
    error = ((w @ X.T - x) ** 2).mean(-1) ** 0.5
    return error[error.mean(1).argmin()]


# %% order
data = streams(np.random.default_rng(0))
error = {k: [errors(*d, X) for X in LEARNERS.values()] for k, d in data.items()}
print("block      correlation  table  line")
for k, (table, line) in error.items():
    c = np.corrcoef(data[k][0][:, :-1].ravel(), data[k][0][:, 1:].ravel())[0, 1]
    print(f"{k!s:11} {c:z10.2f} {table.mean():6.2f} {line.mean():5.2f}")

# %% reuse
ten = {k: [np.tile(y, 10) for y in data[k]] for k in (1, T)}  # ten passes
again = {k: [errors(*d, X).mean() for X in LEARNERS.values()] for k, d in ten.items()}
for k, (table, line) in again.items():
    print(f"ten passes, block {k:3d}: table {table:.2f}, line {line:.2f}")

# %% figure
fig, ax = plt.subplots(figsize=(7, 3.6), layout="constrained")
for k, name in enumerate(LEARNERS):
    e = np.array([pair[k] for pair in error.values()])
    ax.errorbar(range(5), e.mean(1), 2 * e.std(1) / 100**0.5, fmt=f"C{k}" + "os"[k])
    ax.plot(range(4), e.mean(1)[:4], f"C{k}" + ("-", "--")[k])
    ax.text(0.05, e.mean(1)[0] + (0.02, -0.06)[k], name)
ax.set_xticks(range(5), ["1", "10", "100", "300", "independent\nsteps"])
ax.set(xlabel="block shuffled (steps)", ylabel="error after one pass", ylim=(0, 0.42))
plt.show()


# %% change
def error_after(size, before, after, alpha=0.1):
    """Expected error, `after` steps after a reward that was 0 before became 1."""
    Q = 0.0
    for t in range(1, after + 1):
        new = min(1, t / min(size, before + t))  # share of the buffer that is true
        Q += alpha * (new - Q)
    return 1 - Q


for size in (1, 100, 1000, 2000):
    print(f"buffer of {size}: error {error_after(size, 1000, 500):.2f}")
