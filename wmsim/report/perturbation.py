"""``wmsim perturb``: the causal test of a subject, with numbers, figures and report."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from wmsim.figures.perturbation import TITLES, effects_figure, perturbation_figure
from wmsim.files import atomic_path, content_key, output_folder, write_json
from wmsim.perturbation import PerturbationConfig, perturb
from wmsim.perturbation.shifts import RANDOM
from wmsim.progress import progress
from wmsim.report.page import write_page
from wmsim.report.summary import new_summary, timed
from wmsim.training import Subject, load_subject

READING = (
    "Dose 1 moves a state by the distance between the means of two classes along the normal of "
    "their decoder, dose 0.5 to about its hyperplane. A trial is moved by decoders that were not "
    "fitted to it; the network then runs on, and the answer to the probe is read. Grey lines: the "
    "probability of the right action under controls, which are as long as the decoder's dose (the "
    "move to a third value is as long as the distance to that value). Random directions that vary "
    "as activity does move the feature too, because activity varies with it; outside the span of "
    "the feature's decoders they do not. Bands and intervals are 95 % over trials of this subject, "
    "not over subjects."
)


def perturb_subject(
    folder: str | os.PathLike[str],
    out: str | os.PathLike[str],
    config: PerturbationConfig | None = None,
    *,
    tasks: Iterable[str] = (),
    device: str = "auto",
) -> dict[str, Any]:
    """Do the causal test in tasks of a subject; write results, numbers, figures and report.

    Parameters
    ----------
    folder : path-like
        Folder of a trained subject.
    out : path-like
        Folder for everything that is written; results go to ``results/TASK-perturbation.nc``.
        Finished tasks are read back from there when the same is asked again.
    config : PerturbationConfig, optional
        How.
    tasks : iterable of str
        Which tasks, by default all that the subject was trained on.
    device : str
        Where the network runs.

    Returns
    -------
    dict
        Content of ``summary.json``.

    Raises
    ------
    WmsimError
        As :func:`wmsim.perturbation.perturb`.
    """
    target = output_folder(out)
    config = config or PerturbationConfig()
    summary = new_summary(f"wmsim perturb {Path(folder).name}", recordings={}, perturbation={})
    with timed(summary, "total"):
        with timed(summary, "subject"):
            subject = load_subject(folder, device=device)
        names = list(tasks) or [task.name for task in subject.config.tasks]
        results: dict[str, xr.Dataset] = {}
        with timed(summary, "perturbation"), progress("perturbation", len(names)) as step:
            for name in names:
                results[name] = _result(subject, name, config, target)
                step(note=name)
        summary["perturbation"] = {name: perturbation_summary(one) for name, one in results.items()}
        with timed(summary, "figures"):
            figures = _figures(results, target / "figures")
    write_json(target / "summary.json", summary)
    write_page(
        target, summary, figures, title="wmsim: the causal test",
        introduction=[*sentences(summary["perturbation"]), READING],
    )  # fmt: skip
    return summary


def perturbation_summary(result: xr.Dataset) -> dict[str, Any]:
    """Numbers of one task at the step that compares, at dose 1 and at the largest dose."""
    last = result.isel(step=-1)
    largest = float(result["dose"].values.max())
    return {
        **{name: result.attrs[name] for name in ("task", "feature", "split", "parts")},
        "item": int(result.attrs["item"]),
        "trials": {
            str(kind): {
                "n_trials": int(one["n_trials"]),
                "hyperplane": float(one["hyperplane"]),
                "decoder_error": float(one["decoded"].sel(direction="own", dose=0.0)),
                "doses": {
                    f"{dose:g}": _at_dose(one.sel(dose=dose))
                    for dose in dict.fromkeys((1.0, largest))
                },
            }
            for kind in result["trial_kind"].values
            for one in (last.sel(trial_kind=kind),)
        },
    }


def _at_dose(one: xr.Dataset) -> dict[str, Any]:
    """Every direction at a dose: probabilities, what changed, and that less random directions."""
    of_kind = one["kind"].values.astype(str)
    found: dict[str, Any] = {}
    for name in one["direction"].values[~np.isin(of_kind, RANDOM)]:
        own = one.sel(direction=name)
        if not np.isfinite(own["length"]):
            continue
        found[str(name)] = {
            "length": float(own["length"]),
            "decoded": float(own["decoded"]),
            "responses_changed": _ends(own, "changed"),
            "actions": {
                str(action): _action(own.sel(action=action), one, str(name), str(action))
                for action in one["action"].values
            },
        }
    for kind in one["against"].values if "against" in one.dims else ():
        control = one.sel(against=kind)
        found[str(kind)] = {
            "actions": {
                str(action): {"probability": _ends(control.sel(action=action), "control")}
                for action in one["action"].values
            }
        }
    return found


def _action(own: xr.Dataset, one: xr.Dataset, name: str, action: str) -> dict[str, Any]:
    found: dict[str, Any] = {part: _ends(own, part) for part in ("probability", "change")}
    found["chosen"] = _ends(own, "chosen")
    if "against" in one.dims:
        found["beyond"] = {}
        for kind in one["against"].values:
            contrast = one.sel(tested=name, against=kind, action=action)
            found["beyond"][str(kind)] = {
                **_ends(contrast, "contrast"), "p": float(contrast["contrast_p"]),
            }  # fmt: skip
    return found


def _ends(one: xr.Dataset, name: str) -> dict[str, float]:
    return {
        "value": float(one[name]), "low": float(one[f"{name}_low"]),
        "high": float(one[f"{name}_high"]),
    }  # fmt: skip


def sentences(perturbation: dict[str, Any]) -> list[str]:
    """What came out, in words, two lines a task."""
    lines = []
    for name, task in perturbation.items():
        for kind, trials in task["trials"].items():
            doses = trials["doses"]["1"]
            actions = doses["own"]["actions"]
            told = ", ".join(
                f"P({action}) {_signed(one['change'])}" for action, one in actions.items()
            )
            line = f"{name}, {trials['n_trials']} {kind} trials, dose 1 along the normal: {told}."
            against = actions[kind].get("beyond", {})
            if against:
                line += f" P({kind}) less that of random directions: " + ", ".join(
                    f"{_signed(one)} ({control})" for control, one in against.items()
                )
                line += "."
            lines.append(line)
    return lines


def _signed(one: dict[str, float]) -> str:
    return f"{one['value']:+.3f} [{one['low']:+.3f}, {one['high']:+.3f}]"


def _result(subject: Subject, task: str, config: PerturbationConfig, target: Path) -> xr.Dataset:
    """The test of a task, read where it is finished."""
    key = content_key(
        subject.config.model_dump(mode="json"), config.model_dump(mode="json"), task,
        _weights(subject),
    )  # fmt: skip
    file = target / "results" / f"{task}-perturbation.nc"
    done = _read(file, key)
    if done is not None:
        return done
    result = perturb(subject, task=task, **config.model_dump())
    result.attrs["key"] = key
    packed = {
        str(name): {"zlib": True, "complevel": 1}
        for name, one in result.data_vars.items()
        if one.dtype.kind == "f" and one.ndim
    }
    with atomic_path(file) as temporary:
        result.to_netcdf(temporary, engine="netcdf4", encoding=packed)
    return result


def _weights(subject: Subject) -> bytes:
    tensors = subject.network.state_dict().values()
    return b"".join(one.detach().cpu().contiguous().numpy().tobytes() for one in tensors)


def _read(file: Path, key: str) -> xr.Dataset | None:
    """A finished result, or None if there is none of this subject and these settings."""
    if not file.is_file():
        return None
    try:
        with xr.open_dataset(file, engine="netcdf4") as found:
            return found.load() if found.attrs.get("key") == key else None
    except OSError:
        return None


def _figures(results: dict[str, xr.Dataset], folder: Path) -> list[dict[str, str]]:
    entries = []
    for kind, title in TITLES.items():
        stem = folder / f"perturbation-{kind}"
        perturbation_figure(results, stem, trial_kind=kind)
        entries.append({"file": f"{stem.name}.png", "title": title, "caption": READING})
    effects_figure(results, folder / "perturbation-effects")
    entries.append(
        {
            "file": "perturbation-effects.png",
            "title": "What dose 1 does to the right action",
            "caption": "One point a direction, with 95 % intervals over trials; of random "
            "directions each draw is a point.",
        }
    )
    return entries
