"""Figures of a comparison show its numbers, all of them inside the figure."""

import itertools

import numpy as np
import pytest
from PIL import Image

from tests.compare.made import made_comparison
from wmsim.compare.config import SCORES
from wmsim.compare.inference import over_brains, ranking
from wmsim.compare.tables import SHORT, model_order
from wmsim.errors import ConfigError, WmsimError
from wmsim.figures import compare as figures
from wmsim.figures import rdm_movie
from wmsim.figures.compare import differences_figure, ranking_figure, steps_figure
from wmsim.figures.rdm_movie import movie_figure, write_movie

STEPS = ["item 1", "item 2", "maintenance"]


@pytest.fixture
def drawn(monkeypatch):
    """Figures that are saved, before they are written."""
    kept = []
    for module in (figures, rdm_movie):
        monkeypatch.setattr(module, "save_figure", lambda figure, stem: kept.append(figure))
    return kept


def rdms(names=("brain", "gru"), n=5, n_steps=3):
    rng = np.random.default_rng(0)
    return {name: (row + 1) * rng.standard_normal((n_steps, n, n)) for row, name in
            enumerate(names)}  # fmt: skip


def lines(panel, marker):
    return [line for line in panel.lines if line.get_marker() == marker]


def assert_inside(figure):
    figure.draw_without_rendering()
    renderer = figure.canvas.get_renderer()
    parts = [*figure.axes, *figure.legends, *([figure._suptitle] if figure._suptitle else [])]
    whole = figure.bbox
    for part in parts:
        if hasattr(part, "get_tightbbox"):
            box = part.get_tightbbox(renderer)
            if box is None:
                continue
            assert whole.x0 <= box.x0 + 1, part
            assert whole.y0 <= box.y0 + 1, part
            assert box.x1 - 1 <= whole.x1, part
            assert box.y1 - 1 <= whole.y1, part


def test_ranking_shows_means_intervals_brains_and_the_best(drawn):
    comparison = made_comparison(4, 6, seed=1)
    found = ranking(comparison)
    ranking_figure(comparison, found, "unused")
    order = model_order(found)
    for panel, score in zip(drawn[0].axes, ("rsa", "tensor"), strict=True):
        own = found.sel(score=score, model=order)
        assert panel.get_title() == SHORT[score]
        circles = lines(panel, "o")
        dots, means = circles[::2], circles[1::2]
        np.testing.assert_allclose([line.get_xdata()[0] for line in means], own["mean"])
        values = comparison["value"].sel(score=score, step="all", model=order)
        np.testing.assert_allclose([line.get_xdata() for line in dots], values)
        spans = [line.get_xdata() for line in panel.lines if line.get_lw() == 1.3]
        np.testing.assert_allclose(spans, np.stack([own["low"], own["high"]], axis=1))
        marked = [line.get_ydata()[0] for line in lines(panel, "<")]
        assert marked == np.flatnonzero(own["best_group"]).tolist()
        best = [line for line in lines(panel, "<") if line.get_mfc() == "black"]
        assert [line.get_ydata()[0] for line in best] == np.flatnonzero(own["rank"] == 1).tolist()
    labels = [label.get_text() for label in drawn[0].axes[0].get_yticklabels()]
    assert labels == order


def test_a_score_that_cannot_rank_has_no_best(drawn):
    comparison = made_comparison(4, 6)
    comparison["ceiling"].loc[{"score": "rsa"}] -= 0.7
    ranking_figure(comparison, ranking(comparison), "unused")
    rsa, tensor = drawn[0].axes
    assert rsa.get_title() == "RSA: cannot rank"
    assert rsa.title.get_color() == figures.GREY
    assert not lines(rsa, "<")
    assert lines(tensor, "<")


def test_controls_are_hollow(drawn):
    comparison = made_comparison(4, 3, n_controls=2)
    ranking_figure(comparison, ranking(comparison), "unused")
    means = lines(drawn[0].axes[0], "o")[1::2]
    assert [line.get_mfc() == "white" for line in means] == [False, False, True, True]


