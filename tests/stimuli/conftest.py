"""Small sets of stimuli that several tests look at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from wmsim.stimuli import CATEGORIES, StimulusConfig, StimulusSet, build_stimuli

SHAPENET_LIKE = Path(__file__).parents[2].parent / "shared" / "objects" / "ShapeNetCore-like"

# At half the usual size, because pictures are averaged to 28 x 28 anyway.
ALL = StimulusConfig(
    categories=CATEGORIES, identities=4, novel_identities=0, object_size=56, frame_size=112
)


@pytest.fixture(scope="session")
def everything() -> StimulusSet:
    """All eight categories, four trained identities each."""
    return build_stimuli(ALL)


@pytest.fixture(scope="session")
def small() -> StimulusSet:
    """Two categories with all three splits, at low resolution."""
    return build_stimuli(
        StimulusConfig(categories=("car", "mug"), train_views=4, novel_views=2, object_size=56)
    )


@pytest.fixture(scope="session")
def shapenet_like() -> Path:
    """Real meshes laid out as ShapeNetCore.v2."""
    if not SHAPENET_LIKE.is_dir():
        pytest.skip(f"the meshes for tests are not at {SHAPENET_LIKE}")
    return SHAPENET_LIKE


OBJ_SQUARE = """mtllib square.mtl
v -1 -1 0
v 1 -1 0
v 1 1 0
v -1 1 0
vt 0 0
vt 1 0
vt 1 1
vt 0 1
usemtl paper
f 1/1 2/2 3/3
f 1/1 3/3 4/4
"""


@pytest.fixture
def square(tmp_path: Path) -> Path:
    """A textured square that stands upright and faces +z (y is up): red, green, blue, white.

    In reading order its quarters are red, green, blue, white. It lies in a folder as ShapeNet
    has it, the texture in ``../images``.
    """
    from PIL import Image

    model = tmp_path / "meshes" / "signs" / "one" / "models"
    images = model.parent / "images"
    model.mkdir(parents=True)
    images.mkdir()
    pixels = np.zeros((64, 64, 3), dtype=np.uint8)
    pixels[:32, :32] = (255, 0, 0)
    pixels[:32, 32:] = (0, 255, 0)
    pixels[32:, :32] = (0, 0, 255)
    pixels[32:, 32:] = (255, 255, 255)
    Image.fromarray(pixels).save(images / "sign.png")
    (model / "square.obj").write_text(OBJ_SQUARE)
    (model / "square.mtl").write_text("newmtl paper\nKd 0.2 0.2 0.2\nmap_Kd ../images/sign.png\n")
    return model / "square.obj"
