"""Figure 2b: what is kept of features that a task asks for, and of those that it does not."""

from __future__ import annotations

from collections.abc import Iterator

import xarray as xr

from wmsim.figures.paper_validation import validation_figure
from wmsim.reproduce.claims import Claim
from wmsim.reproduce.config import ReproduceConfig
from wmsim.reproduce.figure import Figure
from wmsim.reproduce.kinds import Kind
from wmsim.reproduce.study import Study
from wmsim.reproduce.transfer import transfer
from wmsim.reproduce.validation import (
    FULLY,
    KEPT,
    MORE,
    NESTED,
    OURS,
    cell_mean,
    irrelevant,
    kept_claims,
    mean_claim,
    relevant,
    validation_rows,
)
from wmsim.tasks import FEATURES

WHERE = "section 4.1, figure 2b"


def kinds_by_regime(config: ReproduceConfig) -> Iterator[tuple[str, Kind]]:
    """GRUs of every regime."""
    for feature in FEATURES:
        for n in config.single_n:
            yield "STSF", Kind(architecture="gru", regime=f"{n}-back-{feature}")
    for n in config.multi_n:
        yield "STMF", Kind(architecture="gru", regime=f"STMF-{n}")
    yield "MTMF", Kind(architecture="gru")


def kinds(config: ReproduceConfig) -> list[Kind]:
    """All GRUs, whatever their regime."""
    return [kind for _, kind in kinds_by_regime(config)]


def measure(study: Study) -> xr.Dataset:
    """Accuracy within each task, (subject, row, feature, metric)."""
    return validation_rows(
        [
            (regime, kind, transfer(study, kind))
            for regime, kind in kinds_by_regime(study.config)
        ]
    )  # fmt: skip


def claims(found: xr.Dataset) -> list[Claim]:
    """All regimes keep what is asked for; only those of several features keep the rest."""
    result = _single(found)
    single = cell_mean(found, irrelevant(found, "STSF", free=True))
    for group in ("STMF", "MTMF"):
        several = cell_mean(found, irrelevant(found, group, free=True))
        result += kept_claims(found, group, f"GRU, {group}", WHERE)
        result.append(
            mean_claim(
                f"GRU: {group} networks keep features that are not asked for better than STSF "
                f"networks do ({WHERE})",
                f"E(1,1), held-out pictures, features that neither are asked for nor follow from "
                f"what is: {group} minus STSF of the same seed",
                several - single,
                at_least=MORE,
                note=OURS,
            )
        )
    return result


def _single(found: xr.Dataset) -> list[Claim]:
    return [
        mean_claim(
            f"GRU, STSF: the asked feature can be read out in full ({WHERE})",
            "E(1,1), held-out pictures, asked feature, mean over networks of one seed",
            cell_mean(found, relevant(found, "STSF")), at_least=FULLY, paper="full", note=OURS,
        ),
        mean_claim(
            f"GRU, STSF: features that are not asked for are kept poorly ({WHERE})",
            "E(1,1), new pictures, other features, mean over networks of one seed and features",
            cell_mean(found, irrelevant(found, "STSF")), at_most=KEPT,
            note=f"The bound is what the paper has of networks that keep them well. {NESTED}",
        ),
        mean_claim(
            f"GRU, STSF: so are those that the asked one tells nothing about ({WHERE})",
            "E(1,1), new pictures, location where an object's feature is asked for and object's "
            "features where location is; mean over networks of one seed and features",
            cell_mean(found, irrelevant(found, "STSF", free=True)), at_most=KEPT,
            note="A fairer reading of the claim before: nested features left out.",
        ),
    ]  # fmt: skip


FIGURE = Figure(
    name="fig2b",
    title="Features that are asked for, and features that are not",
    caption="GRUs trained on one task (STSF), one n and three features (STMF), or nine tasks "
    "(MTMF). Tables: accuracy of decoders fitted and tested at E(1,1), the first item while it is "
    "shown, on held-out pictures of novel view angles; mean over subjects. A row is a task of a "
    "network (lines separate networks), a column what is decoded (L: "
    "location, I: identity, C: category). Framed: the feature that the "
    "task asks for. Star: a feature that follows from it, or it from that one. Right: mean over "
    "cells; small points are subjects, large points and bars mean and 95 % interval over subjects; "
    "one-vs-rest balanced accuracy, chance .5.",
    kinds=kinds,
    measure=measure,
    claims=claims,
    draw=validation_figure,
)
