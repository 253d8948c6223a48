"""``wmsim perturb`` as a user meets it."""

import json

import pytest
import typer
import xarray as xr
from typer.testing import CliRunner

import wmsim.report.perturbation as report
from wmsim.cli.perturbation import perturb
from wmsim.errors import ConfigError

QUICK = ["--trials", "120", "--random", "3", "--bootstrap", "20", "--folds", "3", "--split",
         "train", "--dose", "1.5"]  # fmt: skip


@pytest.fixture
def run(monkeypatch, planted_subject):
    monkeypatch.setattr(report, "load_subject", lambda folder, device: planted_subject(1))
    app = typer.Typer()
    app.command()(perturb)
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


def test_everything_is_left_in_the_folder_and_found_again(run, tmp_path, monkeypatch):
    words = ("planted", "--out", tmp_path, "--task", "1-back-location", *QUICK)
    ended = run(*words)
    assert ended.exit_code == 0, ended.output
    assert "match trials, dose 1 along the normal" in ended.output
    summary = json.loads((tmp_path / "summary.json").read_text())
    match = summary["perturbation"]["1-back-location"]["trials"]["match"]
    own = match["doses"]["1"]["own"]["actions"]["match"]
    assert own["change"]["value"] < -0.9
    assert own["beyond"]["outside"]["high"] < -0.5
    page = (tmp_path / "report.html").read_text()
    assert f"P(match) {own['change']['value']:+.3f}" in page.replace("&#43;", "+")
    for stem in ("perturbation-match", "perturbation-non-match", "perturbation-effects"):
        assert (tmp_path / "figures" / f"{stem}.png").stat().st_size > 5000
        assert (tmp_path / "figures" / f"{stem}.pdf").stat().st_size > 1000
    with xr.open_dataset(tmp_path / "results" / "1-back-location-perturbation.nc") as kept:
        assert json.loads(kept.attrs["config"])["trials"] == 120
        assert kept["probability"].attrs["long_name"]

    def never(*_, **__):
        raise AssertionError("computed again")

    monkeypatch.setattr(report, "perturb", never)
    monkeypatch.setattr(report, "_figures", lambda results, folder: [])
    assert run(*words).exit_code == 0
    assert isinstance(run(*words, "--seed", 1).exception, AssertionError)


def test_wrong_requests_end_with_one_message(run, tmp_path):
    ended = run("planted", "--out", tmp_path, "--task", "3-back-location", *QUICK)
    assert isinstance(ended.exception, ConfigError)
    ended = run("planted", "--out", tmp_path, "--decoder", "threes")
    assert isinstance(ended.exception, ConfigError)
