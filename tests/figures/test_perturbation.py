"""Figures of the causal test draw what they are given."""

import numpy as np
import pytest
import xarray as xr

from wmsim.figures import perturbation
from wmsim.figures.perturbation import effects_figure, perturbation_figure

DOSES = np.array([0.0, 0.5, 1.0])
DIRECTIONS = ["own", "unrelated location", "random 1", "random 2"]


def result(task, feature):
    rng = np.random.default_rng(0)
    dims = ("trial_kind", "direction", "dose", "step", "action")
    values = rng.dirichlet(np.ones(3), size=(2, 4, 3, 1))
    found = {
        name: (dims, values + shift)
        for name, shift in (("probability", 0), ("probability_low", -0.1),
                            ("probability_high", 0.1), ("change", -0.5), ("change_low", -0.6),
                            ("change_high", -0.4))
    }  # fmt: skip
    found["control"] = (("trial_kind", "against", *dims[2:]), values[:, :1])
    found |= {"hyperplane": ("trial_kind", [0.5, 0.4]), "n_trials": ("trial_kind", [31, 29])}
    kinds = ["own", "unrelated", "random", "random"]
    coords = {
        "trial_kind": ["match", "non-match"], "direction": DIRECTIONS, "dose": DOSES, "step": [1],
        "action": ["no action", "non-match", "match"], "kind": ("direction", kinds),
        "against": ["random"],
    }  # fmt: skip
    return xr.Dataset(found, coords, {"task": task, "feature": feature, "task_feature": feature})


@pytest.fixture
def drawn(monkeypatch):
    """Figures that are saved, before they are written."""
    kept = []
    monkeypatch.setattr(perturbation, "save_figure", lambda figure, stem: kept.append(figure))
    return kept


def test_curves_are_the_probabilities(drawn):
    one = result("1-back-location", "location")
    perturbation_figure({"1-back-location": one}, "unused", trial_kind="non-match")
    (panel,) = drawn[0].axes
    assert panel.get_title() == "1-back-location, n = 29"
    lines = {tuple(np.round(line.get_ydata(), 6)) for line in panel.get_lines()}
    own = one["probability"].sel(trial_kind="non-match", direction="own", step=1)
    for action in own["action"].values:
        assert tuple(np.round(own.sel(action=action).values, 6)) in lines
    control = one["control"].sel(trial_kind="non-match", action="non-match", step=1)[0]
    assert tuple(np.round(control.values, 6)) in lines
    labels = [text.get_text() for text in drawn[0].legends[0].get_texts()]
    assert labels[0] == "P(match): decoder's normal"
    assert "P(non-match): decoder of another feature" in labels


def test_panels_are_features_by_tasks_or_in_turn(drawn):
    grid = {
        f"{n}-back-{feature}": result(f"{n}-back-{feature}", feature)
        for n in (1, 2)
        for feature in ("location", "category")
    }
    perturbation_figure(grid, "unused")
    seen = [panel.get_title().split(",")[0] for panel in drawn[0].axes if panel.get_visible()]
    assert seen == list(grid)
    grid.pop("2-back-location")
    perturbation_figure(grid, "unused")
    seen = [panel.get_title().split(",")[0] for panel in drawn[1].axes if panel.get_visible()]
    assert seen == list(grid)


def test_effects_show_every_direction(drawn):
    one = result("1-back-location", "location")
    effects_figure({"1-back-location": one}, "unused")
    match = drawn[0].axes[0]
    shown = np.concatenate([line.get_xdata() for line in match.get_lines()])
    wanted = one["change"].sel(trial_kind="match", action="match", dose=1, step=1).values
    assert np.isin(np.round(wanted, 9), np.round(shown.astype(float), 9)).all()


def test_files_are_written(tmp_path):
    one = {"1-back-location": result("1-back-location", "location")}
    for make in (perturbation_figure, effects_figure):
        png, pdf = make(one, tmp_path / make.__name__)
        assert png.stat().st_size > 5000
        assert b"Type42" in pdf.read_bytes() or pdf.stat().st_size > 1000
