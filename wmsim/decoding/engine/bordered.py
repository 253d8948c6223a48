"""The linear systems of interior points: a few numbers a unit, however many trials there are.

Tensors of many problems at once, on any torch device; see :mod:`.interior`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor

# Added to the diagonal of K + D, K having a mean diagonal of 1, and passes of refinement: chosen
# by trial for gaps of 1e-9. Without both, the hardest problem tried (no signal, 900 x 256,
# C = 1,000) stopped at 3e-6 in float64.
RIDGE = {"float64": 1e-10, "float32": 1e-5}
PASSES = {"float64": 2, "float32": 3}


class Problems(NamedTuple):
    """What is solved.

    Attributes
    ----------
    factor : Tensor of float64, shape (trial, rank)
        F with K = F @ F.T: patterns, or as many columns as trials if there are fewer of these.
    bordered : Tensor, shape (trial, rank + 1)
        F and a column of ones, in the precision of the large products.
    signs, costs, used : Tensor of float64, shape (problem, trial)
        y and costs, 0 for trials that are not in training, and 1 for those that are.
    """

    factor: Tensor
    bordered: Tensor
    signs: Tensor
    costs: Tensor
    used: Tensor

    def rows(self, chosen: Tensor) -> Problems:
        """Some of the problems."""
        return self._replace(
            signs=self.signs[chosen], costs=self.costs[chosen], used=self.used[chosen]
        )


def margin_of(problems: Problems, size: Tensor, offset: Tensor) -> tuple[Tensor, Tensor]:
    """How far each trial is beyond the margin, and the square of each normal."""
    normal = (size * problems.signs) @ problems.factor
    said = normal @ problems.factor.T + offset
    margin = (problems.signs * said - 1.0) * problems.used
    return margin, (normal * normal).sum(1, keepdim=True)


def relative_gap(problems: Problems, size: Tensor, margin: Tensor, square: Tensor) -> Tensor:
    """Primal minus dual objective, relative to the primal one."""
    losses = (problems.costs * (-margin).clamp_min(0)).sum(1, keepdim=True)
    primal = 0.5 * square + losses
    objective = (size * problems.used).sum(1, keepdim=True) - 0.5 * square
    return (primal - objective) / primal


class System(NamedTuple):
    """K + D bordered by ones, D diagonal: solved in the space of normal and offset."""

    problems: Problems
    diagonal: Tensor
    weights: Tensor
    cholesky: Tensor

    @classmethod
    def of(cls, problems: Problems, diagonal: Tensor, free: Tensor) -> System:
        """Multiply and factorise: nearly all the work there is.

        Coefficients of trials that are not free, for which it is 0, do not change.
        """
        import torch

        bordered = problems.bordered
        diagonal = diagonal + RIDGE[_name(bordered)]
        weights = free / diagonal
        n_trials, order = bordered.shape
        # Without contiguous() the product is laid out the other way, and reshape copies it.
        weighted = weights.to(bordered.dtype)[:, None, :] * bordered.T.contiguous()
        matrix = (weighted.reshape(-1, n_trials) @ bordered).reshape(-1, order, order)
        # The normal is penalised, the offset is not.
        matrix.diagonal(dim1=1, dim2=2)[:, :-1] += 1.0
        return cls(problems, diagonal, weights, torch.linalg.cholesky_ex(matrix)[0])

    def solve(self, right: Tensor, total: Tensor) -> tuple[Tensor, Tensor]:
        """Solve ``(K + D) @ change + offset = right`` and ``sum(change) = total``, refined."""
        factor, bordered = self.problems.factor, self.problems.bordered
        change, offset = self._solve_once(right, total)
        for _ in range(PASSES[_name(bordered)] - 1):
            left = right - (change @ factor) @ factor.T - self.diagonal * change - offset
            more, shift = self._solve_once(left, total - change.sum(1, keepdim=True))
            change, offset = change + more, offset + shift
        return change, offset

    def _solve_once(self, right: Tensor, total: Tensor) -> tuple[Tensor, Tensor]:
        import torch

        factor, low = self.problems.factor, self.problems.bordered.dtype
        weighted = self.weights * right
        sums = torch.cat([weighted @ factor, weighted.sum(1, keepdim=True) - total], 1)
        found = torch.cholesky_solve(sums.to(low)[:, :, None], self.cholesky)[:, :, 0]
        found = found.to(right.dtype)
        normal, offset = found[:, :-1], found[:, -1:]
        return self.weights * (right - normal @ factor.T - offset), offset


def _name(values: Tensor) -> str:
    return str(values.dtype).removeprefix("torch.")
