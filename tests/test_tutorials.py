"""Tutorials run from top to bottom, as notebooks."""

import json
import os
from pathlib import Path

import pytest

# What each leaves behind.
LEAVES = {
    "figure_4": ["paper/report.html", "paper/figures/fig4g.png", "paper/results/fig4d.nc"],
    "first_light": ["gru/report.html", "brain/report.html"],
    "gated_or_gateless": ["brain-1.nc", "planted-families.png"],
    "own_recordings": ["monday.nc", "monday.nwb", "monday.parquet"],
    "ten_networks": ["twins/report.html", "compared/report.html", "compared/figures/ranking.png"],
    "three_brains": [
        "D-evidence.png", "verdicts/report.html", "power/report.html", "power/figures/power.png"
    ],
}  # fmt: skip
TUTORIALS = sorted((Path(__file__).parents[1] / "tutorials").glob("*.py"))


@pytest.mark.slow
@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_tutorial_runs_as_a_notebook(path, tmp_path, monkeypatch):
    import jupytext
    from nbclient import NotebookClient

    monkeypatch.setenv("WMSIM_TUTORIAL_SMALL", "1")
    monkeypatch.setenv("WMSIM_TUTORIAL_OUT", str(tmp_path / "out"))
    monkeypatch.setenv("MPLBACKEND", "Agg")
    beside = Path(__file__).parents[2] / "shared" / "recordings"
    if "WMSIM_DATA_DIR" not in os.environ and beside.is_dir():
        monkeypatch.setenv("WMSIM_DATA_DIR", str(beside))
    notebook = jupytext.read(path)
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}}).execute()
    for name in LEAVES[path.stem]:
        assert (tmp_path / "out" / name).stat().st_size > 20_000, name
    if path.stem == "three_brains":
        opened = json.loads((tmp_path / "out" / "envelope.json").read_text())
        assert [one["brain"] for one in opened] == ["A", "B", "C", "D"]
        assert all(one["verdict"] == one["truth"] for one in opened), opened
