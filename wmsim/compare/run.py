"""Many models, many brains, all scores: one labelled result."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import xarray as xr

from wmsim._version import __version__
from wmsim.compare.assemble import assembled
from wmsim.compare.config import CompareConfig
from wmsim.compare.pairing import is_number, make_pairs
from wmsim.compare.scoring import Scored, score_ceiling, score_pairs
from wmsim.compare.store import Source, opened, read_scored, source_key, write_scored
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
    found, failed = _run(pieces, config, shared, work, n_jobs, "comparisons")
    if not found:
        said = list(failed.values())
        message = next(iter(said), "No model has a recording for any of these brains.")
        more = f" ({len(said) - 1} more pairs failed.)" if len(said) > 1 else ""
        raise WmsimError(f"{message}{more}")
    ends, without = _run(_ceilings(found), config, shared, work, n_jobs, "ceilings")
    return assembled(chosen, list(brains), found | ends, failed | without, config, shared)


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
            names.append({value for one in features for value in _values(recording, one)})
    same = all(one == names[0] for one in names)
    return same and not all(is_number(value) for value in names[0])


def _values(recording: xr.Dataset, feature: str) -> Iterator[str]:
    """Names of the values that occur."""
    codes, names = labels_of(recording, feature)
    return (str(names[code]) for code in np.unique(codes[codes >= 0]))


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
    for model in models:
        for brain, right in brains.items():
            left = model.recording_for(brain)
            if left is not None:
                parts = (key(left), key(right), model.name, brain, settings, shared)
                found.append(
                    Piece(model.name, brain, left, right, content_key(__version__, *parts))
                )
    return found


def _ceilings(found: dict[Piece, Scored]) -> list[Piece]:
    """One piece for each brain's ceiling.

    A model is needed for the steps and values that are compared: the first of those that have
    most.
    """
    best: dict[str, Piece] = {}
    for piece, scored in found.items():
        known = best.get(piece.brain)
        if known is None or _extent(scored) > _extent(found[known]):
            best[piece.brain] = piece
    return [
        replace(piece, model=None, key=content_key("ceiling", piece.key)) for piece in best.values()
    ]


def _extent(scored: Scored) -> tuple[int, int]:
    """How many steps and values are compared."""
    jobs = scored.about["jobs"]
    return sum(len(steps) for *_, steps, _ in jobs), sum(len(values) for *_, values in jobs)


def _run(
    pieces: list[Piece], config: CompareConfig, shared: bool, work: Path | None,
    n_jobs: int | None, label: str,
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
        progress(label, len(pieces), done=len(found)) as step,
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
    # In their own order, not in that in which they were finished.
    return (
        {piece: found[piece] for piece in pieces if piece in found},
        {piece: failed[piece] for piece in pieces if piece in failed},
    )


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
