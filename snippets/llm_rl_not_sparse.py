"""The reward comes once, at the end of the text: isn't RL for language models sparse?

Sums over all texts of a small language model, pretrained on more or fewer right ones.
theta: logits; pi: next letter; p: chance that a text is right (J); T: temperature.
"""

# %% setup
import itertools

import matplotlib.pyplot as plt
import numpy as np

V, L, N = 7, 5, 8  # letters a to g; letters in a text; texts in a group
TEXTS = np.array(list(itertools.product(range(V), repeat=L)))
STEPS = itertools.pairwise([V, *TEXTS.T])  # last letter, next letter; V is the start
EYE = np.eye(V + 1)  # COUNTS: how often each pair of letters stands in each text
COUNTS = sum(EYE[last][..., None] * EYE[letter][:, None, :V] for last, letter in STEPS)
RIGHT = 1.0 * (np.diff(TEXTS) > 0).all(1)  # the verifier: the letters rise
FALLING = 1.0 * (np.diff(TEXTS) < 0).all(1)


# %% pretraining
def pretrain(share, chosen=RIGHT):
    """Logits fitted to endlessly many texts: a share is chosen, the rest random."""
    weight = share * chosen / chosen.sum() + (1 - share) / len(TEXTS)
    return np.log(np.tensordot(weight, COUNTS, 1))


MODELS = {f"{100 * s:.0f}% falling": pretrain(s, FALLING) for s in (0.9, 0.5)}
MODELS["random"] = pretrain(0)
MODELS |= {f"{100 * s:.0f}% right": pretrain(s) for s in (0.1, 0.3, 0.6, 0.9)}
MODELS |= {f"T = 1/{k}": k * pretrain(0.9) for k in (2, 3)}  # 90% right, sharpened


# %% signal
def log_pi(theta):
    """The log-probability of each next letter after each last one."""
    return theta - np.logaddexp.reduce(theta, -1, keepdims=True)


def signal(theta, right=RIGHT, padding=0):
    """p, the contrast, the gradient of J, texts that make it as large as its noise."""
    pi, P = np.exp(log_pi(theta)), np.exp(np.tensordot(COUNTS, log_pi(theta)))
    score = COUNTS - COUNTS.sum(2, keepdims=True) * pi
    p = P @ right
    contrast = np.tensordot(P * (right / p - (1 - right) / (1 - p)), score, 1)
    gradient = p * (1 - p) * contrast
    sq, last = (score**2).sum((1, 2)), EYE[TEXTS[:, -1], :V]
    for _ in range(padding):  # further letters, which the verifier ignores
        sq += last @ (1 - (pi[:V] ** 2).sum(1))
        last = last @ pi[:V]
    return p, contrast, gradient, P @ (sq * (right - p) ** 2) / np.sum(gradient**2) - 1


def silent(p, n):
    """The chance that a group's texts are all right or all wrong."""
    return p**n + (1 - p) ** n


rows = {name: signal(theta) for name, theta in MODELS.items()}
print("pretrained on       p  contrast      texts  silent groups")
for name, (p, contrast, _, texts) in rows.items():
    print(f"{name:11s} {p:9.3g} {np.linalg.norm(contrast):9.2f}", end="")
    print(f"{texts:11,.0f} {silent(p, N):14.1%}")


# %% training
UPDATES, GROUPS, STEP_SIZES = 40, 8, (1, 10, 100)  # groups in each update


def write_groups(theta, rng):
    """For each model, the numbers of its texts, and their rewards by group."""
    reach = np.exp(log_pi(theta)).cumsum(-1)
    row, last, text = np.arange(len(theta))[:, None], V, 0
    for dice in rng.random((L, len(theta), GROUPS * N, 1)):
        last = (dice < reach[row, last]).argmax(-1)  # the first letter that reaches it
        text = V * text + last
    return text, RIGHT[text].reshape(len(theta), GROUPS, N)


def train(theta, step_size, rng, runs=24):
    """GRPO, unclipped and with no penalty for drift: the logits of every run."""
    theta = np.tile(theta, (runs, 1, 1))
    for _ in range(UPDATES):
        text, rewards = write_groups(theta, rng)
        advantage = rewards - rewards.mean(-1, keepdims=True)
        advantage /= rewards.std(-1, keepdims=True) + 1e-6
        pairs = np.einsum("rn,rn...->r...", advantage.reshape(runs, -1), COUNTS[text])
        score = pairs - pairs.sum(-1, keepdims=True) * np.exp(log_pi(theta))
        theta = theta + step_size * score / (GROUPS * N)
    return theta


def right_texts(theta):
    """Each run's probability of each right text, exactly; their sum is p."""
    return np.exp(np.tensordot(log_pi(theta), COUNTS[RIGHT == 1], ([1, 2], [1, 2])))


names, after = list(MODELS)[:-2], {}  # those not sharpened
for name, x in itertools.product(names, STEP_SIZES):
    after[name, x] = right_texts(train(MODELS[name], x, np.random.default_rng(0)))
    end = ", " if x < max(STEP_SIZES) else f"  ({name})\n"
    print(f"step {x}: p = {after[name, x].sum(1).mean():.2f}", end=end)

# %% figure
fig, (left, right) = plt.subplots(1, 2, figsize=(7, 4.5), layout="constrained")
for name, (p, _, _, texts) in rows.items():
    side, shift = ("left", 8) if p < 1e-4 or name == "90% right" else ("right", -8)
    left.plot(p, texts, "C0o")
    left.annotate(name, (p, texts), (shift, -3), textcoords="offset points", ha=side)
grid = 1 / (1 + np.exp(-np.linspace(-17, 7)))  # dotted: 1 / p(1 - p), through "random"
p, p0 = rows["random"][0], [rows[name][0] for name in names]
left.plot(grid, rows["random"][3] * p * (1 - p) / grid / (1 - grid), "k:", alpha=0.4)
left.set(xscale="logit", yscale="log", xlabel="p", ylabel="texts for signal = noise")
for x, style in zip(STEP_SIZES, ("C0o-", "C1s-", "C2^-"), strict=True):
    y = 100 * np.array([after[name, x].sum(1) for name in names])
    right.errorbar(p0, y.mean(1), 2 * y.std(1) / y.shape[1] ** 0.5, fmt=style, label=x)
right.set(xscale="log", xlabel="p before training", ylabel="right after training (%)")
right.legend(title="step size", ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1))
plt.show()
