"""Does a code generalise to conditions that its decoders never saw, when and after they are shown?

Cross-condition generalisation performance (CCGP) [1]_, state by state: decoders of a feature are
fitted to items without some values of another feature, and tested on those, at the step that shows
them, at later steps, and from one to the other. See :mod:`wmsim.decoding.held_out`.

References
----------
.. [1] Bernardi, Benna, Rigotti, Munuera, Fusi & Salzman (2020), The geometry of abstraction in the
   hippocampus and prefrontal cortex, Cell 183, 954-967, :doi:`10.1016/j.cell.2020.09.031`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import xarray as xr

from wmsim.decoding import Problem, bootstrap_weights
from wmsim.decoding.held_out import condition_table, held_out_tensor, shuffled_conditions
from wmsim.decoding.null import permuted_labels
from wmsim.errors import WmsimError, choose
from wmsim.pipeline.config import AnalysisConfig
from wmsim.pipeline.decoders import rows_of
from wmsim.pipeline.grouped_folds import group_folds, most_folds
from wmsim.pipeline.held_out_results import Crossing, Measured, as_dataset, entry
from wmsim.pipeline.jobs import Job
from wmsim.pipeline.population import Population
from wmsim.pipeline.prepare import prepare
from wmsim.progress import progress
from wmsim.recordings import feature_names, labels_of

MOST_SPLITS = 5
# Items of a value that every decoder has to be fitted to.
LEAST = 5
NULLS = ("conditions", "trials")


def held_out_conditions(
    recording: xr.Dataset,
    feature: str | None = None,
    held_out: str | None = None,
    *,
    tasks: Sequence[str] | None = None,
    most_splits: int = MOST_SPLITS,
    null: str = "conditions",
    config: AnalysisConfig | None = None,
    label: str = "held-out conditions",
) -> tuple[xr.Dataset, dict[str, Any]]:
    """Decode a feature in items whose value of another feature was held out of training.

    Values of `held_out` are put into splits. Decoders (ridge) of a split are fitted, in each state,
    to items with all other values, in trials of all folds but one, and tested on items with the
    split's values in that fold, in all states. Neither a trial nor a condition that is tested is
    ever trained on, nor scaled with. Beside them, ``seen``: decoders fitted to as many items of
    all conditions, tested on the same items; ``cost`` is what is lost by not having seen the
    condition.

    Parameters
    ----------
    recording : xarray.Dataset
        Aligned or continuous; units recorded together.
    feature, held_out : str, optional
        What is decoded, and what is held out. By default all pairs that are crossed enough: each
        value of the feature comes with two values or more of what is held out.
    tasks : sequence of str, optional
        By default all.
    most_splits : int, default 5
        Splits of the held-out values, at most; as many as the design allows.
    null : {"conditions", "trials"}
        "conditions": within each held-out value, values of the feature are exchanged for one
        another (Bernardi's question: more than a geometry would have in which conditions are as
        decodable, but unrelated?). "trials": whole trials' labels are exchanged within folds (the
        weaker question: anything at all?). A code without any structure generalises above or
        below chance by accident, and the more significantly against "trials", the more trials
        there are; hence the default.
    config : AnalysisConfig, optional
        Folds (5 by default, here), permutations, bootstrap, seed, windows, and the penalty, if its
        estimator is "ridge".
    label : str
        What the progress bar says.

    Returns
    -------
    dataset : xarray.Dataset
        ``accuracy``, ``chance``, ``p`` and ``seen`` (analysis, train_state, test_state, metric),
        with coordinates ``task``, ``feature``, ``held_out`` and ``n_splits`` of each analysis.
    summary : dict
        JSON-like: ``analyses``, a list with ``task``, ``feature``, ``held_out``, ``n_splits``,
        ``words``, and by statistic (``within``, ``within_memory``, ``encoding_to_memory``,
        ...; see :func:`wmsim.pipeline.transfers`) ``value``, ``low``, ``high``, ``chance``, ``p``,
        ``n``, ``seen``, ``cost``, and ``multiclass`` with the same; ``notes``.

    Raises
    ------
    WmsimError
        If there is no such feature or task, or features are not crossed: one may be nested in the
        other, which then can be held out in one direction only.

    Examples
    --------
    >>> from wmsim.recordings import build_recording
    >>> rng = np.random.default_rng(0)
    >>> image = rng.integers(4, size=(60, 1))
    >>> activity = np.eye(4)[image[:, 0]].T + rng.normal(0, 0.3, (1, 4, 60))
    >>> recording = build_recording(
    ...     activity, time=[0], time_units="step", activity_units="a.u.", source="planted",
    ...     features={"image": image, "side": image % 2}, shown_item=[0],
    ... )
    >>> config = AnalysisConfig(folds=3, permutations=10, bootstrap=20)
    >>> found, summary = held_out_conditions(recording, "side", "image", config=config)
    >>> summary["analyses"][0]["n_splits"]
    2
    """
    config = config or AnalysisConfig(folds=5, permutations=200)
    choose(null, NULLS, "null")
    notes: list[str] = []
    crossings = list(_crossings(recording, feature, held_out, tasks, most_splits, config, notes))
    if not crossings:
        raise WmsimError(
            "No two features of this recording are crossed, so no condition can be held out. "
            + " ".join(notes)
        )
    found = []
    with progress(label, len(crossings)) as step:
        for number, crossing in enumerate(crossings):
            rng = np.random.default_rng([config.seed, number])
            try:
                found.append(_measure(crossing, config, null, rng))
            except WmsimError as error:
                if len(crossings) == 1:
                    raise
                notes.append(f"Task '{crossing.job.task}' left out: {error}")
            step()
    if not found:
        raise WmsimError("No pair of features has enough trials. " + " ".join(notes))
    entries = [entry(one, null) for one in found]
    summary = {"analyses": entries, "null": null, "notes": list(dict.fromkeys(notes))}
    return as_dataset(found, config, null), summary


def _crossings(
    recording: xr.Dataset, feature: str | None, held_out: str | None,
    tasks: Sequence[str] | None, most: int, config: AnalysisConfig, notes: list[str],
) -> Iterator[Crossing]:  # fmt: skip
    """All pairs of features that can be held out of one another, in every task."""
    names = feature_names(recording)
    for name in (feature, held_out):
        if name is not None:
            choose(name, names, "feature")
    if feature is not None and feature == held_out:
        raise WmsimError(f"'{feature}' cannot be held out of itself; name two features.")
    asked = None if feature is None else (feature,)
    wanted = config.changed(features=asked, tasks=None if tasks is None else tuple(tasks))
    prepared = prepare(recording, wanted)
    notes.extend(prepared.notes)
    for job in prepared.jobs:
        part = prepared.recording.isel(trial=rows_of(prepared.recording, job.task))
        for other in names if held_out is None else (held_out,):
            if other == job.feature:
                continue
            condition = labels_of(part, other)[0].T
            problem = _problem(job)
            found = crossed(problem.labels, condition, job.feature, other, most)
            if isinstance(found, int):
                yield Crossing(job, other, condition, found, problem)
            elif feature is not None and held_out is not None:
                raise WmsimError(f"Task '{job.task}': {found}")
            else:
                notes.append(f"Task '{job.task}': {found}")


def _problem(job: Job) -> Problem:
    if isinstance(job.problem, Population):
        raise WmsimError(
            "Conditions are held out in recordings whose units were recorded together. Give one "
            "session at a time, or a pseudo-population (wmsim.recordings.pseudo_population)."
        )
    return job.problem


def crossed(
    labels: np.ndarray, condition: np.ndarray, feature: str, held_out: str, most: int = MOST_SPLITS
) -> int | str:
    """Number of splits that held-out values can be put into, or why they cannot.

    Parameters
    ----------
    labels, condition : ndarray of int, shape (item, trial)
        Values of the feature, and of what is held out.
    feature, held_out : str
        Their names.
    most : int
        Splits, at most.

    Examples
    --------
    >>> identity, category = np.array([[0, 1, 2, 3]]), np.array([[0, 0, 1, 1]])
    >>> crossed(category, identity, "category", "identity")
    2
    >>> print(crossed(identity, category, "identity", "category"))
    'identity' is nested within 'category': each of its values comes with one value of ...
    """
    table = condition_table(labels, condition) > 0
    with_values = table.sum(axis=1)[table.any(axis=1)]
    if (with_values == 1).all():
        return (
            f"'{feature}' is nested within '{held_out}': each of its values comes with one value "
            f"of '{held_out}', so that nothing of it would be left to train on. The other way "
            f"round ('{held_out}' decoded, '{feature}' held out) may be possible."
        )
    if with_values.min() < 2:
        return (
            f"'{feature}' and '{held_out}' are not crossed: {int((with_values == 1).sum())} of "
            f"{with_values.size} values of '{feature}' come with one value of '{held_out}' alone."
        )
    present = (labels >= 0) & (condition >= 0)
    return min(most, most_folds(labels[present], condition[present]))


def _measure(
    crossing: Crossing, config: AnalysisConfig, null: str, rng: np.random.Generator
) -> Measured:
    """Decode the data and its null."""
    problem = crossing.problem
    fold = problem.folds(config.folds, rng=rng)
    split = _splits(crossing, fold, rng)
    permutations = 0 if crossing.job.shares_activity else config.permutations
    if null == "conditions":
        drawn = shuffled_conditions(problem.labels, crossing.condition, permutations, rng=rng)
    else:
        drawn = permuted_labels(problem.labels, permutations, within=fold, rng=rng)
    labellings = np.concatenate([problem.labels[None], drawn])
    penalty = config.penalties[0] if config.estimator == "ridge" and config.penalties else 1.0
    found = held_out_tensor(problem, split, fold, labellings, penalty=float(penalty), rng=rng)
    weights = bootstrap_weights(problem.n_trials, config.bootstrap, rng=rng)
    return Measured(crossing, int(split.max()) + 1, found, weights)


def _splits(crossing: Crossing, fold: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Split of each item's condition, (item, trial), such that no decoder lacks a value."""
    labels, condition = crossing.problem.labels, crossing.condition
    present = (labels >= 0) & (condition >= 0)
    items = sorted({item for item, _ in crossing.job.design.states})
    fewest = 0
    for n_splits in range(crossing.n_splits, 1, -1):
        for _ in range(5):
            own = group_folds(labels[present], condition[present], n_splits, rng=rng)
            split = np.full(labels.shape, -1)
            split[present] = own
            fewest = max(fewest, least := _fewest(labels[items], split[items], fold))
            if least >= LEAST:
                return split
    raise WmsimError(
        f"With values of '{crossing.held_out}' held out, some decoder of '{crossing.job.feature}' "
        f"would have {fewest} items of a value to be fitted to; {LEAST} are needed. Use fewer "
        "folds or more trials."
    )


def _fewest(labels: np.ndarray, split: np.ndarray, fold: np.ndarray) -> int:
    """Fewest training items of a value, over items' positions, splits and folds."""
    k, n_splits, n_folds = labels.max() + 1, split.max() + 1, fold.max() + 1
    least = []
    for values, own in zip(labels, split, strict=True):
        table = np.zeros((k, n_splits, n_folds), dtype=int)
        there = own >= 0
        np.add.at(table, (values[there], own[there], fold[there]), 1)
        total = table.sum(axis=(1, 2), keepdims=True)
        in_split, in_fold = table.sum(axis=2, keepdims=True), table.sum(axis=1, keepdims=True)
        least.append(int((total - in_split - in_fold + table).min()))
    return min(least)
