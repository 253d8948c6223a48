"""Families: averages of their members, and intervals that hold for other networks too."""

import numpy as np
import pytest
import xarray as xr

from tests.compare.made import made_comparison
from wmsim.compare.families import by_family, family_differences, over_networks
from wmsim.compare.inference import over_brains, ranking
from wmsim.errors import WmsimError

GATED = {"gru": "gated", "lstm": "gated"}


@pytest.fixture(scope="module")
def made():
    """Nine networks of three families and two controls, five brains."""
    return made_comparison(n_models=11, seed=1)


def test_members_are_averaged_brain_by_brain(made):
    found = by_family(made)
    assert found["model"].values.tolist() == ["gru", "lstm", "rnn", "untrained", "encoder"]
    assert found["networks"].values.tolist() == [3, 3, 3, 1, 1]
    assert found["control"].values.tolist() == ["", "", "", "untrained", "encoder"]
    for name in ("value", "resampled", "floor", "floor_draws"):
        own = made[name].sel(model=["lstm-1", "lstm-2", "lstm-3"]).mean("model")
        np.testing.assert_allclose(found[name].sel(model="lstm"), own, rtol=1e-5)
    assert ranking(found)["rank"].sel(score="rsa").notnull().all()
    grouped = by_family(made, GATED)
    assert grouped["model"].values.tolist()[:2] == ["gated", "rnn"]
    np.testing.assert_allclose(
        grouped["value"].sel(model="gated"),
        found["value"].sel(model=["gru", "lstm"]).mean("model"),
    )


def test_a_network_left_out_of_a_brain_counts_for_the_others(made):
    found = by_family(made, leave_out={"brain_2": "gru-1"})["value"].sel(model="gru")
    own = made["value"].sel(model=["gru-1", "gru-2", "gru-3"])
    np.testing.assert_allclose(
        found.sel(brain="brain_2"), own.sel(brain="brain_2")[1:].mean("model")
    )
    np.testing.assert_allclose(found.sel(brain="brain_3"), own.sel(brain="brain_3").mean("model"))


def test_a_missing_score_is_that_of_the_others():
    made = made_comparison(n_models=11, seed=2)
    made["value"][0, 1] = np.nan
    left = by_family(made_comparison(n_models=11, seed=2), leave_out={"brain_2": "gru-1"})
    np.testing.assert_allclose(by_family(made)["value"], left["value"])


def test_differences_are_those_of_the_means(made):
    found = family_differences(made, GATED)
    assert found["family"].values.tolist() == ["gated"]
    assert found["other"].values.tolist() == ["rnn"]
    means = over_brains(by_family(made, GATED).sel(step="all", score="rsa")).mean
    one = found.sel(score="rsa").isel(pair=0)
    assert float(one["difference"]) == pytest.approx(means[0] - means[1])
    assert float(one["low"]) < float(one["difference"]) < float(one["high"])
    assert str(one["over"].values) == "brains and networks"
    three = family_differences(made)
    assert three.sizes["pair"] == 3
    assert (three["p_corrected"] >= three["p"]).all()


def test_one_network_a_family_says_nothing_about_others(made):
    few = made.sel(model=["gru-1", "rnn-1"])
    one = family_differences(few).sel(score="rsa").isel(pair=0)
    assert str(one["over"].values) == "brains"
    assert np.isnan(one["sd_networks"])
    pair = ranking(few).sel(score="rsa", model="gru-1", other="rnn-1")
    assert float(one["low"]) == pytest.approx(float(pair["difference_low"]))
    assert float(one["p"]) == pytest.approx(float(pair["p"]))


@pytest.mark.parametrize(("groups", "leave_out", "message"), [
    ({"gro": "gated"}, None, "Did you mean 'gru'"),
    (None, {"brain_9": "gru-1"}, "brain_9"),
    (None, {"brain_1": "gru-9"}, "gru-9"),
    ({"gru": "all", "lstm": "all", "rnn": "all"}, None, "of one family"),
])  # fmt: skip
def test_what_is_not_there_is_said(made, groups, leave_out, message):
    with pytest.raises(WmsimError, match=message):
        family_differences(made, groups, leave_out=leave_out)
    with pytest.raises(WmsimError, match="No model has a family"):
        by_family(made.drop_vars("family"))


def _simulated(rng, sd_network, sd_interaction, draws, n_members=3, n_brains=6):
    """Two families without a difference, among brains that prefer one or the other.

    Draws are independent of each other, and stand where scores do: that is quick.
    """
    brain = rng.standard_normal((2, n_brains, draws)) * 0.3
    network = rng.standard_normal((2 * n_members, 1, draws)) * sd_network
    values = np.repeat(brain, n_members, axis=0) + network
    values += sd_interaction * rng.standard_normal(values.shape)
    values = values[..., None]
    return xr.Dataset(
        {"value": (("model", "brain", "score", "step"), values),
         "resampled": (("model", "brain", "score", "step", "resample"),
                       np.empty((*values.shape, 0)))},
        coords={"family": ("model", ["gru"] * n_members + ["rnn"] * n_members), "step": ["all"],
                "model": np.arange(2 * n_members).astype(str),
                "score": np.arange(draws).astype(str), "brain": np.arange(n_brains).astype(str),
                "n_values": ("brain", np.full(n_brains, 8))},
    )  # fmt: skip


@pytest.mark.parametrize(("sd_network", "sd_interaction"), [(0.0, 0.3), (0.4, 0.1), (0.2, 0.4)])
def test_intervals_hold_for_other_brains_and_other_networks(rng, sd_network, sd_interaction):
    draws = 200
    found = family_differences(_simulated(rng, sd_network, sd_interaction, draws), level=0.9)
    covered = int(((found["low"] < 0) & (found["high"] > 0)).sum())
    # Three standard errors of 200 draws below .9; an interval that is never wrong is of little use.
    assert 0.9 - 3 * np.sqrt(0.09 / draws) <= covered / draws < 0.99


def test_networks_of_a_family_that_differ_are_no_evidence_about_families(rng):
    """With brains alone as the sample, two lucky seeds would be taken for a better family."""
    data = _simulated(rng, 0.6, 0.05, 100)
    family = by_family(data.assign_coords(control=("model", [""] * 6)).assign(
        floor=data["value"] * 0, ceiling=data["value"].isel(model=0, drop=True),
        ceiling_resampled=data["resampled"].isel(model=0, drop=True),
        floor_draws=data["resampled"].rename(resample="shuffle"),
    ))  # fmt: skip
    found = {
        "brains alone": ranking(family)["p"].values[:, 0, 1],
        "networks too": family_differences(data)["p"].values[:, 0],
    }
    wrong = {sample: (p < 0.05).sum() for sample, p in found.items()}
    assert wrong["networks too"] <= 10 < 30 < wrong["brains alone"]


def test_interaction_is_not_counted_twice(rng):
    values = rng.standard_normal((200, 4, 5))
    own = [over_networks(one)[0] for one in values]
    # Pure interaction: what is left after taking it off is half of the draws' noise above 0.
    assert np.mean(own) < 0.6 * np.mean([one.mean(axis=1).var(ddof=1) / 4 for one in values])
    shifted = np.arange(4.0)[:, None] + np.arange(5.0)
    assert over_networks(shifted) == (pytest.approx(np.var(np.arange(4), ddof=1) / 4), 3.0)
    assert np.isnan(over_networks(shifted[:1])[0])
