"""The null of every task and feature, put together in the order of its permutations; when to end.

Pieces of work come in any order. Whether a null ends is decided on permutations in their order,
and what was computed beyond its end is left out: results depend neither on the number of
processes nor on interruptions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from wmsim.pipeline.jobs import Job
from wmsim.pipeline.results import FeatureResult, summarise_features
from wmsim.pipeline.statistics import Statistics


class Nulls:
    """What has been computed, for all jobs.

    Parameters
    ----------
    jobs : sequence of Job
        Tasks and features.
    planned : sequence of int
        Permutations that each has if it does not end early.
    stop_after : int or None
        A job's permutations end when this many of them have reached or exceeded every statistic of
        the job, and every mean over tasks that it is part of; None or 0: never.
    """

    def __init__(self, jobs: Sequence[Job], planned: Sequence[int], stop_after: int | None) -> None:
        self.jobs = tuple(jobs)
        self.planned = tuple(planned)
        self.stop_after = stop_after
        self.ends: dict[int, int] = {}
        self._data: dict[int, Statistics] = {}
        self._parts: list[dict[int, Statistics]] = [{} for _ in jobs]
        self._prefix: list[list[Statistics]] = [[] for _ in jobs]
        self._own: dict[int, int] = {}

    def add(
        self, job: int, permutations: Sequence[int] | None, results: Sequence[Statistics]
    ) -> None:
        """Take in the statistics of the data (`permutations` is None), or of permutations."""
        if permutations is None:
            self._data[job] = results[0]
        else:
            self._parts[job].update(zip(permutations, results, strict=True))
            prefix = self._prefix[job]
            while len(prefix) in self._parts[job]:
                prefix.append(self._parts[job].pop(len(prefix)))
        if self.stop_after and job in self._data:
            self._decide(job)

    def wants(self, job: int, permutations: Sequence[int] | None) -> bool:
        """Whether a piece of work is still of use."""
        return permutations is None or permutations[0] < self.ends.get(job, self.planned[job])

    def results(self) -> list[FeatureResult]:
        """Data and null of each job, to its end."""
        return [self._result(number) for number in range(len(self.jobs))]

    def ended(self, job: int) -> bool:
        """Whether a job's permutations ended early."""
        return self.ends.get(job, self.planned[job]) < self.planned[job]

    def _result(self, number: int) -> FeatureResult:
        null = self._prefix[number][: self.ends.get(number)]
        return FeatureResult(self.jobs[number], self._data[number], null)

    def _decide(self, job: int) -> None:
        """Find ends that are known now: of the job, and of those averaged with it."""
        averages = averaged(self.jobs, self.jobs[job].feature)
        group = averages if job in averages else [job]
        if job not in self._own:
            end = settled_at(self._numbers([job]), len(self._prefix[job]))
            if end is not None:
                self._own[job] = end
        waiting = [one for one in group if one in self._own and one not in self.ends]
        if not waiting:
            return
        if len(group) == 1:
            self.ends[job] = self._own[job]
            return
        if not all(one in self._data for one in group):
            return
        shared = min(len(self._prefix[one]) for one in group)
        end = settled_at(self._numbers(group), shared)
        if end is None and shared == min(self.planned[one] for one in group):
            end = shared
        if end is not None:
            self.ends.update({one: max(self._own[one], end) for one in waiting})

    def _numbers(self, group: Sequence[int]) -> dict[str, Any]:
        """What is reported of jobs, without intervals."""
        plain = [
            FeatureResult(self.jobs[one], _without_resamples(self._data[one]), self._prefix[one])
            for one in group
        ]
        return summarise_features(plain, self.stop_after)


def averaged(jobs: Sequence[Job], feature: str) -> list[int]:
    """Jobs whose mean is reported for a feature: of tasks that ask for it, or else of all."""
    of_feature = [number for number, one in enumerate(jobs) if one.feature == feature]
    return [number for number in of_feature if jobs[number].asked] or of_feature


def settled_at(numbers: dict[str, Any], n_permutations: int) -> int | None:
    """The permutation at which every reported number was reached often enough.

    Parameters
    ----------
    numbers : dict
        From :func:`wmsim.pipeline.results.summarise_features`.
    n_permutations : int
        Permutations that there are. A number that has fewer of them will get no more.

    Returns
    -------
    int or None
        None if some number was not.
    """
    ends = [0]
    for one in _leaves(numbers):
        if one["reached_at"] is None and one["n_permutations"] >= n_permutations:
            if one["value"] is not None:
                return None
            continue
        ends.append(one["reached_at"] or one["n_permutations"])
    return max(ends)


def _leaves(numbers: Any) -> Iterator[dict[str, Any]]:
    """All numbers with a p-value, at whatever depth."""
    if isinstance(numbers, dict):
        if "reached_at" in numbers:
            yield numbers
        for one in numbers.values():
            yield from _leaves(one)
    elif isinstance(numbers, list):
        for one in numbers:
            yield from _leaves(one)


def _without_resamples(data: Statistics) -> Statistics:
    return replace(
        data,
        values={name: draws[:1] for name, draws in data.values.items()},
        left_out={name: draws[:1] for name, draws in data.left_out.items()},
        by_item=data.by_item[:, :1],
    )


def describe_end(nulls: Nulls, group: Sequence[int]) -> str:
    """Why the permutations of a feature ended where they did.

    Parameters
    ----------
    nulls : Nulls
        All permutations.
    group : sequence of int
        Jobs that are averaged.
    """
    early = sum(nulls.ended(one) for one in group)
    if not early:
        return "all that were asked for"
    where = "" if early == len(group) else f" in {early} of {len(group)} tasks"
    return (
        f"ended early{where}: every statistic had been reached or exceeded by "
        f"{nulls.stop_after} permutations (Besag & Clifford 1991)"
    )
