"""``wmsim train``: a subject, how well it does its tasks, and its learning curve."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from wmsim.figures import contact_sheet, learning_curve
from wmsim.files import output_folder, write_json
from wmsim.report.page import write_page
from wmsim.report.summary import new_summary, timed
from wmsim.training import Subject, SubjectConfig, train_subject


def train_and_report(
    config: SubjectConfig, out: str | os.PathLike[str], *, device: str = "auto"
) -> dict[str, Any]:
    """Train a subject (or go on) and write ``summary.json``, ``report.html`` and figures beside it.

    Parameters
    ----------
    config : SubjectConfig
        Everything that makes it.
    out : path-like
        Its folder.
    device : str
        Where to train.

    Returns
    -------
    dict
        Content of ``summary.json``.

    Raises
    ------
    WmsimError
        As :func:`wmsim.training.train_subject`.
    """
    folder = output_folder(out)
    summary = new_summary("wmsim train", subjects=[], recordings={})
    with timed(summary, "total"):
        with timed(summary, "training"):
            subject = train_subject(config, folder, device=device)
        summary["subjects"].append(describe_subject(subject))
        with timed(summary, "figures"):
            figures = subject_figures(subject, summary["subjects"][0]["accuracy"], folder)
    write_json(folder / "summary.json", summary)
    write_page(folder, summary, figures, title="wmsim: a subject", introduction=[])
    return summary


def describe_subject(subject: Subject) -> dict[str, Any]:
    """Numbers about a subject: accuracy on fresh trials of every split, and how it was made."""
    config = subject.config
    splits = dict.fromkeys(subject.stimuli.split.tolist())
    tests = {split: subject.performance(split) for split in splits}
    iterations = int(subject.history[-1]["iteration"])
    network = config.network
    return {
        "description": f"A {network.architecture.upper()} of {network.units} units, trained on "
        f"{len(config.tasks)} task(s) for {iterations} iterations ({subject.seconds:.0f} s).",
        "accuracy": {split: one.overall for split, one in tests.items()},
        "executive_accuracy": {split: one.executive for split, one in tests.items()},
        "executive_accuracy_by_task": {
            split: one.executive_by_task for split, one in tests.items()
        },
        "n_test_trials": tests["train"].n_trials,
        "iterations": iterations,
        "training_seconds": round(subject.seconds, 2),
        "features_cached": subject.features.cached,
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
