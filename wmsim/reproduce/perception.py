"""The table of section 3: what can be decoded from the encoder."""

from __future__ import annotations

import xarray as xr

from wmsim.figures.paper_perception import perception_figure
from wmsim.pipeline import perceptual_decodability
from wmsim.reproduce.claims import Claim
from wmsim.reproduce.config import ReproduceConfig
from wmsim.reproduce.figure import Figure
from wmsim.reproduce.kinds import Kind
from wmsim.reproduce.study import Study

# As far as the paper says: 2 folds over frames, so that a picture may be in training elsewhere.
PAPERS = "trained views, folds over frames"
STRICT = "trained views, folds over pictures"
BOUND = 0.95


def kinds(config: ReproduceConfig) -> list[Kind]:
    """None: the encoder is not trained."""
    return []


def measure(study: Study) -> xr.Dataset:
    """Accuracies (feature, evaluation, metric) with intervals over pictures."""
    return study.once("perception", lambda: perceptual_decodability(*study.perception()))


def claims(found: xr.Dataset) -> list[Claim]:
    """Every feature is decodable, as the paper counts it and where test pictures are new."""
    result = []
    for feature in found["feature"].values.tolist():
        paper = float(found["paper"].sel(feature=feature))
        for evaluation, words in ((PAPERS, "2 folds over frames"),
                                  (STRICT, "2 folds over pictures, ours")):  # fmt: skip
            one = found.sel(feature=feature, evaluation=evaluation, metric="multiclass")
            result.append(
                Claim(
                    f"The encoder tells {feature} ({words}; section 3)",
                    "multiclass accuracy of linear decoders of the encoder's map on held-out "
                    "frames of trained view angles",
                    [float(one["accuracy"])],
                    at_least=BOUND,
                    paper=f"{100 * paper:.2f} %",
                    note=f"The bound, {BOUND}, is ours. The interval is over pictures.",
                    interval=(float(one["low"]), float(one["high"])),
                    over="pictures",
                )
            )
    return result


FIGURE = Figure(
    name="perception",
    title="What can be decoded from the encoder",
    caption="Multiclass accuracy of decoders of the encoder's map; lines: 95 % interval over "
    "pictures; grey ticks: chance under permuted labels; stars: the paper's numbers (ResNet50, 2 "
    "folds). Folds over frames let a picture be in training at another place; folds over pictures "
    "do not.",
    kinds=kinds,
    measure=measure,
    claims=claims,
    draw=perception_figure,
)
