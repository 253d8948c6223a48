"""All figures, by name."""

from __future__ import annotations

from importlib import import_module

from wmsim.errors import choose
from wmsim.reproduce.figure import Figure

# In the paper's order; "perception" is the table of section 3.
PAPER = (
    "perception", "fig2a", "fig2b", "fig2c", "fig3b", "fig4b", "fig4c", "fig4d", "fig4f", "fig4g",
    "figA1", "figA2", "figA3", "figA4", "figA5", "figA6", "figA7",
)  # fmt: skip
# Questions that the paper leaves open.
BEYOND = ("size", "novel_identities", "other_tasks", "other_cores")
ALL = "all"


def figure(name: str) -> Figure:
    """A figure by its name.

    Raises
    ------
    ConfigError
        If there is none.
    """
    return import_module(f"wmsim.reproduce.{choose(name, PAPER + BEYOND, 'figure')}").FIGURE


def figures(names: list[str] | tuple[str, ...]) -> list[Figure]:
    """Figures by name, each once; ``"all"`` are the paper's, ``"beyond"`` the others.

    Raises
    ------
    ConfigError
        If there is no figure of a name.
    """
    known = {ALL: PAPER, "beyond": BEYOND}
    chosen = [one for name in names for one in known.get(name, (name,))]
    for name in chosen:
        choose(name, (*PAPER, *BEYOND, *known), "figure")
    return [figure(name) for name in dict.fromkeys(chosen)]
