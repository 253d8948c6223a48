"""Image quilting: more of a texture from a small sample of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wmsim.errors import WmsimError
from wmsim.stimuli.mesh import Floats, Integers

BLOCKS = 6  # along an edge of the texture
OVERLAP = 4  # blocks overlap by a fourth of their edge
CANDIDATES = 160  # places of the sample that are tried for each block
TOLERANCE = 0.1  # a block is drawn from those at most so much worse than the best


def quilt(
    sample: NDArray[np.uint8], size: int, *, rng: np.random.Generator, blocks: int = BLOCKS
) -> NDArray[np.uint8]:
    """Lay blocks of a sample side by side and cut them where they differ least.

    The method of Efros & Freeman (2001), doi:10.1145/383259.383296. Each block is drawn from
    those that fit what is already there; random places of the sample are tried, not all.

    Parameters
    ----------
    sample : ndarray of uint8, shape (rows, columns, 3)
        A piece of texture, larger than a block.
    size : int
        Edge length of the result in pixels.
    rng : numpy.random.Generator
    blocks : int
        Blocks along an edge of the result.

    Returns
    -------
    ndarray of uint8, shape (size, size, 3)
        All its pixels come from the sample.

    Raises
    ------
    WmsimError
        If the sample is smaller than one block.

    Examples
    --------
    >>> stripes = np.zeros((40, 40, 3), dtype=np.uint8)
    >>> stripes[:, ::4] = 255
    >>> wide = quilt(stripes, 80, rng=np.random.default_rng(0))
    >>> wide.shape, np.unique(wide).tolist()
    ((80, 80, 3), [0, 255])
    """
    edge, step = _block_size(size, blocks)
    lap = edge - step
    height, width = sample.shape[:2]
    if min(height, width) < edge:
        raise WmsimError(
            f"A sample of {height} x {width} pixels is too small to quilt {size} pixels from: its "
            f"blocks are {edge} pixels wide. Give larger pictures."
        )
    source = sample.astype(np.float32)
    full = step * blocks + lap
    quilted = np.zeros((full, full, 3), dtype=np.float32)
    for row in range(0, step * blocks, step):
        for column in range(0, step * blocks, step):
            there = quilted[row : row + edge, column : column + edge]
            places = np.stack(
                [
                    rng.integers(height - edge + 1, size=CANDIDATES),
                    rng.integers(width - edge + 1, size=CANDIDATES),
                ]
            )
            misfit = _misfit(source, there, places, lap, above=row > 0, left=column > 0)
            good = np.flatnonzero(misfit <= (1 + TOLERANCE) * misfit.min())
            top, side = places[:, good[int(rng.integers(len(good)))]]
            block = source[top : top + edge, side : side + edge]
            keep = _seam(there, block, lap, above=row > 0, left=column > 0)
            there[~keep] = block[~keep]
    return quilted[:size, :size].astype(np.uint8)


def smallest_sample(size: int, blocks: int = BLOCKS) -> int:
    """Edge length in pixels that a sample needs at least."""
    return _block_size(size, blocks)[0]


def _block_size(size: int, blocks: int) -> tuple[int, int]:
    """Edge of a block and the step from one to the next."""
    step = max(1, -(-size * OVERLAP // (OVERLAP * blocks + 1)))
    while True:
        edge = step + max(1, -(-step // (OVERLAP - 1)))
        if step * (blocks - 1) + edge >= size:
            return edge, step
        step += 1


def _misfit(
    source: Floats, there: Floats, places: Integers, lap: int, *, above: bool, left: bool
) -> Floats:
    """Squared difference between what is there and each candidate where they overlap."""
    edge = len(there)
    misfit = np.zeros(places.shape[1], dtype=np.float32)
    for is_used, rows, columns in ((above, lap, edge), (left, edge, lap)):
        if is_used:
            windows = np.lib.stride_tricks.sliding_window_view(source, (rows, columns), axis=(0, 1))
            # Every other pixel tells as well which candidate fits, in a fourth of the time.
            strips = windows[..., ::2, ::2][places[0], places[1]]  # (candidate, 3, rows, columns)
            gap = strips - there[:rows:2, :columns:2].transpose(2, 0, 1)
            misfit += np.einsum("ncij,ncij->n", gap, gap)
    return misfit


def _seam(there: Floats, block: Floats, lap: int, *, above: bool, left: bool) -> NDArray[np.bool_]:
    """Which pixels of the block's place stay as they are: those beyond the best cut."""
    keep = np.zeros(there.shape[:2], dtype=bool)
    gap = ((there - block) ** 2).sum(axis=2)
    if left:
        keep[:, :lap] |= np.arange(lap) < _cut(gap[:, :lap])[:, None]
    if above:
        keep[:lap] |= (np.arange(lap) < _cut(gap[:lap].T)[:, None]).T
    return keep


def _cut(gap: Floats) -> Integers:
    """The path from top to bottom where the sum of differences is least, shape (rows,)."""
    walled = np.full((len(gap), gap.shape[1] + 2), np.inf, dtype=gap.dtype)
    cost = walled[:, 1:-1]
    cost[:] = gap
    for row in range(1, len(cost)):
        before = walled[row - 1]
        cost[row] += np.minimum(np.minimum(before[:-2], before[1:-1]), before[2:])
    path = np.empty(len(cost), dtype=np.int64)
    path[-1] = cost[-1].argmin()
    for row in range(len(cost) - 2, -1, -1):
        low = max(path[row + 1] - 1, 0)
        path[row] = low + cost[row, low : path[row + 1] + 2].argmin()
    return path
