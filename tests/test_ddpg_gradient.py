"""The claims of ddpg_gradient."""

import ddpg_gradient as page
import numpy as np
import pytest
from ddpg_gradient import (
    OLD,
    START,
    TAP,
    blind,
    climb,
    exact,
    log_trick,
    product,
    q,
    slope,
    train,
    value,
    watching,
    waters,
    wavy,
)


def by_hand(name, theta, s, gamma):
    """The gradient of J, from geometric series worked out on paper."""
    if name == "watching":  # each look leaves a share m of the error
        m = (1 - theta) / 2
        return m * s**2 / (1 - gamma * m**2) ** 2
    one, half, quarter = (c / (1 - gamma * c) for c in (1, 0.5, 0.25))
    return -2 * (theta * (one - half) + (s - theta) * (half - quarter))


@pytest.mark.breaks("= slope(", "= q(")
def test_product_is_whole_gradient(rng):
    """Exact, by hand and by nudging; the sums are cut where they no longer matter."""
    nudged = (page.J[1] - page.J[0]) / page.h  # the page's own
    assert nudged == pytest.approx(by_hand("watching", page.theta, START, 0.8))
    for name, x in ("watching", watching), ("blind", blind), ("both", lambda s: 1 - s):
        for gamma in (0.0, 0.5, 0.8):
            theta, s = rng.uniform(-0.5, 1.5), rng.uniform(-20, 20)
            got = product(theta, x, waters(s, theta, x), gamma)
            up, down = (value(s, theta + h, x, gamma) for h in (1e-4, -1e-4))
            assert got == pytest.approx((up - down) / 2e-4, rel=1e-5, abs=1e-4)
            if name != "both":
                assert got == pytest.approx(by_hand(name, theta, s, gamma), rel=1e-5, abs=1e-4)


@pytest.mark.breaks("x / spread * f", "x * f")
def test_log_trick_agrees_on_average(rng):
    """Exact: moments of a Gaussian; for a sine the mean is the slope only in the limit."""
    theta = rng.uniform(0, 0.8)
    a = theta * watching(START)
    rise = slope(START, a, theta, watching)

    def worth(b):
        return q(START, b, theta, watching)

    for spread in (3, 1, 0.1, 0.01):
        mean, sd = log_trick(worth, a, spread)
        assert mean == pytest.approx(rise, rel=1e-6)
        assert sd >= abs(worth(a)) / spread
        mean, sd = log_trick(np.sin, 0.3, spread)
        assert mean == pytest.approx(np.cos(0.3) * np.exp(-(spread**2) / 2), rel=1e-6)
    for spread in (0.02, 0.01):
        sd = log_trick(worth, a, spread)[1]
        assert sd * spread == pytest.approx(abs(worth(a)), rel=0.03)
        sd = log_trick(lambda b: worth(b) - worth(a), a, spread)[1]  # with a baseline
        assert sd == pytest.approx(2**0.5 * abs(rise), rel=0.01)


@pytest.mark.boundary
@pytest.mark.breaks(" if states is None else states", "")
def test_old_states_mislead(rng):
    """Exact. By hand, the old states of a tap at b lead to 2 - 0.4 b, the own to 10 / 7."""
    own, still = train(blind, theta=rng.uniform(-10, 10)), value(START, 0.0, blind)
    assert own == pytest.approx(10 / 7)
    assert OLD == -5  # on the page
    for b in (-3, OLD, -10, rng.uniform(-10, -3)):
        old = waters(START, b, blind)
        end = train(blind, old, rng.uniform(-10, 10))  # from any start
        assert end == pytest.approx(2 - 0.4 * b)
        assert value(START, end, blind) < still < value(START, own, blind)
        for theta in np.linspace(own, end, 7)[1:-1]:
            assert product(theta, blind, old) > 0
            assert product(theta, blind, waters(START, theta, blind)) < 0


@pytest.mark.breaks("theta * x(states), theta", "-5.0, theta")
def test_right_everywhere_needs_no_own_states(rng):
    """Exact. At theta = 1 the next water is right in every state, so J is 0, the most."""
    assert value(START, 1.0, watching) == 0
    for b in (-10, -5, 0, 5, rng.uniform(-10, 10)):
        old = waters(START, b, blind)
        assert train(watching, old, rng.uniform(0, 2), 0.005, 60) == pytest.approx(1, abs=1e-3)
    strange = rng.choice([-1, 1], 100) * rng.uniform(5, 10, 100)
    assert train(watching, strange, rng.uniform(0, 2), 0.005, 60) == pytest.approx(1, abs=1e-3)


@pytest.mark.boundary
@pytest.mark.breaks("np.sign(np.gradient(f))", "np.sign(f.argmax() - np.arange(len(f)))")
def test_small_error_wrong_slope(rng):
    """Exact; also for other waves, which the climb cannot leave where they are short."""
    assert exact == pytest.approx(-((TAP - 10) ** 2) / 4 / (1 - 0.8 * 0.4**2))  # by hand
    assert np.abs(TAP[climb(exact)] - 10).max() < 0.05
    assert climb(-exact)[[0, -1]].tolist() == [0, len(TAP) - 1]  # away from a valley
    size = np.ptp(exact)
    turns = TAP / rng.uniform(0.3, 0.6) + rng.random()
    for critic in wavy, exact + 0.01 * size * np.sin(2 * np.pi * turns):
        assert np.abs(critic - exact).max() <= 0.01001 * size
        assert np.abs(TAP[climb(critic)] - TAP).max() < 0.6
        lost = (exact.max() - exact) / size
        assert lost[climb(critic)].mean() == pytest.approx(lost.mean(), rel=0.02)
        assert lost.mean() > 0.25
        assert lost[critic.argmax()] <= 0.02
