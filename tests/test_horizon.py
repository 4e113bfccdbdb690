"""The claims of horizon."""

from itertools import product

import numpy as np
import pytest
from horizon import CRUMB, GAMMA, PLANNERS, best_two, chance, lead, lights_out, plan


@pytest.mark.breaks("for _ in range(H):", "for _ in range(H + 1):")
def test_limit_is_an_edge():
    """Exact: the last reachable cake is H steps away, whatever its size."""
    for H, cake in product((2, 7, 20, 33), (1.5, 10.0, 1e6)):
        for k in range(2, 50):
            assert (lead(k, 1.0, H, cake=cake) > 0) == (k <= H)
    for options, k in product(list(PLANNERS.values())[:2], range(2, 50)):
        assert (lead(k, **options) > 0) == (k <= 20)


@pytest.mark.breaks("np.where(ends, 0, v)[to]", "v[to]")
def test_discount_is_a_price():
    """Exact: the choice against gamma**d * cake > cookie, the lone cake at any distance.

    Planning twice as far gives the same values, so they are those without a limit.
    """
    for gamma, cake, cookie in product((0.5, 0.9, 0.97), (3.3, 10, 1000), (1.0, 2.0)):
        for k in (2, 3, 5, 8, 13, 22, 23, 35, 60, 150):
            goes = lead(k, gamma, cake=cake, cookie=cookie) > 0
            assert goes == (gamma ** (k - 1) * cake > cookie)
    shown = zip(list(PLANNERS.values())[2:], ((10, 1), (1000, 1), (10, 0)), strict=True)
    for (options, (cake, cookie)), k in product(shown, (10, 45, 46, 135, 136, 300)):
        assert (lead(k, **options) > 0) == (0.95 ** (k - 1) * cake > cookie)
    for gamma, k in product((0.5, 0.9, 0.99), (2, 10, 100, 300)):
        alone = lead(k, gamma, cookie=0.0)
        assert alone > 0
        gap = 10 * gamma ** (k - 1) * (1 - gamma**2)
        assert alone == pytest.approx(gap, rel=1e-9, abs=0)
        assert alone == lead(k, gamma, 2 * k + 4, cookie=0.0)


@pytest.mark.breaks("rng.random(on.size) < gamma", "rng.random(on.size) > gamma")
def test_random_ending(rng):
    """Independent oracle: simulated endings. Six standard errors for each mean.

    The lifetime is geometric, so its mean, spread and tail are known.
    """
    for gamma in (0.4, 0.8, 0.97):
        rewards = rng.normal(size=50)
        sums = lights_out(rewards, gamma, rng, 20_000)
        value = gamma ** np.arange(50.0) @ rewards
        assert abs(sums.mean() - value) < 6 * sums.std() / 20_000**0.5
        life = lights_out(np.ones(1500), gamma, rng, 20_000)
        error = gamma**0.5 / (1 - gamma) / 20_000**0.5
        assert abs(life.mean() - 1 / (1 - gamma)) < 6 * error
        n = round(1 / (1 - gamma))
        assert abs((life > n).mean() - gamma**n) < 6 * 0.5 / 20_000**0.5


@pytest.mark.breaks("q = pays[to] + gamma *", "q = gamma * pays[to] + gamma *")
def test_sharpest_at_the_distance(rng):
    """Exact: the largest lead, on a grid of a quarter step; with the cookie, its growth.

    The chances in the table: simulated errors in the values, within six deviations.
    """
    for k in (2, 3, 5, 10, 25, 60, 100):
        near = k + np.arange(-2, 3.25, 0.25)
        horizons = np.r_[k / 2, near[near > 1], k * np.array([2.0, 5, 30])]
        leads = [lead(k, 1 - 1 / n, cookie=0.0) for n in horizons]
        assert 0 <= horizons[np.argmax(leads)] - k <= 0.5
        assert lead(k, 1.0, cookie=0.0) == 0
        grows = [lead(k, gamma, cake=1.5) for gamma in np.linspace(0.05, 1, 20)]
        assert (np.diff(grows) > 0).all()
    for k, gamma, error in ((5, 0.9, 1.0), (20, 0.9, 0.1), (30, 0.98, 0.2)):
        noisy = lead(k, gamma, cookie=0.0) + error * rng.normal(size=(40_000, 2)) @ (1, -1)
        assert abs((noisy > 0).mean() - chance(k, gamma, error)) < 6 * 0.5 / 200


def walk(pays, ends, gamma, cell, goes_right):
    """The return of steps taken one by one; goes_right(t, cell) says which way."""
    total, last = 0.0, len(pays) - 1
    for t in range(60 if gamma < 1 else 4):
        cell = min(cell + 1, last) if goes_right(t, cell) else max(cell - 1, 0)
        total += gamma**t * pays[cell]
        if ends[cell]:
            break
    return total


@pytest.mark.breaks("v = q.max(1) if", "v = q.mean(1) if")
def test_limit_needs_a_clock(rng):
    """Exact: closed forms for the limit; in random corridors, every rule is walked out.

    One rule that takes the cake with chance p at each step collects a geometric sum.
    """
    assert best_two(CRUMB, 1.0, 20) == pytest.approx((19 * 0.3 + 1, 20 * 0.3))
    p = np.linspace(0, 1, 5001)[1:]  # the program tries every hundredth of these
    for crumb, H in product((0.02, 0.04, 0.3, 0.9), (2, 10, 20)):
        clock, rule = best_two(crumb, 1.0, H)
        dice = (crumb * (1 - p) + p) * (1 - (1 - p) ** H) / p
        assert clock == pytest.approx((H - 1) * crumb + 1)
        assert rule == pytest.approx(max(H * crumb, dice[99::100].max()))
        assert clock > max(H * crumb, dice.max()) + 1e-9
    for crumb in (0.02, 0.3, 0.9):
        assert np.ptp(best_two(crumb, 0.5, 60)) < 1e-9
    assert best_two(CRUMB, GAMMA, 600) == pytest.approx((0.3 / 0.05, 0.3 / 0.05))
    for _ in range(3):
        pays, ends = rng.normal(size=4), rng.random(4) < 0.4
        rules = np.array(list(product((0, 1), repeat=4)))
        for cell in range(4):  # a rule by cells, and one by steps: the clock
            values = [walk(pays, ends, 0.5, cell, lambda t, c, x=x: x[c]) for x in rules]
            assert max(values) == pytest.approx(plan(pays, ends, 0.5, 60)[cell].max())
            values = [walk(pays, ends, 1.0, cell, lambda t, c, x=x: x[t]) for x in rules]
            assert max(values) == pytest.approx(plan(pays, ends, 1.0, 4)[cell].max())


@pytest.mark.boundary
@pytest.mark.breaks("total[on] += r", "total += r * on.size / runs")
def test_same_mean_other_spread(rng):
    """Geometric lifetimes: the spread's relative error is below 0.8 %; 6 % is over seven.

    The mean may miss by six standard errors.
    """
    for gamma in (0.5, 0.9, 0.95):
        sums = lights_out(np.ones(1000), gamma, rng, 40_000)
        spread = gamma**0.5 / (1 - gamma)
        assert sums.std() == pytest.approx(spread, rel=0.06)
        assert abs(sums.mean() - 1 / (1 - gamma)) < 6 * spread / 200
