"""What every worker process pays for: importing an experiment."""

import subprocess
import sys

SCRIPT = """
import sys
from continuum.exp import registry

for name in registry.modules():
    registry.load(name)
    print(name, "matplotlib" in sys.modules)
"""


def test_no_experiment_loads_matplotlib():
    """Only drawing does. All in one fresh interpreter: the first experiment with True is the one that loads it."""
    answer = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    loaded = dict(line.split() for line in answer.stdout.splitlines())
    assert len(loaded) >= 5
    assert set(loaded.values()) == {"False"}, loaded
