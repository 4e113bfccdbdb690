"""Why is the DDPG gradient a product of two gradients?

Exact returns of a shower; each gradient is checked by nudging theta. s: water, degrees
above what you like; a = theta * x(s): the tap's setting by an actor, likewise; q: value
of a; J: return from the start; gamma: discount rate; alpha: step size.
"""

# %% setup
import matplotlib.pyplot as plt
import numpy as np

GAMMA, LOOKS, START = 0.8, 100, -10.0  # the first water is ten degrees too cold
watching, blind = np.negative, np.ones_like  # two actors: x(s) is -s, or always 1


# %% shower
def waters(s, theta, x):
    """The water at each look, from s on."""
    seen = [s]
    for _ in range(LOOKS):  # by each look, half the water in the pipe is new
        seen.append((seen[-1] + theta * x(seen[-1])) / 2)
    return np.array(seen)


def value(s, theta, x, gamma=GAMMA):
    """Return from s on; the reward of a look: minus the square of the degrees off."""
    return -(gamma ** np.arange(LOOKS) @ waters(s, theta, x)[1:] ** 2)


def q(s, a, theta, x, gamma=GAMMA):
    """Return if the tap is set to a now, and by the actor at every later look."""
    s = (s + a) / 2
    return -(s**2) + gamma * value(s, theta, x, gamma)


def slope(s, a, *actor):
    """Change of q per degree of the tap (exact: q is a parabola in a)."""
    return q(s, a + 0.5, *actor) - q(s, a - 0.5, *actor)


# %% chain
theta, h = 0.2, 0.001
actor, a = (theta, watching), theta * watching(START)
up, down = (theta + h / 2) * watching(START), (theta - h / 2) * watching(START)
print(f"tap per theta: {(up - down) / h:.1f}")
print(f"value per tap: {slope(START, a, *actor):.2f}")
print(f"value per theta: {(q(START, up, *actor) - q(START, down, *actor)) / h:.1f}")


# %% figure
fig, (left, right) = plt.subplots(1, 2, figsize=(7, 3.3), layout="constrained")
some = np.linspace(-0.5, 1.5)
taps, here = some * watching(START), q(START, a, *actor)
left.plot(some, taps, "C0", theta, a, "ko", lw=3)
right.plot(taps, q(START, taps, *actor), "C1", a, here, "ko", lw=3)
right.axline((a, here), slope=slope(START, a, *actor), color="k", ls="--")
left.set(xlabel="parameter θ", ylabel="tap a, °C", title="factor 1: tap per θ")
right.set(xlabel="tap a, °C", ylabel="value q", title="factor 2: value per °C")
plt.show()


# %% gradient
def product(theta, x, states, gamma=GAMMA):
    """Sum over the states, discounted: tap per theta, times value per tap."""
    slopes = slope(states, theta * x(states), theta, x, gamma)
    return np.sum(gamma ** np.arange(len(states)) * x(states) * slopes)


J = [value(START, theta + nudge, watching) for nudge in (-h / 2, h / 2)]
print(f"J per theta: {(J[1] - J[0]) / h:.1f}")
print(f"sum of the products: {product(*actor, waters(START, *actor)):.1f}")


# %% score
def log_trick(f, a, spread):
    """Mean and standard deviation of a sample whose action is Gaussian around a."""
    x, p = np.polynomial.hermite_e.hermegauss(100)  # points and weights of a Gaussian
    sample = x / spread * f(a + spread * x)  # change of ln density, times value
    mean = np.average(sample, weights=p)
    return mean, np.average((sample - mean) ** 2, weights=p) ** 0.5


for spread in (1, 0.1, 0.01):
    mean, sd = log_trick(lambda b: q(START, b, *actor), a, spread)
    less = log_trick(lambda b: q(START, b, *actor) - here, a, spread)[1]
    print(f"spread {spread}: mean {mean:.2f}, sd {sd:.0f}, with a baseline {less:.1f}")


# %% replay
def train(x, states=None, theta=0.0, alpha=0.1, steps=30):
    """Climb along the product in these states, or in those that theta visits."""
    for _ in range(steps):
        seen = waters(START, theta, x) if states is None else states
        theta += alpha * product(theta, x, seen)
    return theta


OLD = -5.0  # where the tap once stood
for name, states in ("own", None), ("old", waters(START, OLD, blind)):
    end = train(blind, states)
    print(f"blind, {name} states: tap {end:.2f}, J {value(START, end, blind):.1f}")
end = train(watching, waters(START, OLD, blind), alpha=0.005, steps=60)
print(f"watching, old states: theta {end:.2f}, J {value(START, end, watching):z.1f}")


# %% critics
def climb(f):
    """Where many steps up the slope, each to a neighbour, lead from each index."""
    up, i = np.sign(np.gradient(f)).astype(int), np.arange(len(f))
    for _ in range(len(f)):
        i = np.clip(i + up[i], 0, len(f) - 1)
    return i


TAP = np.linspace(-20, 20, 2001)
exact = q(START, TAP, *actor)
for wave in (6, 2, 0.6):
    wavy = exact + 0.01 * np.ptp(exact) * np.sin(2 * np.pi * TAP / wave)
    lost = (exact.max() - exact[climb(wavy)].mean()) / np.ptp(exact)
    print(f"wave {wave}: the climb ends {lost:.1%} of the range below the top")
