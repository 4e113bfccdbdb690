"""Why does prompting work at all, seen as choosing a policy?

Networks read rock-paper-scissors; kappa: strength of habits; theta: weights; pi: policy
"""

# %% players
import matplotlib.pyplot as plt
import numpy as np

COPY, BEAT, LOSE, PAPER = (0, 1, 2), (1, 2, 0), (2, 0, 1), (1, 1, 1)
PLAYERS = np.repeat((COPY, BEAT, LOSE, PAPER), (6, 3, 1, 0), axis=0)  # replies to 0 1 2
L, H, N, EYE = 8, 8, range(8), np.eye(9)  # rounds in a text; hidden units; in prompts


def deal(kappa, whole, count, rng, players=PLAYERS, length=L, moves=3):
    """Texts for each habit strength kappa; a round is 3 * opponent's move + reply."""
    size = len(kappa), count, length
    kappa, whole = np.reshape((kappa, whole), (2, -1, 1, 1))
    who, move = rng.integers(len(players), size=size), rng.integers(moves, size=size)
    who = np.where(whole, who[..., :1], who)  # one player a text, or one a round
    follow, other = rng.random(size) < kappa, rng.integers(3, size=size)
    return 3 * move + np.where(follow, np.array(players)[who, move], other)


# %% model
def forward(theta, seen):
    """Hidden units h, and the policy pi, from how often each round was seen."""
    E, b, U, a = theta
    h = np.tanh(seen @ E + b)
    z = np.exp(h @ U + a).reshape(*h.shape[:2], 3, 3)
    return h, z / z.sum(-1, keepdims=True)


def climb(theta, seen, now, alpha):
    """A step of size alpha along the gradient of the sum of ln pi(reply now)."""
    h, pi = forward(theta, seen)
    error = now - (now.reshape(pi.shape).sum(-1, keepdims=True) * pi).reshape(now.shape)
    dh, one = error @ theta[2].swapaxes(1, 2) * (1 - h**2), np.ones((1, now.shape[1]))
    gradient = seen.swapaxes(1, 2) @ dh, one @ dh, h.swapaxes(1, 2) @ error, one @ error
    return [x + alpha * g for x, g in zip(theta, gradient, strict=True)]


def pretrain(kappa, whole, rng, players=PLAYERS, steps=300, batch=16, alpha=4.0):
    """One model for each kappa; the steps get ever smaller, each text is read once."""
    shapes = (9, H), (1, H), (H, 9), (1, 9)
    theta = [rng.normal(0, 0.3, (len(kappa), *x)) for x in shapes]
    for t in range(steps):
        now = EYE[deal(kappa, whole, batch, rng, players)]
        pairs = (x.reshape(len(kappa), -1, 9) for x in (now.cumsum(2) - now, now))
        theta = climb(theta, *pairs, alpha * (1 - t / steps) / (batch * L))
    return theta


KAPPA, WHOLE = np.repeat(((0.3, 0.5, 0.8, 0.8), (1, 1, 1, 0)), 3, axis=1)
MODELS = pretrain(KAPPA, WHOLE, rng := np.random.default_rng(0))


# %% bayes
def bayes(kappa, seen, players=PLAYERS):
    """The exact posterior over the players, and the mixture of policies it makes."""
    policies = (1 - kappa) / 3 + kappa * np.eye(3)[players]
    posterior = np.exp(seen @ np.log(policies.reshape(-1, 9)).T)
    posterior /= posterior.sum(-1, keepdims=True)
    return posterior, np.tensordot(posterior, policies, 1)


def distances(theta, kappa, rng, count=200):
    """How far 1 to 7 rounds move pi, and how far from bayes it is then, in points."""
    text = EYE[deal(kappa, np.ones(len(kappa)), count, rng, length=L - 1)]
    seen = text.cumsum(2).reshape(len(kappa), -1, 9)
    exact = np.array([policy for _, policy in map(bayes, kappa, seen)])
    pi, before = (forward(theta, x)[1] for x in (seen, 0 * seen))
    return np.array([50 * np.abs(pi - x).sum(-1).mean((1, 2)) for x in (before, exact)])


moved, off = distances(MODELS, KAPPA, rng).reshape(2, 4, 3).mean(-1).round(1)
print("moved by prompts:", moved, "off the exact:", off)


# %% few_samples
def prompt(theta, rule, n, rng, moves=2, count=200):
    """Pi of the player's reply to each move, after n rounds of a faultless player."""
    rounds = deal(*np.ones((2, len(theta[0]))), count, rng, [rule], n, moves)
    return 100 * forward(theta, EYE[rounds].sum(2))[1][..., range(3), rule].mean(1)


def tune(theta, rule, n, rng, moves=2, alpha=1.0, copies=8):
    """The same with n gradient steps instead, each on the first round of a text."""
    theta = [np.repeat(x, copies, 0) for x in theta]
    rounds = deal(*np.ones((2, len(theta[0]))), 1, rng, [rule], n, moves)
    for now in EYE[rounds].swapaxes(0, 2).swapaxes(1, 2):
        theta = climb(theta, 0 * now, now, alpha)
    return prompt(theta, rule, 0, rng, count=1).reshape(-1, copies, 3).mean(1)


ways = [[prompt(MODELS, LOSE, n, rng) for n in N]]
ways += [[tune(MODELS, LOSE, n, rng, alpha=x) for n in N] for x in (0.1, 0.3, 1, 3)]
ways = np.reshape(ways, (5, L, 4, 3, 3)).mean(3)  # way, rounds, corpus, move
print("after 4 rounds: whole {}, mixed {}".format(*ways[:, 4, 2:, 2].T.round()))

# %% figure
fig, axes = plt.subplots(1, 2, figsize=(7, 4.2), layout="constrained", sharex=True)
for k, name in {0: "κ = 0.3", 3: "κ = 0.5", 6: "κ = 0.8", 9: "mixed"}.items():
    dots = [prompt(MODELS, LOSE, n, rng, 3).mean(1)[k : k + 3] for n in N]
    exact = bayes(KAPPA[k], np.outer(N, WHOLE[k] * EYE[2]))[1][:, range(3), LOSE]
    exact, color = 100 * exact.mean(1), f"C{k // 3}"
    axes[0].plot(N, exact, "-", N, dots, "os^D"[k // 3], color=color, ms=4)
    axes[0].text(7.3, exact[-1], name, color=color, va="center")
for i, name in enumerate(("prompt", "α = 0.1", "α = 0.3", "α = 1", "α = 3")):
    axes[1].plot(N, ways[i, :, 2, 2], "os^Dv"[i] + "-", color=f"C{i}", ms=4)
    axes[1].text(7.3, ways[i, -1, 2, 2], name, color=f"C{i}", va="center")
axes[0].set(xlabel="rounds in the prompt", ylabel="losing reply (%)", xlim=(-0.3, 9.7))
axes[1].set(xlabel="rounds without scissors", ylabel="losing reply to scissors (%)")
plt.show()

# %% absent
EVERY, NARROW = np.indices((3, 3, 3)).reshape(3, -1).T, [x[6:9] for x in MODELS]
WIDE = pretrain(KAPPA[6:9], WHOLE[6:9], rng, EVERY)  # whole texts, kappa = 0.8, both
papers = [[prompt(x, PAPER, n, rng, 3).mean() for n in N] for x in (NARROW, WIDE)]
print("always paper:", np.round(papers))
