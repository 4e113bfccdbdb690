"""The claims of STEM."""

import numpy as np
import pytest
from STEM import SPREAD, averages


@pytest.mark.breaks("throws.mean(axis=1)", "throws.sum(axis=1)")
def test_spread_falls_with_root_n(rng):
    """20,000 averages know their spread to 0.5 %; 5 % is ten standard errors away."""
    for n in (2, 10, 50):
        assert averages(n, 20_000, rng).std() == pytest.approx(SPREAD / np.sqrt(n), rel=0.05)


@pytest.mark.breaks("rng.integers(1, 7", "rng.integers(0, 6")
def test_centred_on_expectation(rng):
    """The mean of 20,000 averages has a standard error of at most 0.012; 0.12 is ten of them."""
    for n in (1, 10, 50):
        assert averages(n, 20_000, rng).mean() == pytest.approx(3.5, abs=0.12)


@pytest.mark.boundary
@pytest.mark.breaks("size=(count, 1 if repeat else n)", "size=(count, n)")
def test_repeats_do_not_help(rng):
    """As in the first test, ten standard errors."""
    assert averages(64, 20_000, rng, repeat=True).std() == pytest.approx(SPREAD, rel=0.05)
