"""What is the difference between model-free and model-based RL?

Learners with the same past in the Dyna Maze hear the same news, and walk again.
Q: estimated values; a step: state s, action a, reward r, next state s2; model: last r
and s2 for each (s, a); alpha: step size; gamma: discount rate; epsilon: share of random
actions; n: imagined steps for each real one.
"""

# %% setup
import matplotlib.pyplot as plt
import numpy as np

MAZE = "###########|#.......#G#|#..#....#.#|#S.#....#.#|#..#......#|#.....#...#"
CELLS = f"{MAZE}|#.........#|###########".replace("|", "")
START, GOAL, WALL = 34, 20, [s for s, x in enumerate(CELLS) if x == "#"]


def build(wall):
    """Where up, down, left and right lead from each cell; a wall stops you."""
    ahead = [[(s + x) % 88 for x in (-11, 11, -1, 1)] for s in range(88)]
    return [[s if s2 in wall else s2 for s2 in ahead[s]] for s in range(88)]


# %% learner
def learn(steps, Q=None, alpha=1.0, gamma=0.95):
    """Q-learning's update for each step; a reward, always 1, ends the walk."""
    Q = Q or [[0.0] * 4 for _ in CELLS]
    for s, a, r, s2 in steps:
        Q[s][a] += alpha * ((r or gamma * max(Q[s2])) - Q[s][a])
    return Q


# %% planner
def recall(steps):
    """A model: what each action led to, the last time it was tried."""
    return {(s, a): (r, s2) for s, a, r, s2 in steps}


def imagine(model, steps):
    """These steps as the model foresees them: only s and a are read."""
    return [(s, a, *model[s, a]) for s, a, *_ in steps]


def plan(model):
    """Value iteration: 88 sweeps of learning from every step the model foresees."""
    return learn(imagine(model, model) * 88)


# %% life
def live(walks, rng, n=0, epsilon=0.1, alpha=0.1, replay=False, Q=None, goal=GOAL):
    """Q-learning; Dyna-Q if n > 0. Gives all steps, where the walks end, and Q."""
    s, world, Q, model, steps, ends = START, build(WALL), learn([], Q), {}, [], []
    while len(ends) < walks:
        explore = rng.random() < epsilon
        best = [a for a in range(4) if explore or Q[s][a] == max(Q[s])]
        a = best[rng.integers(len(best))]
        s2 = world[s][a]
        model[s, a] = int(s2 == goal), s2
        steps.append((s, a, *model[s, a]))
        learn(steps[-1:], Q, alpha)
        if n and (ends or s2 == goal):  # before the first reward all values stay 0
            drawn = [steps[i] for i in rng.integers(len(steps), size=n)]
            learn(drawn if replay else imagine(model, drawn), Q, alpha)
        s, ends = (START, [*ends, len(steps)]) if s2 == goal else (s2, ends)
    return steps, ends, Q


def walk(Q, wall=WALL, goal=GOAL):
    """The greedy way from START, given up after 100 steps."""
    way, world = [START], build(wall)
    while way[-1] != goal and len(way) <= 100:
        way.append(world[way[-1]][np.argmax(Q[way[-1]])])
    return way


rng = np.random.default_rng(0)
past, _, Q = live(36, rng, epsilon=1, alpha=1)
print(f"Same table: {plan(recall(past)) == Q}. Greedy walk: {len(walk(Q)) - 1} steps.")


# %% news
def news(model, wall, goal):
    """A step for each action whose outcome is no longer what the model says."""
    world = build(wall)
    now = [(s, a, int(world[s][a] == goal), world[s][a]) for s, a in model]
    return [step for step in now if model[step[:2]] != step[2:]]


def tables(past, told, goal, rng, rest=4000):
    """What each learner makes of the same past and the same news."""
    steps, model = past + told, recall(past + told)
    return {
        "Q-learning": learn(steps),
        "- every goal": learn([(*x[:2], int(x[3] == goal), x[3]) for x in past] + told),
        "- replay": learn(steps + rng.choice(steps, rest).tolist()),
        "- imagine": learn(steps + imagine(model, rng.choice([*model], rest).tolist())),
        "planner": plan(model),
    }


CHANGES, ways = {"reward moved": (WALL, 18), "path shut": ([*WALL, 58, 69], GOAL)}, {}
for change, (wall, goal) in CHANGES.items():
    for name, Q in tables(past, news(recall(past), wall, goal), goal, rng).items():
        way = ways[name, change] = walk(Q, wall, goal)
        print(f"{change:13s} {name:12s}", len(way) - 1 if way[-1] == goal else "lost")

# %% figure
fig, axes = plt.subplots(1, 2, figsize=(7, 3), layout="constrained")
for ax, change in zip(axes, CHANGES, strict=True):
    ax.scatter(*np.divmod(CHANGES[change][0], 11)[::-1], color="k", marker="s", s=150)
    for name, style, y in (("planner", "C0o-", 1.9), ("Q-learning", "C1X--", 6.2)):
        ax.plot(*np.divmod(ways[name, change], 11)[::-1], style, markevery=[-1], ms=9)
        ax.text(4.4, y, name, color=style[:2])
    ax.set(title=change, xticks=(1, 9), xlabel="column", ylabel="row", ylim=(7.5, -0.5))
plt.show()

# %% dyna
for n, shown in ((0, (2, 3, 5, 25)), (5, (2, 3, 5)), (50, (2, 3))):
    mean = np.mean([np.diff(live(shown[-1], rng, n)[1]) for _ in range(20)], 0)
    print(f"n = {n:2d}", *(f"| walk {k}: {mean[k - 2]:.0f} steps" for k in shown))
