"""Power: how often a verdict would be right, by the number of units and of trials.

Virtual recordings of the planned design are judged as :func:`~wmsim.hypotheses.verdict.verdict`
judges recordings. They are planted as codes, not as trials: noise goes through the estimator that
the design's labels give, and codes of a known truth are added, as strong as is assumed.

Assumed is that codes are spread over units as normal random numbers are, and as strong in each unit
of a larger recording as in one of a smaller; that noise, once whitened, is the same at all units,
with the covariance over time that was measured or set; and that a subject follows one account.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from wmsim.files import content_key, write_json
from wmsim.hypotheses.plant_config import DEPTH
from wmsim.hypotheses.power_config import PowerConfig
from wmsim.hypotheses.power_pilot import Pilot, read_pilot
from wmsim.hypotheses.power_virtual import Blueprint, share_right
from wmsim.hypotheses.verdict import whole_design
from wmsim.pipeline.workers import spread
from wmsim.progress import progress

SHARES = ("right", "wrong", "undecided")
Counts = dict[str, dict[str, int]] | str


@dataclass(frozen=True)
class Power:
    """Power of a design.

    Attributes
    ----------
    results : xarray.Dataset
        ``right``, ``wrong``, ``undecided``: shares of verdicts, (assumption, truth, units, trials),
        with the ends of their 95 % intervals (``right_low``, ...; Wilson's, over virtual
        recordings). ``reason`` (units, trials): why there can be no verdict, or empty.
    config : PowerConfig
        What was asked.
    assumptions : dict of str to str
        What each assumption stands for.
    pilot : Pilot, optional
        What the pilot recording said.
    """

    results: xr.Dataset
    config: PowerConfig
    assumptions: dict[str, str]
    pilot: Pilot | None

    @property
    def smallest(self) -> dict[str, dict[int, int | None]]:
        """Fewest trials, for each number of units, that reach the wanted power for every truth.

        By assumption and number of units; None where no number of trials that was tried does. More
        trials than these, as far as they were tried, reach it as well.
        """
        least = self.results["right"].min("truth")
        found: dict[str, dict[int, int | None]] = {}
        for name in self.assumptions:
            found[name] = {}
            for units in self.config.units:
                reached = least.sel(assumption=name, units=units).values >= self.config.wanted
                first = len(reached) - int(np.cumprod(reached[::-1]).sum())
                trials = self.config.trials[first] if first < len(reached) else None
                found[name][units] = trials
        return found


def power(
    config: PowerConfig | None = None, pilot: xr.Dataset | Iterable[xr.Dataset] | None = None, *,
    work: Path | None = None, n_jobs: int | None = None, label: str = "power",
) -> Power:  # fmt: skip
    """Say how often the verdict would be right, by the number of units and of trials.

    Parameters
    ----------
    config : PowerConfig, optional
        The design and what is assumed.
    pilot : xarray.Dataset or iterable of xarray.Dataset, optional
        A recording (several are sessions of one subject) whose design, noise and signal are taken.
    work : path, optional
        Folder in which finished numbers are kept, so that a run that was stopped goes on.
    n_jobs : int, optional
        Processes; by default one a core. Results do not depend on it.
    label : str
        What the progress bar says.

    Returns
    -------
    Power

    Raises
    ------
    ConfigError
        If a design is given beside a pilot recording.
    WmsimError
        If the pilot recording cannot be used; the message says why.

    Examples
    --------
    >>> from wmsim.hypotheses.verdict import VerdictConfig
    >>> config = PowerConfig(
    ...     n_items=3, units=40, trials=(20, 300), signal=1.5, truths="H2", tests=10, pure=True,
    ...     verdict=VerdictConfig(each=40),
    ... )
    >>> found = power(config, n_jobs=1)
    >>> found.smallest
    {'signal 1.5': {40: 300}}
    """
    config = config or PowerConfig()
    measured = None if pilot is None else read_pilot(pilot, config)
    if measured is None:
        blueprint, assumptions = _from_numbers(config)
    else:
        blueprint, assumptions = measured.blueprint, measured.assumptions
    cells = list(_cells(assumptions, config))
    counts = dict(_counted(blueprint, cells, config, work, n_jobs, label))
    return Power(_results(counts, assumptions, config), config, assumptions, measured)


def _from_numbers(config: PowerConfig) -> tuple[Blueprint, dict[str, str]]:
    plan = config.plan
    design = whole_design(plan.design)
    size = np.array([config.decay ** design.age(state) for state in design.states])
    strength = {
        f"signal {signal:g}": config.n_values * (DEPTH * signal * size) ** 2
        for signal in config.signal
    }
    steps = np.arange(len(design.shown))
    covariance = config.noise_in_time ** abs(steps[:, None] - steps).astype(float)
    meaning = {
        f"signal {signal:g}": f"signal {signal:g}, times {config.decay:g} for each step of age"
        for signal in config.signal
    }
    return Blueprint(design, config.n_values, covariance, strength, plan), meaning


Cell = tuple[str, int, int]


def _cells(assumptions: Iterable[str], config: PowerConfig) -> Iterator[Cell]:
    """Assumption, units, trials; what takes longest first, so that processes end together."""
    sizes = [(units, trials) for units in config.units for trials in config.trials]
    for units, trials in sorted(sizes, key=lambda size: -size[0] * size[1]):
        for name in assumptions:
            yield name, units, trials


def _counted(
    blueprint: Blueprint, cells: list[Cell], config: PowerConfig, work: Path | None,
    n_jobs: int | None, label: str,
) -> Iterator[tuple[Cell, Counts]]:  # fmt: skip
    """Verdicts in each cell, those that are kept first."""
    import joblib

    todo: list[tuple[Cell, Path | None]] = []
    with progress(label, len(cells)) as step:
        for cell in cells:
            file = work and work / f"{_key(blueprint, cell, config)}.json"
            kept = _read(file)
            if kept is None:
                todo.append((cell, file))
            else:
                step()
                yield cell, kept
        processes, threads = spread(n_jobs, len(todo))
        with joblib.parallel_config(backend="loky", inner_max_num_threads=threads):
            parallel = joblib.Parallel(n_jobs=processes, return_as="generator_unordered")
            calls = (joblib.delayed(_work)(n, blueprint, cell, config)
                     for n, (cell, _) in enumerate(todo))  # fmt: skip
            for number, counts in parallel(calls):
                cell, file = todo[number]
                if file is not None:
                    write_json(file, counts)
                step(note=f"{cell[1]} units, {cell[2]} trials")
                yield cell, counts


def _work(number: int, blueprint: Blueprint, cell: Cell, config: PowerConfig) -> tuple[int, Counts]:
    from threadpoolctl import threadpool_limits

    name, units, trials = cell
    with threadpool_limits(1):
        return number, share_right(blueprint, name, trials, units, config)


def _key(blueprint: Blueprint, cell: Cell, config: PowerConfig) -> str:
    """Everything that a cell depends on."""
    name, units, trials = cell
    drawn = blueprint.labels
    labels = drawn.tobytes() if isinstance(drawn, np.ndarray) else drawn.changed(
        n_units=1, n_trials=1
    ).model_dump_json().encode()  # fmt: skip
    judged = config.verdict.model_dump(
        mode="json", include={"each", "halvings", "permutations", "threshold", "seed"}
    )
    design = [list(blueprint.design.states), list(blueprint.design.shown), blueprint.design.n_back]
    return content_key(
        design, blueprint.n_values, blueprint.covariance.tobytes(),
        blueprint.strength[name].tobytes(), labels, units, trials, list(config.truths),
        config.pure, config.tests, judged,
    )  # fmt: skip


def _read(file: Path | None) -> Counts | None:
    """What was kept, or None if there is nothing or it was cut off."""
    if file is None or not file.is_file():
        return None
    try:
        kept: Any = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        return None
    return kept if isinstance(kept, str | dict) else None


def _results(
    counts: dict[Cell, Counts], assumptions: dict[str, str], config: PowerConfig
) -> xr.Dataset:
    names = list(assumptions)
    shape = (len(names), len(config.truths), len(config.units), len(config.trials))
    total = np.zeros((len(SHARES), *shape))
    reason = np.full(shape[2:], "", dtype=object)
    for (name, units, trials), found in counts.items():
        at = config.units.index(units), config.trials.index(trials)
        if isinstance(found, str):
            reason[at] = found
            # No verdict is possible, and that is certain.
            total[(SHARES.index("undecided"), names.index(name), slice(None), *at)] = config.tests
            continue
        for row, truth in enumerate(config.truths):
            for number, share in enumerate(SHARES):
                total[(number, names.index(name), row, *at)] = found[truth][share]
    dims = ("assumption", "truth", "units", "trials")
    variables: dict[str, Any] = {"reason": (dims[2:], reason.astype(str))}
    for share, one in zip(SHARES, total, strict=True):
        low, high = wilson(one, config.tests)
        variables |= {share: (dims, one / config.tests), f"{share}_low": (dims, low),
                      f"{share}_high": (dims, high)}  # fmt: skip
    return xr.Dataset(
        variables,
        {
            "assumption": names,
            "meaning": ("assumption", list(assumptions.values())),
            "truth": list(config.truths),
            "units": list(config.units),
            "trials": list(config.trials),
        },
        {"config": config.model_dump_json(), "tests": config.tests, "wanted": config.wanted},
    )


def wilson(hits: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Ends of Wilson's 95 % interval of shares.

    Parameters
    ----------
    hits : ndarray
        How often.
    n : int
        Of how many.

    Returns
    -------
    low, high : ndarray

    References
    ----------
    Wilson (1927), Probable inference, the law of succession, and statistical inference, Journal of
    the American Statistical Association 22, 209-212, :doi:`10.1080/01621459.1927.10502953`.

    Examples
    --------
    >>> low, high = wilson(np.array([0, 8]), 10)
    >>> low.round(2).tolist(), high.round(2).tolist()
    ([0.0, 0.49], [0.28, 0.94])
    """
    z = 1.959964
    share = hits / n
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)
