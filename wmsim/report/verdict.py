"""``wmsim verdict``: which hypothesis fits how items are held, for one subject or several."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xarray as xr

from wmsim._version import __version__
from wmsim.errors import WmsimError
from wmsim.files import atomic_path, content_key, existing_file, output_folder, write_json
from wmsim.hypotheses.verdict import Verdict, VerdictConfig, judge_job, wanted
from wmsim.pipeline.jobs import NO_TASK, Job
from wmsim.pipeline.prepare import prepare
from wmsim.pipeline.workers import spread
from wmsim.progress import progress
from wmsim.recordings import feature_names, open_recording
from wmsim.report.page import write_page
from wmsim.report.summary import new_summary, timed
from wmsim.report.verdict_further import HELD_OUT, RANK, Question, ask_further
from wmsim.report.verdict_group import Group, group_verdicts, told_group
from wmsim.report.verdict_results import as_dataset, told
from wmsim.report.verdict_store import read_verdict, write_verdict

POOLED = "pooled"
NOT_ASKED = "No task asks for a feature that can be decoded; name one with --feature."


@dataclass(frozen=True)
class Subject:
    """A subject, ready to be judged.

    Attributes
    ----------
    name : str
        In the report.
    files : tuple of Path
        Its recording, or sessions.
    jobs : tuple of Job
        Features of tasks.
    notes : list of str
        What a reader has to know.
    references : tuple of str
        What to cite.
    conditions : tuple of str
        Features that may be held out: those that tasks ask for, or all where that is not known.
    """

    name: str
    files: tuple[Path, ...]
    jobs: tuple[Job, ...]
    notes: list[str]
    references: tuple[str, ...]
    conditions: tuple[str, ...]


def verdict_files(
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    out: str | os.PathLike[str],
    config: VerdictConfig | None = None,
    *,
    pool: bool = False,
    further: bool = True,
    n_jobs: int | None = None,
) -> dict[str, Any]:
    """Judge recordings, write ``summary.json``, ``report.html``, figures and results.

    Parameters
    ----------
    paths : path-like or sequence of path-like
        Recordings; several are subjects, who are judged one by one and then combined.
    out : path-like
        Folder for everything that is written. Finished verdicts are kept in ``work`` there, so a
        run that was stopped goes on when it is started again.
    config : VerdictConfig, optional
        How.
    pool : bool, default False
        All recordings are sessions of one subject, whose units are pooled.
    further : bool, default True
        Test further predictions, where they apply: rank against elapsed time, and held-out
        conditions. They have no part in the verdict.
    n_jobs : int, optional
        Processes, by default one a core. Results do not depend on it.

    Returns
    -------
    dict
        Content of ``summary.json``.

    Raises
    ------
    WmsimError
        If a file is no recording, none can be judged, or the folder cannot be written to.
    """
    config = config or VerdictConfig()
    given = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    named = _named([existing_file(path, "recording") for path in given])
    folder = output_folder(out)
    files = " ".join(path.name for path in named.values())
    summary = new_summary(f"wmsim verdict {files}{' --pool' * pool}", recordings={})
    with timed(summary, "total"):
        with timed(summary, "preparation"):
            subjects = _subjects(named, config, pool)
        with timed(summary, "verdicts"):
            judged = _judge(subjects, config, folder / "work", n_jobs)
        groups = group_verdicts(judged, config.threshold)
        with timed(summary, "further"):
            questions = _questions(subjects, judged) if further else []
            answers = ask_further(questions, config, folder / "work", n_jobs)
        _tell(summary, subjects, judged, groups, config)
        summary["further"], summary["further_left_out"] = answers
        with atomic_path(folder / "results" / "verdict.nc") as temporary:
            as_dataset(judged, config).to_netcdf(temporary, engine="netcdf4")
        with timed(summary, "figures"):
            figures = _figures(judged, groups, config.threshold, folder / "figures")
    write_json(folder / "summary.json", summary)
    write_page(
        folder, summary, figures, title="wmsim: the verdict", introduction=headlines(summary),
        references=dict.fromkeys(one for subject in subjects for one in subject.references if one),
    )  # fmt: skip
    return summary


def headlines(summary: dict[str, Any]) -> list[str]:
    """What came out, a line for each group, or for each verdict."""
    several = summary["group"]
    lines = [
        f"{len(one['subjects']) + len(one['left_out'])} subjects{_where(one)}: {one['reasons'][0]}"
        for one in several
    ]
    for one in summary["verdicts"]:
        best = one["most_probable"]
        sure = f"{best} {one['probability'][best]:.2f}"
        answer = one["verdict"]
        why = f", {one['undecided_because']}" if one["undecided_because"] else ""
        lines.append(f"{one['subject']}{_where(one)}: {answer} ({sure}{why}).")
    return lines


def _where(one: dict[str, Any]) -> str:
    task = "" if one["task"] == NO_TASK else f", {one['task']}"
    return f"{task}, {one['feature']}"


def _named(files: Sequence[Path]) -> dict[str, Path]:
    """Different names of all files; each file once."""
    if not files:
        raise WmsimError("No file was given, expected one recording or more.")
    known: set[Path] = set()
    for file in files:
        if file.resolve() in known:
            raise WmsimError(f"'{file}' was given twice; name each recording once.")
        known.add(file.resolve())
    names = [file.stem for file in files]
    if len(set(names)) < len(names):
        names = [f"{file.resolve().parent.name}-{file.stem}" for file in files]
    if len(set(names)) < len(names):
        names = [f"{number + 1}-{name}" for number, name in enumerate(names)]
    return dict(zip(names, files, strict=True))


def _subjects(named: dict[str, Path], config: VerdictConfig, pool: bool) -> list[Subject]:
    """Make all recordings ready before any is judged, so that errors come first."""
    if pool and len(named) > 1:
        return [_subject(POOLED, list(named.values()), config)]
    found: list[Subject] = []
    failed: dict[str, str] = {}
    for name, file in named.items():
        with open_recording(file):
            pass  # what is no recording at all is an error, whatever the others are
        try:
            found.append(_subject(name, [file], config))
        except WmsimError as error:
            failed[name] = str(error)
    if not found:
        name, message = next(iter(failed.items()))
        others = f" The other {len(failed) - 1} cannot be judged either." if len(failed) > 1 else ""
        raise WmsimError(f"{f'{name}: ' if len(failed) > 1 else ''}{message}{others}")
    found[0].notes.extend(f"{name} is left out: {message}" for name, message in failed.items())
    return found


def _subject(name: str, files: list[Path], config: VerdictConfig) -> Subject:
    with ExitStack() as stack:
        opened = [stack.enter_context(open_recording(file)) for file in files]
        references = tuple(str(one.attrs.get("reference", "")) for one in opened)
        prepared = prepare(opened if len(opened) > 1 else opened[0], config.analysis)
    jobs = tuple(wanted(prepared.jobs, config))
    return Subject(
        name, tuple(files), jobs, list(prepared.notes), references, _conditions(prepared.recording)
    )


def _conditions(recording: xr.Dataset) -> tuple[str, ...]:
    names = feature_names(recording)
    asked = recording["task_feature"].values.astype(str) if "task_feature" in recording else ()
    return tuple(name for name in names if name in asked) or tuple(names)


def _judge(
    subjects: list[Subject], config: VerdictConfig, work: Path, n_jobs: int | None
) -> list[tuple[str, Verdict]]:
    """All verdicts, in order; what was finished before is read."""
    import joblib

    settings = config.model_dump(mode="json")
    pieces = [(subject, job) for subject in subjects for job in subject.jobs]
    keys = [content_key("verdict", __version__, *job.key_parts(), settings) for _, job in pieces]
    files = [work / f"{key}.json" for key in keys]
    found: list[Verdict | str | None] = [read_verdict(file) for file in files]
    todo = [row for row, one in enumerate(found) if one is None]
    processes, threads = spread(n_jobs, len(todo))
    with (
        progress("verdicts", len(pieces), done=len(pieces) - len(todo)) as step,
        joblib.parallel_config(backend="loky", inner_max_num_threads=threads),
    ):
        parallel = joblib.Parallel(n_jobs=processes, return_as="generator_unordered")
        calls = (joblib.delayed(_judged)(row, pieces[row][1], config) for row in todo)
        for row, one in parallel(calls):
            found[row] = one
            if isinstance(one, Verdict):
                write_verdict(one, files[row])
            step(note=pieces[row][0].name)
    judged, failed = [], []
    for (subject, job), one in zip(pieces, found, strict=True):
        if isinstance(one, Verdict):
            judged.append((subject.name, one))
        else:
            where = _where({"task": job.task, "feature": job.feature}).removeprefix(", ")
            subject.notes.append(f"{where} is not judged: {one}")
            failed.append(f"{subject.name}, {where}: {one}")
    if not judged:
        more = f" ({len(failed) - 1} more like it.)" if len(failed) > 1 else ""
        raise WmsimError(f"Nothing can be judged. {failed[0] if failed else NOT_ASKED}{more}")
    return judged


def _judged(row: int, job: Job, config: VerdictConfig) -> tuple[int, Verdict | str]:
    """In a process of its own: a verdict, or why there is none."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        try:
            return row, judge_job(job, config)
        except WmsimError as error:
            return row, str(error)


