"""Interior points: many problems at once as batched products and factors, on any torch device.

Each step multiplies and factorises one matrix a problem, of order unit + 1, whichever trials
matter; what the methods of :mod:`.batch` gain by going trial by trial, an accelerator cannot use.
Tensors in, tensors out; :mod:`.torch_batched` is the door.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from wmsim.decoding.engine.bordered import Problems, System, margin_of, relative_gap

if TYPE_CHECKING:
    from torch import Tensor
    from torch import dtype as Precision

# The hardest of the benchmark's problems took 32 in float64 and 45 in float32, at C = 1,000.
MOST_STEPS = 60
# Steps without progress of the gap after which a problem is given up; the first steps, which bring
# the point near the central path, show none.
PATIENCE = 6
PROGRESS = 0.9
FAR = 0.3
# Newton steps of the coefficients between their bounds, at the end, and how far trials may be on
# the wrong side of the margin before their coefficients are let go from their bounds.
POLISH = 4
WRONG = 1e-9
# Share of the way to the nearest bound.
ALMOST = 0.995


class Point(NamedTuple):
    """Where all problems stand, strictly within all bounds: all but `offset` are positive.

    Attributes
    ----------
    size, room : Tensor, shape (problem, trial)
        Coefficients alpha, and how far they are below their costs.
    beyond, violation : Tensor, shape (problem, trial)
        How far trials are beyond the margin, and within it. At the optimum ``size * beyond`` and
        ``room * violation`` are 0. Trials that are not in training have 1 everywhere.
    offset : Tensor, shape (problem, 1)
        b.
    """

    size: Tensor
    room: Tensor
    beyond: Tensor
    violation: Tensor
    offset: Tensor

    def rows(self, chosen: Tensor) -> Point:
        """Some of the problems."""
        return Point(*(part[chosen] for part in self))

    def put(self, numbers: Tensor, some: Point) -> None:
        """Write some of the problems, in place."""
        for part, new in zip(self, some, strict=True):
            part[numbers] = new


class State(NamedTuple):
    """What a point amounts to, each of shape (problem, trial) or (problem, 1)."""

    gap: Tensor
    products: Tensor
    miss: Tensor
    total: Tensor


def solve_interior(
    factor: Tensor, signs: Tensor, costs: Tensor, *, precision: Precision, target: float
) -> tuple[Tensor, Tensor]:
    """Solve all problems by Mehrotra's predictor-corrector method [1]_.

    The matrix of a step, :math:`K + D`, is inverted by way of the normal and offset, as [2]_ do.

    Parameters
    ----------
    factor : Tensor of float64, shape (trial, rank)
        F; ``F @ F.T``, the Gram matrix, has a mean of about 1 on its diagonal.
    signs, costs : Tensor of float64, shape (problem, trial)
        y and costs; where a cost is 0, the sign is.
    precision : torch.dtype
        Of matrices and their factors; all else is in float64.
    target : float
        Relative duality gap at which a problem is done.

    Returns
    -------
    dual : Tensor, shape (problem, trial)
        Coefficients y * alpha; those near a bound are put there. Not all need be optimal:
        whoever calls looks at the gap.
    steps : Tensor of int64, shape (problem,)
        Steps taken.

    References
    ----------
    .. [1] Mehrotra (1992), On the implementation of a primal-dual interior point method,
       doi:10.1137/0802028.
    .. [2] Ferris & Munson (2002), Interior-point methods for massive support vector machines,
       doi:10.1137/S1052623400374379.
    """
    import torch

    bordered = torch.cat([factor, torch.ones_like(factor[:, :1])], 1).to(precision)
    every = problems = Problems(factor, bordered, signs, costs, (signs != 0).to(factor.dtype))
    steps = torch.full((len(signs),), MOST_STEPS, device=signs.device)
    left = torch.arange(len(signs), device=signs.device)
    point = best = _begin(problems)
    ends = Point(*(part.clone() for part in point))
    lowest = torch.full_like(point.offset, torch.inf)
    waited = torch.zeros_like(left)
    for step in range(MOST_STEPS):
        state = _state(problems, point)
        better = state.gap < lowest
        best = Point(*(torch.where(better, new, old) for new, old in zip(point, best, strict=True)))
        goes_on = (state.gap < PROGRESS * lowest) | (state.gap > FAR)
        waited = torch.where(goes_on[:, 0], 0, waited + 1)
        lowest = torch.where(better, state.gap, lowest)
        # Not "gap <= target": what is no longer a number is done too.
        done = ~(state.gap[:, 0] > target) | (waited >= PATIENCE)
        if done.any():
            steps[left[done]] = step
            ends.put(left[done], best.rows(done))
            go = ~done
            problems, point, best = problems.rows(go), point.rows(go), best.rows(go)
            left, lowest, waited = left[go], lowest[go], waited[go]
            state = State(*(part[go] for part in state))
            if not len(left):
                break
        point = _step(problems, point, state)
    ends.put(left, best)
    return _settled(every, ends), steps


def _begin(problems: Problems) -> Point:
    """Both classes pull alike, as far as pays or half-way; the other side is feasible too."""
    import torch

    signs, costs, used = problems.signs, problems.costs, problems.used
    positive = (costs * (signs > 0)).sum(1, keepdim=True)
    negative = (costs * (signs < 0)).sum(1, keepdim=True)
    rare = torch.minimum(positive, negative)
    size = costs * torch.where(signs > 0, rare / positive, rare / negative)
    normal = (size * signs) @ problems.factor
    square = (normal * normal).sum(1, keepdim=True)
    pays = size.sum(1, keepdim=True) / square.clamp_min(torch.finfo(square.dtype).tiny)
    size = size * pays.clamp(max=0.5)
    offset = torch.zeros_like(square)
    margin = margin_of(problems, size, offset)[0]
    within = used > 0
    return Point(
        torch.where(within, size, 1.0),
        torch.where(within, costs - size, 1.0),
        margin.clamp_min(0) + 1.0,
        (-margin).clamp_min(0) + 1.0,
        offset,
    )


def _state(problems: Problems, point: Point) -> State:
    """Duality gap, mean product of what should be complementary, and what equations miss."""
    margin, square = margin_of(problems, point.size, point.offset)
    return State(
        relative_gap(problems, point.size, margin, square),
        _mean_product(problems, point),
        (margin - point.beyond + point.violation) * problems.used,
        (point.size * problems.signs).sum(1, keepdim=True),
    )


def _mean_product(problems: Problems, point: Point) -> Tensor:
    products = point.size * point.beyond + point.room * point.violation
    n_products = 2 * problems.used.sum(1, keepdim=True)
    return (products * problems.used).sum(1, keepdim=True) / n_products


def _step(problems: Problems, point: Point, state: State) -> Point:
    """Look where Newton's method would go, then go there and towards the central path."""
    diagonal = point.beyond / point.size + point.violation / point.room
    system = System.of(problems, diagonal, problems.used)
    look = _direction(system, point, state, -point.size * point.beyond,
                      -point.room * point.violation)  # fmt: skip
    there = _moved(point, look, _reach(point, look, 1.0))
    ahead = (_mean_product(problems, there) / state.products).clamp(0.0, 1.0) ** 3
    central = ahead * state.products
    move = _direction(
        system, point, state,
        central - point.size * point.beyond - look.size * look.beyond,
        central - point.room * point.violation - look.room * look.violation,
    )  # fmt: skip
    return _moved(point, move, _reach(point, move, ALMOST))


