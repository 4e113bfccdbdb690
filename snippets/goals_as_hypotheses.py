"""How could an agent learn from a handful of human signals, before language models?

Bayes' rule over goals in a square room; a simulated human praises or scolds each step.
a: action; s: square; word: 1 praise, -1 scolding; p: belief; W: weights of regression.
"""

# %% setup
import matplotlib.pyplot as plt
import numpy as np

SIDE, RUNS, ALPHAS = 6, 80, (0.1, 0.2, 0.4, 0.8)  # squares a wall; humans; step sizes
MOVES = np.array([(0, 1), (1, 0), (0, -1), (-1, 0), (0, 0)])  # the last one: stay
COUNTS = np.r_[0, np.unique(np.geomspace(1, 250, 20).round().astype(int))]


# %% goals
def goal_tables(side):
    """For each goal, square and action: does the action serve the goal?"""
    xy = np.indices((side, side)).reshape(2, -1).T
    before = abs(xy - xy[:, None]).sum(-1)  # steps to each goal from each square
    after = abs(xy[:, None] + MOVES - xy[:, None, None]).sum(-1)
    tables = after < before[:, :, None]  # a step that comes nearer
    tables[..., 4] = before == 0  # at the goal, stay
    return tables


def wishes(tables, pieces, rng, runs=RUNS):
    """What each human wants: in every piece of the room, a table drawn at random."""
    piece = np.arange(tables.shape[1]) * pieces // tables.shape[1]
    drawn = rng.integers(len(tables), size=(runs, pieces))
    return tables[drawn[:, piece], np.arange(len(piece))]


# %% learner
def best(score):
    """The actions with the top score, ties included."""
    return score >= score.max(-1, keepdims=True) - 1e-9


def hear(wish, s, score, rng, error):
    """A best action in square s, and the human's word, wrong with chance error."""
    a = (best(score) * rng.random(score.shape)).argmax(-1)
    praise = wish[np.arange(len(s)), s, a] ^ (rng.random(len(s)) < error)
    return a, np.where(praise, 1, -1)


def share(score, wish):
    """Each run's share of squares in which its best actions are right."""
    return ((best(score) & wish).sum(-1) / best(score).sum(-1)).mean(-1)


def belief(log_odds):
    """Log-odds of the hypotheses as probabilities."""
    p = np.exp(log_odds - log_odds.max(-1, keepdims=True))
    return p / p.sum(-1, keepdims=True)


def learn(tables, wish, pieces, rng, error=0.1, assumed=0.1, counts=COUNTS):
    """Shares after each count of words, for each run; the last belief."""
    (runs, S, _), shares, serve = wish.shape, [], 1.0 * tables.swapaxes(0, 1)
    piece, i = np.arange(S) * pieces // S, np.arange(runs)
    log_odds, k = np.zeros((pieces, runs, len(tables))), np.log((1 - assumed) / assumed)
    for n in range(max(counts) + 1):
        if n in counts:
            shares.append(share((belief(log_odds)[piece] @ serve).swapaxes(0, 1), wish))
        s = rng.integers(S, size=runs)  # the human sets it on a random square
        chance = (belief(log_odds[piece[s], i])[:, None] @ serve[s])[:, 0]
        a, word = hear(wish, s, chance, rng, error)
        log_odds[piece[s], i] += k * word[:, None] * serve[s, :, a]
    return np.array(shares), belief(log_odds).swapaxes(0, 1)


def needed(shares, level=0.9, counts=COUNTS):
    """Words until the mean share reaches the level; nan if it does not."""
    return np.interp(level, np.maximum.accumulate(shares.mean(1)), counts, right=np.nan)


# %% results
TABLES, rng, curves = goal_tables(SIDE), np.random.default_rng(1), {}
humans = np.vstack([wishes(TABLES, wanted, rng) for wanted in (1, 4)])
for pieces in 1, 4, 36:
    runs = learn(TABLES, humans, pieces, np.random.default_rng(0))[0]
    curves[1, pieces], curves[4, pieces] = np.split(runs, 2, axis=1)
for (wanted, pieces), shares in sorted(curves.items()):
    print(f"{wanted} wanted, {pieces:2} believed:{needed(shares):4.0f} to 90%,", end="")
    print(f"{needed(shares, 0.95):4.0f} to 95%; {shares[-1].mean():.0%} after 250")


# %% regression
def regress(features, tables, rng, runs=30, counts=COUNTS):
    """Words to 90% if each is predicted from features; start by step size."""
    guess = np.linalg.pinv(features) @ (0.8 * (2 * tables.mean(0) - 1))
    W = np.repeat([0 * guess, guess], runs * len(ALPHAS), axis=0)
    i, alpha = np.arange(len(W)), np.tile(np.repeat(ALPHAS, runs), 2)
    wish, shares = wishes(tables, 1, rng, len(W)), []
    for n in range(max(counts) + 1):
        if n in counts:
            shares.append(share(features @ W, wish))
        s = rng.integers(len(features), size=len(i))
        score = (features[s][:, None] @ W)[:, 0]
        a, word = hear(wish, s, score, rng, 0.1)
        W[i, :, a] += (alpha * (word - score[i, a]))[:, None] * features[s]
    split = np.split(np.array(shares), 2 * len(ALPHAS), axis=1)
    return np.reshape([needed(x, counts=counts) for x in split], (2, -1))


LINES = np.hstack([np.eye(SIDE).repeat(SIDE, 0), np.tile(np.eye(SIDE), (SIDE, 1))])
for name, features in ("square", np.eye(SIDE**2)), ("row and column", LINES):
    print(f"{name}:\n{np.round(regress(features, TABLES, np.random.default_rng(0)))}")

# %% figure
fig, axes = plt.subplots(1, 2, figsize=(7, 4), sharey=True, layout="constrained")
for (wanted, pieces), shares in curves.items():
    ax, colour = axes[wanted // 4], f"C{(1, 4, 36).index(pieces)}"
    mean, error = 100 * shares.mean(1), 200 * shares.std(1) / RUNS**0.5
    ax.plot(COUNTS, mean, colour + {1: "-", 4: "--", 36: "-."}[pieces])
    ax.fill_between(COUNTS, mean - error, mean + error, color=colour, alpha=0.2)
    ax.text(np.nan_to_num(needed(shares), nan=190) * 1.1, min(87, mean[-1] - 3), pieces)
    ax.set(xscale="log", xlabel="words", ylabel="right (%)", title=f"{wanted} wanted")
plt.show()
