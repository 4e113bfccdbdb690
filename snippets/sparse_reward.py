"""Is Go, with one reward at the very end, a sparse-reward problem?

Policy gradient on twelve choices; then tic-tac-toe, summed over all its games.
a: actions, 1 is right; theta: logits; G: return; J: chance to win; z: X's outcome.
"""

# %% setup
from functools import cache

import matplotlib.pyplot as plt
import numpy as np

N, UPDATES, BATCH = 12, 20, 32  # choices an episode, updates, episodes an update
START = 0.0  # every logit before learning; 0 is even odds
STEP_SIZES = 4.0 ** np.arange(1, 6)  # 4 to 1024
RIGHT = np.arange(N + 1)  # how many choices of an episode can be right

# %% tasks
AT_LEAST = {k: 1.0 * (k <= RIGHT) for k in (7, 10, 11, 12)}  # chances to win
TASKS = {f"{k} of 12": (chance, "end") for k, chance in AT_LEAST.items()}
TASKS |= {f"{k} of 12, loan": (chance, "loan") for k, chance in AT_LEAST.items()}
TASKS["12 of 12, fee"] = (AT_LEAST[12], "fee")
TASKS["11 of 12, or coin"] = (np.maximum(AT_LEAST[11], 0.5), "end")
TASKS["even number"] = (1.0 * (RIGHT % 2 == 0), "end")


def rewards(a, chance, pay, rng):
    """Every step's reward: loan or fee, and ±½ for a win or a loss at the last."""
    loan = (pay == "loan") * (a - 0.5) / N
    r = loan - (pay == "fee")
    won = rng.random(a.shape[:-1]) < chance[a.sum(-1)]
    r[..., -1] += won - 0.5 - loan.sum(-1)
    return r


# %% learner
def win_rate(theta, chance):
    """J, exactly."""
    count = np.eye(N + 1)[0]  # how probable 0, 1, … right choices are so far
    for p in 1 / (1 + np.exp(-np.moveaxis(theta, -1, 0)[..., None])):
        count = count * (1 - p) + np.roll(count, 1, axis=-1) * p
    return count @ chance


def learn(chance, pay, rng, step_size, seeds, start=START):
    """REINFORCE: the share of the possible gain in J that each seed reaches."""
    theta = np.full((seeds, 1, N), start)
    before = win_rate(theta[0, 0], chance)
    for _ in range(UPDATES):
        p = 1 / (1 + np.exp(-theta))
        a = rng.random((seeds, BATCH, N), dtype=np.float32) < p
        G = rewards(a, chance, pay, rng) @ np.tri(N)  # the return from each step on
        baseline = G.mean(1, keepdims=True)
        theta = theta + step_size * ((G - baseline) * (a - p)).mean(1, keepdims=True)
    return (win_rate(theta[:, 0], chance) - before) / (1 - before)


def learn_best(chance, pay, rng, seeds=48, start=START):
    """The same with the best step size, chosen on half as many other seeds."""
    tried = [learn(chance, pay, rng, x, seeds // 2, start).mean() for x in STEP_SIZES]
    return learn(chance, pay, rng, STEP_SIZES[np.argmax(tried)], seeds, start)


# %% gradient
def exact(theta, returns):
    """The return's mean, variance and gradient, summed over all sequences."""
    a = np.arange(2 ** len(theta))[:, None] >> np.arange(len(theta)) & 1
    p = 1 / (1 + np.exp(-theta))
    prob, G = np.where(a, p, 1 - p).prod(1), returns(a)
    return prob @ G, prob @ (G - prob @ G) ** 2, (prob * G) @ (a - p)


# %% results
var, gain = {}, {}
print("task               Var(G)  |∇J|    gain reached")
for task, (chance, pay) in TASKS.items():
    J, _, gradient = exact(np.full(N, START), lambda a, c=chance: c[a.sum(1)])
    var[task], slope = J * (1 - J), np.linalg.norm(gradient)
    gain[task] = learn_best(chance, pay, np.random.default_rng(0))
    print(f"{task:17s} {var[task]:7.4f} {slope:7.4f} {gain[task].mean():z13.0%}")


# %% tictactoe
@cache
def play(board, perfect):
    """Means of z and z²; players named in perfect pick among their best moves."""
    lines = [board[i::3] for i in range(3)] + [board[i : i + 3] for i in (0, 3, 6)]
    lines += [board[::4], board[2:7:2]]
    if "XXX" in lines or "OOO" in lines or " " not in board:
        z = ("XXX" in lines) - ("OOO" in lines)
        return z, z**2
    player = "OX"[board.count(" ") % 2]
    boards = [board[:i] + player + board[i + 1 :] for i in range(9) if board[i] == " "]
    if player in perfect:
        best = {"X": max, "O": min}[player](play(b, "XO")[0] for b in boards)
        boards = [b for b in boards if play(b, "XO")[0] == best]
    z, square = map(sum, zip(*[play(b, perfect) for b in boards], strict=True))
    return z / len(boards), square / len(boards)


games = {perfect: play(" " * 9, perfect) for perfect in ("", "O", "X", "XO")}
print("perfect  mean z  Var(z)")
for perfect, (z, square) in games.items():
    print(f"{perfect or 'none':7s}  {z:6.3f}  {square - z**2:6.3f}")

# %% figure
fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
styles = {"end": "C0o", "loan": "C1s", "fee": "C2x"}
for task, (_, pay) in TASKS.items():
    y, error = 100 * gain[task].mean(), 200 * gain[task].std() / gain[task].size ** 0.5
    label = pay if task.startswith("12") else None
    ax.errorbar(var[task], y, error, fmt=styles[pay], mfc="none", label=label)
    if pay == "end":
        side, shift, up = ("right", 0.9, 4) if var[task] > 0.01 else ("left", 1.1, -8)
        ax.text(var[task] * shift, y + up - 15 * ("even" in task), task, ha=side)
J = np.logspace(-4, -0.35)
ax.plot(J * (1 - J), 100 - 100 * (1 - J) ** (UPDATES * BATCH), "k--", label="any win")
ax.set(xscale="log", xlabel="Var(G) before learning", ylabel="gain (% of the possible)")
ax.legend(loc="center right")
plt.show()
