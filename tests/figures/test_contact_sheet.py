"""The contact sheet is written whole, as PNG and PDF."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from wmsim.figures.contact_sheet import _columns, contact_sheet
from wmsim.stimuli import StimulusConfig, build_stimuli

QUICK = StimulusConfig(categories=("mug", "car"), train_views=4, novel_views=2, object_size=24)


@pytest.mark.parametrize("values", [{}, {"novel_identities": 0}, {"novel_views": 0}])
def test_sheet_is_written(tmp_path: Path, values: dict) -> None:
    from PIL import Image

    png, pdf = contact_sheet(build_stimuli(QUICK.changed(**values)), tmp_path / "deep" / "sheet.v1")
    assert (png.name, pdf.name) == ("sheet.v1.png", "sheet.v1.pdf")
    assert {path.name for path in png.parent.iterdir()} == {png.name, pdf.name}
    picture = np.asarray(Image.open(png).convert("RGB"))
    assert min(picture.shape[:2]) > 300
    assert (picture == 128).all(axis=2).mean() > 0.1
    content = pdf.read_bytes()
    assert content.startswith(b"%PDF")
    assert b"/Type3" not in content.replace(b" ", b"")


def test_columns_are_spread_over_azimuth() -> None:
    stimuli = build_stimuli(QUICK)
    train, novel = _columns(stimuli, 3, 8)
    assert len(train) == 3
    assert sorted(novel) == [4, 5]
    azimuth = [stimuli.azimuth[stimuli.view == view][0] for view in train]
    assert azimuth == sorted(azimuth)
    assert azimuth[0] == stimuli.azimuth[stimuli.select("train")].min()
