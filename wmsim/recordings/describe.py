"""A recording in words, to be compared with the laboratory's notebook."""

from __future__ import annotations

from typing import Any

import xarray as xr

from wmsim.recordings.summary import summarise

MOST_COLUMNS = 12


def describe(dataset: xr.Dataset) -> str:
    """Describe a recording so that a person can check it.

    Parameters
    ----------
    dataset : xarray.Dataset
        A recording.

    Returns
    -------
    str
        Time, units by session and area, trials by label, items and their timing, trials a
        condition, and what is missing: what :func:`~wmsim.recordings.summarise` says.

    Examples
    --------
    >>> import numpy as np
    >>> from wmsim.recordings import build_recording
    >>> print(describe(build_recording(
    ...     np.ones((1, 2, 2)), time=[0], time_units="step", source="planted", shown_item=[0],
    ...     activity_units="a.u.", features={"image": ([[0], [1]], ["cup", "car"])},
    ... )))
    A recording (planted, aligned): time 1, unit 2, trial 2, item 1
    time: 0 to 0 step (item 1)
    activity: a.u.; means of units 1 to 1, median 1
    items a trial: 1 (2 trials)
    feature image: trials with each value
                   cup     car
      item 1         1       1
    missing: nothing
    created_at: ...
    creation_library_version: ...
    """
    facts = summarise(dataset)
    sections = [
        _head(facts),
        _units(facts),
        _trials(facts),
        _timing(facts),
        *(_conditions(name, values) for name, values in facts["conditions"].items()),
        _missing(facts),
        [f"{name}: {value}" for name, value in facts["attrs"].items() if name != "source"],
    ]
    return "\n".join(line for section in sections for line in section)


def _head(facts: dict[str, Any]) -> list[str]:
    time, sizes = facts["time"], facts["sizes"]
    kind = "aligned" if time["aligned"] else "continuous"
    width = f", {time['bins']} bins"
    if time["bin_width"] and not time["aligned"]:
        width += f" of {time['bin_width']:g} {time['units']}"
    activity = facts["activity"]
    spread = (
        f"; means of units {activity['low']:.3g} to {activity['high']:.3g}, "
        f"median {activity['median']:.3g}"
        if "median" in activity
        else ""
    )
    return [
        f"A recording ({facts['attrs'].get('source', 'unknown source')}, {kind}): "
        + ", ".join(f"{dim} {size}" for dim, size in sizes.items()),
        f"time: {time['first']:g} to {time['last']:g} {time['units']}"
        + (f" ({', '.join(time['steps'])})" if time["aligned"] else width),
        f"activity: {activity['units'] or 'no units given'}{spread}",
    ]


def _units(facts: dict[str, Any]) -> list[str]:
    lines = [
        f"units by {name}: {listed(counts)}"
        for name, counts in facts["units"].items()
        if name != "session"
    ]
    for session, areas in facts["units_by_session"].items():
        lines.append(f"units of session {session}: {sum(areas.values())} ({listed(areas)})")
    return lines


def _trials(facts: dict[str, Any]) -> list[str]:
    lines = [f"items a trial: {listed(facts['items_a_trial'], unit=' trials')}"]
    return lines + [f"trials by {name}: {listed(c)}" for name, c in facts["trials"].items()]


def _timing(facts: dict[str, Any]) -> list[str]:
    units, trials = facts["time"]["units"], facts["sizes"]["trial"]
    if facts["time"]["aligned"]:
        units = "s"
    lines = []
    for title, row in facts["timing"].items():
        span = f"{row['low']:.3f} to {row['high']:.3f}"
        always = "" if row["trials"] == trials else f", in {row['trials']} of {trials} trials"
        exact = row["high"] - row["low"] < 5e-4
        said = f"{row['median']:.3f} {units}" + ("" if exact else f" (median; {span})")
        lines.append(f"timing of {title}: {said}{always}")
    return lines


def _conditions(feature: str, values: dict[str, list[int]]) -> list[str]:
    """Trials with each value at each item: a table, or its extremes where it is long."""
    if not values:
        return [f"feature {feature}: no value"]
    n_items = len(next(iter(values.values())))
    if len(values) > MOST_COLUMNS:
        lines = [f"feature {feature}: {len(values)} values ({listed(_totals(values))})"]
        for item in range(n_items):
            counts = [row[item] for row in values.values()]
            lines.append(f"  item {item + 1}: {min(counts)} to {max(counts)} trials a value")
        return lines
    width = max(6, *(len(name) for name in values)) + 2
    header = "".join(name.rjust(width) for name in values)
    lines = [f"feature {feature}: trials with each value", " " * 10 + header]
    for item in range(n_items):
        row = "".join(str(counts[item]).rjust(width) for counts in values.values())
        lines.append(f"  item {item + 1}".ljust(10) + row)
    return lines


def _totals(values: dict[str, list[int]]) -> dict[str, int]:
    return {name: sum(counts) for name, counts in values.items()}


def _missing(facts: dict[str, Any]) -> list[str]:
    missing, sizes = facts["missing"], facts["sizes"]
    if not missing["share"]:
        return ["missing: nothing"]
    parts = [f"{missing['share']:.1%} of the activity is NaN"]
    if missing["units_missing_trials"]:
        parts.append(
            f"{missing['units_missing_trials']} of {sizes['unit']} units have no activity in some "
            f"trials (most: {missing['unit_missing_most']}, {missing['most_trials_missed']} of "
            f"{sizes['trial']})"
        )
    if missing["trials_without_any"]:
        parts.append(f"{missing['trials_without_any']} trials have no activity at all")
    if missing["units_without_any"]:
        parts.append(f"{missing['units_without_any']} units have no activity at all")
    if len(parts) == 1:
        parts.append("parts of trials only: every unit has activity in every trial")
    return ["missing: " + "; ".join(parts)]


def listed(counts: dict[str, int], unit: str = "", most: int = MOST_COLUMNS) -> str:
    """Counts as text, cut off where there are many.

    Examples
    --------
    >>> listed({"cup": 3, "car": 4})
    'cup (3), car (4)'
    """
    shown = [f"{name} ({count}{unit})" for name, count in list(counts.items())[:most]]
    more = f", ... ({len(counts)} in all)" if len(counts) > most else ""
    return ", ".join(shown) + more
