"""RDMs of brains and models as rsatoolbox has them: kept, compared by it, shown as movies."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wmsim._version import __version__
from wmsim.compare.config import CompareConfig
from wmsim.compare.pairing import make_pairs
from wmsim.compare.rsa import rsatoolbox_rdms
from wmsim.compare.rsatoolbox_inference import bootstrap_inference
from wmsim.compare.run import Model
from wmsim.compare.store import opened, source_key
from wmsim.errors import WmsimError
from wmsim.files import atomic_path, content_key, write_json
from wmsim.pipeline.workers import spread
from wmsim.progress import progress
from wmsim.report.compare_roles import BRAIN, MODEL
from wmsim.report.verdict_store import plain

if TYPE_CHECKING:
    from rsatoolbox.rdm import RDMs

CONDITION = ("item", "value")
OWN_STIMULI = (
    "Brains saw stimuli of their own (values are numbered, or have other names); rsatoolbox "
    "resamples stimuli that all brains share. If they are the same, say so (--shared-stimuli)."
)


@dataclass(frozen=True, eq=False)
class PairRDMs:
    """RDMs of all steps of a model and a brain, of the same conditions.

    Attributes
    ----------
    model, brain : str
        Names.
    theirs, own : rsatoolbox.rdm.RDMs
        Of the model and of the brain, one RDM a step.
    """

    model: str
    brain: str
    theirs: RDMs
    own: RDMs


def write_rdms(
    models: Sequence[Model], brains: Mapping[str, Path], config: CompareConfig, folder: Path, *,
    n_jobs: int | None = None,
) -> list[PairRDMs]:  # fmt: skip
    """RDMs of all pairs, in files that rsatoolbox reads (``rsatoolbox.rdm.load_rdm``).

    Parameters
    ----------
    models : sequence of Model
        Models.
    brains : mapping of str to Path
        Recordings of brains.
    config : CompareConfig
        How recordings are made ready.
    folder : Path
        Where files go, one for each model and brain; those that are there and fit are kept.
    n_jobs : int, optional
        Processes.

    Returns
    -------
    list of PairRDMs
        Of the first task and feature of each pair that can be compared.
    """
    import joblib

    calls = []
    for brain, right in brains.items():
        key = source_key(right)
        for model in models:
            left = model.recording_for(brain)
            if left is None:
                continue
            parts = ("rdms", __version__, source_key(left), key, config.told())
            file = folder / _slug(brain) / f"{_slug(model.name)}.hdf5"
            calls.append((model.name, brain, left, right, config, file, content_key(*parts)))
    found: dict[int, PairRDMs | None] = {
        row: one for row, call in enumerate(calls) if (one := _read(call[0], call[1], *call[5:]))
    }
    todo = [row for row in range(len(calls)) if row not in found]
    processes, threads = spread(n_jobs, len(todo))
    with (
        progress("RDMs", len(calls), done=len(found)) as step,
        joblib.parallel_config(backend="loky", inner_max_num_threads=threads),
    ):
        parallel = joblib.Parallel(n_jobs=processes, return_as="generator_unordered")
        for row, one in parallel(joblib.delayed(_make)(row, *calls[row]) for row in todo):
            found[row] = one
            step(note=calls[row][0])
    return [one for row in range(len(calls)) if (one := found[row]) is not None]


def _slug(name: str) -> str:
    """A name that files can have; of names that differ, one that differs."""
    plain_name = "".join(one if one.isalnum() or one in "._-" else "-" for one in name)
    if plain_name == name and name.strip("."):
        return name
    return f"{plain_name}-{content_key(name)[:8]}"


def _make(
    row: int, model: str, brain: str, left: object, right: Path, config: CompareConfig, file: Path,
    key: str,
) -> tuple[int, PairRDMs | None]:  # fmt: skip
    """In a process of its own; None where the pair cannot be compared (scores tell why)."""
    try:
        with opened(left) as theirs, opened(right) as own:  # type: ignore[arg-type]
            pair = make_pairs(theirs, own, config, names=(model, brain))[0]
    except WmsimError:
        return row, None
    theirs_and_own = [rsatoolbox_rdms(side) for side in (pair.model, pair.brain)]
    found = PairRDMs(model, brain, *theirs_and_own)
    with atomic_path(file) as temporary:
        _together(found, key).save(str(temporary), file_type="hdf5", overwrite=True)
    return row, found


def _together(pair: PairRDMs, key: str) -> RDMs:
    """Both sides in one object; the descriptor ``of`` of RDMs says whose they are."""
    from rsatoolbox.rdm import RDMs

    sides = {MODEL: pair.theirs, BRAIN: pair.own}
    return RDMs(
        np.concatenate([one.get_vectors() for one in sides.values()]),
        dissimilarity_measure=pair.own.dissimilarity_measure,
        descriptors={"model": pair.model, "brain": pair.brain, "key": key},
        rdm_descriptors={
            "of": [name for name, one in sides.items() for _ in range(one.n_rdm)],
            "step": [str(step) for one in sides.values() for step in one.rdm_descriptors["step"]],
        },
        pattern_descriptors={name: list(pair.own.pattern_descriptors[name]) for name in CONDITION},
    )


def _read(model: str, brain: str, file: Path, key: str) -> PairRDMs | None:
    """RDMs that were kept, or None if they were not, or are of something else."""
    from rsatoolbox.rdm import load_rdm

    if not file.is_file():
        return None
    try:
        both = load_rdm(str(file), file_type="hdf5")
        if both.descriptors.get("key") != key:
            return None
        return PairRDMs(model, brain, _only(both, MODEL), _only(both, BRAIN))
    except (OSError, KeyError, ValueError, TypeError, AttributeError):
        return None


def _only(both: RDMs, name: str) -> RDMs:
    from rsatoolbox.rdm import RDMs

    rows = np.flatnonzero(np.asarray(both.rdm_descriptors["of"]).astype(str) == name)
    steps = np.asarray(both.rdm_descriptors["step"]).astype(str)[rows]
    return _described(RDMs, both, both.get_vectors()[rows], steps.tolist())


def _described(
    kind: type[RDMs], like: RDMs, vectors: np.ndarray, steps: list[str],
    conditions: np.ndarray | slice = slice(None),
) -> RDMs:  # fmt: skip
    """RDMs with the descriptors of conditions of others."""
    items = np.asarray(like.pattern_descriptors["item"]).astype(int)[conditions]
    values = np.asarray(like.pattern_descriptors["value"]).astype(str)[conditions]
    return kind(
        vectors, dissimilarity_measure=like.dissimilarity_measure,
        rdm_descriptors={"step": steps},
        pattern_descriptors={"item": items.tolist(), "value": values.tolist()},
    )  # fmt: skip


def toolbox_inference(
    pairs: Sequence[PairRDMs], config: CompareConfig, work: Path, *, shared: bool
) -> dict[str, Any]:
    """rsatoolbox's own comparison of models, at the last step that all brains have.

    Parameters
    ----------
    pairs : sequence of PairRDMs
        As :func:`write_rdms` gives them.
    config : CompareConfig
        Resamples and seed.
    work : Path
        Folder in which the result is kept and looked up.
    shared : bool
        Whether all brains saw the same stimuli.

    Returns
    -------
    dict
        As :func:`wmsim.compare.rsatoolbox_inference.bootstrap_inference` gives it, and ``step``.
    """
    brains = list(dict.fromkeys(pair.brain for pair in pairs))
    if not config.bootstrap:
        return {"applies": False, "why": "No resamples were asked for."}
    if len(brains) > 1 and not shared:
        return {"applies": False, "why": OWN_STIMULI}
    models = [
        name for name in dict.fromkeys(pair.model for pair in pairs)
        if sum(pair.model == name for pair in pairs) == len(brains)
    ]  # fmt: skip
    steps = [step for step in _steps(pairs[0]) if all(step in _steps(pair) for pair in pairs)]
    if not models or not steps:
        what = "no step that all brains have" if models else "no model that ran all brains' trials"
        return {"applies": False, "why": f"There is {what}."}
    step = steps[-1]
    there = {(pair.model, pair.brain): pair for pair in pairs}
    data: list[RDMs] = [_at(there[models[0], brain].own, step) for brain in brains]
    theirs = {
        name: [_at(there[name, brain].theirs, step) for brain in brains] for name in models
    }  # fmt: skip
    every = [*data, *(one for own in theirs.values() for one in own)]
    key = content_key(
        "inference", __version__, config.bootstrap, config.seed, models, brains,
        *(one.get_vectors().tobytes() for one in every),
    )  # fmt: skip
    kept = work / f"inference-{key}.json"
    if kept.is_file():
        with contextlib.suppress(ValueError, OSError):
            return dict(json.loads(kept.read_text(encoding="utf-8")))
    found = bootstrap_inference(theirs, data, resamples=config.bootstrap, seed=config.seed)
    found = {"step": step, **plain(found)}
    write_json(kept, found)
    return found


def _steps(pair: PairRDMs) -> list[str]:
    return [str(step) for step in pair.own.rdm_descriptors["step"]]


def _at(rdms: RDMs, step: str) -> RDMs:
    """The RDM of a step, of conditions that were shown by then."""
    from rsatoolbox.rdm import RDMs

    matrix = rdms.get_matrices()[[str(one) for one in rdms.rdm_descriptors["step"]].index(step)]
    off = np.where(np.eye(len(matrix), dtype=bool), np.nan, matrix)
    known = np.asarray(np.isfinite(off).any(axis=0))
    vector = matrix[np.ix_(known, known)][np.triu_indices(int(known.sum()), 1)]
    return _described(RDMs, rdms, vector[None], [step], known)


def movie_of(
    pairs: Sequence[PairRDMs],
) -> tuple[str, dict[str, np.ndarray], list[str], list[str]]:
    """RDMs by step, of the brain that most models can be compared with.

    Parameters
    ----------
    pairs : sequence of PairRDMs
        As :func:`write_rdms` gives them.

    Returns
    -------
    brain : str
        Which.
    matrices : dict of str to ndarray, shape (step, condition, condition)
        Of the brain and of models with the same steps and conditions.
    steps, conditions : list of str
        Their names.
    """
    names = [pair.brain for pair in pairs]
    brain = max(dict.fromkeys(names), key=names.count)
    chosen = [pair for pair in pairs if pair.brain == brain]
    first = chosen[0]
    matrices = {brain: first.own.get_matrices()}
    for pair in chosen:
        if _steps(pair) == _steps(first) and pair.theirs.n_cond == first.own.n_cond:
            # A model may be called as the brain is.
            name = f"{pair.model} ({MODEL})" if pair.model == brain else pair.model
            matrices[name] = pair.theirs.get_matrices()
    descriptors = [np.asarray(first.own.pattern_descriptors[name]).tolist() for name in CONDITION]
    conditions = [f"{value}, item {item}" for item, value in zip(*descriptors, strict=True)]
    return brain, matrices, _steps(first), conditions
