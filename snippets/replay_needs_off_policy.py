"""Why does experience replay need an off-policy method?

Where replaying an endless buffer settles, exactly, on the book's Cliff Walking. Q:
values; R: rewards; pi: policy; authors: pairs of a policy and its share of episodes.
"""

# %% setup
import matplotlib.pyplot as plt
import numpy as np

CELLS = [(r, c) for r in range(4) for c in range(12) if r < 3 or c in (0, 11)]
START, GOAL = CELLS.index((3, 0)), CELLS.index((3, 11))
NEXT, R = np.zeros((38, 4), int), np.full((38, 4), -1.0)  # where a step leads, pays
for s, (r, c) in enumerate(CELLS):
    for a, (down, right) in enumerate(((-1, 0), (0, 1), (1, 0), (0, -1))):
        cell = min(max(r + down, 0), 3), min(max(c + right, 0), 11)
        if cell not in CELLS:  # off the cliff, and back to the start
            R[s, a], cell = -100, CELLS[START]
        NEXT[s, a] = CELLS.index(cell)
NEXT[GOAL] = GOAL
R[GOAL] = 0
ONE_HOT = np.eye(38)  # a row of zeros for each state, with a one in its place
PATH = np.array([0 if r == 3 else 1 if c < 11 else 2 for r, c in CELLS])


# %% authors
def walker(epsilon):
    """The policy that keeps to the path, but acts at random with chance epsilon."""
    return (1 - epsilon) * np.eye(4)[PATH] + epsilon / 4


def visits(pi):
    """How often an episode takes each action in each state, on average."""
    moves = np.einsum("sa,sat->st", pi, ONE_HOT[NEXT])
    moves[GOAL] = 0
    return np.linalg.solve(np.eye(38) - moves.T, ONE_HOT[START])[:, None] * pi


THEN, NOW = walker(0.2), walker(0.02)
HALVES = [(THEN, 0.5), (NOW, 0.5)]  # the authors of our buffer


# %% replay
def backup(Q, pi):
    """The reward of a step, plus Q where it leads, if pi chooses the action there."""
    return R + (pi[NEXT] * Q[NEXT]).sum(-1)


def replay(authors, stored, redraw=None):
    """The target takes `stored` choices from the buffer, then one from redraw(Q)."""
    counts = np.array([share * visits(pi) for pi, share in authors])
    total, Q, change = counts.sum(0), np.zeros((38, 4)), 1
    while change > 1e-9:
        new = 0  # for each state and action, the mean of all its targets
        for (pi, _), count in zip(authors, counts, strict=True):
            target = Q if redraw is None else backup(Q, redraw(Q))
            for _ in range(stored):
                target = backup(target, pi)
            new = new + count / total * target
        change, Q = np.abs(new - Q).max(), new
    return Q


# %% results
def greedy(Q):
    """The policy that always takes the action of the largest value."""
    return np.eye(4)[Q.argmax(1)]


METHODS = {  # stored choices in the target; who makes the last choice
    "Sarsa": (1, None),
    "Expected Sarsa": (0, lambda Q: NOW),
    "Q-learning": (0, greedy),
    "3-step Q-learning": (2, greedy),
}
then, now = (replay([(pi, 1)], 1)[START, 0] for pi in (THEN, NOW))
print(f"going up at the start: true then {then:.1f}, now {now:.1f}; replayed:")
for name, (stored, redraw) in METHODS.items():
    Q = replay(HALVES, stored, redraw)
    path = visits(greedy(Q)).sum() - 1
    print(f"{name:17} {stored} stored {Q[START, 0]:6.1f}, path {path:.0f}")

# %% routes
BONUS = 20  # for arriving, by whichever route
REWARDS = BONUS - np.array([13.0, 17.0])  # short route, long route
COIN = np.array([0.5, 0.5])  # who wrote the buffer tossed a coin


def update(policy, writer, rewards, ratio=False):
    """Mean of reward times gradient of ln policy, over what the writer chose."""
    mean = writer * rewards * (policy / writer if ratio else 1)
    return mean - mean.sum() * policy  # for the preferences of a softmax


p, pushes = np.linspace(0.4, 1, 7), []  # p: chance of the short route now
for policy in np.stack([p, 1 - p], 1):
    pushes.append([update(policy, COIN, REWARDS, ratio)[0] for ratio in (0, 1)])
    print("{:.1f}: push {:+z.2f}, with ratio {:+z.2f}".format(policy[0], *pushes[-1]))

# %% figure
fig, (left, right) = plt.subplots(1, 2, width_ratios=(3, 2), layout="constrained")
epsilon = np.linspace(0.02, 0.2, 7)
for k, (name, method) in enumerate(METHODS.items()):
    value = [replay([(walker(x), 1), (NOW, 1)], *method)[START, 0] for x in epsilon]
    left.plot(epsilon, value, f"C{k}{'o^sv'[k]}-")
    left.text(0.21, value[-1], name, va="center")
right.plot(p, pushes, "o-")
right.text(0.4, -0.9, "replayed\nas it is")
right.text(0.68, 1.05, "with ratio")
left.set(xlabel="ε of the older half", ylabel="value of going up", xlim=(0, 0.4))
right.set(xlabel="chance of the short route", ylabel="push towards the short route")
plt.show()
