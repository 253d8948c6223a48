"""Further predictions beside a verdict: rank against elapsed time, and held-out conditions."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wmsim._version import __version__
from wmsim.files import content_key, file_sha256, write_json
from wmsim.hypotheses.rank_time import rank_or_time
from wmsim.hypotheses.verdict import VerdictConfig
from wmsim.pipeline.config import AnalysisConfig
from wmsim.pipeline.held_out import held_out_conditions
from wmsim.pipeline.workers import spread
from wmsim.progress import progress
from wmsim.recordings import open_recording
from wmsim.report.verdict_store import plain

RANK, HELD_OUT = "rank or elapsed time", "held-out conditions"
# Cheaper than the commands of their own: they stand beside the verdict.
FOLDS, PERMUTATIONS, BOOTSTRAP = 5, 50, 100


@dataclass(frozen=True)
class Question:
    """One further prediction to test.

    Attributes
    ----------
    kind : {"rank or elapsed time", "held-out conditions"}
        What is asked.
    files : tuple of Path
        Recordings.
    subject : str
        Whose; empty for all together.
    task, feature, held_out : str
        Of which task and feature; what is held out.
    """

    kind: str
    files: tuple[Path, ...]
    feature: str
    subject: str = ""
    task: str = ""
    held_out: str = ""

    @property
    def title(self) -> str:
        """Heading in the report."""
        about = [self.subject, self.task, self.feature]
        title = f"{self.kind.capitalize()}: {', '.join(part for part in about if part)}"
        return f"{title} in held-out values of {self.held_out}" if self.held_out else title


def ask_further(
    questions: Sequence[Question], config: VerdictConfig, work: Path, n_jobs: int | None
) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """Answer questions; what does not apply, or fails, never fails the verdict.

    Parameters
    ----------
    questions : sequence of Question
        What is asked.
    config : VerdictConfig
        Settings of the verdict, whose windows, units and seed count here too.
    work : path
        Finished answers are kept here.
    n_jobs : int, optional
        Processes.

    Returns
    -------
    answers : list of dict
        ``kind``, ``title``, ``subject``, ``task``, ``feature``, ``held_out``, ``lines`` in plain
        words, ``numbers``.
    left_out : list of dict
        ``title`` and ``why``.
    """
    import joblib

    analysis = config.analysis.changed(
        folds=FOLDS, permutations=PERMUTATIONS, bootstrap=BOOTSTRAP, estimator="svc",
        penalties=None,
    )  # fmt: skip
    settings = analysis.model_dump(mode="json")
    kept = [
        work / f"{content_key('further', __version__, *_key(one), settings)}.json"
        for one in questions
    ]
    found = [_read(file) for file in kept]
    todo = [row for row, one in enumerate(found) if one is None]
    processes, threads = spread(n_jobs, len(todo))
    with (
        progress("further predictions", len(questions), done=len(questions) - len(todo)) as step,
        joblib.parallel_config(backend="loky", inner_max_num_threads=threads),
    ):
        parallel = joblib.Parallel(n_jobs=processes, return_as="generator_unordered")
        calls = (joblib.delayed(_answered)(row, questions[row], analysis) for row in todo)
        for row, one in parallel(calls):
            found[row] = one
            write_json(kept[row], one)
            step(note=questions[row].kind)
    answers, left_out = [], []
    for question, one in zip(questions, found, strict=True):
        assert one is not None
        if "why" in one:
            left_out.append({"title": question.title, "why": one["why"]})
        else:
            answers.append({"title": question.title, **_about(question), **one})
    return answers, left_out


def _about(question: Question) -> dict[str, str]:
    names = ("kind", "subject", "task", "feature", "held_out")
    return {name: getattr(question, name) for name in names}


def _key(question: Question) -> list[Any]:
    return [_about(question), [file_sha256(file) for file in question.files]]


def _read(file: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _answered(row: int, question: Question, config: AnalysisConfig) -> tuple[int, dict[str, Any]]:
    """In a process of its own: an answer, or why there is none."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1), _silently():
        try:
            return row, _answer(question, config)
        except Exception as error:  # whatever it is, the verdict stands
            return row, {"why": str(error) or type(error).__name__}


def _answer(question: Question, config: AnalysisConfig) -> dict[str, Any]:
    with ExitStack() as stack:
        opened = [stack.enter_context(open_recording(file)) for file in question.files]
        if question.kind == RANK:
            _, found = rank_or_time(opened, question.feature, config=config)
            return {"lines": [found["words"]], "answer": found["answer"], "numbers": plain(found)}
        _, found = held_out_conditions(
            opened[0], question.feature, question.held_out, tasks=(question.task,), config=config
        )
    lines = [one["words"] for one in found["analyses"]]
    return {"lines": lines, "numbers": plain(found)}


@contextlib.contextmanager
def _silently() -> Iterator[None]:
    """No progress bars within the one that is shown."""
    before = os.environ.get("WMSIM_QUIET")
    os.environ["WMSIM_QUIET"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["WMSIM_QUIET"]
        else:
            os.environ["WMSIM_QUIET"] = before
