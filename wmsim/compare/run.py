"""Many models, many brains, all scores: one labelled result."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from wmsim._version import __version__
from wmsim.compare.config import CompareConfig
from wmsim.compare.pairing import make_pairs
from wmsim.compare.scoring import ALL, Scored, score_ceiling, score_pairs
from wmsim.compare.store import Source, opened, read_scored, source_key, write_scored
from wmsim.compare.verdicts import chance_agreement, verdict_agreement
from wmsim.errors import WmsimError
from wmsim.files import content_key
from wmsim.pipeline.workers import spread
from wmsim.progress import progress
from wmsim.recordings import feature_names, labels_of

EVERY = "every brain"


@dataclass(frozen=True)
class Model:
    """A model that takes part.

    Attributes
    ----------
    name : str
        In results.
    recordings : dict of str to recording
        By the name of the brain whose trials it ran; under :data:`EVERY`, for all brains.
    control : str
        "" for a trained network, else "untrained", "encoder", ...
    family : str
        Models of one family, such as "gru", are seeds of one architecture.
    """

    name: str
    recordings: Mapping[str, Source]
    control: str = ""
    family: str = ""

    def recording_for(self, brain: str) -> Source | None:
        """Its recording for a brain, or None."""
        return self.recordings.get(brain, self.recordings.get(EVERY))


@dataclass(frozen=True, eq=False)
class Piece:
    """One model on one brain, or (model None) the brain's ceiling."""

    model: str | None
    brain: str
    left: Source
    right: Source
    key: str = field(default="")


def compare(
    models: Iterable[Model] | Mapping[str, Source],
    brains: Mapping[str, Source],
    config: CompareConfig | None = None,
    *,
    work: Path | None = None,
    n_jobs: int | None = None,
) -> xr.Dataset:
    """Compare every model with every brain by every score.

    Parameters
    ----------
    models : iterable of Model, or mapping of str to recording
        Models by name; a recording (a Dataset or a file) that is used for all brains, or a
        :class:`Model` that ran the trials of each.
    brains : mapping of str to recording
        Brains by name.
    config : CompareConfig, optional
        How.
    work : path, optional
        Folder in which finished pairs are kept and looked up, so that a run goes on where it was
        stopped, and another model is added without doing the rest again.
    n_jobs : int, optional
        Processes, by default one a core. Results do not depend on it.

    Returns
    -------
    xarray.Dataset
        ``value``, ``floor`` (model, brain, score, step), ``ceiling`` (brain, score, step),
        ``resampled``, ``ceiling_resampled`` (stimuli drawn with replacement) and ``floor_draws``;
        step "all" is the mean over steps, or the score itself where it has no steps. NaN: not
        available. Attribute ``notes`` (JSON) says what a reader has to know.

    Raises
    ------
    WmsimError
        If no model can be compared with any brain, or a file is no recording.

    Examples
    --------
    >>> from wmsim.hypotheses import plant
    >>> def planted(hypothesis, signal, seed):
    ...     return plant(
    ...         hypothesis=hypothesis, n_units=40, n_trials=120, n_items=2, signal=signal, seed=seed
    ...     )
    >>> quick = CompareConfig(scores=("tensor", "rsa"), halvings=1, shuffles=0, bootstrap=0)
    >>> found = compare({"gru": planted("H2", 9, 1)}, {"monkey": planted("H2", 2, 2)}, quick)
    >>> dict(found.sizes)["model"], found["step"].values.tolist()
    (1, ['all', 'item 1', 'item 2'])
    """
    config = config or CompareConfig()
    chosen = _models(models)
    if not chosen or not brains:
        raise WmsimError(
            f"{len(chosen)} models and {len(brains)} brains were given; at least one of each is "
            "needed."
        )
    shared = shares_stimuli(brains, config)
    pieces = _pieces(chosen, brains, config, shared)
    found, failed = _run(pieces, config, shared, work, n_jobs)
    if not any(piece.model for piece in found):
        said = [message for piece, message in failed.items() if piece.model]
        message = next(iter(said), "No model has a recording for any of these brains.")
        more = f" ({len(said) - 1} more pairs failed.)" if len(said) > 1 else ""
        raise WmsimError(f"{message}{more}")
    return _assembled(chosen, list(brains), found, failed, config, shared)


