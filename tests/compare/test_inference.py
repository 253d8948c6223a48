"""The ranking: paired, corrected, and honest about what is missing."""

import json

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from tests.compare.made import made_comparison, unlike_brains
from wmsim.compare.inference import cannot_rank, ranking
from wmsim.errors import WmsimError


def test_the_best_model_is_first_and_controls_are_found_worse():
    found = ranking(made_comparison(6, 10, seed=1))
    for score in found["score"].values:
        row = found.sel(score=score)
        assert row["model"].values[row["rank"].values == 1] == ["gru-1"]
        assert not row["best_group"].sel(model=["untrained", "encoder"]).any()
        assert (row["p_floor"].sel(model="gru-1") < 0.01).item()
        assert (row["p_ceiling"].sel(model="untrained") < 0.01).item()


def test_numbers_are_those_of_the_paired_t_test():
    comparison = made_comparison(4, 7, seed=3)
    found = ranking(comparison)
    values = comparison["value"].sel(step="all", score="rsa").values
    floor = comparison["floor"].sel(step="all", score="rsa").values
    ceiling = comparison["ceiling"].sel(step="all", score="rsa").values
    rsa = found.sel(score="rsa")
    for one in range(4):
        interval = stats.ttest_1samp(values[one], 0).confidence_interval()
        own = rsa.isel(model=one)
        assert [own["low"], own["high"]] == pytest.approx(list(interval))
        assert own["mean"] == pytest.approx(values[one].mean())
        for other in set(range(4)) - {one}:
            expected = stats.ttest_rel(values[one], values[other])
            pair = rsa.isel(model=one, other=other)
            assert pair["p"] == pytest.approx(expected.pvalue)
            ends = [pair["difference_low"], pair["difference_high"]]
            assert ends == pytest.approx(list(expected.confidence_interval()))
    above = [
        stats.ttest_rel(value, low, alternative="greater").pvalue
        for value, low in zip(values, floor, strict=True)
    ]
    assert rsa["p_floor"].min() == pytest.approx(4 * min(above))
    below = [stats.ttest_rel(value, ceiling).pvalue for value in values]
    assert rsa["p_ceiling"].min() == pytest.approx(min(1, 4 * min(below)))


@pytest.mark.parametrize("shared", [False, True])
def test_differences_are_the_same_both_ways(shared):
    found = ranking(made_comparison(5, 4, shared_stimuli=shared, seed=2))
    back = found.rename(model="other", other="model").transpose("score", "model", "other", ...)
    np.testing.assert_allclose(found["difference"], -back["difference"])
    np.testing.assert_allclose(found["difference_low"], -back["difference_high"])
    np.testing.assert_allclose(found["p_corrected"], back["p_corrected"])
    assert (found["p_corrected"].fillna(1) >= found["p"].fillna(0)).all()


def test_pairing_takes_off_what_models_share():
    comparison = made_comparison(
        4, 6, shared_stimuli=True, brain_sd=0.3, stimulus_sd=0.5, own_sd=0.01, own_stimulus_sd=0.01
    )
    found = ranking(comparison).sel(score="rsa")
    width = (found["high"] - found["low"]).isel(model=0)
    pair = (found["difference_high"] - found["difference_low"]).isel(model=0, other=1)
    assert pair < width / 3


def test_a_score_that_some_brains_lack_uses_the_others_and_says_so():
    comparison = made_comparison(3, 6, n_controls=0, seed=5)
    gone = {"model": "gru-1", "brain": ["brain_2", "brain_5"], "score": "rsa"}
    for name in ("value", "resampled", "floor"):
        comparison[name].loc[gone] = np.nan
    found = ranking(comparison).sel(score="rsa")
    there = [0, 2, 3, 5]
    values = comparison["value"].sel(score="rsa", step="all").values
    assert found["n"].values.tolist() == [4, 6, 6]
    assert found["n_both"].sel(model="lstm-1").values.tolist() == [4, 6, 6]
    assert found["mean"][0] == pytest.approx(values[0, there].mean())
    assert found["difference"][0, 1] == pytest.approx((values[0] - values[1])[there].mean())
    ceiling = comparison["ceiling"].sel(score="rsa", step="all").values
    assert found["ceiling"][0] == pytest.approx(ceiling[there].mean())
    assert any("rsa of gru-1: 4" in note for note in json.loads(found.attrs["notes"]))


def test_a_model_that_wins_where_both_were_compared_is_not_found_worse():
    found = ranking(unlike_brains()).sel(score="rsa")
    assert found["rank"].values.tolist() == [1, 2]
    assert found["difference"].values[0, 1] < 0
    assert found["p_corrected"].values[0, 1] < 0.05
    assert found["best_group"].all()