def test_scores_that_nobody_has_get_no_panel_and_models_without_say_so(drawn):
    comparison = made_comparison(4, 3, scores=("rsa", "tensor", "cka"))
    comparison["value"].loc[{"score": "tensor"}] = np.nan
    comparison["value"].loc[{"score": "cka", "model": "gru-1"}] = np.nan
    ranking_figure(comparison, ranking(comparison), "unused")
    assert [panel.get_title() for panel in drawn[0].axes] == ["RSA", "CKA"]
    told = [text.get_text() for text in drawn[0].axes[1].texts]
    assert told == ["not available"]


def test_steps_show_means_with_the_ceiling_above_and_the_floor_below(drawn):
    comparison = made_comparison(3, 4, n_items=2, shared_stimuli=True)
    steps_figure(comparison, "unused", score="rsa")
    panel = drawn[0].axes[0]
    assert [label.get_text() for label in panel.get_xticklabels()] == STEPS
    own = comparison.sel(score="rsa").isel(step=slice(1, None))
    own = own.transpose("model", "step", "brain", ...)
    found = over_brains(own)
    for row, container in enumerate(panel.containers):
        np.testing.assert_allclose(container.lines[0].get_ydata(), found.mean[row])
        ends = np.array([part[:, 1] for part in container.lines[2][0].get_segments()])
        np.testing.assert_allclose(ends.T, [low[row] for low in found.interval(0.95)])
    by_label = {line.get_label(): line.get_ydata() for line in panel.lines}
    np.testing.assert_allclose(by_label["ceiling"], own["ceiling"].mean("brain"))
    np.testing.assert_allclose(by_label["floor"], own["floor"].mean(["model", "brain"]))


def test_neither_floor_nor_resamples_are_needed(drawn):
    comparison = made_comparison(3, 1, n_resamples=0).isel(shuffle=slice(0))
    for name in ("floor", "ceiling"):
        comparison[name][:] = np.nan
    ranking_figure(comparison, ranking(comparison), "unused")
    steps_figure(comparison, "unused", score="rsa")
    means = lines(drawn[0].axes[0], "o")
    assert len(means) == 3


def test_a_score_without_steps_has_none_to_draw():
    comparison = made_comparison(2, 2)
    comparison["value"].loc[{"score": "tensor", "step": "item 1"}] = np.nan
    comparison["value"][..., 1:].loc[{"score": "tensor"}] = np.nan
    with pytest.raises(WmsimError, match="Scores with steps: rsa"):
        steps_figure(comparison, "unused", score="tensor")
    with pytest.raises(ConfigError, match="Unknown score 'rda'"):
        steps_figure(comparison, "unused", score="rda")


def test_differences_are_row_minus_column_best_first(drawn):
    found = ranking(made_comparison(4, 6, seed=2))
    differences_figure(found, "unused", score="rsa")
    panel = drawn[0].axes[0]
    shown = panel.images[0].get_array()
    rows, columns = ([one.get_text() for one in labels] for labels in
                     (panel.get_yticklabels(), panel.get_xticklabels()))  # fmt: skip
    own = found.sel(score="rsa")
    assert own["rank"].sel(model=rows).values.tolist() == [1, 2, 3]
    for row, model in enumerate(rows):
        for column, other in enumerate(columns):
            if column < row:
                assert shown.mask[row, column]
            else:
                pair = own.sel(model=model, other=other)
                assert shown[row, column] == pair["difference"].item()
    texts = [text.get_text().split("\n")[1] for text in panel.texts]
    stars = sum(mark != "n.s." for mark in texts)
    assert len(texts) == 6
    assert stars == (own["p_corrected"].values[np.triu_indices(4, 1)] < 0.05).sum()


@pytest.mark.parametrize("n_models", [2, 4, 9])
def test_a_long_name_of_a_score_is_not_cut_off(drawn, n_models):
    longest = max(SCORES, key=lambda name: len(SCORES[name]))
    for score in ("cca", longest):
        found = ranking(made_comparison(n_models, 3, scores=(score,), n_controls=1))
        differences_figure(found, "unused", score=score)
        assert_inside(drawn[-1])
        assert SCORES[score].split()[-1] in drawn[-1]._suptitle.get_text()