def shares_stimuli(brains: Mapping[str, Source], config: CompareConfig) -> bool:
    """Whether values of the same name are the same stimuli in all brains.

    By default they are if all brains have the same names, and these say more than a number:
    "image 3" of one laboratory's session is seldom that of another.
    """
    if config.shared_stimuli is not None:
        return config.shared_stimuli
    wanted = set(config.pairs.values()) | set(config.analysis.features or ())
    names: list[set[str]] = []
    for source in brains.values():
        with opened(source) as recording:
            features = [one for one in feature_names(recording) if not wanted or one in wanted]
            names.append({value for one in features for value in labels_of(recording, one)[1]})
    same = all(one == names[0] for one in names)
    return same and not all(re.fullmatch(r"\D*\d+", value) for value in names[0])


def _models(models: Iterable[Model] | Mapping[str, Source]) -> list[Model]:
    if isinstance(models, Mapping):
        return [Model(name, {EVERY: source}) for name, source in models.items()]
    chosen = list(models)
    names = [model.name for model in chosen]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise WmsimError(f"Two models are called '{twice[0]}'; give each a name of its own.")
    return chosen


def _pieces(
    models: list[Model], brains: Mapping[str, Source], config: CompareConfig, shared: bool
) -> list[Piece]:
    settings = config.told()
    keys: dict[int, str] = {}

    def key(source: Source) -> str:
        if id(source) not in keys:
            keys[id(source)] = source_key(source)
        return keys[id(source)]

    found = []
    for brain, right in brains.items():
        own = [(m.name, m.recording_for(brain)) for m in models]
        there = [(name, left) for name, left in own if left is not None]
        # The ceiling needs a model only for the steps and values that are compared.
        ceilings: list[tuple[str | None, Source]] = [(None, left) for _, left in there[:1]]
        for name, left in [*ceilings, *there]:
            parts = (name is None, key(left), key(right), brain, settings, shared)
            found.append(Piece(name, brain, left, right, content_key(__version__, *parts)))
    return found


def _run(
    pieces: list[Piece], config: CompareConfig, shared: bool, work: Path | None,
    n_jobs: int | None,
) -> tuple[dict[Piece, Scored], dict[Piece, str]]:  # fmt: skip
    """Scores of all pieces, and why others have none; finished ones are read."""
    import joblib

    files = {piece: work / f"{piece.key}.npz" if work else None for piece in pieces}
    found = {
        piece: scored for piece, file in files.items()
        if file is not None and (scored := read_scored(file)) is not None
    }  # fmt: skip
    todo = [piece for piece in pieces if piece not in found]
    failed: dict[Piece, str] = {}
    processes, threads = spread(n_jobs, len(todo))
    with (
        progress("comparisons", len(pieces), done=len(found)) as step,
        joblib.parallel_config(backend="loky", inner_max_num_threads=threads),
    ):
        parallel = joblib.Parallel(n_jobs=processes, return_as="generator_unordered")
        calls = (
            joblib.delayed(_scored)(number, piece, config, shared)
            for number, piece in enumerate(todo)
        )
        for number, one in parallel(calls):
            piece = todo[number]
            if isinstance(one, str):
                failed[piece] = one
            else:
                found[piece] = one
                file = files[piece]
                if file is not None:
                    write_scored(one, file)
            step(note=f"{piece.model or 'ceiling'}, {piece.brain}")
    return found, failed


def _scored(
    number: int, piece: Piece, config: CompareConfig, shared: bool
) -> tuple[int, Scored | str]:
    """In a process of its own: scores, or why there are none."""
    from threadpoolctl import threadpool_limits

    names = (piece.model or "the model", piece.brain)
    with threadpool_limits(1):
        try:
            with opened(piece.left) as model, opened(piece.right) as brain:
                pairs = make_pairs(model, brain, config, names=names)
            score = score_ceiling if piece.model is None else score_pairs
            return number, score(pairs, config, piece.brain, shared=shared)
        except WmsimError as error:
            return number, str(error)