def _direction(
    system: System, point: Point, state: State, below: Tensor, above: Tensor
) -> Point:  # fmt: skip
    """Newton's direction; `below` and `above` are the wanted changes of the two products."""
    problems = system.problems
    wanted = (below / point.size - above / point.room - state.miss) * problems.signs
    change, offset = system.solve(wanted, -state.total)
    size = problems.signs * change
    beyond = (below - point.beyond * size) / point.size * problems.used
    violation = (above + point.violation * size) / point.room * problems.used
    return Point(size, -size, beyond, violation, offset)


def _reach(point: Point, move: Point, share: float) -> Tensor:
    """Length of a step: a share of the way to the nearest bound, at most 1."""
    import torch

    parts = zip(point[:4], move[:4], strict=True)
    nearest = torch.stack([(-change / at).amax(1, keepdim=True) for at, change in parts]).amax(0)
    return (share / nearest.clamp_min(share)).clamp(max=1.0)


def _moved(point: Point, move: Point, length: Tensor) -> Point:
    return Point(*(at + length * change for at, change in zip(point, move, strict=True)))


def _settled(problems: Problems, point: Point) -> Tensor:
    """Coefficients y * alpha: at their bounds or, where they are between, by Newton's method.

    What goes to 0 with its product is told from its partner by size: coefficients in units of a
    typical one, margins in units of the margin.
    """
    import torch

    costs, used = problems.costs, problems.used
    size = point.size * used
    typical = (size * size).sum(1, keepdim=True) / size.sum(1, keepdim=True)
    full = point.room < typical * point.violation
    free = (point.size >= typical * point.beyond) & ~full & (used > 0)
    size = torch.where(full, costs, torch.where(free, point.size, 0.0)) * used
    offset, every = point.offset, problems
    best = _balanced(problems, size, free)
    lowest = relative_gap(problems, best, *margin_of(problems, best, offset))
    left = torch.arange(len(size), device=size.device)
    for _ in range(POLISH):
        size, free, offset, changed = _newton(problems, size, free, offset)
        found = _balanced(problems, size, free)
        gap = relative_gap(problems, found, *margin_of(problems, found, offset))
        best[left] = torch.where(gap < lowest[left], found, best[left])
        lowest[left] = torch.minimum(gap, lowest[left])
        if not changed.any():
            break
        problems, left = problems.rows(changed), left[changed]
        size, free, offset = size[changed], free[changed], offset[changed]
    return best * every.signs


