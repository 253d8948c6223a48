"""Check a recording against the contract; say everything that is wrong, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import xarray as xr

from wmsim.errors import SchemaError, did_you_mean
from wmsim.recordings import checks
from wmsim.recordings.labels import feature_names
from wmsim.recordings.schema import FEATURE, SCHEMA, SCHEMA_VERSION, SOURCES, VARIABLES, expected


def validate(dataset: xr.Dataset, *, values: bool = True) -> None:
    """Check that a dataset is a recording.

    Parameters
    ----------
    dataset : xarray.Dataset
        What should be a recording.
    values : bool
        Whether to read the activity, to find units without any; False leaves a lazily
        opened recording on disk.

    Raises
    ------
    SchemaError
        Names every problem: the variable, what was found, what was expected and how to
        mend it.

    Examples
    --------
    >>> validate(xr.Dataset({"rates": ("time", [1.0, 2.0])}))
    Traceback (most recent call last):
        ...
    wmsim.errors.SchemaError: This dataset is not a recording of wmsim: it has no attr schema, ...
    """
    _require_recording(dataset)
    problems = list(_attrs(dataset))
    broken = set()
    for name, problem in _variables(dataset):
        broken.add(name)
        problems.append(f"{name}: {problem}")
    sound = dataset.drop_vars([name for name in broken if name in dataset.variables])
    problems.extend(checks.all_problems(sound, values=values))
    if problems:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise SchemaError(f"This recording has {count}:\n- " + "\n- ".join(problems))


def _require_recording(dataset: Any) -> None:
    if not isinstance(dataset, xr.Dataset):
        raise SchemaError(
            f"Found a {type(dataset).__name__}, expected a recording (an xarray.Dataset). "
            "Make one with wmsim.recordings.build_recording."
        )
    if dataset.attrs.get("schema") != SCHEMA:
        schema = dataset.attrs.get("schema")
        found = "it has no attr schema" if schema is None else f"its attr schema is {schema!r}"
        held = ", ".join(str(name) for name in list(dataset.variables)[:8]) or "nothing"
        raise SchemaError(
            f"This dataset is not a recording of wmsim: {found}, expected '{SCHEMA}'; it holds "
            f"{held}. Make one with wmsim.recordings.build_recording or import_recording."
        )
    if "activity" not in dataset.variables:
        held = did_you_mean("activity", [str(name) for name in dataset.data_vars])
        raise SchemaError(
            "activity: is missing, expected a variable over (time, unit, trial). "
            f"Rename the variable that holds the activity. {held}"
        )


def _attrs(dataset: xr.Dataset) -> Iterator[str]:
    version = str(dataset.attrs.get("schema_version", ""))
    if version.split(".")[0] != SCHEMA_VERSION.split(".")[0]:
        yield (
            f"attr schema_version: is {version!r}, this wmsim reads {SCHEMA_VERSION}. "
            "Update wmsim, or save the recording again."
        )
    source = dataset.attrs.get("source")
    if source not in SOURCES:
        yield (
            f"attr source: is {source!r}, expected one of {', '.join(map(repr, SOURCES))}. "
            f"Set dataset.attrs['source']."
        )


def _variables(dataset: xr.Dataset) -> Iterator[tuple[str, str]]:
    """Names of variables that are missing or of wrong dims or type, each with the problem."""
    for known in VARIABLES:
        if known.required and known.name not in dataset.variables:
            yield (
                known.name,
                (
                    f"is missing, expected {known.meaning}, over ({', '.join(known.dims)}). "
                    f"Add it with dataset.assign_coords({known.name}=...)."
                ),
            )
    features = set(feature_names(dataset))
    for name, variable in dataset.variables.items():
        rule = FEATURE if name in features else expected(str(name))
        problem = None
        if variable.dtype.kind in "OUT":
            problem = checks.text_problem(variable.values)
        if problem is None and rule is not None:
            problem = checks.dims_problem(dataset, variable, rule)
            problem = problem or checks.type_problem(variable, rule)
        if problem is not None:
            yield str(name), problem
