"""The methods paragraph of a comparison, with its actual numbers, ready to paste."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import xarray as xr

from wmsim.compare.config import CompareConfig
from wmsim.compare.scoring import FEW_RESAMPLES
from wmsim.compare.variances import BRAINS, CROSSED, STIMULI
from wmsim.report.compare_controls import MEANING
from wmsim.report.compare_roles import MODEL, Cast

HOW = {
    "rsa": "RSA: the Pearson correlation of representational dissimilarity matrices of squared "
    "distances without noise's share (crossnobis distances; Walther et al. 2016).",
    "tensor": "Generalisation tensor: the cosine, over pairs of states (item at step), of inner "
    "products between the brain's codes with those that it would have if its codes transferred "
    "from one state to the other as the model's do.",
    "cka": "CKA: debiased centred kernel alignment (Kornblith et al. 2019; Song et al. 2012; "
    "Murphy et al. 2024).",
    "shape": "Shape: the cosine of the brain's codes with the model's after a rotation "
    "(Procrustes; Williams et al. 2021) fitted to other conditions, in a common dimension.",
    "cca": "CCA: the mean canonical correlation (Hotelling 1936) in a common dimension, fitted to "
    "other conditions than it was computed on.",
    "ridge": "Ridge: codes of the brain's units predicted from the model's by ridge regression "
    "that was fitted to the other half of trials and to other values, corrected by split-half "
    "reliability.",
    "pls": "PLS: the same by partial least squares.",
    "orthogonalisation": "Orthogonalisation: 1 less the difference between the orthogonality "
    "indices of the codes of model and brain, as a share of the largest one.",
    "swaps": "Swaps: 1 less the difference in how well rotations from encoding to memory carry "
    "over to other items and times.",
    "cross_task": "Transfer between tasks: the correlation, over pairs of tasks, of how far codes "
    "transfer from one to the other in the model and in the brain.",
    "verdict": "Verdicts: how far the probabilities of accounts of memory that recordings of known "
    "truth give to model and brain agree (synthetic likelihoods; Wood 2010).",
}


def methods(
    comparison: xr.Dataset, ranking: xr.Dataset, config: CompareConfig, cast: Cast,
    libraries: dict[str, str], inference: dict[str, Any],
) -> str:  # fmt: skip
    """What was done, in words that a paper can take.

    Parameters
    ----------
    comparison : xarray.Dataset
        From :func:`wmsim.compare.run.compare`.
    ranking : xarray.Dataset
        From :func:`wmsim.compare.inference.ranking`.
    config : CompareConfig
        How it was done.
    cast : Cast
        Who took part.
    libraries : dict of str to str
        Versions, of wmsim too.
    inference : dict
        rsatoolbox's own inference.

    Returns
    -------
    str
        Sentences.
    """
    scores = computed_scores(comparison)
    parts = [
        _who(comparison), _trials(comparison), _stand_ins(cast),
        _activity(comparison, config, cast), _codes(comparison, config), _scores(scores),
        _ends(comparison), _inference(comparison, ranking, config, inference),
        [_software(libraries)],
    ]  # fmt: skip
    return " ".join(sentence for part in parts for sentence in part)


def computed_scores(comparison: xr.Dataset) -> list[str]:
    """Scores of which there is any number."""
    there = comparison["value"].notnull().any(["model", "brain", "step"]).values
    return [
        str(one) for one, is_one in zip(comparison["score"].values, there, strict=True) if is_one
    ]


def counted(number: int, one: str, several: str = "") -> str:
    """A number with its noun.

    Examples
    --------
    >>> counted(1, "brain"), counted(3, "brain"), counted(2, "half", "halves")
    ('1 brain', '3 brains', '2 halves')
    """
    return f"{number} {one if number == 1 else several or one + 's'}"


def listed(names: Iterable[object], last: str = "and") -> str:
    """Names as a sentence has them.

    Examples
    --------
    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    words = [str(name) for name in names]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def ranged(values: Iterable[float]) -> str:
    """A number, or the median and the range of several.

    Examples
    --------
    >>> ranged([3, 3]), ranged([90, 120, 300])
    ('3', '120 (90 to 300)')
    """
    known = np.array(list(values))
    if (known == known[0]).all():
        return f"{known[0]:g}"
    return f"{np.median(known):g} ({known.min():g} to {known.max():g})"


