"""Results do not depend on how many threads there are."""

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
