"""What is the difference between on-policy and off-policy, and which one is PPO?

Keep the learner, change who acts, and see whether its answer moves. All exact: nothing
is sampled. Q: values learned; acts: policy that acts; P, R: next states, rewards; pi:
PPO's policy; pay: mean payouts; A: advantage; epsilon: share of random actions.
"""

# %% setup
import matplotlib.pyplot as plt
import numpy as np

START, CLIP, PAY = 36, 0.2, np.array((0, 0.5, 1))
s, a = np.indices((48, 4))  # Cliff Walking, 4 rows of 12; up, right, down, left
row = (s // 12 + np.array((-1, 0, 1, 0))[a]).clip(0, 3)
col = (s % 12 + np.array((0, 1, 0, -1))[a]).clip(0, 11)
fell = (row == 3) & (col > 0) & (col < 11)
P, R = np.eye(48)[np.where(fell, START, 12 * row + col)], np.where(fell, -100.0, -1.0)
P[37:], R[37:] = 0, 0  # the cliff, where one never stays, and the goal: it is over


# %% learners
def stray(Q, epsilon):
    """The policy that takes a best action, but a random one with chance epsilon."""
    best = Q.max(1, keepdims=True) - Q < 1e-6  # equally good ones share
    return best / best.sum(1, keepdims=True) * (1 - epsilon) + epsilon / Q.shape[1]


TARGETS = {  # how likely the target is to count on each next action
    "Sarsa": lambda Q, acts: acts,  # on the one that is taken
    "Q-learning": lambda Q, acts: stray(Q, 0),  # on the best, taken or not
    "Expected Sarsa": lambda Q, acts: stray(Q, 0.1),  # as its own policy would
}


# %% fixed_point
def values(policy, P, R):
    """q of a policy, by solving its Bellman equation."""
    step = np.einsum("sa,san->sn", policy, P)
    return R + P @ np.linalg.solve(np.eye(len(R)) - step, (policy * R).sum(1))


def learned(target, acts, P, R):
    """The Q at which the updates of a learner, averaged over chance, are all zero."""
    Q, new = R, values(np.full(R.shape, 1 / R.shape[1]), P, R)
    while not np.allclose(Q, new, rtol=1e-9):
        Q, new = new, values(target(new, acts), P, R)
    return new


# %% who_acts
best, answer = learned(TARGETS["Q-learning"], None, P, R), {}
who = np.array((0.01, 0.05, 0.1, 0.2))
for name, target in TARGETS.items():
    answer[name] = [learned(target, stray(best, e), P, R)[START, 0] for e in who]
    print(name, np.round(answer[name], 1))


# %% episodes
def earns(epsilon, learns):
    """Mean reward of an episode, acting epsilon-greedily; learns: the target's."""
    policy = stray(learned(lambda Q, _: stray(Q, learns), None, P, R), epsilon)
    return (policy * values(policy, P, R))[START].sum()


for e in (0.1, 0.001):
    print(f"{e:.1%} random: Q-learning {earns(e, 0):.1f}, Sarsa {earns(e, e):.1f}")


# %% ppo
def gradient(pi, pay, data, old, clip=CLIP):
    """PPO's mean gradient: data chose the actions, ratios are pi / old."""
    A, ratio = pay - (data * pay).sum(-1, keepdims=True), pi / old
    weight = data * ratio * A * (np.sign(A) * (ratio - 1) < clip)  # 0 where clipped
    return weight - pi * weight.sum(-1, keepdims=True)


def train(pay, acts=None, told=False, clip=CLIP, batches=200, passes=10):
    """Policy after training; acts: who acts, if not PPO; told: ratios are to acts."""
    pi = np.ones(len(pay)) / len(pay)
    for _ in range(batches):
        data = pi if acts is None else acts
        old = data if told else pi
        for _ in range(passes):  # adds the gradient to the parameters of a softmax
            pi = pi * np.exp(gradient(pi, pay, data, old, clip))
            pi = pi / pi.sum(-1, keepdims=True)
    return pi


# %% figure
share = np.linspace(0.02, 0.8, 40)
acts = np.stack(((1 - share) / 2, (1 - share) / 2, share), 1)
_, (left, right) = plt.subplots(1, 2, figsize=(7, 4.5), layout="constrained")
for k, (name, q) in enumerate(answer.items()):
    left.plot(who, q, ("o-", "^-", "s-")[k])
    left.text(0.2, (-62, -10.5, -25)[k], name, ha="right")
right.plot(share, train(PAY, acts)[:, 2])
right.plot(share, train(PAY, acts, told=True)[:, 2], "--")
right.plot(share, train(PAY, acts, told=True, clip=np.inf)[:, 2], "-.")
right.text(0.3, 0.85, "takes the data\nfor its own")
right.text(0.35, 0.25, "told who acted")
right.text(0.02, 1.03, "told who acted, and no clip")
left.set(xlabel="share of random actions, ε", ylabel="Q(start, up)", ylim=(-108, -4))
right.set(xlabel="best machine, share of the data", ylabel="share PPO gives it")
right.set_ylim(-0.04, 1.12)
plt.show()


# %% pooled
def pooled(acts, P, R, wide=2):
    """The problem as it looks if `wide` columns at a time share their values."""
    one = np.eye(len(R))
    block, step = one[::wide, ::wide].repeat(wide, 0), np.einsum("sa,san->ns", acts, P)
    weight = np.linalg.solve(one - step, one[START])[:, None] * acts  # how often
    weight /= np.maximum(block @ (block.T @ weight), 1e-99)
    return np.einsum("sb,sa,san->ban", block, weight, P) @ block, block.T @ (weight * R)


for e in who:
    q = learned(TARGETS["Q-learning"], None, *pooled(stray(best, e), P, R))
    print(f"{e:.0%} random, columns shared in pairs: {q[START // 2, 0]:.1f}")