def test_one_model_has_no_differences():
    with pytest.raises(WmsimError, match="two or more"):
        differences_figure(ranking(made_comparison(1, 3)), "unused", score="rsa")


@pytest.mark.parametrize(
    "settings",
    [
        {"n_models": 10, "n_brains": 3, "scores": tuple(SCORES), "n_resamples": 50},
        {"n_models": 1, "n_brains": 1, "scores": ("rsa",)},
        {"n_models": 18, "n_brains": 3, "scores": ("rsa",), "shared_stimuli": True},
    ],
)
def test_all_is_inside_the_figure(drawn, settings):
    comparison = made_comparison(**settings)
    found = ranking(comparison)
    ranking_figure(comparison, found, "unused")
    panel = drawn[0].axes[0]
    steps_figure(comparison, "unused", score="rsa")
    if settings["n_models"] > 1:
        differences_figure(found, "unused", score="rsa")
    for figure in drawn:
        assert_inside(figure)
    boxes = [label.get_window_extent() for label in panel.get_yticklabels()]
    assert all(one.y0 >= below.y1 - 1 for one, below in itertools.pairwise(boxes))


def test_each_row_of_rdms_has_its_own_scale(drawn):
    given = rdms()
    given["gru"][1] = np.nan
    movie_figure(given, "unused", steps=STEPS, conditions=list("abcde"))
    off = ~np.eye(5, dtype=bool)
    for row, matrices in enumerate(given.values()):
        largest = np.nanmax(np.abs(matrices[:, off]))
        for step in range(3):
            shown = drawn[0].axes[3 * row + step].images[0].get_array().filled(np.nan)
            np.testing.assert_allclose(shown[off], matrices[step][off] / largest)
            assert np.isnan(shown.diagonal()).all()
    assert [panel.get_title() for panel in drawn[0].axes[:3]] == STEPS
    assert_inside(drawn[0])


def test_a_movie_has_a_frame_a_step(tmp_path):
    given = rdms(tuple("abc"), n=3)
    path = write_movie(given, tmp_path / "rdms.gif", steps=STEPS, seconds=0.5)
    with Image.open(path) as movie:
        assert movie.n_frames == 3
        assert movie.info["duration"] == 500
        frames = []
        for number in range(3):
            movie.seek(number)
            frames.append(np.asarray(movie.convert("RGB")).astype(int))
    for one, other in ((0, 1), (1, 2)):
        assert (np.abs(frames[one] - frames[other]).max(axis=-1) > 30).mean() > 0.05


def test_wrong_rdms_are_refused(tmp_path):
    with pytest.raises(WmsimError, match=r"shape \(3, 5, 5\); expected .* = \(2, 5, 5\)"):
        movie_figure(rdms(), "unused", steps=STEPS[:2])
    with pytest.raises(WmsimError, match="expected some"):
        movie_figure({}, "unused", steps=STEPS)
    with pytest.raises(WmsimError, match=r"ends in \.gif"):
        write_movie(rdms(), tmp_path / "rdms.mp4", steps=STEPS)


def test_files_are_written(tmp_path, monkeypatch):
    """One is enough to see that; the report of a comparison has files of all of them."""
    comparison = made_comparison(3, 2, n_resamples=50, scores=("rsa",))
    found = ranking(comparison)
    png, pdf = differences_figure(found, tmp_path / "differences", score="rsa")
    assert png.stat().st_size > 5000
    assert pdf.read_bytes().startswith(b"%PDF")
    for module in (figures, rdm_movie):
        monkeypatch.setattr(module, "save_figure", lambda figure, stem: [f"{stem}.png"])
    assert ranking_figure(comparison, found, "ranking") == ["ranking.png"]
    assert steps_figure(comparison, "steps", score="rsa") == ["steps.png"]
    assert movie_figure(rdms(), "rdms", steps=STEPS) == ["rdms.png"]