def _questions(subjects: list[Subject], judged: list[tuple[str, Verdict]]) -> list[Question]:
    """Further predictions that the recordings may be able to test."""
    every = tuple(file for subject in subjects for file in subject.files)
    features = dict.fromkeys(one.feature for _, one in judged)
    found = [Question(RANK, every, feature) for feature in features]
    by_name = {subject.name: subject for subject in subjects}
    for name, one in judged:
        subject = by_name[name]
        found += [
            Question(HELD_OUT, subject.files, one.feature, name, one.task, other)
            for other in subject.conditions
            if other != one.feature and len(subject.files) == 1
        ]
    return found


def _tell(
    summary: dict[str, Any], subjects: list[Subject], judged: list[tuple[str, Verdict]],
    groups: list[Group], config: VerdictConfig,
) -> None:  # fmt: skip
    """Add all numbers to the summary."""
    entries = [told(name, one, config.threshold) for name, one in judged]
    summary["config"] = config.model_dump(mode="json")
    summary["subjects_judged"] = {
        one.name: {"files": [file.name for file in one.files], "notes": one.notes}
        for one in subjects
    }
    summary["verdicts"] = entries
    summary["group"] = [told_group(group, config.threshold) for group in groups]
    if len(entries) == 1:
        summary |= {
            name: entries[0][name] for name in ("verdict", "probability", "effects", "reasons")
        }


