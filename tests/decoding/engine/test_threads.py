"""Results do not depend on how many threads there are."""

import os
import subprocess
import sys

import numpy as np
import pytest

from wmsim.decoding.engine import solve, trial_costs


@pytest.mark.parametrize("n_problems", [1, 3, 9, 40])
def test_threads_change_nothing(n_problems):
    rng = np.random.default_rng(n_problems)
    patterns = rng.standard_normal((120, 40))
    patterns[:, :3] += rng.standard_normal((120, 1))
    signs = np.where(rng.random((n_problems, 120)) < 0.3, 1, -1)
    costs = trial_costs(signs, 0.1, balanced=True)
    first = solve(patterns, signs, costs, threads=1)
    for threads in (2, 5):
        again = solve(patterns, signs, costs, threads=threads)
        for one, other in zip(first, again, strict=True):
            np.testing.assert_array_equal(one, other)


SCRIPT = """
import hashlib
import numpy as np
from wmsim.decoding.engine import solve, trial_costs

rng = np.random.default_rng(0)
patterns = rng.standard_normal((200, 60))
signs = np.where(rng.integers(0, 5, 200) == np.arange(5)[:, None], 1, -1)
found = solve(patterns, signs, trial_costs(signs, 0.1, True), threads=1)
print(hashlib.sha256(found.normals.tobytes()).hexdigest())
"""


@pytest.mark.slow
def test_who_compiles_changes_nothing(tmp_path):
    """Code that a process has compiled itself rounds otherwise than the same code from disk."""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-c", SCRIPT]
    said = [
        subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
        for _ in range(2)
    ]
    assert said[0] == said[1] != ""
    assert list(tmp_path.rglob("*.nbi"))
