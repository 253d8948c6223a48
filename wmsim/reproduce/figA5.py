"""Figure A5: what can be read out of each item at each step."""

from __future__ import annotations

import xarray as xr

from wmsim.figures.intervals import ARCHITECTURES
from wmsim.figures.paper_within_time import within_time_figure
from wmsim.reproduce.claims import Claim
from wmsim.reproduce.config import ReproduceConfig
from wmsim.reproduce.figure import Figure
from wmsim.reproduce.kinds import Kind
from wmsim.reproduce.study import Study
from wmsim.reproduce.transfer import networks
from wmsim.reproduce.validation import FULLY, KEPT, MORE, NESTED, OURS, mean_claim
from wmsim.reproduce.within_time import within_time

WHERE = "figure A5"


def kinds(config: ReproduceConfig) -> list[Kind]:
    """Networks of all nine tasks, of all architectures; the paper shows a GRU."""
    return [Kind(architecture=architecture) for architecture in config.architectures]


def measure(study: Study) -> xr.Dataset:
    """Accuracy of features that are asked for and of others, by n.

    Returns
    -------
    xarray.Dataset
        ``accuracy`` (network, subject, relevance, n, item, step, metric): mean over tasks of the
        same n and over features. Relevance "relevant" is the feature that the task asks for,
        "irrelevant" any other, "free" any other that neither follows from the asked one nor the
        asked one from it. Each feature counts alike in all of them where it is in all.
    """
    found = networks({one.architecture: within_time(study, one) for one in kinds(study.config)})
    asked = found["feature"] == found["asked_feature"]
    chosen = {"relevant": asked, "irrelevant": ~asked, "free": ~asked & ~found["nested"]}
    parts = []
    for cells in chosen.values():
        by_feature = found["accuracy"].where(cells).groupby("n_back").mean("task")
        parts.append(by_feature.mean("feature"))
    along = xr.Variable("relevance", list(chosen))
    accuracy = xr.concat(parts, along).rename(n_back="n").transpose(
        "network", "subject", "relevance", "n", "item", "step", "metric"
    )  # fmt: skip
    return xr.Dataset({"accuracy": accuracy})


def claims(found: xr.Dataset) -> list[Claim]:
    """All is there while an item is shown; what is asked for is remembered better."""
    result = []
    encoded = found["accuracy"].where(found["age"] == 0).mean(("n", "item", "step"))
    used = (found["age"] > 0) & (found["age"] <= found["n"])
    remembered = found["accuracy"].where(used).mean(("n", "item", "step"))
    for network in found["network"].values.tolist():
        now, later = encoded.sel(network=network), remembered.sel(network=network)
        result += _of_network(ARCHITECTURES.get(network, network), now, later)
    return result


def _of_network(name: str, now: xr.DataArray, later: xr.DataArray) -> list[Claim]:
    gained = later - later.sel(relevance="irrelevant")
    free = later.sel(relevance="relevant") - later.sel(relevance="free")
    strict = float(free.sel(metric="balanced").mean())
    return [
        mean_claim(
            f"{name}: the asked feature of each item can be read out while it is shown ({WHERE})",
            "decoders fitted and tested at E(S,S), held-out trials, mean over S and tasks",
            now.sel(relevance="relevant"), at_least=FULLY, note=OURS,
        ),
        mean_claim(
            f"{name}: so can the other features ({WHERE})",
            "decoders fitted and tested at E(S,S), held-out trials, features that are not asked "
            "for, mean over S, tasks and features",
            now.sel(relevance="irrelevant"), at_least=KEPT,
            note=f"The bound is that of section 4.1 for E(1,1). {NESTED}",
        ),
        mean_claim(
            f"{name}: the asked feature is remembered better than the others ({WHERE})",
            "decoders fitted and tested at M(S,T), T - S from 1 to n, held-out trials: asked "
            "feature minus the same features in tasks of the same n that do not ask for them",
            gained.sel(relevance="relevant"), at_least=MORE,
            note=f"{OURS} Nested features left out, the difference is {strict:.3f}.",
        ),
    ]  # fmt: skip


FIGURE = Figure(
    name="figA5",
    title="Decoders fitted and tested at the same step",
    caption="Accuracy of decoders of item S fitted and tested at step T, in networks of all nine "
    "tasks, by n; mean over tasks, features and subjects. Left: features that the task asks for; "
    "middle: features that it does not ask for. An item is compared with the one n steps later "
    "(outlined: steps at which it is of use). Right: the same against the steps since the item "
    "was shown, mean over items; thin lines are subjects, thick ones and bars mean and 95 % "
    "interval over subjects; dotted: features that are not asked for and do not follow from the "
    "asked one, nor it from them. The first network of the paper's figure, the GRU, in tables; "
    "the others in lines. One-vs-rest balanced accuracy, held-out trials.",
    kinds=kinds,
    measure=measure,
    claims=claims,
    draw=within_time_figure,
)
