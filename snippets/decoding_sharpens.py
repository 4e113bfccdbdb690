"""How can a few gradient steps change what a language model does so much?

A model works a problem out (right) or blurts a guess (wrong). A few GRPO steps move
the probability of the right mode; each way of decoding makes behaviour of it.

p: probability that one sample is right; alpha: step size; GROUP: answers in a group;
n: samples drawn for one answer; width: strings that a beam search keeps.
"""

# %% setup
import math

import matplotlib.pyplot as plt
import numpy as np

GROUP, STEPS, ALPHA, RUNS = 16, 8, 0.1, 400
rng = np.random.default_rng(0)


# %% training
def train(p, rng, alpha=ALPHA, runs=RUNS):
    """The probability p after STEPS steps of GRPO, in each of `runs` runs."""
    log_odds = np.log(p / (1 - p)) * np.ones(runs)
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-log_odds[:, None]))
        right = (rng.random((runs, GROUP)) < p) * 1.0  # the rewards
        advantages = right - right.mean(axis=1, keepdims=True)
        advantages /= np.maximum(right.std(axis=1, keepdims=True), 1e-9)
        log_odds += alpha * (advantages * (right - p)).mean(axis=1)
    return 1 / (1 + np.exp(-log_odds))


trained = {p: train(p, rng) for p in (0.45, 0.20, 0.05)}
for p, after in trained.items():
    print(f"p: {p:.2f} -> {after.mean():.3f}, sd {after.std():.3f}")


# %% decoding
def majority(p, n):
    """Probability that more than half of n (odd) samples are right."""
    k, p = np.arange(n // 2 + 1, n + 1), np.asarray(p)[..., None]
    ways = np.array([math.comb(n, i) for i in k.tolist()], dtype=float)
    return (ways * p**k * (1 - p) ** (n - k)).sum(axis=-1)


def best_of(p, n):
    """Probability that a right answer is among n samples."""
    return 1 - (1 - p) ** n


decoders = {
    "one sample": lambda p: p,
    "majority of 25": lambda p: majority(p, 25),
    "temperature 0.2": lambda p: p**5 / (p**5 + (1 - p) ** 5),  # 5 is 1 / 0.2
    "majority of 101": lambda p: majority(p, 101),
    "argmax": lambda p: 1.0 * (p > 0.5),
    "verifier, 25": lambda p: best_of(p, 25),
}
for name, decode in decoders.items():
    moves = [f"{decode(p):.2f} -> {decode(q).mean():.2f}" for p, q in trained.items()]
    print(f"{name:15}", *moves, sep="   ")

# %% figure
x = 1 / (1 + np.exp(-np.linspace(-4.6, 4.6, 1000)))  # values of p
fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for i, (name, decode) in enumerate(decoders.items()):
    ax.plot(x, decode(x), ["-", "--", ":", "-.", "-", "--"][i], label=name)
for p, after in trained.items():
    ax.axvspan(p, after.mean(), alpha=0.2, linewidth=0)
ticks = [0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99]
ax.set(xscale="logit", ylabel="probability that the answer is right")
ax.set_xticks(ticks, ticks)
ax.set_xticks([], minor=True)
ax.set_xlabel("probability p that a sample is right (log-odds scale; shaded: training)")
ax.legend(loc="lower right")
plt.show()


# %% sweep
def gains(p, after):
    """Mean gain of one sample, and of a majority of 101, by training."""
    return np.mean(after - p), np.mean(majority(after, 101) - majority(p, 101))


for a in (0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6):
    one, vote = gains(0.45, train(0.45, rng, alpha=a))
    print(f"alpha {a:.3f}: sample +{one:.2f}, vote +{vote:.2f}, {vote / one:.1f} times")


# %% strings
def beam_search(p, width, splits=3):
    """Does the right mode win? After token 1 it has 2**splits wordings, the other 1."""
    beams = [(p, True), (1 - p, False)]
    for _ in range(splits):
        beams = sorted(beams, reverse=True)[:width]
        halves = [(q / 2, True) for q, right in beams if right]
        beams = 2 * halves + [(q, False) for q, right in beams if not right]
    return max(beams)[1]


for width in (1, 2, 4, 8, 64):
    flip = next(p for p in np.arange(0, 1, 0.001) if beam_search(p, width))
    print(f"beam of {width:2}: the right mode wins from p = {flip:.2f} on")


# %% rivals
def plurality(p, rivals, rng, n=101, trials=10_000):
    """How often the right answer has most votes; its rivals are equal."""
    votes = rng.multinomial(n, [p] + [(1 - p) / rivals] * rivals, size=trials)
    return np.mean((votes + rng.random(votes.shape)).argmax(axis=1) == 0)


for rivals in (1, 19):
    votes = [plurality(p, rivals, rng) for p in (0.05, trained[0.05].mean())]
    print(f"{rivals:2} against it: vote {votes[0]:.2f} -> {votes[1]:.2f}")

# %% benchmark
questions = (np.arange(RUNS) + 0.5) / RUNS  # their p: spread evenly from 0 to 1
one, vote = gains(questions, train(questions, rng))
print(f"gains: sample +{one:.3f}, vote +{vote:.3f}, {vote / one:.1f} times")
