"""The null of ridge decoders: thousands of labellings of one tensor from one factorisation a fold.

See :mod:`wmsim.decoding.ridge_fold` for how.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace

import numpy as np

from wmsim.decoding.counts import Counts
from wmsim.decoding.cross import INNER_FOLDS, Problem
from wmsim.decoding.engine.threads import n_threads
from wmsim.decoding.estimators import Penalty, make_estimator
from wmsim.decoding.null import permuted_labels, trials_alone
from wmsim.decoding.ridge_fold import Fold
from wmsim.errors import WmsimError
from wmsim.progress import progress

# Bytes of counts held at once, about.
LARGEST = 2**28


@dataclass(frozen=True)
class NullTensors:
    """Generalisation tensors of many labellings.

    Attributes
    ----------
    accuracy : ndarray of float64, shape (labelling, train state, test state, metric)
        As :func:`wmsim.decoding.generalise.generalisation_tensor` gives it.
    left_out : ndarray of float64, shape (labelling, train state, test state)
        As :func:`wmsim.decoding.generalise.left_out_tensor` gives it.
    penalty : ndarray of float64, shape (labelling, fold)
        Penalty of each fold.
    fold : ndarray of int, shape (trial,)
        Fold in which each trial was held out.
    """

    accuracy: np.ndarray
    left_out: np.ndarray
    penalty: np.ndarray
    fold: np.ndarray


def ridge_null(
    problem: Problem, *, n_folds: int = 10, n_permutations: int = 1000,
    penalties: Sequence[Penalty] = (1.0,), balanced: bool = True, rng: np.random.Generator,
    batch: int | None = None, threads: int | None = None,
) -> NullTensors:  # fmt: skip
    """Permute whole trials' labels, and score ridge decoders of all states in all states.

    Folds are drawn once, and labels permuted within them. Labels are then as evenly spread over
    folds as those of the data are (see :func:`wmsim.recordings.folds.trial_folds` for what becomes
    of accuracy otherwise), patterns are factorised once, and the test is exact all the same: where
    labels and activity have nothing to do with each other, any exchange of trials that leaves the
    folds in place leaves the distribution as it is.

    Parameters
    ----------
    problem : Problem
        Activity, labels and states.
    n_folds : int, default 10
        Folds, where the problem gives none.
    n_permutations : int, default 1000
        Number of permutations.
    penalties, balanced
        As for ``cross_decode(estimator="ridge")``: alpha for each training trial. Of several
        penalties one is chosen in each fold of each permutation anew, as for the data.
    rng : numpy.random.Generator
        Source of randomness, for folds and permutations.
    batch, threads
        See :func:`ridge_tensors`.

    Returns
    -------
    NullTensors

    Raises
    ------
    WmsimError
        If there are too few trials for the folds, for a value, or to be permuted within folds.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> labels = rng.permutation(np.arange(60) % 3)[None]
    >>> problem = Problem(rng.standard_normal((1, 60, 5)), labels, 3, ((0, 0),))
    >>> null = ridge_null(problem, n_folds=3, n_permutations=50, rng=rng)
    >>> null.accuracy.shape, abs(null.accuracy[..., 0].mean() - 0.5) < 0.05
    ((50, 1, 1, 2), np.True_)
    """
    fold = problem.folds(n_folds, rng=rng)
    _require_exchangeable(problem.labels, fold)
    labellings = permuted_labels(problem.labels, n_permutations, within=fold, rng=rng)
    return ridge_tensors(
        replace(problem, fold=fold), labellings, penalties=penalties, balanced=balanced, rng=rng,
        batch=batch, threads=threads, label="null",
    )  # fmt: skip


def _require_exchangeable(labels: np.ndarray, fold: np.ndarray) -> None:
    """Refuse folds so small that permuting within them leaves most trials where they are."""
    alone = trials_alone(labels, fold)
    if 2 * alone > labels.shape[1]:
        raise WmsimError(
            f"{alone} of {labels.shape[1]} trials have no other one with the same items in "
            "their fold, so that labels cannot be permuted within folds. Use fewer folds."
        )


def ridge_tensors(
    problem: Problem, labellings: np.ndarray, *, penalties: Sequence[Penalty] = (1.0,),
    balanced: bool = True, rng: np.random.Generator, batch: int | None = None,
    threads: int | None = None, dtype: type[np.floating] = np.float32, label: str | None = None,
) -> NullTensors:  # fmt: skip
    """Score ridge decoders of all states in all states, for many labellings of one problem.

    Parameters
    ----------
    problem : Problem
        Activity, states and folds, which have to be given.
    labellings : ndarray of int, shape (labelling, item, trial)
        Values; trials lack the same items as in the problem's own labels.
    penalties, balanced
        See :func:`ridge_null`.
    rng : numpy.random.Generator
        Source of randomness, to divide training folds where one of several penalties is chosen.
    batch : int, optional
        Labellings whose counts are held at once, by default as many as fit into 256 MiB. Memory is
        4 bytes times train states, test states and (2 values + 2) for each of them; 8 bytes times
        the activity, and 4 bytes times steps, units and (training trials + steps times test
        trials) for the fold at work; some MiB a thread; and the results. Every batch factorises
        anew, which takes as long as some ten to a hundred labellings.
    threads : int, optional
        Threads, by default as many as there are cores.
    dtype : type
        Precision of the products. In single precision, the default, a decision value changes sign
        if it is within about 1e-6 of zero.
    label : str, optional
        What the progress bar says; without it there is none.

    Returns
    -------
    NullTensors

    Raises
    ------
    WmsimError
        If a value does not occur in the training trials of a state.
    ConfigError
        If a penalty is not positive.
    """
    amounts = [float(one) for one in make_estimator("ridge").check(penalties)]
    fold = problem.fold
    if fold is None:
        raise WmsimError("Labellings are compared in the same folds; expected `problem.fold`.")
    folds = problem.folds(int(fold.max()) + 1, rng=rng)
    n, n_states, k = len(labellings), len(problem.states), problem.n_values
    inner = list(_inner_groups(folds, amounts, rng))
    batch = batch or max(1, LARGEST // (4 * n_states**2 * (2 * k + 2)))
    accuracy, left = np.empty((n, n_states, n_states, 2)), np.empty((n, n_states, n_states))
    penalty = np.empty((n, len(inner)))
    n_pieces = -(-n // batch) * len(inner)
    with progress(label, n_pieces) if label else nullcontext() as step:
        for start in range(0, n, batch):
            part = slice(start, min(start + batch, n))
            counts = Counts.nothing(part.stop - start, n_states, n_states, k)
            labels = np.ascontiguousarray(labellings[part].transpose(1, 2, 0), dtype=np.int16)
            for held_out, groups in enumerate(inner):
                one = Fold(problem, folds, held_out, labels, amounts, balanced, dtype)
                penalty[part, held_out] = one.choose(groups, n_threads(threads))
                one.add(counts, penalty[part, held_out], n_threads(threads))
                if step:
                    step()
            accuracy[part], left[part] = counts.accuracies(), counts.left_out()
    items = np.array([item for item, _ in problem.states])
    left[:, items[:, None] == items] = np.nan
    return NullTensors(accuracy, left, penalty, folds)


def _inner_groups(
    fold: np.ndarray, penalties: Sequence[float], rng: np.random.Generator
) -> Iterator[np.ndarray | None]:
    """For each fold, the group of every training trial's fold; None where nothing is chosen."""
    for held_out in range(int(fold.max()) + 1):
        if len(penalties) == 1:
            yield None
            continue
        outer = np.unique(fold[fold != held_out])
        if outer.size < 2:
            raise WmsimError(
                f"{len(penalties)} penalties were given, but with 2 folds there is one to train "
                "on, and nothing left to choose by. Give one penalty, or more folds."
            )
        group = np.full(fold.size, -1)
        drawn = rng.permutation(outer.size) % min(INNER_FOLDS, outer.size)
        seen = fold != held_out
        group[seen] = drawn[np.searchsorted(outer, fold[seen])]
        yield group
