"""If Q-learning is off-policy, why does it need no importance sampling?

Exact mean targets, on Sutton and Barto's cliff. world: P[s, a, s2], R[s, a], gamma;
Q: estimates; n: rewards in a target; b[s, a]: policy that acts; pi: greedy in Q.
"""

# %% setup
import matplotlib.pyplot as plt
import numpy as np

FALL, START, GOAL = -100.0, 36, 47  # the cliff lies between start and goal


def cliff(fall=FALL):
    """Example 6.6: four rows of twelve cells; actions: up, right, down, left."""
    P, R = np.zeros((48, 4, 48)), np.zeros((48, 4))  # nothing follows the goal
    for s, a in np.ndindex(GOAL, 4):
        row, column = s // 12 + (-1, 0, 1, 0)[a], s % 12 + (0, 1, 0, -1)[a]
        s2 = 12 * min(max(row, 0), 3) + min(max(column, 0), 11)
        R[s, a], s2 = (fall, START) if START < s2 < GOAL else (-1, s2)
        P[s, a, s2] = 1
    return P, R, 1.0


def near_greedy(Q, epsilon):
    """Policy: the action that looks best, but a share epsilon at random."""
    return epsilon / Q.shape[1] + (1 - epsilon) * np.eye(Q.shape[1])[Q.argmax(-1)]


# %% target
def target(world, Q, b, n, correction="none"):
    """Mean target of each entry Q[s, a], over what b and the world may draw."""
    P, R, gamma = world
    best, pi = Q.max(-1), near_greedy(Q, 0)
    G = R + gamma * P @ best  # one step: a is given, best is computed
    for _ in range(n - 1):  # one more step in front: b draws the action between
        if correction == "ratio":
            G = pi / b * G
        elif correction == "cut":  # not the greedy action: bootstrap instead
            G = np.where(pi > 0, G, best[:, None])
        G = R + gamma * P @ (b * G).sum(-1)
    return G


# %% results
def learn(world, n, behaviour, correction="none", first_ratio=False, Q=0.0):
    """Move entries to their targets until they rest; behaviour: b or epsilon."""
    Q = np.full(world[1].shape, Q)
    for _ in range(1000):
        b = near_greedy(Q, behaviour) if np.isscalar(behaviour) else behaviour
        move = target(world, Q, b, n, correction) - Q
        if first_ratio:  # b draws a, the ratio weights it: b * (pi / b)
            move *= near_greedy(Q, 0)
        Q = Q + move
        if abs(move).max() < 1e-10:
            break
    return Q


def route(world, Q):
    """Steps from start to goal by the actions that look best, or "endless"."""
    path = [START]
    while path[-1] != GOAL and len(path) < 48:
        path.append(world[0][path[-1], Q[path[-1]].argmax()].argmax())
    return len(path) - 1 if path[-1] == GOAL else "endless"


def worse(Q, optimal):
    """In which states the action that looks best is not optimal."""
    return optimal[np.arange(len(Q)), Q.argmax(-1)] < optimal.max(-1) - 1e-6


CLIFF = cliff()
learnt = {(e, n): learn(CLIFF, n, e) for e in (0.01, 0.1, 1.0) for n in (1, 2, 3)}
optimal = learnt[1.0, 1]
for (e, n), Q in learnt.items():
    value, many = Q[START].max(), worse(Q, optimal)[:37].sum()
    print(f"ε = {e}, n = {n}: start {value:.1f}, route {route(CLIFF, Q)}, worse {many}")

# %% repair
for correction in ("none", "ratio", "cut"):
    Q = learn(CLIFF, 3, 1.0, correction)
    print(f"ε = 1.0, n = 3, {correction}: error {abs(Q - optimal)[:37].max():.1f}")

# %% first
for extra in (False, True):
    Q = learn(CLIFF, 1, 0.1, first_ratio=extra, Q=learnt[0.1, 3])
    print(f"n = 1, ratio for a: {extra}, route {route(CLIFF, Q)}")

# %% figure
fig, (left, right) = plt.subplots(1, 2, figsize=(7, 3.6), layout="constrained")
grid = [0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5]
for k, n in enumerate((1, 2, 3, 5)):
    tables = [learn(CLIFF, n, e) for e in grid]
    values = [Q[START].max() for Q in tables]
    shares = [100 * worse(Q, optimal)[:37].mean() for Q in tables]
    for ax, y in (left, values), (right, shares):
        ax.plot(grid, y, f"C{k}" + "o^sD"[k] + "-")
        ax.text(0.52, y[-1], f"n = {n}", va=("center", "center", "top", "bottom")[k])
left.set(xlabel="ε of the behaviour", xlim=(0, 0.66), ylabel="value of the start")
right.set(xlabel="ε of the behaviour", xlim=(0, 0.66), ylabel="worse states, %")
plt.show()


# %% shared
def shared(world, group, b, start):
    """One-step Q-learning whose states of one group share their entries."""
    moves = np.einsum("sa,sat->st", b, world[0])
    visits = np.linalg.solve(np.eye(len(b)) - moves.T, np.eye(len(b))[start])
    weight = visits[:, None] * b  # how often an episode updates from s and a
    Q, same = np.zeros(b.shape), group[:, None] == group
    for _ in range(300):
        Q = same @ (weight * target(world, Q, b, 1)) / (same @ weight)
    return Q


column_only = np.r_[np.arange(START) % 12, 12, [13] * 11]  # 12: start; 13: goal
for e in (0.1, 0.5, 1.0):
    Q = shared(CLIFF, column_only, near_greedy(optimal, e), START)
    print(f"ε = {e}, n = 1, column only: start {Q[START].max():.1f}")
