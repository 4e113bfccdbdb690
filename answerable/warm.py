"""What every program's process would do first, done once in the process they are forked from."""

import importlib
import sys

BEFORE = frozenset(sys.modules)  # what programs import; what follows is the engine's

from _pytest.config import default_plugins

import answerable.pytest_plugin  # noqa: F401
from answerable.figures import drawn

for name in default_plugins:
    importlib.import_module(f"_pytest.{name}")

if "numpy" in sys.modules:
    import numpy.random  # noqa: F401 - numpy itself puts it off until it is used

if "matplotlib.pyplot" in sys.modules:
    import matplotlib.pyplot as plt

    plt.plot([0, 1])
    plt.xlabel("finds the fonts")
    drawn("warm")
