"""The claims of log_derivative_trick."""

import numpy as np
import pytest
from log_derivative_trick import (
    PAYS,
    RULES,
    START,
    average,
    edge,
    evenings,
    income,
    loss,
    nudge,
    policy,
    train,
)


@pytest.mark.breaks("/ pi**k", "/ pi.max() ** k")
def test_log_undoes_sampling(rng):
    """Exact, against finite differences, for random machines and policies.

    Payouts have both signs; with equal shares the two averages must be parallel. First
    the page's own three machines, by hand: each share times what its payout lacks or exceeds.
    """
    shares, pays = np.array([0.1, 0.8, 0.1]), np.array([1, 0.8, 0.6])
    assert average(START, PAYS, 1) == pytest.approx(shares * (pays - 0.8))
    assert average(START, PAYS, 0) == pytest.approx(shares * (shares * pays - 0.528))
    for n in (2, 3, 5, 10):
        theta, r = 1.5 * rng.standard_normal(n), rng.normal(0.5, 1, n)
        mean = nudge(lambda x, r=r: policy(x) @ r, theta)
        half = nudge(lambda x, r=r: policy(x) ** 2 @ r / 2, theta)
        assert average(theta, r, 1) == pytest.approx(mean, abs=1e-7)
        assert average(theta, r, 0) == pytest.approx(half, abs=1e-7)
        even = np.zeros(n)
        assert n * average(even, r, 0) == pytest.approx(average(even, r, 1))


@pytest.mark.breaks("(np.eye(len(r)) - np.swapaxes(pi, -1, -2))", "np.eye(len(r))")
def test_rich_get_richer():
    """Exact updates from every per cent, and from half a per cent beside the threshold."""
    without, with_log = RULES.values()
    for worse, alpha, updates in ((0.2, 4, 400), (0.5, 1, 700), (0.8, 4, 300)):
        r, threshold = np.array([1, worse]), worse / (1 + worse)
        shares = np.append(np.arange(1, 100) / 100, threshold + np.array([-0.005, 0.005]))
        starts = np.log(np.stack([shares, 1 - shares], 1))
        final = train(starts, r, without, alpha, updates)[-1, :, 0]
        assert final[shares < threshold - 0.0045].max() < 0.05
        assert final[shares > threshold + 0.0045].min() > 0.95
        assert train(starts, r, with_log, alpha, updates)[-1, :, 0].min() > 0.95


@pytest.mark.breaks("/ pi**k", "/ pi")
def test_losses_mix(rng):
    """Exact, from random starts with two to five machines."""
    for n in (2, 3, 5):
        cost, theta = rng.uniform(0.3, 2, n), rng.uniform(-1.5, 1.5, n)
        final = train(theta, -cost, 0)[-1]
        assert final == pytest.approx(1 / cost / (1 / cost).sum(), abs=1e-4)


def exact(theta, r, jam, plays):
    """Expected income by dynamic programming, back from the last play."""
    left = 0.0
    for _ in range(plays):
        left = policy(theta) @ (r + (1 - jam) * left)
    return left


@pytest.mark.breaks("[a] - pi  # ∇ ln", "[a] * pi  # ∇ ln")
def test_world_drops_out(rng):
    """Six standard errors in each of 12 numbers: one failure in 10 million runs or so.

    The ratio of typical errors is 4 with a standard error of about 5 %; 30 % is near six.
    """
    for theta in START, rng.normal(size=3):
        jams = np.array([0.5, 0.1, 0])
        assert income(theta) == pytest.approx(exact(theta, PAYS, jams, 10))
    for n, plays in ((3, 10), (2, 4), (3, 1), (4, 6)):
        theta, r, jam = rng.normal(size=n), rng.normal(1, 1, n), rng.random(n)
        wanted = nudge(lambda x, w=(r, jam, plays): exact(x, *w), theta)
        x = evenings(theta, 16_000, rng, r, jam, plays)
        assert (abs(x.mean(0) - wanted) < 6 * x.std(0) / len(x) ** 0.5).all()
        few, many = (((x.reshape(-1, m, n).mean(1) - wanted) ** 2).mean() for m in (5, 80))
        assert (few / many) ** 0.5 == pytest.approx(4, rel=0.3)


@pytest.mark.breaks("np.log(pi)", "pi")
def test_loss_says_nothing():
    """Exact. Each step's sign for the payout and the loss, and margins for the loss."""
    for r, plays in (([1, 0.8, 0.6], [1, 8, 1]), ([1, 0.5], [1, 19]), ([4, 3, 2], [1, 20, 1])):
        r, start = np.array(r) / max(r), np.log(np.array(plays) / sum(plays))
        path = train(start, r, 1, updates=500)
        assert (np.diff(path @ r) > 0).all()
        value = loss(path, r)
        up = np.diff(value) > 0
        assert (up[0], up[-1], np.diff(up).sum()) == (True, False, 1)
        assert value.max() > 1.2 * value[0] > 2 * value[-1]
        charged = train(start, r - 1, 1, updates=500)
        assert charged == pytest.approx(path)
        value = loss(charged, r - 1)
        assert value[0] < 5 * value[-1] < 0


@pytest.mark.boundary
@pytest.mark.breaks(
    "np.log(density(a, up) / density(a, down))", "(density(a, up) - density(a, down))"
)
def test_moving_edge_misleads():
    """Closed forms: the published 1/2 and -1/2; a density that ends at drop / theta."""
    for theta in (0.5, 2.0, 7.0):
        uniform = edge(lambda a, theta: 1 / theta + 0 * a, theta)
        assert uniform == pytest.approx((1 / 2, -1 / 2), abs=1e-4)
        for drop in (0, 0.1, 0.5, 0.9):

            def mixed(a, theta, c=drop):
                return (1 - c) * 2 * (theta - a) / theta**2 + c / theta

            wanted, trick = edge(mixed, theta)
            assert wanted == pytest.approx(1 / 3 + drop / 6, abs=1e-4)
            assert wanted - trick == pytest.approx(theta * mixed(theta, theta), abs=1e-3)
