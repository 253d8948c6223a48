"""Identities that were never trained: what is coded of them, and where?"""

from __future__ import annotations

import numpy as np
import xarray as xr

from wmsim.decoding import METRICS
from wmsim.errors import ConfigError
from wmsim.figures.paper_novel import novel_figure
from wmsim.pipeline import AnalysisConfig, decode, memory_spaces
from wmsim.reproduce.claims import Claim
from wmsim.reproduce.config import ReproduceConfig
from wmsim.reproduce.fig4c import DROP
from wmsim.reproduce.figure import Figure
from wmsim.reproduce.kinds import Kind
from wmsim.reproduce.memory import METRIC_NOTE, by_task, joined, memory_of, mtmf_kinds, name_of
from wmsim.reproduce.strategy import EXPLORATORY, balanced, memory_numbers, told
from wmsim.reproduce.study import Study
from wmsim.reproduce.swaps import HIGH
from wmsim.reproduce.transfer import SCALINGS, decodable, ordered_tasks, task_coords
from wmsim.reproduce.validation import KEPT
from wmsim.tasks import FEATURES

# Identities of both kinds have these in common; an identity is in one of them only.
COMMON = ("location", "category")
# Split of a recording, by what its identities are.
SPLITS = {"trained": "novel_angle", "novel": "novel_identity"}
BETWEEN = "/"
# Half way from chance to perfect.
TRANSFERS = 0.75
LOCATION = 0.90


def kinds(config: ReproduceConfig) -> list[Kind]:
    """Networks that learned all nine tasks, of all architectures.

    Raises
    ------
    ConfigError
        If there are no novel identities.
    """
    if config.stimuli.novel_identities < 1:
        raise ConfigError(
            "The figure novel_identities needs identities that are not trained; "
            "stimuli.novel_identities is 0, expected 1 or more."
        )
    return mtmf_kinds(config)


def measure(study: Study) -> xr.Dataset:
    """Behaviour, decoders within and across splits, and memory spaces.

    Returns
    -------
    xarray.Dataset
        ``executive_by_task`` (architecture, subject, split, task); ``accuracy`` (architecture,
        subject, scaling, feature, fitted, tested, task, item, metric) of decoders of E(S,S), where
        `fitted` and `tested` are "trained" or "novel" identities; numbers of
        :func:`wmsim.reproduce.strategy.memory_numbers` (architecture, subject, identities,
        metric). attr ``identities_a_category``.
    """
    chosen = kinds(study.config)
    parts = [_of_kind(study, kind) for kind in chosen]
    found = joined(parts, xr.Variable("architecture", [kind.architecture for kind in chosen]))
    found.attrs = {"identities_a_category": study.config.stimuli.novel_identities}
    return found


def _of_kind(study: Study, kind: Kind) -> xr.Dataset:
    between = between_splits(study, kind)
    behaviour = study.behaviour(kind)["executive_by_task"].reindex(task=between["task"].values)
    memory = [memory_numbers(memory_of(study, kind)), memory_numbers(novel_memory(study, kind))]
    spaces = joined(memory, xr.Variable("identities", list(SPLITS)))
    spaces = spaces.drop_vars("decodable")
    return between.assign(executive_by_task=behaviour.drop_attrs()).assign(spaces.data_vars)


def novel_memory(study: Study, kind: Kind) -> xr.Dataset:
    """Memory spaces of novel identities, with decoders fitted to them; as ``memory_of``.

    Of tasks that ask for identity, the values are the novel identities themselves.
    """
    config = study.config.analysis.changed(permutations=0, bootstrap=0)

    def compute(seed: int) -> xr.Dataset:
        with study.recording(kind, seed, split=SPLITS["novel"]) as recording:
            found = memory_spaces(recording, config, asked_only=True, n_jobs=study.n_jobs)
        return by_task(found, kind.regime)

    return study.measured("memory-novel", kind, compute)


def between_splits(study: Study, kind: Kind) -> xr.Dataset:
    """Decoders of each item while it is shown, fitted and tested on either kind of identities."""

    def compute(seed: int) -> xr.Dataset:
        with (
            study.recording(kind, seed, split=SPLITS["trained"]) as trained,
            study.recording(kind, seed, split=SPLITS["novel"]) as novel,
        ):
            return measure_splits(trained, novel, study.config.analysis, n_jobs=study.n_jobs)

    return study.measured("transfer-novel", kind, compute)


