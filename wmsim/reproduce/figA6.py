"""Figure A6: does it hold on textures, with 1- to 4-back tasks, with more objects?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import xarray as xr

from wmsim.figures.paper_variants import variants_figure
from wmsim.reproduce.claims import Claim
from wmsim.reproduce.config import ReproduceConfig
from wmsim.reproduce.fig4g import measure_swaps
from wmsim.reproduce.figure import Figure
from wmsim.reproduce.kinds import Kind
from wmsim.reproduce.memory import METRIC_NOTE, OURS, joined, name_of, same_tasks
from wmsim.reproduce.study import Study
from wmsim.reproduce.swaps import swap_claims, swap_summary
from wmsim.reproduce.transfer import other_tasks, own_task, transfer
from wmsim.tasks import regime_tasks

VARIANTS = {
    "textures": "textured backgrounds",
    "four_back": "1- to 4-back",
    "larger": "8 categories × 4 identities",
}
WHERE = "section 4.3, figure A6"


def kind_of(variant: str, architecture: Any) -> Kind:
    """Subjects of a variant."""
    if variant == "four_back":
        return Kind(architecture=architecture, regime="MTMF-4")
    chosen: Any = variant
    return Kind(architecture=architecture, regime="MTMF", variant=chosen)


def kinds(config: ReproduceConfig) -> list[Kind]:
    """All variants of some architectures."""
    return [kind_of(v, name) for v in VARIANTS for name in config.variant_architectures]


def measure(study: Study) -> xr.Dataset:
    """Accuracy, swaps and transfer between tasks, dims (variant, architecture, subject, ...)."""
    names = study.config.variant_architectures
    swaps = [measure_swaps(study, [kind_of(v, name) for name in names]) for v in VARIANTS]
    along = xr.Variable("variant", list(VARIANTS))
    found = joined(same_tasks(swaps), along)
    rest = [
        joined(
            [_of_kind(study, kind_of(v, name)) for name in names], found["architecture"].variable
        )
        for v in VARIANTS
    ]
    found = found.assign(joined(rest, along))
    frames = study.example_frames("textures", n=3)
    return found.assign(frames=(("frame", "row", "column", "colour"), frames))


def _of_kind(study: Study, kind: Kind) -> xr.Dataset:
    """Behaviour, and accuracy of decoders of E(1,1) within and across tasks."""
    behaviour = study.behaviour(kind).sel(split="novel_angle", drop=True)
    between = transfer(study, kind)
    across = other_tasks(between).sel(scaling="trained", drop=True)
    return xr.Dataset(
        {
            "accuracy": behaviour["accuracy"],
            "executive_accuracy": behaviour["executive_accuracy"],
            "within_task": own_task(between).mean("task"),
            "across_tasks": across.mean("task"),
        }
    ).rename(feature="decoded")


def claims(found: xr.Dataset) -> list[Claim]:
    """Variants are learned, and show the same pattern."""
    result = []
    for variant, words in VARIANTS.items():
        one = found.sel(variant=variant)
        for architecture in found["architecture"].values.tolist():
            who = f"{name_of(architecture)}, {words}"
            result.append(_learned(one.sel(architecture=architecture), who))
            result += _rotations(one.sel(architecture=architecture), variant, architecture, who)
        result += _shared(one, words)
    return result


def _rotations(one: xr.Dataset, variant: str, architecture: str, who: str) -> list[Claim]:
    """What figure 4g says, and which tasks had too few trials for it."""
    tested = one["reconstructed"].notnull().any(("subject", "item", "step", "metric")).values
    there = one["task"].values[tested].tolist()
    wanted = [task.name for task in regime_tasks(kind_of(variant, architecture).regime)]
    lacking = [name for name in wanted if name not in there]
    told = f" Left out, too few trials a value: {', '.join(lacking)}." if lacking else ""
    found = swap_claims(one.isel(task=tested), who, WHERE, control=False, by_n=False)
    return [replace(claim, note=claim.note + told) for claim in found]


def _learned(one: xr.Dataset, who: str) -> Claim:
    executive = float(one["executive_accuracy"].mean())
    return Claim(
        f"{who}: generalises to novel view angles ({WHERE})",
        "share of correct actions over all steps, novel view angles",
        one["accuracy"].values, at_least=0.90, paper="> .90",
        note=f"At match / non-match steps only: {executive:.3f}.",
    )  # fmt: skip


def _shared(one: xr.Dataset, words: str) -> list[Claim]:
    """Decoders transfer between tasks better in vanilla networks than in gated ones."""
    names = one["architecture"].values.tolist()
    gated = [name for name in names if name in ("gru", "lstm")]
    if "rnn" not in names:
        return []
    across = one["across_tasks"].sel(metric="balanced").mean("decoded")
    return [
        Claim(
            f"{words}: decoders transfer better between tasks in the vanilla RNN than in the "
            f"{name_of(name)} ({WHERE})",
            "E(1,1): accuracy in tasks that ask for another feature, vanilla RNN minus "
            f"{name_of(name)} of the same seed, mean over tasks and features ({METRIC_NOTE})",
            (across.sel(architecture="rnn") - across.sel(architecture=name)).values,
            at_least=0.0, note=OURS,
        )
        for name in gated
    ]  # fmt: skip


def _draw(found: xr.Dataset, path_stem: Path) -> list[Path]:
    summary = xr.concat(
        [swap_summary(found.sel(variant=name)) for name in VARIANTS],
        found["variant"].variable,
        coords="minimal",
        compat="override",
    )
    return variants_figure(found, summary, VARIANTS, path_stem)


FIGURE = Figure(
    name="figA6",
    title="Textures, 1- to 4-back tasks, and a larger set of objects",
    caption="a) Three frames with textured backgrounds. b) Accuracy on novel view angles (filled: "
    "all steps, open: match / non-match steps; dashed: .90). c) Rotations swapped: left, 4-back "
    "tasks of networks that learned 1- to 4-back tasks; right, all tasks of each variant. Open: a "
    "step at which the item is no longer of use. d) Decoders of E(1,1) within their task and in "
    "tasks that ask for another feature. Points and lines: mean and 95 % interval over subjects, "
    "small points: subjects; one-vs-rest balanced accuracy, chance .5 (dashed in c and d).",
    kinds=kinds,
    measure=measure,
    claims=claims,
    draw=_draw,
)
