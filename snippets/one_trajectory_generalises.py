"""How can reinforcing one text change the model's behaviour on others?

Small language models, alike but for their corpus, are rewarded for three words only.
theta: weights; q: chance of British spelling; score: gradient of ln pi(text).
"""

# %% setup
import matplotlib.pyplot as plt
import numpy as np

M, L, H = 12, 3, 6  # words (0-5: cars, 6-11: food), words in a text, hidden units
TEXTS = np.arange(M).reshape(-1, L)  # lorry tyre kerb, petrol bonnet motorway, ...
ONE, RUNS, RHOS = TEXTS[:1], 6, (0, 0.1, 0.3, 0.6, 0.9)  # RUNS models for each rho
SPELLINGS, EYE = np.indices((2,) * L).reshape(L, -1).T, np.eye(2 * M)  # 1: British


# %% model
def forward(theta, words, spelt):
    """What each model (first axis) makes of texts, word by word; the last item is q."""
    E, U, b, a = np.split(theta, np.cumsum([2 * M * H, M * H, H]), 1)
    before, now = np.tri(words.shape[-1], k=-1), EYE[words + M * spelt]
    seen = np.einsum("ts,...sk->...tk", before, now).reshape(-1, words.size, 2 * M)
    h = np.tanh(b[:, None] + seen @ E.reshape(-1, 2 * M, H))
    u = U.reshape(-1, M, H)[:, words.ravel()]
    logit = (u * h).sum(-1) + a[:, words.ravel()]
    return seen, h, u, 1 / (1 + np.exp(-logit.reshape(-1, *words.shape)))


def log_pi(theta, words, spelt):
    """The log-probability of each text."""
    return np.log(np.abs(forward(theta, words, spelt)[-1] - 1 + spelt)).sum(-1)


def score(theta, words, spelt, weight=1.0):
    """The sum of the texts' scores, each times its weight."""
    seen, h, u, q = forward(theta, words, spelt)
    error = (weight * (spelt - q)).reshape(*h.shape[:2], 1)
    dh, asked = error * u * (1 - h**2), EYE[words.ravel(), :M].T
    parts = seen.swapaxes(1, 2) @ dh, asked @ (error * h), dh.sum(1), asked @ error
    return np.concatenate([x.reshape(len(theta), -1) for x in parts], 1)


# %% pretraining
def corpus(rho, count, rng, mixed=True):
    """Texts: their words, the same for every model, and how they are spelt."""
    half = (rng.random((count, 1)) < 0.5) == (np.arange(M) < M // 2)
    order = rng.random((count, M)) + (half & (not mixed))  # else cars or food alone
    british = rng.random((len(rho), count, 1)) < 0.5  # a coin for each text
    follow = rng.random((len(rho), count, L)) < (1 + rho[:, None, None] ** 0.5) / 2
    return order.argsort(-1)[:, :L], 1 * (follow == british)


def pretrain(rho, rng, mixed=True, steps=120, batch=16, alpha=0.3):
    """One model for each rho: gradient ascent with momentum, the steps ever smaller."""
    theta, drift = rng.normal(0, 0.3, (len(rho), 3 * M * H + H + M)), 0
    for t in range(steps):
        drift = 0.9 * drift + score(theta, *corpus(rho, batch, rng, mixed)) / batch
        theta = theta + alpha * (1 - t / steps) * drift
    return theta


rng = np.random.default_rng(0)
MODELS = pretrain(np.repeat(RHOS, RUNS), rng)
APART = pretrain(np.full(2 * RUNS, max(RHOS)), rng, mixed=False)


# %% influence
def influence(theta, words, spelt):
    """The inner product of the score of ONE, all British, with that of other texts."""
    return (score(theta, ONE, 1) * score(theta, words, spelt)).sum(1) / len(words)


pull = [influence(MODELS, TEXTS[1:], x).reshape(-1, RUNS).mean(1) for x in (1, 0)]
print("to British texts: {}, to American: {}".format(*np.round(pull, 1) + 0))


# %% reinforcing
def share(theta, words=TEXTS[1:], target=1):
    """The expected share of words spelt as in target, over all spellings."""
    both = np.repeat(words, 2**L, 0), np.tile(SPELLINGS, (len(words), 1))
    return np.exp(log_pi(theta, *both)) @ (both[1] == target).mean(-1) / len(words)


def reinforce(theta, rng, target=1, updates=40, alpha=1.0, graded=L, n=16):
    """REINFORCE on ONE alone, paid the share of graded words spelt as in target."""
    words = np.repeat(ONE, n, 0)
    for _ in range(updates):
        spelt = np.zeros((len(theta), n, L), int)
        for t in range(L):
            q = forward(theta, words[:, : t + 1], spelt[..., : t + 1])[-1][..., t]
            spelt[..., t] = rng.random(q.shape) < q
        r = (spelt == target)[..., :graded].mean(-1, keepdims=True)
        theta = theta + alpha * score(theta, words, spelt, r - r.mean(1)[:, None]) / n
    return theta


after = reinforce(MODELS, np.random.default_rng(1), graded=L)
curves = [100 * share(after, x).reshape(-1, RUNS) for x in (ONE, TEXTS[1:])]
print("rewarded: {}, others: {}".format(*(y.mean(1).round() for y in curves)))

# %% boundaries
food = 100 * share(reinforce(APART, rng), TEXTS[2:])
print("cars and food apart:", food.round())
for target in (1, (1, 0, 1)):  # lorry tyre kerb; lorry tire kerb
    early = share(reinforce(MODELS, rng, target, updates=20), ONE, target)
    curves.append(100 * early.reshape(-1, RUNS))
    print(f"rewarded {target}: {curves[-1].mean(1).round()}")

# %% figure
fig, axes = plt.subplots(1, 2, figsize=(7, 4.2), layout="constrained")
names = "rewarded text", "other\nnine words", "lorry tyre kerb", "lorry tire kerb"
for i, height in enumerate((91, 60, 99.5, 75)):
    y, style, ax = curves[i], ("C0o-", "C1s-", "C0o-", "C3^-")[i], axes[i // 2]
    ax.errorbar(RHOS, y.mean(1), 2 * (y.var(1, ddof=1) / RUNS) ** 0.5, fmt=style)
    ax.text(0.45, height, names[i], color=style[:2], ha="center")
    what = ("British after 40", "as rewarded after 20")[i // 2]
    ax.set(xlabel="correlation ρ in the corpus", ylabel=f"{what} updates (%)")
axes[0].plot(0 * food + 0.9, food, "C2x")
axes[0].text(0.86, 20, "words never in one\ntext with them", color="C2", ha="right")
plt.show()
