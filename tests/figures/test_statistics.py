"""Statistics of recordings, drawn: every value at its place, and nothing that looks like one."""

import numpy as np
import pytest

from wmsim.figures import statistics
from wmsim.figures.statistics import ROWS, positions_figure, statistics_figure


def entry(value):
    return {"value": value, "low": value - 0.05, "high": value + 0.05, "chance": 0.5}


def recording(*features, rows):
    """`rows` of a summary with a value each; the others are not there."""
    own = {"n_values": 4, "within_by_item": [{"multiclass": entry(0.9)} for _ in range(3)]}
    for name, value in rows.items():
        *outer, last = name.split(".")
        within = own
        for part in outer:
            within = within.setdefault(part, {})
        within[last] = {**entry(value), "multiclass": entry(value)}
    return {"n_items": 3, "features": dict.fromkeys(features, own)}


@pytest.fixture
def recordings():
    every = {name: 0.55 + 0.04 * row for row, (name, _) in enumerate(ROWS)}
    return {
        "network": recording("location", "identity", "category", rows=every),
        "brain": recording("image", rows={"within": 0.8, "procrustes.fitted": 0.7}),
    }


@pytest.fixture
def drawn(monkeypatch):
    kept = []
    monkeypatch.setattr(statistics, "save_figure", lambda figure, stem: kept.append(figure))
    return kept


def test_every_value_is_drawn_in_its_row(recordings, drawn):
    statistics_figure(recordings, "unused")
    network, brain = drawn[0].axes
    for panel, rows in ((network, range(len(ROWS))), (brain, (0, 5))):
        dots = [line for line in panel.lines if line.get_marker() == "o"]
        assert {round(float(line.get_ydata()[0])) for line in dots} == set(rows)
    assert [line.get_xdata()[0] for line in brain.lines if line.get_marker() == "o"] == [0.8, 0.7]


@pytest.mark.parametrize("draw", [statistics_figure, positions_figure])
def test_legends_are_outside_where_no_marker_is_taken_for_a_value(recordings, drawn, draw):
    draw(recordings, "unused")
    (figure,) = drawn
    figure.draw_without_rendering()
    renderer = figure.canvas.get_renderer()
    for panel in figure.axes:
        legend = panel.get_legend()
        box = legend.get_window_extent(renderer)
        below = min(
            label.get_window_extent(renderer).y0
            for label in (panel.xaxis.label, *panel.get_xticklabels())
        )
        assert box.y1 <= below
        assert figure.bbox.y0 - 1 <= box.y0
        assert figure.bbox.x0 <= box.x0
        assert box.x1 <= figure.bbox.x1
        names = [text.get_text().split(" ")[0] for text in legend.get_texts()]
        assert names == list(recordings[panel.get_title()]["features"])


def test_positions_have_a_line_a_feature_and_its_chance(recordings, drawn):
    positions_figure(recordings, "unused")
    for panel, own in zip(drawn[0].axes, recordings.values(), strict=True):
        values = [line for line in panel.lines if line.get_marker() == "o"]
        assert len(values) == len(own["features"])
        for line in values:
            np.testing.assert_array_equal(line.get_ydata(), [0.9] * 3)
        chance = [line for line in panel.lines if line.get_linestyle() == ":"]
        assert len(chance) == len(own["features"])