def _newton(
    problems: Problems, size: Tensor, free: Tensor, offset: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Newton's step of the free coefficients; those that reach a bound are free no more.

    Others are let go if that pays. Says of which problems the free ones have changed.
    """
    import torch

    signs, costs = problems.signs, problems.costs
    dual = size * signs
    slack = signs - (dual @ problems.factor) @ problems.factor.T
    system = System.of(problems, torch.zeros_like(size), free.to(size.dtype))
    change, shift = system.solve(slack - offset, -dual.sum(1, keepdim=True))
    # Without any free trials the system has no solution, and there is nothing to be changed.
    wanted = size + torch.where(free & change.isfinite(), signs * change, 0.0)
    offset = offset + torch.where(shift.isfinite(), shift, 0.0)
    size = torch.minimum(wanted.clamp_min(0.0), costs)
    margin = margin_of(problems, size, offset)[0]
    none, full = size <= 0.0, size >= costs
    now = free & (size == wanted)
    now |= ~free & (costs > 0) & ((none & (margin < -WRONG)) | (full & (margin > WRONG)))
    return size, now, offset, (now != free).any(1)


def _balanced(problems: Problems, size: Tensor, free: Tensor) -> Tensor:
    """Take what the sum of y * alpha is off from the coefficients that have room for it."""
    import torch

    room = torch.where(free, torch.minimum(size, problems.costs - size), 0.0)
    total = (size * problems.signs).sum(1, keepdim=True)
    over = total / room.sum(1, keepdim=True).clamp_min(1e-300)
    return torch.minimum((size - over * room * problems.signs).clamp_min(0.0), problems.costs)
