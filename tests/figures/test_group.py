"""The figure of a group shows the numbers of the group."""

import numpy as np
import pytest

from wmsim.figures import group as figures
from wmsim.figures.group import group_figure
from wmsim.hypotheses.group import combine_subjects

NAMES = ["H1", "H2", "H3"]


def found(n_subjects):
    evidence = np.random.default_rng(3).standard_normal((n_subjects, 3))
    return combine_subjects(evidence + [0, 3, 0], NAMES)


@pytest.fixture
def drawn(monkeypatch):
    """Figures that are saved, before they are written."""
    kept = []
    monkeypatch.setattr(figures, "save_figure", lambda figure, stem: kept.append(figure))
    return kept


def test_cells_bars_and_intervals_are_the_numbers(drawn):
    group = found(6)
    group_figure(group, "unused", subjects=list("ABCDEF"))
    left, right = drawn[0].axes[:2]
    np.testing.assert_array_equal(left.images[0].get_array(), group.subject_probability)
    assert [label.get_text() for label in left.get_yticklabels()] == list("ABCDEF")
    heights = [bar.get_height() for bar in right.patches]
    np.testing.assert_allclose(heights, group.frequency)
    ends = np.array([line[:, 1] for line in right.collections[0].get_segments()])
    np.testing.assert_allclose(ends.T, [group.low, group.high])
    for panel in (left, right):
        assert [label.get_text() for label in panel.get_xticklabels()] == NAMES
    told = [text.get_text() for text in right.texts]
    assert told[:3] == [figures._rounded(value) for value in group.protected]
    assert right.get_title() == "6 subjects"


@pytest.mark.parametrize(("n_subjects", "numbers"), [(1, ["1"]), (45, ["10", "20", "30", "40"])])
def test_subjects_count_from_one(drawn, n_subjects, numbers):
    group_figure(found(n_subjects), "unused")
    left = drawn[0].axes[0]
    assert [label.get_text() for label in left.get_yticklabels()] == numbers
    rows = left.get_yticks()
    np.testing.assert_array_equal(rows + 1, [int(number) for number in numbers])


def test_all_is_inside_the_figure(drawn):
    for n_subjects in (1, 12, 90):
        group_figure(found(n_subjects), "unused")
        figure = drawn.pop()
        figure.canvas.draw()
        whole = figure.bbox
        for panel in figure.axes:
            box = panel.get_tightbbox(figure.canvas.get_renderer())
            assert whole.x0 <= box.x0
            assert whole.y0 <= box.y0
            assert box.x1 <= whole.x1
            assert box.y1 <= whole.y1


def test_files_are_written(tmp_path):
    png, pdf = group_figure(found(4), tmp_path / "group")
    assert png.stat().st_size > 5000
    assert pdf.read_bytes().startswith(b"%PDF")
