"""When twins are made anew, what their folder may be called, and what the figure lists."""

import pytest

import wmsim.figures.twin as figures
import wmsim.report.twin as report
from wmsim.errors import WmsimError
from wmsim.recordings import save
from wmsim.twin import TwinConfig, run_twin, twin_design


def test_other_names_of_values_or_units_make_other_twins(
    brain, brain_with, subject_for, tmp_path, monkeypatch
):
    calls = []

    def counted(*args, **more):
        calls.append(more["name"])
        return run_twin(*args, **more)

    monkeypatch.setattr(report, "run_twin", counted)
    config = TwinConfig(noise=False)
    model = report._Model("gru-3", subject_for(brain), None)

    def run(recording):
        design = twin_design(recording, config, name="order")
        return report._run(design, model, "key", tmp_path)

    def renamed():
        other = brain.copy()
        old = other["image"].attrs["labels"]
        assert "apple" in old
        new = old.replace("apple", "pear") if isinstance(old, str) else ["pear", *old[1:]]
        other["image"].attrs["labels"] = new
        return other

    first = run(brain)
    assert run(brain) == first
    assert len(calls) == 1
    again = run(renamed())
    assert len(calls) == 2
    assert "pear" in again["stand_ins"]
    run(brain_with(activity_units="a.u."))
    assert len(calls) == 3


@pytest.mark.parametrize("name", ["...nc", "..nc", " .nc"])
def test_a_file_without_a_name_is_refused(brain, tmp_path, name):
    file = tmp_path / name
    save(brain, tmp_path / "order.nc").rename(file)
    with pytest.raises(WmsimError, match=r"has no name before its ending"):
        report.twin_files([file], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_figure_lists_items_that_are_there(brain, monkeypatch):
    kept = []
    monkeypatch.setattr(figures, "save_figure", lambda figure, stem: kept.append(figure))
    figures.twin_figure([twin_design(brain)], {"order": {}}, "unused")
    (legend,) = kept[0].subfigs[0].legends
    names = [text.get_text() for text in legend.get_texts()]
    assert names == ["item 1", "item 2", "item 3", "maintenance begins", "probe"]
