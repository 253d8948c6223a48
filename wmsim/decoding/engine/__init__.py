"""The decoding engine: exact linear SVCs, many at a time.

=====================  ===================================================================
:mod:`.batch`          many problems on one Gram matrix: :func:`solve`
:mod:`.path`           all labels, folds and values of C of one X: :func:`svc_path`
:mod:`.problem`        checked input, costs, the Gram matrix
:mod:`.rounds`         one problem: pair steps and Newton steps in turn (numba)
:mod:`.pairs`          steps of two coefficients (numba)
:mod:`.newton`         Newton steps of all free coefficients (numba)
:mod:`.certificate`    normals, offsets, duality gaps
:mod:`.compiled`       how and when the inner loops are compiled
:mod:`.threads`        problems spread over cores
:mod:`.torch_batched`  the same problems on a GPU: ``solve(..., device="cuda")``
:mod:`.interior`       interior-point steps of many problems at once (torch)
:mod:`.bordered`       their linear systems (torch)
=====================  ===================================================================
"""

from wmsim.decoding.engine.batch import Solution, solve
from wmsim.decoding.engine.path import PathSolution, svc_path
from wmsim.decoding.engine.problem import trial_costs

__all__ = ["PathSolution", "Solution", "solve", "svc_path", "trial_costs"]