def _assembled(
    models: list[Model], brains: list[str], found: dict[Piece, Scored],
    failed: dict[Piece, str], config: CompareConfig, shared: bool,
) -> xr.Dataset:  # fmt: skip
    """One labelled result."""
    steps = _ordered({step for scored in found.values() for step in scored.steps})
    names = [model.name for model in models]
    shape = (len(names), len(brains), len(config.scores), len(steps))
    draws = np.full((*shape, 1 + config.bootstrap), np.nan, np.float32)
    ceilings = np.full((*shape[1:], 1 + config.bootstrap), np.nan, np.float32)
    floor = np.full((*shape, config.shuffles), np.nan, np.float32)
    about: dict[str, Any] = {"matched": np.zeros(shape[:2], bool)}
    sizes = {name: np.full(len(brains), -1) for name in SIZES}
    notes: dict[str, None] = {}
    for piece, scored in found.items():
        column = brains.index(piece.brain)
        rows = [steps.index(step) for step in scored.steps]
        for number, score in enumerate(config.scores):
            target = ceilings[column] if piece.model is None else draws[
                names.index(piece.model), column
            ]  # fmt: skip
            if score in scored.draws:
                target[number, rows] = scored.draws[score]
            if piece.model is not None and score in scored.floor:
                floor[names.index(piece.model), column, number, rows] = scored.floor[score]
        if piece.model is not None:
            about["matched"][names.index(piece.model), column] = scored.about["matched"]
            for size, values in sizes.items():
                values[column] = scored.about[size]
            notes |= dict.fromkeys(scored.notes)
    notes |= {f"Left out: {message}": None for piece, message in failed.items() if piece.model}
    verdicts = {}
    if "verdict" in config.scores:
        verdicts = _agreement(found, config, names, brains, draws, ceilings, floor)
    four, three = ("model", "brain", "score", "step"), ("brain", "score", "step")
    return xr.Dataset(
        {
            "value": (four, draws[..., 0].astype(float)),
            "resampled": ((*four, "resample"), draws[..., 1:]),
            "floor": (four, _mean_of(floor)),
            "floor_draws": ((*four, "shuffle"), floor),
            "ceiling": (three, ceilings[..., 0].astype(float)),
            "ceiling_resampled": ((*three, "resample"), ceilings[..., 1:]),
            "matched": (("model", "brain"), about["matched"]),
        },
        coords={
            "model": names,
            "brain": brains,
            "score": list(config.scores),
            "step": steps,
            "control": ("model", [model.control for model in models]),
            "family": ("model", [model.family for model in models]),
            **{name: ("brain", values) for name, values in sizes.items()},
        },
        attrs={
            "config": json.dumps(config.told()),
            "notes": json.dumps(list(notes)),
            "verdicts": json.dumps(verdicts),
            "shared_stimuli": int(shared),
            "creation_library": "wmsim",
            "creation_library_version": __version__,
        },
    )


def _agreement(
    found: dict[Piece, Scored], config: CompareConfig, names: list[str], brains: list[str],
    draws: np.ndarray, ceilings: np.ndarray, floor: np.ndarray,
) -> dict[str, Any]:  # fmt: skip
    """Fill in agreement of verdicts, and list the verdicts: of brains, and of models on each.

    It is no matter of resampled stimuli, and its floor is that of a model to which all hypotheses
    are equally probable.
    """
    row = config.scores.index("verdict")
    listed: dict[str, Any] = {"brains": {}, "models": {name: {} for name in names}}
    own: dict[str, list[dict[str, Any]]] = {}
    for piece, scored in found.items():
        if piece.model is None:
            own[piece.brain] = scored.about["verdicts"]
            listed["brains"][piece.brain] = scored.about["verdicts"]
            halves = [_agreed([one], [other]) for one, other in scored.about["halves"]]
            ceilings[brains.index(piece.brain), row, 0, 0] = _mean_of(np.array(halves))
    for piece, scored in found.items():
        if piece.model is None or piece.brain not in own:
            continue
        at = names.index(piece.model), brains.index(piece.brain), row, 0
        draws[at][0] = _agreed(scored.about["verdicts"], own[piece.brain])
        chance = [chance_agreement(one["probability"]) for one in own[piece.brain]
                  if "probability" in one]  # fmt: skip
        floor[at] = np.mean(chance) if chance else np.nan
        listed["models"][piece.model][piece.brain] = scored.about["verdicts"]
    return listed


def _agreed(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> float:
    """Mean agreement over what both could be judged on; NaN if there is none."""
    both = [
        verdict_agreement(a["probability"], b["probability"])
        for a, b in zip(one, other, strict=True)
        if "probability" in a and "probability" in b
    ]
    return float(np.mean(both)) if both else float("nan")


SIZES = ("n_values", "n_items", "n_units", "n_trials")


def _mean_of(draws: np.ndarray) -> np.ndarray:
    there = np.isfinite(draws)
    total = np.where(there, draws, 0.0).sum(axis=-1, dtype=float)
    count = there.sum(axis=-1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _ordered(steps: set[str]) -> list[str]:
    """ "all", items by number, then the rest."""

    def place(step: str) -> tuple[int, int, str]:
        number = re.fullmatch(r"item (\d+)", step)
        if step == ALL:
            return 0, 0, ""
        return (1, int(number[1]), "") if number else (2, 0, step)

    return sorted(steps, key=place)
