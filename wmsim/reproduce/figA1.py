"""Figure A1: learning, and accuracy against the number of parameters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from wmsim.figures.paper_behaviour import behaviour_figure
from wmsim.models import PAPER_UNITS
from wmsim.reproduce.claims import Claim
from wmsim.reproduce.config import ReproduceConfig
from wmsim.reproduce.figure import Figure
from wmsim.reproduce.kinds import Kind
from wmsim.reproduce.study import Study

WORDS = {"rnn": "vanilla RNN", "gru": "GRU", "lstm": "LSTM"}
SPLIT_WORDS = {
    "train": "trained view angles",
    "novel_angle": "novel view angles",
    "novel_identity": "novel identities",
}
OURS = "The bound is ours: the paper prints none."


def kinds(config: ReproduceConfig) -> list[Kind]:
    """Every architecture in every size, on all tasks."""
    return [
        Kind(architecture=architecture, units=units)
        for architecture in config.architectures
        for units in sorted({*config.sizes.get(architecture, ()), PAPER_UNITS[architecture]})
    ]


def measure(study: Study) -> xr.Dataset:
    """Accuracy, learning and parameters, dims (kind, subject, ...)."""
    chosen = kinds(study.config)
    parts = [study.behaviour(kind) for kind in chosen]
    return xr.concat(
        parts,
        xr.Variable("kind", [kind.name for kind in chosen]),
        data_vars="all",
        join="outer",
        combine_attrs="override",
    ).assign_coords(
        architecture=("kind", [kind.architecture for kind in chosen]),
        units=("kind", [kind.size for kind in chosen]),
    )


def claims(found: xr.Dataset) -> list[Claim]:
    """Networks learn and generalise; more parameters, better; gates help."""
    result = []
    for architecture in np.unique(found["architecture"].values).tolist():
        result += _of_architecture(found, architecture)
    return [*result, *_of_size(found)]


def _of_architecture(found: xr.Dataset, architecture: str) -> list[Claim]:
    """Claims about one architecture in the paper's size."""
    own = (found["architecture"] == architecture) & (found["units"] == PAPER_UNITS[architecture])
    one = found.isel(kind=int(np.flatnonzero(own)[0]))
    name = WORDS.get(architecture, architecture)
    every, executive = one["accuracy"], one["executive_accuracy"]
    where = "section 4, figure A1"
    result = [
        Claim(
            f"{name}: learns its nine tasks ({where})",
            "share of correct actions over all steps, trained view angles",
            every.sel(split="train").values, at_least=0.95, paper="> .95",
        ),
        Claim(
            f"{name}: generalises to novel view angles ({where})",
            "share of correct actions over all steps, novel view angles",
            every.sel(split="novel_angle").values, at_least=0.90, paper="> .90",
        ),
        Claim(
            f"{name}: generalises to novel view angles, counting match / non-match steps only "
            f"({where})",
            "share of correct actions at steps that call for match or non-match, novel view angles",
            executive.sel(split="novel_angle").values, at_least=0.90, paper="> .90",
            note="A stricter reading: the paper does not say if steps without an action count.",
        ),
    ]  # fmt: skip
    if "novel_identity" in found["split"].values:
        loss = every.sel(split="novel_angle") - every.sel(split="novel_identity")
        result.append(
            Claim(
                f"{name}: does clearly worse on novel identities ({where})",
                "accuracy on novel view angles minus accuracy on novel identities",
                loss.values,
                at_least=0.05,
                note=OURS,
            )
        )
    return result


def _of_size(found: xr.Dataset) -> list[Claim]:
    """Claims about the number of parameters."""
    accuracy = found["executive_accuracy"].sel(split="novel_angle").values  # (kind, subject)
    parameters = found["parameters"].values.astype(float)[:, 0]
    architecture = found["architecture"].values
    what = "accuracy at match / non-match steps, novel view angles"
    rises, gated = [], []
    for name in np.unique(architecture):
        rows = np.flatnonzero(architecture == name)
        rows = rows[np.argsort(parameters[rows])]
        if rows.size > 1:
            rises.append(accuracy[rows[-1]] - accuracy[rows[0]])
    plain = np.flatnonzero(architecture == "rnn")
    plain = plain[np.argsort(parameters[plain])]
    for row in np.flatnonzero(architecture != "rnn"):
        inside = plain.size > 1 and (
            parameters[plain[0]] <= parameters[row] <= parameters[plain[-1]]
        )
        if inside:
            gated.append(accuracy[row] - _at(parameters[row], parameters[plain], accuracy[plain]))
    result = []
    if rises:
        result.append(
            Claim(
                "More parameters, more accurate (section 4, figure A1c)",
                f"{what}: largest minus smallest network, mean over architectures",
                np.mean(rises, axis=0),
                at_least=0.0,
                note=OURS,
            )
        )
    if gated:
        result.append(
            Claim(
                "With as many parameters, the vanilla RNN is less accurate than gated networks "
                "(section 4, figure A1c)",
                f"{what}: gated minus vanilla, the latter interpolated to the same number of "
                f"parameters (linear in its logarithm), mean over {len(gated)} gated networks",
                np.mean(gated, axis=0),
                at_least=0.0,
                note=OURS,
            )
        )
    return result


def _at(wanted: float, parameters: np.ndarray, accuracy: np.ndarray) -> np.ndarray:
    """Accuracy of each subject at a number of parameters, linear in its logarithm."""
    columns: Sequence[np.ndarray] = list(accuracy.T)
    return np.array([np.interp(np.log(wanted), np.log(parameters), one) for one in columns])


FIGURE = Figure(
    name="figA1",
    title="Learning, and accuracy against the number of parameters",
    caption="Left: accuracy over all steps on fresh trials during training, one line a subject in "
    "the paper's sizes. Right: accuracy against the number of trained parameters, on trained view "
    "angles, novel view angles and novel identities; points and lines: mean and 95 % interval over "
    "subjects.",
    kinds=kinds,
    measure=measure,
    claims=claims,
    draw=behaviour_figure,
)
