"""The command calibrate: tables, figures, page; taken up again."""

import csv
import json

import pytest
import xarray as xr
from typer.testing import CliRunner

from wmsim.cli.app import app

OPTIONS = [
    "--units", "15", "20", "--trials", "60", "--signal", "2", "--truth", "H1", "--repeats",
    "1", "--condition", "none", "--each", "20",
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("calibration")
    result = CliRunner().invoke(app, ["calibrate", "--out", str(out), *OPTIONS])
    assert result.exit_code == 0, result.output
    return out, result.output


def test_everything_is_there(folder):
    out, printed = folder
    found = json.loads((out / "summary.json").read_text())["calibration"]
    assert found["n_recordings"] == 2
    assert set(found["by_truth"]) == {"H1"}
    assert "2 recordings were planted" in printed
    with open(out / "results" / "calibration.csv") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 2
    assert {row["n_units"] for row in rows} == {"15", "20"}
    with xr.open_dataset(out / "results" / "calibration.nc") as table:
        assert dict(table.sizes) == {"recording": 2, "hypothesis": 7}
        assert float(table["probability"].sum("hypothesis").min()) == pytest.approx(1)
    for name in ("grid", "confusion", "reliability"):
        assert (out / "figures" / f"{name}.png").stat().st_size > 5000
    page = (out / "report.html").read_text()
    assert "Stated probabilities" in page
    assert page.count("data:image/png") == 3


def test_unknown_names_are_refused(tmp_path):
    result = CliRunner().invoke(
        app, ["calibrate", "--out", str(tmp_path), "--condition", "overlab"]
    )
    assert "Did you mean 'overlap'" in str(result.exception)
