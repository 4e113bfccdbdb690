"""Is RL for language models a bandit or an MDP?

A table of logits writes words of T letters out of V; every sum is over all words.
theta: logits; Y: words; prob: of words; v: value; J: expected reward; rho: new/old.
"""

# %% model
import matplotlib.pyplot as plt
import numpy as np

V, T = 3, 4  # letters to choose from (a, b, c), letters in a word
Y = np.indices((V,) * T).reshape(T, -1).T  # every word
rows = np.pad(Y + 1, ((0, 0), (1, 0)))[:, :T]  # each letter's: the letter before, or 0
CHECKERS = {
    "first letter a": 1.0 * (Y[:, 0] == 0),
    "two or more a": 1.0 * ((Y == 0).sum(1) >= 2),
    "only a": 1.0 * (Y == 0).all(1),
    "last letter a": 1.0 * (Y[:, -1] == 0),
}
tables, noise = np.random.default_rng(0).normal(size=(2, 100, V + 1, V))


def letter_probs(theta, Y, rows, reply=None):
    """Each letter's chance after its prefix; with reply, a tool writes the second."""
    pi = (np.exp(theta) / np.exp(theta).sum(-1, keepdims=True))[..., rows, Y]
    return pi if reply is None else np.where(np.arange(Y.shape[1]) == 1, reply[Y], pi)


# %% bandit
def J(theta, reward, Y, rows, reply=None):
    """One choice among all words: how probable each is, times what it earns."""
    return letter_probs(theta, Y, rows, reply).prod(-1) @ reward


def slope(theta, *task, h=1e-5):
    """The gradient of J, measured: move one logit at a time."""
    steps = h * np.eye(theta.size).reshape(-1, *theta.shape)
    return (J(theta + steps, *task) - J(theta - steps, *task)) / (2 * h)


# %% mdp
def update(theta, prob, pay, Y, rows):
    """Mean and variance over words of the sum of each letter's pay times grad ln pi."""
    pi = np.exp(theta) / np.exp(theta).sum(-1, keepdims=True)
    score, own = np.eye(pi.shape[-1])[Y] - pi[..., rows, :], np.eye(pi.shape[-2])[rows]
    u = np.einsum("...wt,wtr,...wtv->...wrv", pay, own, score)
    mean = np.einsum("...w,...wrv->...rv", prob, u)
    var = np.einsum("...w,...wrv->...", prob, u**2) - (mean**2).sum((-2, -1))
    return mean.reshape(*var.shape, -1), var


def reinforce(theta, reward, Y, rows, gamma=1.0, reply=None, scored=1.0):
    """Mean update if each scored letter's pay is the discounted reward at the end."""
    pay = reward[:, None] * gamma ** np.arange(Y.shape[1])[::-1] * scored
    return update(theta, letter_probs(theta, Y, rows, reply).prod(-1), pay, Y, rows)[0]


# %% critic
def critic(theta, reward, Y, rows):
    """Mean update with v(prefix) as baseline; variance over a constant's."""
    prob = letter_probs(theta, Y, rows).prod(-1)
    same = ((Y[:, None, :t] == Y[:, :t]).all(-1) for t in range(Y.shape[1]))
    v = np.stack([(prob * reward) @ x / (prob @ x) for x in same], -1)
    mean, var = update(theta, prob, reward[:, None] - v, Y, rows)
    pays = [reward[:, None] - b + 0 * v for b in np.linspace(0, 1, 21)]
    return mean, var / np.min([update(theta, prob, x, Y, rows)[1] for x in pays], 0)


# %% stale
def stale(theta, old, reward, Y, rows, kind):
    """Mean and variance of an update for theta from words that the table old wrote."""
    prob = letter_probs(old, Y, rows)
    rho, prob = letter_probs(theta, Y, rows) / prob, prob.prod(-1)
    word = rho**0 * rho.prod(-1, keepdims=True)
    powers = {"none": rho**0, "letter": rho, "root": word ** (1 / rho.shape[-1])}
    advantage = (reward - (prob @ reward)[..., None])[..., None]
    return update(theta, prob, advantage * powers.get(kind, word), Y, rows)


def degrees(x, y):
    """The angle between vectors."""
    cos = (x * y).sum(-1) / np.linalg.norm(x, axis=-1) / np.linalg.norm(y, axis=-1)
    return np.degrees(np.arccos(np.clip(cos, -1, 1)))


# %% results
KINDS, drifts = ("none", "root", "letter", "word"), np.linspace(0, 1, 6)
old = tables + drifts[:, None, None, None] * noise
error, ratio, angles = {}, {}, {}
print("checker        error   critic  ", *KINDS)
for name, reward in CHECKERS.items():
    true = np.array([slope(theta, reward, Y, rows) for theta in tables])
    error[name] = np.abs(reinforce(tables, reward, Y, rows) - true).max()
    ratio[name] = critic(tables, reward, Y, rows)[1]
    for kind in KINDS:
        angles[name, kind] = degrees(stale(tables, old, reward, Y, rows, kind)[0], true)
    off = (f"{angles[name, kind][-1].mean():3.0f}°" for kind in KINDS)
    print(f"{name:14s} {error[name]:.4f}  x {ratio[name].mean():.2f}  ", *off)

# %% figure
fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for kind in KINDS:
    low, mid, high = np.quantile(angles["two or more a", kind], [0.1, 0.5, 0.9], axis=1)
    ax.fill_between(drifts, low, high, alpha=0.15)
    ax.plot(drifts, mid, "o-")
    ax.text(1.03, mid[-1], kind, va="center")
ax.set(xlabel="drift (sd of logits)", ylabel="degrees off the gradient", xlim=(0, 1.15))
plt.show()


# %% tool
def loops(reward, reply):
    """The best fixed word; the best plan, which reads the tool's letter first."""
    tree = reward.reshape(len(reply), len(reply), -1)
    return (reply @ tree).max(), (tree.max(-1) @ reply).max()


copy = 1.0 * (Y[:, 1] == Y[:, -1])  # the last letter must repeat the tool's
for reply in np.eye(V)[0], np.ones(V) / V:  # the tool's letter: certain, or any
    print("best fixed word {:.2f}, best plan {:.2f}".format(*loops(copy, reply)))
