"""Errors that a user is meant to read: what was found, what was expected, how to mend it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class WmsimError(Exception):
    """The data or the request is wrong.

    The command line prints the message as it is and ends with exit status 1; a
    message therefore says what was found, what was expected and how to mend it.
    """


class SchemaError(WmsimError):
    """A recording breaks the contract of :mod:`wmsim.recordings`."""


class ConfigError(WmsimError):
    """A setting does not exist or has a value that cannot be used."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Say which known name was probably meant, and list what there is.

    Parameters
    ----------
    name : str
        What the user wrote.
    known : iterable of str
        What would have been accepted.

    Returns
    -------
    str
        A sentence (or two) to put at the end of an error message.

    Examples
    --------
    >>> did_you_mean("locaton", ["location", "identity"])
    "Did you mean 'location'? There are: location, identity."
    """
    names = [str(candidate) for candidate in known]
    close = difflib.get_close_matches(str(name), names, n=1)
    hint = f"Did you mean '{close[0]}'? " if close else ""
    return f"{hint}There are: {', '.join(names) if names else 'none'}."


def choose(name: str, known: Iterable[str], what: str) -> str:
    """Return `name` if it is known, else raise an error that helps.

    Parameters
    ----------
    name : str
        What the user wrote.
    known : iterable of str
        What is accepted.
    what : str
        What kind of thing it is, for the message, e.g. ``"encoder"``.

    Returns
    -------
    str
        `name`, unchanged.

    Raises
    ------
    ConfigError
        If `name` is not among `known`.
    """
    names = [str(candidate) for candidate in known]
    if name not in names:
        raise ConfigError(f"Unknown {what} '{name}'. {did_you_mean(name, names)}")
    return name