def _who(comparison: xr.Dataset) -> list[str]:
    controls = comparison["control"].values.astype(str)
    models = [str(name) for name in comparison["model"].values[controls == ""]]
    n_brains = comparison.sizes["brain"]
    found = [
        f"{counted(len(models), 'model')}{f' ({listed(models)})' if models else ''} "
        f"{'was' if len(models) == 1 else 'were'} compared with {counted(n_brains, 'brain')} "
        f"({_sizes(comparison)})."
    ]
    others = [
        f"{name} ({MEANING.get(control, control)})"
        for name, control in zip(comparison["model"].values, controls, strict=True) if control
    ]  # fmt: skip
    if others:
        plural = len(others) > 1
        found.append(f"Control{'s' * plural} {'were' if plural else 'was'} {listed(others)}.")
    return found


def _sizes(comparison: xr.Dataset) -> str:
    known = comparison.isel(brain=comparison["n_trials"].values > 0)
    if not known.sizes["brain"]:
        return "none of which could be compared"
    names = {"n_trials": "trials", "n_units": "units", "n_items": "items a trial",
             "n_values": "values"}  # fmt: skip
    told = ", ".join(f"{ranged(known[name].values)} {what}" for name, what in names.items())
    return told + ("; median and range over brains" if " to " in told else "")


def _trials(comparison: xr.Dataset) -> list[str]:
    there = comparison["value"].notnull().any(["score", "step"]).values
    matched = comparison["matched"].values[there]
    if not matched.size:
        return []
    if matched.all():
        return ["Models ran the very trials of each brain."]
    if not matched.any():
        return ["Models ran trials of their own; codes were compared, not trials."]
    own = [
        str(name) for name, row, is_there in zip(
            comparison["model"].values, comparison["matched"].values, there, strict=True
        ) if not row[is_there].all()
    ]  # fmt: skip
    return [f"Models ran the very trials of each brain, but for {listed(own)}."]


def twins(cast: Cast) -> list[dict[str, Any]]:
    """What all twins among the files say of themselves."""
    return [one.twin for one in cast.files if one.role == MODEL and one.twin is not None]


def _stand_ins(cast: Cast) -> list[str]:
    told = twins(cast)
    if not told:
        return []
    steps = sorted({float(one["step"]) for one in told if "step" in one})
    delays = sorted({float(one["latency"]) for one in told if "latency" in one})
    errors = [float(one.get("largest_rounding_error", 0)) for one in told]
    found = []
    if steps:
        found.append(
            f"A step of a network stood for {listed(f'{one:g}' for one in steps)} s (times were "
            f"rounded by at most {max(errors):.3g} s), and its activity was written down "
            f"{listed(f'{one:g}' for one in delays) if delays else '0'} s later, when neurons "
            "show what was on display."
        )
    pairs = {
        (str(value), str(name)) for one in told for value, name in one.get("stand_ins", {}).items()
    }
    if pairs:
        objects = listed(sorted({name for _, name in pairs}))
        found.append(
            "The images that brains saw were not at hand; each was stood in for by a rendered "
            f"object, one for each image ({objects})."
        )
    return found


