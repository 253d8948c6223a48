"""Learning curve of a subject."""

from __future__ import annotations

from pathlib import Path

from wmsim.figures.style import COLOURS, GREY, new_figure, save_figure, style


def learning_curve(
    history: list[dict[str, float]], tests: dict[str, float], path_stem: str | Path
) -> list[Path]:
    """Draw accuracy over training, and on each test split at the end.

    Parameters
    ----------
    history : list of dict
        See :class:`wmsim.training.checkpoint.State`.
    tests : dict of str to float
        Accuracy over all steps by split, at the end of training.
    path_stem : path-like
        Where to write, without ending.

    Returns
    -------
    list of pathlib.Path
    """
    with style():
        figure = new_figure(5.6, 2.5)
        axes = figure.add_subplot()
        iterations = [entry["iteration"] for entry in history]
        for key, label, colour in (
            ("accuracy", "all steps", COLOURS[0]),
            ("executive_accuracy", "match / non-match steps", COLOURS[1]),
        ):
            axes.plot(iterations, [entry[key] for entry in history], color=colour, label=label)
        end = max(iterations)
        for offset, (split, value) in enumerate(tests.items()):
            axes.plot(end * (1.05 + 0.05 * offset), value, "o", color=COLOURS[2 + offset], ms=4,
                      label=f"{split.replace('_', ' ')}, all steps (after training)")  # fmt: skip
        axes.axhline(0.5, color=GREY, lw=0.8, ls=":", label="guessing match / non-match")
        axes.set(xlabel="iteration", ylabel="share of correct actions", ylim=(0.35, 1.02))
        axes.set_xlim(left=0)
        figure.legend(loc="outside right center", fontsize=7)
        return save_figure(figure, path_stem)
