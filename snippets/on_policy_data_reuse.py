"""Do on-policy methods need more samples because they explore worse?

Sarsa and Q-learning in the Dyna Maze, each step learnt from K times; a policy gradient.
Q: estimated values, Q0 at first; s, a, s2, a2: state, action, and the next ones; K:
updates for each step; alpha: step size; gamma: discount rate; epsilon: random share;
slip: share of moves in a random direction; lam: decay of the traces, 0 without.
"""

# %% setup
import matplotlib.pyplot as plt
import numpy as np

MAZE = ["#" * 11, "#.......#G#", "#..#....#.#", "#S.#....#.#", "#..#......#"]
CELLS = np.array(list("".join([*MAZE, "#.....#...#", "#.........#", "#" * 11])))
(START,), (GOAL,) = np.flatnonzero(CELLS == "S"), np.flatnonzero(CELLS == "G")
N, HERE = CELLS.size, np.arange(CELLS.size)[:, None]
AHEAD = (HERE + np.array([-11, 11, -1, 1])) % N  # up, down, left, right
NEXT = np.where(CELLS[AHEAD] == "#", HERE, AHEAD)  # no way through a wall


# %% learner
def learn(arms, slip=0, lam=0, epsilon=0.1, seed=0, runs=16, episodes=5, gamma=0.95):
    """Steps in episode 1, and in the others, for each arm (target, K, Q0, alpha)."""
    dice, draws = np.random.default_rng(seed).spawn(2)
    arms = [arm for arm in arms for _ in range(runs)]
    name, K, Q0, alpha = map(np.array, zip(*arms, strict=True))
    sarsa, share = np.char.startswith(name, "S"), epsilon * (name == "Expected Sarsa")
    Q = np.ones((1, 1, 4)) * Q0[:, None, None] * (np.arange(N) != GOAL)[:, None]
    trace, tape = np.zeros_like(Q), np.zeros((2000, len(arms), 4), np.int8)
    ends, count = np.zeros((len(arms), episodes), int), np.zeros(len(arms), int)

    def act(q):  # the best action, ties at random; or any, with epsilon
        good = (q == q.max(1, keepdims=True)) | (u[:, 4:5] < epsilon)
        return (good * u[:, :4]).argmax(1)

    i, t, s = np.arange(len(arms)), 0, np.full(len(arms), START)
    j, run = np.append(i, np.repeat(i, K - 1)), i % runs
    a = dice.random((runs, 4))[run].argmax(1)  # all look alike
    while i.size:
        u = dice.random((runs, 7))[run]  # the same for every arm
        s2 = NEXT[s, np.where(u[:, 5] < slip, (4 * u[:, 6]).astype(int), a)]
        done, now = s2 == GOAL, np.where(s2 == GOAL, START, s2)
        a2 = act(Q[i, now])
        tape = np.append(tape, 0 * tape, 0) if t == len(tape) else tape
        tape[t, i] = np.array((s, a, s2, a2)).T
        when = draws.integers(t + 1, size=j.size)
        when[: i.size] = t  # the newest step, and K - 1 random ones
        S, A, S2, A2 = tape[when, j].T
        q = Q[j, S2]
        best, mean = q.max(1), q.sum(1) / 4
        value = np.where(sarsa[j], Q[j, S2, A2], best + share[j] * (mean - best))
        error = alpha[j] * ((S2 == GOAL) + gamma * value - Q[j, S, A])
        if lam:  # the steps that led here learn as well (for K = 1)
            trace *= gamma * lam
            trace[i, s, a] = 1
            Q[i] += error[:, None, None] * trace[i]
            trace[i[done]] = 0
        else:
            Q[j, S, A] += error
        t, s, a = t + 1, now, a2
        if done.any():
            ends[i[done], count[i[done]]] = t
            count[i] += done
            i, s, a, run = np.array((i, s, a, run))[:, count[i] < episodes]
            j = j[count[j] < episodes]
    ends = ends.reshape(-1, runs, episodes)
    return ends[..., 0], ends[..., -1] - ends[..., 0]


# %% results
ARMS = [(name, K, 0, 0.1) for name in ("Sarsa", "Expected Sarsa") for K in (1, 8)]
ARMS += [("Q-learning", K, 0, 0.1) for K in (1, 2, 4, 8)]
ARMS += [("Q-learning", K, 1, 1.0) for K in (1, 8)]
TRACES = [("Sarsa(λ)", 1, 0, 0.5)]
first, rest = np.append(learn(ARMS), learn(TRACES, lam=0.7), 1)
print("learner          K  Q0    episode 1  episodes 2 to 5  updates in these")
for (name, K, Q0, _), x, y in zip(ARMS + TRACES, first, rest, strict=True):
    cells = (f"{z.mean():7.0f} ± {2 * z.std() / z.size**0.5:3.0f}" for z in (x, y))
    print(f"{name:14s} {K:3d} {Q0:3d}", *cells, f"{K * y.mean():17,.0f}")


# %% policy_gradient
def softmax(x):
    """Probabilities from logits."""
    x = np.exp(x - x.max(-1, keepdims=True))
    return x / x.sum(-1, keepdims=True)


def reward(step_sizes, passes, clip, rng, runs=100, batches=20, n=16):
    """The expected reward on the ten-armed testbed after batches of n pulls."""
    q, theta = rng.normal(size=(runs, 10)), np.zeros((len(step_sizes), runs, 10))
    for _ in range(batches):
        pi, u, z = softmax(theta), rng.random((runs, n, 1)), rng.normal(size=(runs, n))
        pulled = np.eye(10)[(u < pi.cumsum(-1)[:, :, None]).argmax(-1)]
        R = (pulled * q[:, None]).sum(-1) + z
        A = R - R.mean(-1, keepdims=True)
        for _ in range(passes):
            now = softmax(theta)  # ratio: PPO's, of the new probability to the old
            ratio = (pulled * (now / pi)[:, :, None]).sum(-1)
            inside = np.where(A > 0, ratio < 1 + clip, ratio > 1 - clip)
            w = A * ratio * inside if clip else A
            gradient = (w[..., None] * (pulled - now[:, :, None])).mean(2)
            theta = theta + np.reshape(step_sizes, (-1, 1, 1)) * gradient
    return (softmax(theta) * q).sum(-1).mean(1)


SIZES, PASSES = 2.0 ** np.arange(-4, 7, 2), ((1, 0), (8, 0.2))
once, clipped = (reward(SIZES, *x, np.random.default_rng(1)) for x in PASSES)

# %% figure
fig, ax = plt.subplots(figsize=(6.5, 4), layout="constrained")
names = "Q-learning", "Expected Sarsa", "Sarsa, old actions", "Sarsa(λ)"
for k, x in enumerate(([4, 5, 6, 7], [2, 3], [0, 1], [10])):
    K, y = [str((ARMS + TRACES)[arm][1]) for arm in x], rest[x].mean(1)
    ax.errorbar(K, y, 2 * rest[x].std(1) / rest.shape[1] ** 0.5, fmt="^so*"[k] + "-")
    ax.text(len(x) // 2 * 3 % 5 + 0.1, y[-1], names[k], color=f"C{k}", va="top")
ax.axhline(first[0].mean(), color="C5")
ax.text(3.9, first[0].mean() + 30, "episode 1", color="C5")
ax.set(xlim=(-0.3, 4.8), ylim=0, xlabel="updates per step, K", ylabel="steps taken")
plt.show()
