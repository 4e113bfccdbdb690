"""Is a human's "good" or "bad" a reward?

Exact planning on Cliff Walking; a teacher's feedback h scores each action in each cell.
P: chance of the next cell; R: reward; pi: policy; q, v: values; gamma: discount rate.
"""

# %% setup
import matplotlib.pyplot as plt
import numpy as np

GAMMA = 0.95  # the discount rate of the true problem, and the teacher's
y, x = np.divmod(np.arange(37)[:, None], 12)  # rows of 12 cells; 36 is the start
dy, dx = np.array([[-1, 0, 1, 0], [0, 1, 0, -1]])  # up, right, down, left
to = 12 * np.clip(y + dy, 0, 3) + np.clip(x + dx, 0, 11)
fell = (to > 36) & (to < 47)  # the cliff
R = np.where(fell, -100.0, -1.0)
P = np.eye(48)[np.where(fell, 36, to)][..., :37]  # nothing follows 47, the goal


# %% planning
def values(P, R, pi, gamma=GAMMA):
    """q and v of a policy, from the Bellman equations."""
    step = np.einsum("sa,sat->st", pi, P)
    v = np.linalg.solve(np.eye(len(P)) - gamma * step, (pi * R).sum(1))
    return R + gamma * P @ v, v


def best(h):
    """The policy that takes an action of the highest number, ties at random."""
    top = h > h.max(1, keepdims=True) - 1e-7
    return top / top.sum(1, keepdims=True)


def maximise(P, h, gamma=GAMMA):
    """The policy with the largest discounted sum of h, by policy iteration."""
    pi, old = best(h), None
    while old is None or (pi != old).any():
        pi, old = best(values(P, h, pi, gamma)[0]), pi
    return pi


def arrives(P, pi):
    """The number of cells from which the policy is sure to reach the goal."""
    far = np.linalg.matrix_power(np.einsum("sa,sat->st", pi, P), 2**20)
    return int((far.sum(1) < 1e-6).sum())


# %% teacher
def sizes(P, R, pi, gamma=GAMMA):
    """How much better than the policy each action is: its advantages."""
    q, v = values(P, R, pi, gamma)
    return q - v[:, None]


def signs(P, R, pi, weight=1.0, gamma=GAMMA):
    """Good, bad or nothing, for the sign of the advantage; what a bad weighs."""
    A = sizes(P, R, pi, gamma).round(7)
    return np.where(A < 0, -weight, np.sign(A))


KINDNESS = 0.0  # points added to all feedback
wanderer = np.full(R.shape, 1 / 4)
said = {"sizes": sizes(P, R, wanderer), "signs": signs(P, R, wanderer)}
for name, h in said.items():
    arrivals = arrives(P, maximise(P, h + KINDNESS))
    print(f"largest sum of {name}: arrives from {arrivals} of 37 cells")


# %% labels
def labels(target, weight):
    """Right or wrong, whatever the learner does now; what a wrong weighs."""
    return np.where(target > 0, 1, -weight)


said["labels"] = labels(target := maximise(P, R), 1.0)
for weight in (1, 7.2, 7.4):
    arrivals = arrives(P, maximise(P, labels(target, weight)))
    print(f"a wrong weighs {weight}: arrives from {arrivals} of 37 cells")


# %% follow
def follow(P, R, pi, teacher, rounds=20, memory=0.0):
    """Do what is called best; be judged anew, adding what is remembered; and so on."""
    h = 0.0
    for _ in range(rounds):
        pi = best(h := memory * h + teacher(P, R, pi))
    return pi


def nudge(pi, h, step):
    """Every action becomes likelier by a factor that grows with its feedback."""
    new = pi * np.exp(step * (h - h.max(1, keepdims=True)))
    return new / new.sum(1, keepdims=True)


for n in (1, 2, 3):  # questions
    told = [follow(P, R, wanderer, teacher, n) for teacher in (sizes, signs)]
    print(n, *(f"{-values(P, R, pi)[1].mean():.2f}" for pi in told))


# %% figure
fig, (left, right) = plt.subplots(1, 2, sharey=True, figsize=(7, 4), layout="tight")
grid = np.r_[0:0.9:19j, 0.92:0.99:8j]
for k, (name, h) in enumerate(said.items()):
    cost = [-values(P, R, maximise(P, h, x))[1].mean() for x in grid]
    left.plot(grid, cost, f"C{k}-" + "os^"[k], markersize=4)
    left.text((0.3, 0.3, 0.4)[k], (9, 22, 115)[k], name, color=f"C{k}")
for k, teacher in enumerate((sizes, signs)):
    for when, line in {"anew": "-", "once": "--"}.items():
        pi, cost = wanderer, []
        for _ in range(61):
            cost.append(-values(P, R, pi)[1].mean())
            asked = pi if when == "anew" else wanderer
            pi = nudge(pi, teacher(P, R, asked), (0.1, 1)[k])
        right.plot(cost, f"C{k}" + line)
        right.text(62, cost[-1] * (1.03, 0.9)[k], f"{teacher.__name__}, {when}")
left.set(xlabel="the learner's own discount rate", yscale="log", ylim=(5, 230))
left.set(yticks=(6.26, 20, 180), yticklabels=(6.3, 20, 180), ylabel="mean cost, points")
right.set(xlabel="nudges", xlim=(0, 102), xticks=(0, 30, 60))
plt.show()