def test_a_pair_that_shares_one_brain_is_told():
    made = made_comparison(2, 3, n_controls=0, scores=("rsa",))
    for name in ("value", "resampled", "floor"):
        made[name][{"model": 0, "brain": 2}] = np.nan
        made[name][{"model": 1, "brain": 0}] = np.nan
    told = json.loads(ranking(made).attrs["notes"])
    assert any("share one brain alone" in note for note in told)
    assert not any(
        "share one brain" in note
        for note in json.loads(ranking(made_comparison(2, 3)).attrs["notes"])
    )


def test_a_score_that_nobody_has_is_nan():
    comparison = made_comparison(3, 3)
    for name in ("value", "resampled", "floor", "ceiling", "ceiling_resampled"):
        comparison[name].loc[{"score": "rsa"}] = np.nan
    found = ranking(comparison)
    rsa = found.sel(score="rsa")
    for name in ("mean", "low", "floor", "ceiling", "p_floor", "p_ceiling", "difference", "rank"):
        assert np.isnan(rsa[name]).all(), name
    assert not rsa["best_group"].any()
    assert found["best_group"].sel(score="tensor").any()


@pytest.mark.parametrize(
    ("settings", "over", "told"),
    [
        ({"n_brains": 1}, "stimuli", "hold for this brain alone"),
        ({"n_brains": 3}, "brains", "stimuli of its own"),
        ({"n_brains": 3, "shared_stimuli": True}, "brains and stimuli", "dual bootstrap"),
        ({"n_brains": 3, "shared_stimuli": True, "n_resamples": 0}, "brains", "over brains alone"),
    ],
)
def test_it_says_what_intervals_are_over(settings, over, told):
    found = ranking(made_comparison(3, **settings))
    assert (found["over"] == over).all()
    assert any(told in note for note in json.loads(found.attrs["notes"]))


def test_one_model_without_floor_or_resamples_has_a_mean():
    found = ranking(made_comparison(1, 1, n_resamples=0, n_shuffles=1))
    assert np.isfinite(found["mean"]).all()
    assert np.isnan(found["low"]).all()
    assert found["best_group"].all()


def test_equal_models_share_a_rank():
    comparison = made_comparison(3, 4, n_controls=0)
    for name in ("value", "resampled"):
        comparison[name][1] = comparison[name][0]
    found = ranking(comparison).sel(score="rsa")
    assert found["rank"].values[0] == found["rank"].values[1]
    assert found["p"][0, 1] == 1


def test_models_may_come_in_any_order():
    comparison = made_comparison(5, 4, shared_stimuli=True, missing=0.1, seed=4)
    order = [3, 0, 4, 2, 1]
    found = ranking(comparison.isel(model=order))
    again = ranking(comparison).isel(model=order, other=order)
    for name in found.data_vars:
        if found[name].dtype.kind == "f":
            np.testing.assert_allclose(found[name], again[name], err_msg=name)


def test_the_floor_of_one_brain_is_as_sure_as_its_shuffles():
    comparison = made_comparison(3, 1, quality=[0.3, 0.3, 0.3])
    before = ranking(comparison)["p_floor"]
    spread = np.linspace(-2, 2, comparison.sizes["shuffle"])
    comparison["floor_draws"] = comparison["floor"] + xr.DataArray(spread, dims="shuffle")
    assert (ranking(comparison)["p_floor"] > before).all()


def test_a_score_whose_ceiling_is_at_its_floor_cannot_rank():
    comparison = made_comparison(3, 6)
    comparison["ceiling"].loc[{"score": "rsa"}] -= 0.7
    found = ranking(comparison)
    assert found["can_rank"].sel(score=["rsa", "tensor"]).values.tolist() == [False, True]
    assert "floor is within the ceiling's interval" in cannot_rank(found.sel(score="rsa"))
    assert cannot_rank(found.sel(score="tensor")) is None


def test_it_survives_being_written(tmp_path):
    found = ranking(made_comparison(3, 3))
    found.to_netcdf(tmp_path / "ranking.nc", engine="netcdf4")
    with xr.open_dataset(tmp_path / "ranking.nc", engine="netcdf4") as again:
        assert set(again.data_vars) == set(found.data_vars)
        np.testing.assert_array_equal(again["best_group"].astype(bool), found["best_group"])
        np.testing.assert_array_equal(again["over"].values.astype(str), found["over"])


def test_what_is_no_comparison_is_refused():
    comparison = made_comparison(2, 2)
    with pytest.raises(WmsimError, match="between 0 and 1"):
        ranking(comparison, level=95)
    with pytest.raises(WmsimError, match="expected 'all' among them"):
        ranking(comparison.isel(step=slice(1, None)))
