"""The contact sheet is written whole, as PNG and PDF."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from wmsim.figures.contact_sheet import _blocks, _columns, _strips, contact_sheet
from wmsim.stimuli import SPLITS, StimulusConfig, TextureConfig, build_stimuli

QUICK = StimulusConfig(
    categories=("mug", "car"), train_views=4, novel_views=2, object_size=24, supersampling=1
)


TEXTURED = QUICK.changed(background=TextureConfig(count=4))


@pytest.mark.parametrize(
    ("values", "grey"),
    [
        ({}, 0.1),
        ({"novel_identities": 0}, 0.1),
        ({"novel_views": 0}, 0.1),
        ({"background": TextureConfig(count=1)}, 0.0),
    ],
)
def test_sheet_is_written(tmp_path: Path, values: dict, grey: float) -> None:
    from PIL import Image

    png, pdf = contact_sheet(build_stimuli(QUICK.changed(**values)), tmp_path / "deep" / "sheet.v1")
    assert (png.name, pdf.name) == ("sheet.v1.png", "sheet.v1.pdf")
    assert {path.name for path in png.parent.iterdir()} == {png.name, pdf.name}
    picture = np.asarray(Image.open(png).convert("RGB"))
    assert min(picture.shape[:2]) > 300
    assert (picture == 128).all(axis=2).mean() > grey
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


def test_textured_frames_of_both_kinds_are_shown() -> None:
    assert len(_strips(build_stimuli(QUICK))) == 1
    stimuli = build_stimuli(TEXTURED)
    strips = _strips(stimuli)
    assert [title.split(",")[0] for title, _ in strips] == [
        "frames of training", "frames of novel view angles",
    ]  # fmt: skip
    for (_, images), split in zip(strips, SPLITS, strict=False):
        assert set(stimuli.split[images]) == {split}
    assert len(_strips(build_stimuli(TEXTURED.changed(novel_views=0)))) == 1


def test_every_identity_of_a_large_set_is_shown_under_both_kinds_of_views(tmp_path: Path) -> None:
    large = QUICK.changed(
        identities=9, novel_identities=3, object_size=12, train_views=2, novel_views=1
    )
    stimuli = build_stimuli(large)
    trained, novel = _blocks(stimuli, 8, 4)
    assert trained.names == novel.names == ["mug", "car"]
    assert trained.legend == ("trained view angles", "novel view angles")
    assert novel.legend == ("trained view angles",)
    assert [name for name, _ in trained.brackets] == [f"identity {n}" for n in range(9)]
    assert [name for name, _ in novel.brackets] == [f"identity {n}" for n in (9, 10, 11)]
    for block, splits in ((trained, {"train", "novel_angle"}), (novel, {"novel_identity"})):
        assert (block.sheet >= 0).all()
        assert block.sheet.shape[1] == sum(sum(counts) for _, counts in block.brackets)
        shown = block.sheet.ravel()
        assert set(stimuli.split[shown]) <= splits
        column = 0
        for place, (_, counts) in enumerate(block.brackets):
            part = block.sheet[:, column : column + sum(counts)]
            assert all(len(set(stimuli.identity[row])) == 1 for row in part)
            assert (stimuli.split[part[:, counts[0] :]] == "novel_angle").all(), place
            column += sum(counts)
    seen = {*stimuli.identity[trained.sheet.ravel()], *stimuli.identity[novel.sheet.ravel()]}
    assert seen == set(range(24))
    assert contact_sheet(stimuli, tmp_path / "large")[0].is_file()
