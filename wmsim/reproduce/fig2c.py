"""Figure 2c: codes of features, shared by tasks or their own?"""

from __future__ import annotations

import xarray as xr

from wmsim.figures.intervals import ARCHITECTURES
from wmsim.figures.paper_transfer import within_across_figure
from wmsim.reproduce.claims import Claim
from wmsim.reproduce.config import ReproduceConfig
from wmsim.reproduce.figure import Figure
from wmsim.reproduce.kinds import Kind
from wmsim.reproduce.study import Study
from wmsim.reproduce.transfer import networks, other_tasks, own_task, transfer
from wmsim.reproduce.validation import MORE, OURS, mean_claim

GATED = ("gru", "lstm")
WHERE = "section 4.1, figure 2c"
# What is lost between tasks with codes of their own, and with a shared one.
SPECIFIC, SHARED = 0.10, 0.05
LOSS = (
    "E(1,1): accuracy on held-out pictures of the same task minus accuracy in tasks that ask for "
    "another feature, mean over tasks and features"
)
BASELINES = (
    "Not in the paper. Units are z-scored with training trials of the tested task, so that "
    "baselines and gains that differ between tasks do not count: what is left is a code of "
    "another direction. Where this does not hold but the claim on the very same read-out does, "
    "tasks share a subspace and differ in where in it they are. The bound is ours."
)


def kinds(config: ReproduceConfig) -> list[Kind]:
    """Networks of all nine tasks, of all architectures."""
    return [Kind(architecture=architecture) for architecture in config.architectures]


def measure(study: Study) -> xr.Dataset:
    """Accuracy in the same task and in others, by the task and feature of the decoder.

    Returns
    -------
    xarray.Dataset
        ``within`` (network, subject, feature, task, metric); ``across`` (tasks that ask for
        another feature) and ``other_n`` (tasks that ask for the same one) have ``scaling`` too.
    """
    found = networks({kind.architecture: transfer(study, kind) for kind in kinds(study.config)})
    return xr.Dataset(
        {
            "within": own_task(found),
            "across": other_tasks(found),
            "other_n": other_tasks(found, same_feature=True),
        }
    )


def claims(found: xr.Dataset) -> list[Claim]:
    """Gated networks have codes of their own for each task, vanilla ones share them."""
    over = ("task", "feature")
    within, across = found["within"].mean(over), found["across"].mean(over)
    there = found["network"].values.tolist()
    result = []
    for name in (one for one in there if one in (*GATED, "rnn")):
        lost = (within - across.sel(scaling="trained")).sel(network=name)
        gated = name in GATED
        text = "are encoded task by task" if gated else "are encoded alike in all tasks"
        result.append(
            mean_claim(
                f"{ARCHITECTURES[name]}: features {text} ({WHERE})",
                LOSS,
                lost,
                at_least=SPECIFIC if gated else None,
                at_most=None if gated else SHARED,
                note=OURS,
            )
        )
    for name in (one for one in GATED if one in there and "rnn" in there):
        gain = across.sel(network="rnn") - across.sel(network=name)
        result.append(
            mean_claim(
                f"Decoders transfer better between tasks in the vanilla RNN than in the "
                f"{ARCHITECTURES[name]} ({WHERE})",
                "E(1,1): accuracy in tasks that ask for another feature, vanilla RNN minus "
                f"{ARCHITECTURES[name]} of the same seed",
                gain.sel(scaling="trained"),
                at_least=MORE,
                note=OURS,
            )
        )
    for name in (one for one in GATED if one in there):
        lost = (within - across.sel(scaling="tested")).sel(network=name)
        result.append(
            mean_claim(
                f"{ARCHITECTURES[name]}: features are encoded in other directions in each task "
                "(section 4.1 speaks of task-specific subspaces)",
                f"{LOSS}; each task z-scored on its own",
                lost,
                at_least=SPECIFIC,
                note=BASELINES,
            )
        )
    return result


FIGURE = Figure(
    name="fig2c",
    title="Decoders within their task and across tasks",
    caption="Accuracy of decoders of the first item while it is shown, E(1,1), on new pictures "
    "of the task that they were fitted in, in tasks that ask for another feature, and (not in the "
    "paper) in tasks of other n that ask for the same one. Boxes: tasks "
    "and decoded features (mean over subjects; quartiles, whiskers to the extremes). Small points: "
    "subjects; large points and bars: mean and 95 % interval over subjects. Left, as in the paper: "
    "the very same read-out in every task. Right: units z-scored in the tested task, so that "
    "baselines and gains that differ between tasks do not count. One-vs-rest balanced accuracy.",
    kinds=kinds,
    measure=measure,
    claims=claims,
    draw=within_across_figure,
)
