"""Figures of a verdict: states in order, everything drawn, PNG and PDF."""

import dataclasses

import numpy as np
import pytest

from wmsim.figures import verdict as figures
from wmsim.figures.verdict import by_age, evidence_figure, similarity_figure, state_label
from wmsim.hypotheses import plant
from wmsim.hypotheses.verdict import VerdictConfig, verdict


@pytest.fixture(scope="module")
def judged():
    recording = plant(hypothesis="H2", n_units=24, n_trials=100, n_items=3, seed=1)
    return verdict(recording, VerdictConfig(each=20, bootstrap=4, permutations=0)).verdicts[0]


def test_states_are_ordered_by_age_and_named(judged):
    order, ages = by_age(judged)
    labels = [state_label(judged, row) for row in order]
    assert labels == ["E(1,1)", "E(2,2)", "E(3,3)", "M(1,2)", "M(2,3)", "M(1,3)"]
    assert ages.tolist() == [0, 0, 0, 1, 1, 2]


def test_only_states_that_the_verdict_rests_on_are_drawn(judged):
    fewer = dataclasses.replace(judged, used=judged.used[:-1])
    assert set(by_age(fewer)[0]) == set(fewer.used)


@pytest.mark.parametrize("draw", [similarity_figure, evidence_figure])
def test_figures_are_written(judged, draw, tmp_path):
    written = draw(judged, tmp_path / "one")
    assert [path.suffix for path in written] == [".png", ".pdf"]
    assert all(path.stat().st_size > 5000 for path in written)


def test_panels_show_data_and_predictions(judged, tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(figures, "save_figure", lambda figure, stem: drawn.append(figure))
    similarity_figure(judged, tmp_path / "one")
    order, _ = by_age(judged)
    panels = [axes for axes in drawn[0].axes if axes.images]
    assert panels[0].get_title() == "data"
    assert [panel.get_title().split()[0] for panel in panels[1:]] == list(figures.DRAWN)
    expected = [judged.similarity, *(judged.predicted[name] for name in figures.DRAWN)]
    for panel, kernel in zip(panels, expected, strict=True):
        np.testing.assert_array_equal(panel.images[0].get_array(), kernel[np.ix_(order, order)])


def test_evidence_is_drawn_without_intervals(judged, tmp_path):
    bare = {
        name: dataclasses.replace(one, low=np.nan, high=np.nan)
        for name, one in judged.effects.items()
    }
    evidence_figure(dataclasses.replace(judged, effects=bare), tmp_path / "bare")
    assert (tmp_path / "bare.png").exists()
