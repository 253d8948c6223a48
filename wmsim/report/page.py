"""The report: one self-contained HTML page made from the summary and the figures."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from wmsim.figures.statistics import ROWS, pick
from wmsim.files import write_text

EXTRA_ROWS = (
    ("encoding_to_memory_hold", "E(S,S) to M(S,T), before the comparison"),
    ("encoding_to_memory_recall", "E(S,S) to M(S,T), at the comparison"),
    ("maintenance_transfer", "maintenance, decoders of another item"),
    ("encoding_to_maintenance", "E(S,S) to maintenance"),
)
ESTIMATORS = {
    "svc": "a linear support vector classifier",
    "ridge": "a least-squares (ridge) classifier",
    "lda": "a linear discriminant with a shrunk covariance",
}
PAPER = (
    "Lei, X., Ito, T., & Bashivan, P. (2024). Geometry of naturalistic object representations in "
    "recurrent neural network models of working memory. NeurIPS 37."
)


def write_page(
    out: Path, summary: dict[str, Any], figures: Iterable[dict[str, str]], *, title: str,
    introduction: list[str], references: Iterable[str] = (),
) -> Path:  # fmt: skip
    """Write ``report.html``.

    Parameters
    ----------
    out : path
        The run's folder.
    summary : dict
        Content of ``summary.json``; all numbers come from it.
    figures : iterable of dict
        ``file`` (in ``out/figures``), ``title``, ``caption``, and ``recording`` where it belongs.
    title : str
        Heading.
    introduction : list of str
        Paragraphs below it.
    references : iterable of str
        Besides the paper.

    Returns
    -------
    pathlib.Path
        The page.
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.ChainableUndefined,
    )
    environment.filters |= {
        "number": format_number,
        "two": lambda value: "-" if value is None else f"{value:.3f}",
        "stat": _stat,
        "estimators": _estimators,
        "claimed": _claimed,
        "item_stat": _item_stat,
        "left_out": _left_out,
        "selectattr_stat": lambda features, key: any(pick(one, key) for one in features),
    }
    page = environment.get_template("report.html.jinja").render(
        summary=summary,
        title=title,
        introduction=introduction,
        rows=ROWS + EXTRA_ROWS,
        figures=[_embedded(figure, out) for figure in figures],
        references=[*references, PAPER],
    )
    write_text(out / "report.html", page)
    return out / "report.html"


def _estimators(summary: dict[str, Any]) -> str:
    """What the recordings were decoded with, in words."""
    recordings = summary["recordings"].values()
    named = [one.get("config", {}).get("estimator", "svc") for one in recordings]
    return ", ".join(ESTIMATORS.get(name, name) for name in dict.fromkeys(named))


def _embedded(figure: dict[str, str], out: Path) -> dict[str, str]:
    data = base64.b64encode((out / "figures" / figure["file"]).read_bytes()).decode()
    return {"recording": "", **figure, "data": data}


def format_number(one: dict[str, float | None] | None) -> str:
    """``.88 [.85, .90] (.50) p .01`` from value, low, high, chance, p.

    Examples
    --------
    >>> format_number({"value": 0.876, "low": 0.85, "high": 0.9, "chance": 0.5, "p": 0.0099})
    '.88 [.85, .90] (.50), p .010'
    """
    if one is None:
        return "-"
    text = _short(one["value"])
    if one["low"] is not None:
        text += f" [{_short(one['low'])}, {_short(one['high'])}]"
    if one["chance"] is not None:
        text += f" ({_short(one['chance'])}), p {_short(one['p'], 3)}"
    return text


def _claimed(claim: dict[str, Any]) -> str:
    """A claim's value with its interval."""
    if claim["value"] is None:
        return "-"
    text = f"{claim['value']:.3f}"
    return text if claim["low"] is None else f"{text} [{claim['low']:.3f}, {claim['high']:.3f}]"


def _short(value: float | None, digits: int = 2) -> str:
    """A number as papers print shares: no zero before the point."""
    if value is None:
        return "-"
    text = f"{value:.{digits}f}"
    return text.replace("0.", ".", 1) if text.lstrip("-").startswith("0.") else text


def _of(entry: dict[str, Any] | None, metric: str) -> str:
    return format_number(entry if entry is None or metric == "balanced" else entry[metric])


def _stat(feature: dict[str, Any], key: str, metric: str) -> str:
    return _of(pick(feature, key), metric)


def _item_stat(feature: dict[str, Any], item: int, metric: str) -> str:
    entries = feature["within_by_item"]
    return _of(entries[item], metric) if item < len(entries) else "-"


def _left_out(feature: dict[str, Any], key: str) -> str:
    entry = pick(feature, key)
    if not entry or "multiclass_left_out" not in entry:
        return ""
    return format_number(entry["multiclass_left_out"])
