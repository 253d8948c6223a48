"""Parts of a recording by label, position, mask, name and number of items."""

from __future__ import annotations

import numpy as np
import pytest

from wmsim.errors import ConfigError, WmsimError
from wmsim.recordings import open_recording, save, subset, validate


def test_by_label(continuous):
    part = subset(continuous, area="amygdala", task=["y"], correct=True)
    assert part["unit"].values.tolist() == ["a", "c"]
    assert part["trial"].values.tolist() == [2, 4]
    validate(part)


def test_by_position_mask_and_name(continuous):
    assert subset(continuous, units=[2, 0])["unit"].values.tolist() == ["c", "a"]
    assert subset(continuous, units=["d", "b"])["unit"].values.tolist() == ["d", "b"]
    assert subset(continuous, trials=np.arange(6) > 3)["trial"].values.tolist() == [4, 5]
    assert subset(continuous, area=None).sizes == continuous.sizes


def test_by_number_of_items(aligned):
    assert subset(aligned, n_items=3).sizes["trial"] == 4
    two = subset(aligned, n_items=2)
    assert (two.sizes["trial"], two.sizes["item"]) == (1, 2)
    assert two["shown_item"].values.tolist() == [0, 1, -1, -1]
    validate(two)


def test_parts_stay_lazy(continuous, tmp_path):
    with open_recording(save(continuous, tmp_path / "a.nc")) as opened:
        assert not subset(opened, area="amygdala")["activity"].variable._in_memory


def test_refusals(continuous, aligned):
    with pytest.raises(WmsimError, match=r"No unit has area 'amigdala'. Did you mean 'amygdala'\?"):
        subset(continuous, area="amigdala")
    with pytest.raises(
        ConfigError, match=r"No label 'aera' of units or trials. Did you mean 'area'"
    ):
        subset(continuous, aera="x")
    with pytest.raises(WmsimError, match="No trial has 5 items; trials have: 2, 3"):
        subset(aligned, n_items=5)
    with pytest.raises(WmsimError, match=r"No unit is named 'z'. There are: a, b, c, d"):
        subset(continuous, units=["a", "z"])
    with pytest.raises(WmsimError, match=r"mask of trials has shape \(2,\), expected \(trial: 6\)"):
        subset(continuous, trials=[True, False])
    with pytest.raises(WmsimError, match="No trial is left: none of 6 was chosen"):
        subset(continuous, trials=np.zeros(6, bool))
    with pytest.raises(WmsimError, match=r"units: found \[7\], expected positions from 0 to 3"):
        subset(continuous, units=[7])
