"""What is the difference between V(s) and Q(s, a)?

Both, exactly, in Sutton and Barto's 5 x 5 gridworld, from two sets of linear equations.
pi[s, a]: how likely the policy takes action a in state s; P[s, a, n]: how likely that
leads to state n; R[s, a]: what it pays; v, q: the values; GAMMA: the discount rate.
"""

# %% setup
import matplotlib.pyplot as plt
import numpy as np

GAMMA = 0.9
ACTIONS = {"north": (-1, 0), "east": (0, 1), "south": (1, 0), "west": (0, -1)}
LEAPS = {1: (10, 21), 3: (5, 13)}  # from A and B: what it pays, where it leads

# %% world
P, R = np.zeros((25, 4, 25)), np.zeros((25, 4))
for s in range(25):  # row by row from the top left corner
    for a, (down, right) in enumerate(ACTIONS.values()):
        row, column = s // 5 + down, s % 5 + right
        inside = 0 <= row < 5 and 0 <= column < 5
        step = (0, 5 * row + column) if inside else (-1, s)
        R[s, a], n = LEAPS.get(s, step)
        P[s, a, n] = 1


# %% values
def solve(moves, pays, gamma=GAMMA):
    """Solve x = pays + gamma * moves @ x."""
    return np.linalg.solve(np.eye(len(pays)) - gamma * moves, pays)


def state_values(pi, P, R):
    """v, one equation for each state: pi chooses every action."""
    return solve(np.einsum("sa,san->sn", pi, P), (pi * R).sum(1))


def action_values(pi, P, R):
    """q, one equation for each state and first action: pi chooses from then on."""
    moves = np.einsum("san,nb->sanb", P, pi).reshape(R.size, R.size)
    return solve(moves, R.ravel()).reshape(R.shape)


pi = np.full((25, 4), 0.25)  # the random policy: each direction is equally likely
v, q = state_values(pi, P, R), action_values(pi, P, R)
print(v.reshape(5, 5).round(1))
print("q in the top left corner (north, east, south, west):", q[0].round(1))


# %% best
def greedy(q):
    """The policy that takes only the best actions, ties equally often."""
    best = q > q.max(1, keepdims=True) - 1e-9
    return best / best.sum(1, keepdims=True)


def optimal(P, R):
    """Policy iteration: start anywhere, again and again be greedy about your own q."""
    q = np.zeros(R.shape)
    for _ in range(20):
        q = action_values(greedy(q), P, R)
    return greedy(q)


best = optimal(P, R)
v_best, q_best = state_values(best, P, R), action_values(best, P, R)
print(f"random policy:  v {v[0]:4.1f}, largest q {q[0].max():4.1f}")
print(f"optimal policy: v {v_best[0]:4.1f}, largest q {q_best[0].max():4.1f}")

# %% figure
always = [state_values(np.tile(np.eye(4)[a], (25, 1)), P, R)[0] for a in range(4)]
fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for x, line, style, name in (q, v, "C0o", "random"), (q_best, v_best, "C1s", "optimal"):
    ax.axvline(line[0], 0, 0.88, color=style[:2], ls="--")
    ax.plot(x[0], range(4), style)
    ax.text(line[0], -0.5, f"v, {name}", ha="center", va="center")
    ax.text(line[0] - 0.5, 3.5, f"q, {name}", ha="right", va="center")
ax.plot(always, range(4), "C2^")
ax.text(always[3], 3.5, "always", ha="center", va="center")
ax.set(yticks=range(4), yticklabels=ACTIONS, ylim=(3.8, -0.8), xlim=(-12, 26))
ax.set(xlabel="expected return from the top left corner", ylabel="first action")
plt.show()

# %% buttons
OPPOSITE = [2, 3, 0, 1]  # north now does what south did, east what west did, ...
P2, R2 = P[:, OPPOSITE], R[:, OPPOSITE]
best2 = optimal(P2, R2)
change = abs(state_values(best2, P2, R2) - v_best).max()
shared = ((best > 0) & (best2 > 0)).any(1).sum()
print(f"largest change of v: {change:.6f}")
print(f"squares with an action that is best in both worlds: {shared} of 25")


# %% cost
def visits_needed(pi, P, R):
    """How many visits q needs for each that v needs, if P leaves nothing to chance."""
    v, q = state_values(pi, P, R), action_values(pi, P, R)
    first = (pi * (q - v[:, None]) ** 2).sum(1)  # variance due to the first choice
    var_v = solve(np.einsum("sa,san->sn", pi, P), first, GAMMA**2)  # plus later ones
    var_q = GAMMA**2 * P @ var_v  # the first is made: due to the later ones only
    return (var_q / pi).mean(1) / var_v  # each q gets its action's share of the visits


cost = visits_needed(pi, P, R)
print(f"lowest {cost.min():.1f}, mean {cost.mean():.1f}, highest {cost.max():.1f}")


# %% lookahead
def look_ahead(v, P, R):
    """What a model makes of v: the reward, plus the value of where one lands."""
    return R + GAMMA * P @ v


choices = {"Q, old world": q_best, "V, old model": look_ahead(v_best, P, R)}
choices["V, new model"] = look_ahead(v_best, P2, R2)
for name, values in choices.items():
    chosen = greedy(values)
    old, new = state_values(chosen, P, R)[0], state_values(chosen, P2, R2)[0]
    print(f"{name}: {old:5.1f} in the old world, {new:5.1f} in the new")