def measure_splits(
    trained: xr.Dataset, novel: xr.Dataset, config: AnalysisConfig, *, n_jobs: int | None = None
) -> xr.Dataset:
    """Decode items at E(S,S) within and across recordings of trained and novel identities.

    Parameters
    ----------
    trained, novel : xarray.Dataset
        Aligned recordings of one subject, with the same tasks and units.
    config : AnalysisConfig
        How; permutations and resamples are not made.
    n_jobs : int, optional
        Processes.

    Returns
    -------
    xarray.Dataset
        ``accuracy`` (scaling, feature, fitted, tested, task, item, metric) on trials that the
        decoders were not fitted to; items after the first in tasks that ask for the feature.
        scaling "trained": units are z-scored as in the fitted recording, the very same read-out;
        "tested": as in the tested one. NaN where a value has
        too few trials. Coordinates ``asked_feature`` and ``n_back`` (task).
    """
    tasks, n_items = ordered_tasks(trained), trained.sizes["item"]
    plain = config.changed(permutations=0, bootstrap=0)
    names = list(tasks)
    shape = (len(SCALINGS), len(COMMON), 2, 2, len(names), n_items, len(METRICS))
    accuracy = np.full(shape, np.nan)
    for item in range(n_items):
        both = both_splits({"trained": trained, "novel": novel}, item)
        for row, feature in enumerate(COMMON):
            if not decodable(both, feature):
                continue
            # Later items only where they are asked for: decoders take time.
            chosen = [name for name in names if item == 0 or tasks[name][0] == feature]
            found = decode(
                both, feature, tasks=[f"{name}{BETWEEN}{split}" for name in chosen for split in
                SPLITS], config=plain, n_jobs=n_jobs, label=f"{feature}, novel identities",
            )  # fmt: skip
            at = [names.index(name) for name in chosen]
            for way, variable in enumerate(SCALINGS.values()):
                accuracy[way, row, :, :, at, item] = _same_task(found[variable], chosen)
    dims = ("scaling", "feature", "fitted", "tested", "task", "item", "metric")
    return xr.Dataset(
        {"accuracy": (dims, accuracy)},
        coords={
            "scaling": list(SCALINGS), "feature": list(COMMON), "fitted": list(SPLITS),
            "tested": list(SPLITS), "item": np.arange(n_items), "metric": list(METRICS),
            **task_coords(tasks),
        },
    )  # fmt: skip


def _same_task(accuracy: xr.DataArray, names: list[str]) -> np.ndarray:
    """Cells of one task, fitted and tested on either kind: (task, fitted, tested, metric)."""
    cells = [
        accuracy.sel(
            train_task=[f"{task}{BETWEEN}{split}" for split in SPLITS],
            test_task=[f"{task}{BETWEEN}{split}" for split in SPLITS],
        ).transpose("train_task", "test_task", "metric").values
        for task in names
    ]  # fmt: skip
    return np.array(cells)


def both_splits(recordings: dict[str, xr.Dataset], item: int) -> xr.Dataset:
    """One item while it is shown, of two recordings whose tasks count as different ones.

    Parameters
    ----------
    recordings : dict of str to xarray.Dataset
        By what is added to the names of their tasks.
    item : int
        Which, from 0.

    Returns
    -------
    xarray.Dataset
        A recording of one step and item.
    """
    parts = []
    for name, recording in recordings.items():
        step = int(np.flatnonzero(recording["shown_item"].values == item)[0])
        one = recording.isel(time=[step], item=[item]).load()
        one["shown_item"] = one["shown_item"].copy(data=[0])
        task = [f"{task}{BETWEEN}{name}" for task in one["task"].values.astype(str)]
        parts.append(one.assign(task=("trial", task)))
    both = xr.concat(
        parts, "trial", data_vars="minimal", coords="minimal", compat="override",
        combine_attrs="override",
    )  # fmt: skip
    return both.assign_coords(trial=np.arange(both.sizes["trial"]))


def claims(found: xr.Dataset) -> list[Claim]:
    """What is lost of novel identities, what transfers to them, and whether memory works alike."""
    result = []
    for row, architecture in enumerate(found["architecture"].values.tolist()):
        one, name = found.isel(architecture=row), name_of(architecture)
        result += [_behaviour(one, name), *_codes(one, name), *_memory(one, name)]
    return result


def _behaviour(one: xr.Dataset, name: str) -> Claim:
    right = one["executive_by_task"]
    lost = right.sel(split=SPLITS["trained"]) - right.sel(split=SPLITS["novel"])
    asked = one["asked_feature"]
    by_feature = {f: lost.where(asked == f).mean("task") for f in FEATURES}
    objects = lost.where(asked != "location").mean("task")
    parts = ", ".join(f"{feature} {told(values)}" for feature, values in by_feature.items())
    return Claim(
        f"{name}: what is lost with novel identities is lost where objects are asked for",
        "accuracy at match / non-match steps on novel view angles of trained identities minus that "
        "on novel identities, in tasks that ask for identity or category minus that in tasks that "
        "ask for location",
        (objects - by_feature["location"]).values, at_least=0.0,
        note=f"{EXPLORATORY} Bound: no difference. Lost by asked feature: {parts}.",
    )  # fmt: skip


