"""QUESTION

Throws a die n times, takes the average, and does so often enough to see how far
averages spread.

n: throws in one average; SPREAD: the standard deviation of one throw.
"""

# %% setup
import matplotlib.pyplot as plt
import numpy as np

SPREAD = np.sqrt(35 / 12)  # of one throw of a fair die


# %% averages
def averages(n, count, rng, repeat=False):
    """`count` averages of `n` throws each; with `repeat`, a throw repeats the first."""
    throws = rng.integers(1, 7, size=(count, 1 if repeat else n))
    return throws.mean(axis=1)


sizes = [1, 4, 16, 64]
rng = np.random.default_rng(0)
spreads = [averages(n, 10_000, rng, repeat=False).std() for n in sizes]
for n, spread in zip(sizes, spreads, strict=True):
    print(f"n = {n:2d}: standard deviation {spread:.1f}")

# %% figure
fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.plot(sizes, SPREAD / np.sqrt(sizes), label="one throw's, divided by √n")
ax.plot(sizes, spreads, "o", label="simulated, 10,000 averages each")
ax.set_xlabel("throws in an average, n")
ax.set_ylabel("standard deviation of the average (points)")
ax.legend()
plt.show()
