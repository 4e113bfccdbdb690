"""Why does RL change a language model in so few gradient steps?

Counts a small model's steps with each of three causes switched on or off.
alpha: step size; T: temperature; pays: chance that a right answer is rewarded.
"""

# %% setup
import itertools

import matplotlib.pyplot as plt
import numpy as np

QUESTIONS, MODES, SHARED = 16, 4, 3  # SHARED numbers serve all questions
GROUP, ALPHA, GOAL, RUNS = 16, 0.3, 0.9, 15
EYE, EVEN = np.eye(MODES, dtype=int), np.full(MODES, 1 / MODES)


# %% pretraining
def write(rng, loyal=0.8, questions=QUESTIONS, shares=EVEN, pages=500):
    """A corpus: the mode of every answer. A loyal answer is in its page's mode."""
    page = rng.choice(MODES, (pages, 1), p=shares)
    other = rng.choice(MODES, (pages, questions), p=shares)
    return np.where(rng.random(other.shape) < loyal, page, other)


def pretrain(corpus):
    """Each question's log-frequencies, and loads: the principal components."""
    x = EYE[corpus]
    z = ((x - x.mean(0)) / np.sqrt(x.mean(0))).reshape(len(x), -1)  # standardised
    size, axes = np.linalg.eigh(z.T @ z / len(x))
    noise = size[:-SHARED].sum() / (corpus.shape[1] * (MODES - 1) - SHARED)
    loads = axes[:, -SHARED:] * np.sqrt(np.maximum(size[-SHARED:] - noise, 0))
    return np.log(x.mean(0)), loads.reshape(*x.shape[1:], SHARED)


def models(rng, shuffled, runs=RUNS, **corpus):
    """A model for each run. To shuffle is to exchange answers between pages."""
    pages = [write(rng, **corpus) for _ in range(runs)]
    return [pretrain(rng.permuted(c, axis=0) if shuffled else c) for c in pages]


rng, START = np.random.default_rng(0), {}
for name in ("whole", "shuffled"):
    START[name] = models(rng, name == "shuffled")
    loads = np.array([loads for _, loads in START[name]])
    move = np.einsum("rsmk,rtmk->st", loads, loads) / (MODES - 1) / RUNS
    itself, others = 1 + move.trace() / QUESTIONS, move[~np.eye(QUESTIONS, dtype=bool)]
    print(f"{name:8} pages: own answer moves {itself:.2f}, others {others.mean():z.2f}")


# %% training
def softmax(logits, T=1):
    """Probabilities at temperature T."""
    weight = np.exp((logits - logits.max(-1, keepdims=True)) / T)
    return weight / weight.sum(-1, keepdims=True)


def push(p, right, pays, rng):
    """GRPO: a group's average of advantage times answer; the advantages add up to 0."""
    answers = rng.multinomial(GROUP, p)
    hits = rng.binomial((answers * EYE[right]).sum(-1), pays)[..., None]
    f = hits / GROUP  # the share of the group that is rewarded
    gain = (hits * EYE[right] - f * answers) / GROUP
    return gain / np.sqrt(np.where(hits % GROUP, f * (1 - f), 1))


def train(start, pays, rng, alpha=ALPHA, Ts=(1, 0.2), right=0, batch=1, **options):
    """Steps until GOAL, the share of right answers, for each T and run; inf: never."""
    own, loads = (np.array(part) for part in zip(*start, strict=True))
    runs, questions = own.shape[:2]
    shared, right = np.zeros((runs, SHARED)), np.broadcast_to(right, questions)
    pays, alpha = (np.zeros((runs, 1)) + np.c_[x] for x in (pays, alpha))
    steps, live = np.full((len(Ts), runs), np.inf), np.arange(runs)
    for t in range(options.get("budget", 1500) + 1):
        if t < 30 or t % (t // 30) == 0:  # later, look only every 3%
            logits = own + (loads * shared[:, None, None]).sum(-1)
            P = np.array([softmax(logits, T)[:, range(questions), right] for T in Ts])
            now, goal = steps[:, live], options.get("goal", GOAL)
            steps[:, live] = np.where((P.mean(-1) >= goal) & np.isinf(now), t, now)
            on = np.isinf(steps[:, live]).any(0)  # the others are done
            own, loads, shared, live = (x[on] for x in (own, loads, shared, live))
        s = rng.random((len(live), questions)).argsort(1)[:, :batch]  # asked now
        row = np.arange(len(live))[:, None]
        here = loads[row, s]
        p = softmax(own[row, s] + (here * shared[:, None, None]).sum(-1))
        g = (alpha[live, None] / batch * push(p, right[s], pays[live], rng))[..., None]
        own[row, s] += g[..., 0]
        loads[row, s] += g * shared[:, None, None] * (not options.get("frozen"))
        shared = shared + (g * here).sum((1, 2))
    return steps


def subsets(rng, alphas=(ALPHA,), rare=1 / 16, start=START, **options):
    """Steps by [alpha, modes tied, returns vary, sharp decoding (1: yes), run]."""
    starts, n = start["shuffled"] * 2 + start["whole"] * 2, len(alphas)
    pays = np.tile(np.repeat([rare, 1], len(start["whole"])), 2 * n)
    steps = train(starts * n, pays, rng, np.repeat(alphas, len(starts)), **options)
    return np.moveaxis(steps.reshape(len(steps), n, 2, 2, -1), 0, 3)


# %% results
ON = sorted(itertools.product((0, 1), repeat=3), key=sum)
CAUSES, SWEEP = ("modes", "variance", "sharp"), (ALPHA, 1, 3, 10)
NAMES = [" + ".join(itertools.compress(CAUSES, c)) or "none" for c in ON]
STEPS = dict(zip(SWEEP, subsets(rng, SWEEP), strict=True))
MEDIAN = {a: np.median(steps, -1) for a, steps in STEPS.items()}
print(*(f"{a:6}" for a in STEPS), "  <- step size")
for name, c in zip(NAMES, ON, strict=True):
    print(*(f"{m[c]:6.0f}" for m in MEDIAN.values()), f"  {name}")

# %% figure
fig, ax = plt.subplots(figsize=(7, 4.8), layout="constrained")
for i, (name, c) in enumerate(zip(NAMES, ON, strict=True)):
    y, runs = [m[c] for m in MEDIAN.values()], STEPS[ALPHA][c]
    ax.plot(SWEEP, y, f"C{i}o-")
    ax.vlines(ALPHA, runs.min(), runs.max(), f"C{i}", lw=4)
    ax.annotate(name, (ALPHA, y[0]), (-8, -3), textcoords="offset points", ha="right")
ax.set(xscale="log", yscale="log", xlim=(0.04, 12), xticks=SWEEP, xticklabels=SWEEP)
ax.set(xlabel="step size", ylabel="steps until 90% right (median; bars: range)")
plt.show()