def _activity(comparison: xr.Dataset, config: CompareConfig, cast: Cast) -> list[str]:
    found = []
    steps = [str(step) for step in comparison["step"].values]
    if not all(one.aligned for one in cast.files):
        on, off = config.analysis.window
        later, last = config.analysis.maintenance_window
        told = []
        if any(step.startswith("item") for step in steps):
            told.append(f"from {on:g} to {off:g} s after an item's onset")
        if any(step.startswith("maintenance") for step in steps):
            told.append(f"from {later:g} to {last:g} s after the start of maintenance")
        if told:
            found.append(f"Activity was averaged {listed(told)}.")
    transform = config.analysis.transform
    if transform == "auto" and any(one.units == "spikes/s" for one in cast.files):
        found.append("Of spike rates the square root was taken.")
    if transform == "sqrt":
        found.append("The square root of activity was taken.")
    found.append(
        "Units of brains, and of models with noise, were scaled by the standard deviation of what "
        f"labels leave unexplained; of a model's units, at most {config.units} were drawn."
    )
    return found


def _codes(comparison: xr.Dataset, config: CompareConfig) -> list[str]:
    steps = [str(step) for step in comparison["step"].values if step != "all"]
    often = "once" if config.halvings == 1 else f"{config.halvings} times"
    return [
        "The code of an item at a step is the pattern over units of each of its values, from a "
        "regression of activity on the labels of all items shown by then; the share of noise in "
        "inner products was taken off by leaving each trial out (Kline et al. 2020).",
        f"Codes were compared at {counted(len(steps), 'step')} ({listed(steps)}).",
        f"Trials were divided at random into two halves, {often}: one for the "
        "model and for fitting maps, the other for the brain, and the other way round.",
    ]


def _scores(scores: Sequence[str]) -> list[str]:
    return [f"{counted(len(scores), 'score')} {'was' if len(scores) == 1 else 'were'} computed.",
            *(HOW[score] for score in scores)] if scores else []  # fmt: skip


def _ends(comparison: xr.Dataset) -> list[str]:
    found = []
    if comparison.sizes["shuffle"]:
        found.append(
            "The floor is the score of the same model with its labels dealt out anew over trials "
            f"({counted(comparison.sizes['shuffle'], 'shuffle')})."
        )
    if "verdict" in computed_scores(comparison):
        found.append(
            "The floor of verdicts is the agreement of a model to which all accounts are equally "
            "probable."
        )
    found.append(
        "The ceiling is the score of the brain's other half of trials in the model's place; half "
        "of the trials makes it lower than the reliability of all of them."
    )
    return found


def _inference(
    comparison: xr.Dataset, ranking: xr.Dataset, config: CompareConfig, inference: dict[str, Any]
) -> list[str]:
    n_resamples, level = comparison.sizes["resample"], f"{100 * config.level:g}%"
    used = set(ranking["over"].values.ravel().tolist())
    found = []
    if n_resamples:
        told = f"Stimuli were resampled with replacement {n_resamples} times"
        few = "swaps" in computed_scores(comparison) and n_resamples > FEW_RESAMPLES
        found.append(
            told + f" (where rotations are fitted anew, {FEW_RESAMPLES} times)" * few + "."
        )
    sentence = {
        BRAINS: f"{level} intervals and tests of means are over brains (Student's t), whose "
        "stimuli are their own.",
        CROSSED: f"{level} intervals and tests are over brains and stimuli at once (corrected "
        "dual bootstrap; Schuett et al. 2023).",
        STIMULI: f"{level} intervals and tests are over the stimuli of one brain, and hold for "
        "it alone.",
    }
    found += [text for name, text in sentence.items() if name in used]
    if used & set(sentence):
        found.append(
            f"Differences between models were corrected by Holm's method over all pairs of models "
            f"of a score, comparisons with the floor and the ceiling over models (risk "
            f"{1 - config.level:.2g})."
        )
    if inference.get("applies"):
        found.append(
            f"RSA at the step '{inference['step']}' was evaluated by rsatoolbox as well "
            f"({inference['method']}, {inference['resamples']} resamples)."
        )
    return found


def _software(libraries: dict[str, str]) -> str:
    names = ["wmsim", "numpy", "scipy", "scikit-learn", "xarray", "rsatoolbox"]
    known = [f"{name} {libraries[name]}" for name in names if name in libraries]
    return f"Software: {listed(known)}."
