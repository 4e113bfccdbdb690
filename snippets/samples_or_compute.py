"""Is sample complexity the problem in RL for language models, or compute?

Answers to few or many prompts; then the search for the one right word among M.
theta: logits; pi: policy; p: chance of the right word; beta: weight of the bonus.
"""

# %% setup
import matplotlib.pyplot as plt
import numpy as np

V, L, N = 4, 6, 16  # letters, letters in a word, words in a group
BUDGET = V**L  # answers at most: as many as there are words


def softmax(theta):
    """The probabilities of the letters, from their logits."""
    pi = np.exp(theta - theta.max(-1, keepdims=True))
    return pi / pi.sum(-1, keepdims=True)


def draw(pi, n, rng):
    """n letters from each row of pi."""
    dice, reach = rng.random((*pi.shape[:-1], n)), pi.cumsum(-1)
    return sum((dice > reach[..., k, None]).astype(np.int8) for k in range(V - 1))


# %% prompts
def practise(prompts, n, rng, runs=20, features=8, steps=60, new=200):
    """Mean p on new prompts; n answers to each prompt a step, endlessly many if 0."""
    x = rng.normal(size=(runs, prompts + new, features))  # a prompt is eight numbers
    letter = (x @ rng.normal(size=(runs, features, V))).argmax(-1)  # the right one
    right, theta = np.eye(V)[letter], np.zeros((runs, features, V))
    for _ in range(steps):
        pi, y = softmax(x[:, :prompts] @ theta), right[:, :prompts]
        slope = (pi * y).sum(-1, keepdims=True) * (y - pi)  # exact; next, estimated
        if n:
            drawn = draw(pi, n, rng)
            reward = 1.0 * (drawn == letter[:, :prompts, None])
            reward = (reward - reward.mean(-1, keepdims=True)) / (n - 1)
            slope = np.stack([(reward * (drawn == k)).sum(-1) for k in range(V)], -1)
        theta += 8 / prompts * x[:, :prompts].swapaxes(1, 2) @ slope
    return (softmax(x[:, prompts:] @ theta) * right[:, prompts:]).sum(-1).mean(1)


for m, n in ((8, 32), (8, 0), (32, 8), (128, 2)):  # prompts, answers to each
    p = practise(m, n, np.random.default_rng(0)).mean()
    print(f"{m} prompts, {n or 'endless'} answers each: {p:.0%} right on new prompts")


# %% models
def models(p, runs, rng, length=L, free=0):
    """Random models; the right word has probability closest to p; free: in front."""
    theta = rng.normal(0, 2, (runs, free + length, V))
    words, log_pi = np.indices([V] * length).reshape(length, -1), np.log(softmax(theta))
    log_p = sum(log_pi[:, free + t, words[t]] for t in range(length))
    right = np.abs(log_p - np.log(p)).argmin(1)
    p = np.exp(best := log_p[np.arange(runs), right])
    for t in range(free):  # of all texts; of the likeliest right one
        log_p = (log_p[..., None] + log_pi[:, None, t]).reshape(runs, -1)
        best = best + log_pi[:, t].max(1)
    return theta, words.T[right], p, (log_p >= best[:, None]).sum(1)


# %% learner
def train(theta, right, beta, rng, alpha=16, budget=BUDGET):
    """Answers until the first right one, and until p is 0.9; GRPO if beta is 0."""
    (runs, length), theta = right.shape, theta.copy()
    count = np.zeros(runs * V**length, int)  # how often each word was written
    first, done = np.full((2, runs), budget)
    beta, on = np.broadcast_to(beta, runs), np.arange(runs)  # on: have not learnt yet
    for written in range(0, budget, N):
        pi = softmax(theta[on])
        new = np.take_along_axis(pi, right[on, :, None], 2).prod(1)[:, 0] < 0.9
        done[on[~new]] = written
        on, words = on[new], draw(pi[new], N, rng)
        reward = 1.0 * (words == right[on, :, None]).all(1)
        np.minimum.at(first, on[reward.any(1)], written + N)
        advantage = reward - reward.mean(1, keepdims=True)
        advantage /= reward.std(1, keepdims=True) + 1e-6
        seen = (V**length * on[:, None] + V ** np.arange(length) @ words).ravel()
        np.add.at(count, seen, 1)
        bonus = beta[on, None] / np.sqrt(count[seen].reshape(-1, N))
        advantage += bonus - bonus.mean(1, keepdims=True)
        # advantages add up to 0: of the scores, only the letters written remain
        score = [((words == k) @ advantage[..., None])[..., 0] for k in range(V)]
        theta[on] += alpha / N * np.stack(score, -1)
    return first, done


# %% search
CHANCES, RUNS, rng = (3e-2, 3e-3, 3e-4, 1e-5, 1e-7), 40, np.random.default_rng(0)
WEIGHTS = (0, 0.01, 0.03, 0.1, 0.3, 1)  # of the bonus
CASES = [(p, b) for p in CHANCES for b in WEIGHTS if b in (0, 0.1) or p in (3e-2, 1e-7)]
tasks = {p: models(p, RUNS, rng) for p in CHANCES}
theta, right = (np.concatenate([tasks[p][k] for p, _ in CASES]) for k in (0, 1))
costs = train(theta, right, np.repeat([b for _, b in CASES], RUNS), rng)
cost = dict(zip(CASES, np.reshape(costs, (2, -1, RUNS)).swapaxes(0, 1), strict=True))
ways = {k: [cost[p, b][0] for p in CHANCES] for k, b in (("GRPO", 0), ("bonus", 0.1))}
ways["in order"] = [tasks[p][3] for p in CHANCES]
ways["list"] = np.full((len(CHANCES), RUNS), (BUDGET + 1) / 2)
print("first right one: GRPO  bonus  in order    list")
for p, *row in zip(CHANCES, *ways.values(), strict=True):
    print(f"p = {p:<10.0e}" + "{:5.0f} {:6.0f} {:9.1f}{:8.1f}".format(*np.mean(row, 1)))
# %% figure
fig, (left, right) = plt.subplots(1, 2, figsize=(7, 4.5), layout="constrained")
for k, (name, x) in enumerate(ways.items()):
    left.errorbar(CHANCES, np.mean(x, 1), 2 * np.std(x, 1) / RUNS**0.5, fmt=f"C{k}.-")
    left.text((1e-4, 1e-5, 1e-4, 5e-3)[k], (3300, 1400, 60, 2300)[k], name, c=f"C{k}")
left.set(xscale="log", yscale="log", xlabel="p", ylabel="answers to first right one")
for p, style, at in ((3e-2, "C4o-", (0.2, 110)), (1e-7, "C5^-", (0.2, 2500))):
    x = [cost[p, b][1] for b in WEIGHTS]
    right.errorbar(range(6), np.mean(x, 1), 2 * np.std(x, 1) / RUNS**0.5, fmt=style)
    right.text(*at, f"p = {p}", color=style[:2])
right.set(yscale="log", xlabel="weight of the bonus", ylabel="answers until 90% right")
right.set_xticks(range(6), WEIGHTS)
plt.show()
# %% many_right
for n in (0, 2, 4, 6):  # two letters that count, after n that the checker ignores
    checks = models(3e-2, 60, np.random.default_rng(0), 2, free=n)[3]
    print(f"{n} letters in front: {checks.mean():.0f} checks in order")
