"""``wmsim train``: subjects, how well they do their tasks, and their learning curves."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from wmsim.figures import contact_sheet, learning_curve
from wmsim.files import output_folder, write_json
from wmsim.report.page import write_page
from wmsim.report.summary import new_summary, timed
from wmsim.training import Subject, SubjectConfig, seeded, train_subject, train_subjects


def train_and_report(
    config: SubjectConfig,
    out: str | os.PathLike[str],
    *,
    subjects: int = 1,
    device: str = "auto",
    how: str = "auto",
    n_jobs: int | None = None,
) -> dict[str, Any]:
    """Train (or go on) and write ``summary.json``, ``report.html`` and figures.

    Parameters
    ----------
    config : SubjectConfig
        Everything that makes a subject.
    out : path-like
        Its folder; with several, that of ``subject-<seed>/``.
    subjects : int
        How many, with seeds from that of `config` on and the same stimuli.
    device, how, n_jobs
        See :func:`wmsim.training.train_subjects`.

    Returns
    -------
    dict
        Content of ``summary.json``.

    Raises
    ------
    WmsimError
        As :func:`wmsim.training.train_subjects`.
    """
    folder = output_folder(out)
    summary = new_summary("wmsim train", subjects=[], recordings={})
    configs, folders = seeded(config, subjects, folder)
    with timed(summary, "total"):
        with timed(summary, "training"):
            if subjects == 1:
                trained = [train_subject(config, folder, device=device)]
            else:
                trained = train_subjects(configs, folders, device=device, how=how, n_jobs=n_jobs)
        found = [describe_subject(subject) for subject in trained]
        for one, own in zip(found, folders, strict=True):
            one["folder"] = os.path.relpath(own, folder)
        summary["subjects"] = found
        if subjects > 1:
            summary["over_subjects"] = over_subjects(found)
        with timed(summary, "figures"):
            figures = _figures(trained, found, folder)
    write_json(folder / "summary.json", summary)
    title = "wmsim: a subject" if subjects == 1 else f"wmsim: {subjects} subjects"
    write_page(folder, summary, figures, title=title, introduction=_in_words(summary))
    return summary


def over_subjects(found: list[dict[str, Any]]) -> dict[str, dict[str, dict[str, float]]]:
    """Mean accuracy over subjects with its 95 % interval (Student's t).

    Parameters
    ----------
    found : list of dict
        As :func:`describe_subject` gives them.

    Returns
    -------
    dict
        ``accuracy`` and ``executive_accuracy``, of each split ``value``, ``low``, ``high``,
        ``n_subjects``.

    Examples
    --------
    >>> twins = [{"accuracy": {"train": a}, "executive_accuracy": {}} for a in (0.8, 0.9)]
    >>> one = over_subjects(twins)["accuracy"]["train"]
    >>> round(one["value"], 2), one["low"] < 0.8
    (0.85, True)
    """
    from scipy import stats

    summary: dict[str, dict[str, dict[str, float]]] = {}
    for kind in ("accuracy", "executive_accuracy"):
        summary[kind] = {}
        for split in found[0][kind]:
            values = np.array([one[kind][split] for one in found])
            half = stats.t.ppf(0.975, values.size - 1) * values.std(ddof=1) / values.size**0.5
            mean = float(values.mean())
            summary[kind][split] = {
                "value": mean, "low": mean - float(half), "high": mean + float(half),
                "n_subjects": values.size,
            }  # fmt: skip
    return summary


def _in_words(summary: dict[str, Any]) -> list[str]:
    if "over_subjects" not in summary:
        return []
    parts = [
        f"{split.replace('_', ' ')} {one['value']:.3f} [{one['low']:.3f}, {one['high']:.3f}]"
        for split, one in summary["over_subjects"]["accuracy"].items()
    ]
    n_subjects = len(summary["subjects"])
    return [
        f"Share of correct actions over all steps, mean of {n_subjects} subjects "
        f"[95 % interval over subjects]: {'; '.join(parts)}."
    ]


def _figures(
    trained: list[Subject], found: list[dict[str, Any]], folder: Path
) -> list[dict[str, str]]:
    """The stimuli, which all share, and each one's learning curve."""
    figures = subject_figures(trained[0], found[0]["accuracy"], folder)
    for subject, one in zip(trained[1:], found[1:], strict=True):
        stem = f"learning-{subject.config.seed}"
        learning_curve(subject.history, one["accuracy"], folder / "figures" / stem)
        title = f"Learning of subject {subject.config.seed}"
        figures.append({**figures[1], "file": f"{stem}.png", "title": title})
    return figures


def describe_subject(subject: Subject) -> dict[str, Any]:
    """Numbers about a subject: accuracy on fresh trials of every split, and how it was made."""
    config = subject.config
    splits = dict.fromkeys(subject.stimuli.split.tolist())
    tests = {split: subject.performance(split) for split in splits}
    iterations = int(subject.history[-1]["iteration"])
    network = config.network
    return {
        "description": f"A {network.architecture.upper()} of {network.units} units, seed "
        f"{config.seed}, trained on {len(config.tasks)} task(s) for {iterations} iterations "
        f"({subject.seconds:.0f} s).",
        "accuracy": {split: one.overall for split, one in tests.items()},
        "executive_accuracy": {split: one.executive for split, one in tests.items()},
        "executive_accuracy_by_task": {
            split: one.executive_by_task for split, one in tests.items()
        },
        "n_test_trials": tests["train"].n_trials,
        "iterations": iterations,
        "training_seconds": round(subject.seconds, 2),
        "features_cached": subject.features.cached,
        "seed": config.seed,
        "config": config.model_dump(mode="json"),
    }


def subject_figures(
    subject: Subject, accuracy: dict[str, float], folder: Path
) -> list[dict[str, str]]:
    """Draw stimuli and learning curve; entries for the report."""
    contact_sheet(subject.stimuli, folder / "figures" / "stimuli")
    learning_curve(subject.history, accuracy, folder / "figures" / "learning")
    return [
        {
            "file": "stimuli.png",
            "title": "Stimuli",
            "caption": "Every identity under view angles used in training and novel ones; below, "
            "whole frames.",
        },
        {
            "file": "learning.png",
            "title": "Learning",
            "caption": "Accuracy on fresh trials during training, and on each split afterwards.",
        },
    ]
