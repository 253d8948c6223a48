"""Tables of a comparison: every score for machines, the ranking for a paper (CSV, LaTeX)."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from wmsim.compare.config import SCORES
from wmsim.compare.inference import ALL
from wmsim.compare.variances import estimate
from wmsim.errors import WmsimError
from wmsim.files import atomic_path, write_text

Row = dict[str, Any]
# Columns of numbers that fit beside names of models on a page.
MOST_COLUMNS = 5
NONE = "--"
SPECIAL = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    **{one: "\\" + one for one in "&%$#_{}"}, "<": r"\textless{}", ">": r"\textgreater{}",
}  # fmt: skip


def scores_table(comparison: xr.Dataset, *, level: float = 0.95) -> list[Row]:
    """All scores of all models on all brains, one a row, as ``summary.json`` has them.

    Intervals are over the stimuli of one brain: Student's, with the spread over resamples and one
    degree of freedom fewer than stimuli. They are about the score itself, as resamples hold some
    stimuli twice and are not centred on it; and percentiles of resamples are too narrow where
    stimuli are few [1]_. With one brain they are those of the ranking.

    Parameters
    ----------
    comparison : xarray.Dataset
        From :func:`wmsim.compare.run.compare`.
    level : float
        Of intervals.

    Returns
    -------
    list of dict
        Keys model, brain, score, step, value, low, high, floor, ceiling; None where there is
        nothing. Steps that a brain does not have are left out.

    References
    ----------
    .. [1] Hesterberg (2015), What teachers should know about the bootstrap, The American
       Statistician 69, 371-386, :doi:`10.1080/00031305.2015.1089789`.
    """
    four = ("model", "brain", "score", "step")
    values = comparison["value"].transpose(*four).values
    draws = comparison["resampled"].transpose(*four, "resample").values
    floors = comparison["floor"].transpose(*four).values
    ceilings = comparison["ceiling"].transpose(*four[1:]).values
    found = []
    for column, brain in enumerate(comparison["brain"].values.tolist()):
        sizes = comparison["n_values"].values[[column]]
        # Each score counts its own resamples: costly ones have fewer.
        for number, score in enumerate(comparison["score"].values.tolist()):
            own = np.s_[:, column, number]
            spread = estimate(values[own][..., None], draws[own][..., None, :], sizes, shared=False)
            low, high = spread.interval(level)
            for row, model in enumerate(comparison["model"].values.tolist()):
                for place, step in enumerate(comparison["step"].values.tolist()):
                    top = ceilings[column, number, place]
                    value = values[row, column, number, place]
                    if step != ALL and not np.isfinite([value, top]).any():
                        continue
                    numbers = {
                        "value": value, "low": low[row, place], "high": high[row, place],
                        "floor": floors[row, column, number, place], "ceiling": top,
                    }  # fmt: skip
                    names = {"model": model, "brain": brain, "score": score, "step": step}
                    found.append({**names, **{key: _number(one) for key, one in numbers.items()}})
    return found


def ranking_table(ranking: xr.Dataset) -> list[Row]:
    """The ranking, one model and score a row, best first within each score.

    Parameters
    ----------
    ranking : xarray.Dataset
        From :func:`wmsim.compare.inference.ranking`.

    Returns
    -------
    list of dict
        Keys score, rank, model, family, control, mean, low, high, over, n_brains, floor, ceiling,
        ceiling_low, ceiling_high, p_floor, p_ceiling, to_best (difference to the best), p_best
        (corrected), best_group and can_rank (whether the score can rank models at all); None where
        there is nothing.
    """
    found = []
    for score in ranking["score"].values.tolist():
        own = ranking.sel(score=score)
        ranks = own["rank"].values
        order = np.argsort(np.where(np.isfinite(ranks), ranks, np.inf), kind="stable")
        best = int(order[0])
        for place in order:
            one = own.isel(model=int(place))
            pair = one.isel(other=best)
            found.append(
                {
                    "score": score, "rank": _whole(ranks[place]), "model": str(one["model"].values),
                    "family": _text(one, "family"), "control": _text(one, "control"),
                    **{name: _number(one[name]) for name in ("mean", "low", "high")},
                    "over": _text(one, "over"), "n_brains": int(one["n"]),
                    **{name: _number(one[name]) for name in COLUMNS},
                    "to_best": _number(pair["difference"]),
                    "p_best": _number(pair["p_corrected"]),
                    "best_group": bool(one["best_group"]),
                    "can_rank": bool(one["can_rank"]),
                }
            )  # fmt: skip
    return found


COLUMNS = ("floor", "ceiling", "ceiling_low", "ceiling_high", "p_floor", "p_ceiling")


def write_csv(rows: Sequence[Row], path: str | os.PathLike[str]) -> None:
    """Write rows as CSV (UTF-8, one header line); None is an empty cell.

    Parameters
    ----------
    rows : sequence of dict
        With the same keys, in the same order.
    path : path-like
        Where.

    Raises
    ------
    WmsimError
        If there are no rows, or the file cannot be written.
    """
    if not rows:
        raise WmsimError("There is no row to write; expected one or more.")
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def write_latex(
    ranking: xr.Dataset, path: str | os.PathLike[str], *, label: str = "tab:ranking"
) -> None:
    """Write the ranking as a table for a paper; see :func:`latex`."""
    write_text(path, latex(ranking, label=label))


def latex(ranking: xr.Dataset, *, label: str = "tab:ranking") -> str:
    r"""The ranking as a LaTeX table: models in rows, scores in columns.

    It needs ``\usepackage{booktabs}``. Many scores are set in blocks, one below the other.

    Parameters
    ----------
    ranking : xarray.Dataset
        From :func:`wmsim.compare.inference.ranking`.
    label : str
        For ``\ref``.

    Returns
    -------
    str
    """
    scores = ranking["score"].values.tolist()
    order = model_order(ranking)
    n_blocks = -(-len(scores) // MOST_COLUMNS)
    width = -(-len(scores) // n_blocks)
    blocks = [scores[start : start + width] for start in range(0, len(scores), width)]
    lines = [r"\begin{table}", r"\centering", r"\small", rf"\caption{{{_caption(ranking)}}}"]
    lines += [rf"\label{{{label}}}", rf"\begin{{tabular}}{{@{{}}l*{{{width}}}{{c}}@{{}}}}"]
    for number, block in enumerate(blocks):
        lines += [r"\toprule" if number == 0 else r"\midrule[\heavyrulewidth]"]
        lines += _block(ranking, block, order, width)
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", r"\end{table}", ""])


def model_order(ranking: xr.Dataset) -> list[str]:
    """One order for all scores: trained models by their mean rank, then controls by theirs.

    A model counts where it has a rank.
    """
    rank = ranking["rank"].transpose("model", "score").values
    there = np.isfinite(rank)
    # Ranks are shares of their number, as not all scores rank all models.
    share = np.where(there, rank, 0.0) / np.maximum(there.sum(axis=0), 1)
    count = there.sum(axis=1)
    mean = np.where(count > 0, share.sum(axis=1) / np.maximum(count, 1), np.inf)
    is_control = _controls(ranking)
    order = sorted(range(mean.size), key=lambda row: (bool(is_control[row]), mean[row], row))
    return [str(ranking["model"].values[row]) for row in order]


def escape(text: str) -> str:
    r"""Text as LaTeX prints it.

    Examples
    --------
    >>> print(escape("gru_256 & 50 %"))
    gru\_256 \& 50 \%
    """
    return "".join(SPECIAL.get(one, one) for one in text)


def _controls(ranking: xr.Dataset) -> np.ndarray:
    if "control" not in ranking.coords:
        return np.zeros(ranking.sizes["model"], bool)
    return np.asarray(ranking["control"].values.astype(str) != "")


def _block(ranking: xr.Dataset, scores: list[str], order: list[str], width: int) -> list[str]:
    """Head, models, floor and ceiling of some scores."""
    empty = [""] * (width - len(scores))
    heads = [_heading(score, bool(ranking["can_rank"].sel(score=score))) for score in scores]
    lines = [_line(["Model", *heads, *empty]), r"\midrule"]
    controls = dict(zip(ranking["model"].values.tolist(), _controls(ranking), strict=True))
    for row, model in enumerate(order):
        if row and controls[model] and not controls[order[row - 1]]:
            lines.append(r"\addlinespace")
        own = [ranking.sel(score=score, model=model) for score in scores]
        lines.append(_line([escape(model), *(_value(one) for one in own), *empty]))
        lines.append(_line(["", *(_interval(one["low"], one["high"]) for one in own), *empty]))
    every = [ranking.sel(score=score) for score in scores]
    lines += [r"\midrule"]
    lines += [_line(["Ceiling", *(_plain(_mean(one["ceiling"])) for one in every), *empty])]
    ends = [_interval(one["ceiling_low"], one["ceiling_high"]) for one in every]
    lines += [_line(["", *ends, *empty])]
    return [*lines, _line(["Floor", *(_plain(_mean(one["floor"])) for one in every), *empty])]


def _line(cells: list[str]) -> str:
    return " & ".join(cells) + r" \\"


def _heading(score: str, can_rank: bool) -> str:
    """The short name of a score; the caption has the long ones. Asterisk: cannot rank models."""
    return escape(SHORT.get(score, score)) + r"$^{\ast}$" * (not can_rank)


SHORT = {
    "rsa": "RSA", "tensor": "Tensor", "cka": "CKA", "shape": "Shape", "cca": "CCA",
    "ridge": "Ridge", "pls": "PLS", "orthogonalisation": "Orthogonality", "swaps": "Swaps",
    "cross_task": "Cross-task", "verdict": "Verdict",
}  # fmt: skip


def _value(one: xr.Dataset) -> str:
    """A mean with its marks: bold, the best; dagger, not worse; circle, not above the floor."""
    text = _plain(float(one["mean"]))
    if text == NONE:
        return text
    can_rank = bool(one["can_rank"])
    best = can_rank and float(one["rank"]) == 1
    above = float(one["p_floor"]) < 1 - float(one.attrs.get("level", 0.95))
    known = np.isfinite(float(one["p_floor"]))
    same = can_rank and bool(one["best_group"]) and not best
    marks = r"\dagger" * same + r"\circ" * bool(known and not above)
    bold = rf"\textbf{{{text}}}" if best else text
    return f"{bold}$^{{{marks}}}$" if marks else bold


def _plain(value: float) -> str:
    """Two digits, with a minus sign that is one.

    Examples
    --------
    >>> _plain(0.347), _plain(-0.02), _plain(-0.001), _plain(float("nan"))
    ('0.35', '$-$0.02', '0.00', '--')
    """
    if not np.isfinite(value):
        return NONE
    text = f"{value:.2f}"
    return text.replace("-", "" if float(text) == 0 else "$-$")


def _interval(low: xr.DataArray, high: xr.DataArray) -> str:
    ends = [_plain(float(low)), _plain(float(high))]
    return "" if NONE in ends else rf"{{\scriptsize[{ends[0]}, {ends[1]}]}}"


def _mean(values: xr.DataArray) -> float:
    there = values.values[np.isfinite(values.values)]
    return float(there.mean()) if there.size else float("nan")


def _caption(ranking: xr.Dataset) -> str:
    n_brains = int(ranking.attrs["n_brains"])
    level = f"{100 * float(ranking.attrs['level']):g}"
    risk = f"{1 - float(ranking.attrs['level']):g}"
    over = sorted({one for one in ranking["over"].values.ravel().tolist() if one})
    names = [
        f"{SHORT[score]}, {SCORES[score]}" for score in ranking["score"].values.tolist()
        if score in SCORES and score in SHORT
    ]  # fmt: skip
    parts = [
        f"Similarity of models and {n_brains} brain{'s' * (n_brains > 1)}: mean and, in brackets, "
        f"{level} % interval" + (f" over {' or '.join(over)}" if over else "") + ".",
        "Bold: largest mean of a score.",
        f"Dagger: not significantly below it (P >= {risk}, paired, corrected by Holm's method for "
        "all pairs of models of a score).",
        "Circle: not significantly above the floor (Holm's method for all models of a score).",
        "Ceiling: the brain's other half of trials in a model's place. Floor: labels of the model "
        "shuffled over trials, mean over models.",
    ]
    if not ranking["can_rank"].values.all():
        parts.append(
            "Asterisk: these recordings cannot rank models by this score, as its ceiling is not "
            "known to be above its floor; neither best nor alike are marked."
        )
    short = [int(n) for n in ranking["n"].values.ravel() if 0 < n < n_brains]
    if short:
        parts.append(f"Some models have some scores in as few as {min(short)} brains.")
    if n_brains == 1:
        parts.append("One brain: all of this holds for this brain alone.")
    if names:
        parts.append(f"{'; '.join(names)}.")
    text = escape(" ".join(parts)).replace(r"\textgreater{}=", r"$\geq$")
    for word, mark in (
        ("Dagger:", r"$^{\dagger}$:"), ("Circle:", r"$^{\circ}$:"), ("Asterisk:", r"$^{\ast}$:"),
    ):  # fmt: skip
        text = text.replace(word, mark)
    return text


def _number(value: Any) -> float | None:
    number = float(value)
    return number if np.isfinite(number) else None


def _whole(value: float) -> int | None:
    return int(value) if np.isfinite(value) else None


def _text(one: xr.Dataset, name: str) -> str:
    return str(one[name].values) if name in one.variables else ""


__all__ = [
    "escape", "latex", "model_order", "ranking_table", "scores_table", "write_csv",
    "write_latex",
]  # fmt: skip