def _figures(
    judged: list[tuple[str, Verdict]], groups: list[Group], threshold: float, folder: Path
) -> list[dict[str, str]]:
    """Draw everything; entries of the report, those of a verdict under its number."""
    from wmsim.figures.group import group_figure
    from wmsim.figures.verdict import evidence_figure, similarity_figure

    entries = []
    for group in groups:
        if group.choice is None:
            continue
        stem = folder / _slug("group", group.task, group.feature)
        group_figure(group.choice, stem, subjects=group.subjects)
        entries.append(_entry(stem, f"{len(group.subjects)} subjects", GROUP_CAPTION, "group"))
    for number, (name, one) in enumerate(judged):
        stem, place = folder / _slug(name, one.task, one.feature), f"verdict {number}"
        similarity = stem.with_name(f"{stem.name}-similarity")
        similarity_figure(one, similarity)
        entries.append(_entry(similarity, "Data beside predictions", SIMILARITY_CAPTION, place))
        evidence = stem.with_name(f"{stem.name}-evidence")
        evidence_figure(one, evidence, threshold=threshold)
        entries.append(_entry(evidence, "Effects and probabilities", EVIDENCE_CAPTION, place))
    return entries


def _slug(*parts: str) -> str:
    return "-".join(re.sub(r"[^\w.]+", "-", part) for part in parts if part != NO_TASK)


def _entry(stem: Path, title: str, caption: str, place: str) -> dict[str, str]:
    return {"file": f"{stem.name}.png", "title": title, "caption": caption, "recording": place}


SIMILARITY_CAPTION = (
    "Cosines between codes of items in any two states, corrected for noise, ordered by age; lines "
    "separate ages. E(1,1): item 1 on display; M(1,2): item 1 at step 2. Predictions are means "
    "over reference recordings with this recording's design, noise and signal."
)
EVIDENCE_CAPTION = (
    "Left: what was measured (black, with 95 % interval over trials) and the range in which 95 % "
    "of reference recordings of each hypothesis lie (bars). Right: probabilities; dashed: what a "
    "verdict needs; hatched: answers that are no account of how items are held."
)
GROUP_CAPTION = (
    "Left: probabilities of each subject, given the others. Right: how frequent each hypothesis is "
    "among subjects like these, with 95 % interval; above, the probability that it is the most "
    "frequent."
)
__all__ = ["headlines", "verdict_files"]