def _codes(one: xr.Dataset, name: str) -> list[Claim]:
    """Claims on decoders of items that are shown."""
    accuracy = one["accuracy"].sel(scaling="trained")
    asked = accuracy.where(accuracy["feature"] == one["asked_feature"]).mean("task")
    first = asked.isel(item=0)
    every = accuracy.isel(item=0).mean("task").sel(feature="category")
    category, location = first.sel(feature="category"), first.sel(feature="location")
    category_everywhere = asked.sel(feature="category").mean("item")
    to_novel = {"fitted": "trained", "tested": "novel"}
    own = {"fitted": "novel", "tested": "novel"}
    here = {"fitted": "trained", "tested": "trained"}
    what = "E(1,1), tasks that ask for category: "
    few = (
        "With one novel identity a category, telling categories apart and telling identities apart "
        "are the same, so decoders fitted to novel identities need no code of category. "
        if one.attrs.get("identities_a_category") == 1
        else ""
    )
    return [
        Claim(
            f"{name}: category transfers from trained to novel identities",
            f"{what}decoders fitted to trained identities, tested on novel ones ({METRIC_NOTE})",
            balanced(category.sel(to_novel)), at_least=TRANSFERS,
            note=f"{EXPLORATORY} Bound: half way from chance to perfect. Mean over all tasks: "
            f"{told(balanced(every.sel(to_novel)))}. All items, E(S,S): "
            f"{told(balanced(category_everywhere.sel(to_novel)))}.",
        ),
        Claim(
            f"{name}: category is read out less well of novel than of trained identities",
            f"{what}decoders fitted to trained identities, accuracy on trained (held-out trials) "
            f"minus accuracy on novel ones ({METRIC_NOTE})",
            balanced(category.sel(here) - category.sel(to_novel)), at_least=0.0,
            note=f"{EXPLORATORY} Bound: no difference.",
        ),
        Claim(
            f"{name}: novel identities can be told apart by category once decoders know them",
            f"{what}decoders fitted to novel identities, held-out trials ({METRIC_NOTE})",
            balanced(category.sel(own)), at_least=KEPT,
            note=f"{EXPLORATORY} Bound: {KEPT:.2f}, what the paper calls kept. {few}Where this "
            "holds and transfer is worse, novel identities are coded, but not where the trained "
            "ones of their category are.",
        ),
        Claim(
            f"{name}: location transfers from trained to novel identities",
            "E(1,1), tasks that ask for location: decoders fitted to trained identities, tested on "
            f"novel ones ({METRIC_NOTE})",
            balanced(location.sel(to_novel)), at_least=LOCATION,
            note=f"{EXPLORATORY} Bound: {LOCATION:.2f}. A control: where an object is has nothing "
            "to do with what it is.",
        ),
    ]  # fmt: skip


def _memory(one: xr.Dataset, name: str) -> list[Claim]:
    """Claims on memory spaces of novel identities."""
    novel, trained = one.sel(identities="novel"), one.sel(identities="trained")
    over = "mean over memory spaces in use, then tasks"
    of_trained = "Of trained identities:"
    return [
        Claim(
            f"{name}: memory of novel identities is not held in the code of encoding either",
            f"novel identities: accuracy of decoders of E(S,S) in E(S,S) minus that in M(S,T), "
            f"{over} ({METRIC_NOTE})",
            balanced(novel["encoding"] - novel["encoding_to_memory"]), at_least=DROP,
            note=f"{EXPLORATORY} Bound: {DROP:.2f}, as in figure 4c. {of_trained} "
            f"{told(balanced(trained['encoding'] - trained['encoding_to_memory']))}.",
        ),
        Claim(
            f"{name}: decoders of novel identities stay accurate with the rotation of another item",
            f"novel identities: accuracy with R(S+k,T+k) in place of R(S,T), mean over k, {over} "
            f"({METRIC_NOTE})",
            balanced(novel["other_item"]), at_least=HIGH,
            note=f"{EXPLORATORY} Bound: {HIGH:.2f}, as in figure 4g. {of_trained} "
            f"{told(balanced(trained['other_item']))}.",
        ),
        Claim(
            f"{name}: rotations of novel identities are shared by items rather than by times",
            "novel identities: accuracy with R(S+k,T+k) minus accuracy with R(S,T-1) or R(S,T+1), "
            f"within a memory space, {over} ({METRIC_NOTE})",
            balanced(novel["item_over_time"]), at_least=0.0,
            note=f"{EXPLORATORY} Bound: no difference. {of_trained} "
            f"{told(balanced(trained['item_over_time']))}.",
        ),
    ]  # fmt: skip


FIGURE = Figure(
    name="novel_identities",
    title="Geometry of identities that were never trained",
    caption="Networks that learned all nine tasks, a row an architecture. Left: accuracy at match "
    "/ non-match steps by the asked feature, on trained and novel view angles of trained "
    "identities, "
    "and on novel identities of the same categories. Middle: decoders of E(S,S) fitted to trained "
    "or novel identities and tested on either, always on trials that they were not fitted to, in "
    "tasks that ask for the feature, mean over items. The very same read-out, z-scored as where it "
    "was fitted. Right: memory spaces of trained (filled) and novel (open) identities, decoders "
    "fitted to each; where tasks ask for identity, novel identities are the values. Points and "
    "lines: mean and 95 % interval over subjects; small points: subjects. One-vs-rest balanced "
    "accuracy, chance .5 (dashed).",
    kinds=kinds,
    measure=measure,
    claims=claims,
    draw=novel_figure,
)
