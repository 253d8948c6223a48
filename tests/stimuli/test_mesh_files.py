"""Mesh files show what their authors meant, or say why not."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

from wmsim.errors import WmsimError
from wmsim.stimuli import mesh_files
from wmsim.stimuli.mesh import Mesh, normalised
from wmsim.stimuli.mesh_files import load_mesh
from wmsim.stimuli.render import render, scene_of

TETRAHEDRON = "v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 2 3\nf 1 2 4\nf 1 3 4\nf 2 3 4\n"


def front_view(mesh: Mesh) -> np.ndarray:
    return render(scene_of(normalised(mesh)), 0.0, 0.0, size=64)


def test_a_texture_under_images_is_shown_the_right_way_round(square: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mesh = load_mesh(square, axes="y")
    picture = front_view(mesh).astype(int)
    quarters = [picture[24, 24], picture[24, 40], picture[40, 24], picture[40, 40]]
    assert [int(quarter[:3].argmax()) for quarter in quarters[:3]] == [0, 1, 2]
    for quarter, other in zip(quarters[:3], ([1, 2], [0, 2], [0, 1]), strict=True):
        assert quarter[:3].max() > 100 + quarter[other].max()
    assert np.ptp(quarters[3][:3]) < 5


def test_a_missing_texture_is_said(square: Path) -> None:
    (square.parent.parent / "images" / "sign.png").unlink()
    with pytest.warns(UserWarning, match=r"square.obj.*'../images/sign.png'.*was not found"):
        load_mesh(square)


def test_a_broken_texture_is_said(square: Path) -> None:
    (square.parent.parent / "images" / "sign.png").write_bytes(b"no picture")
    with pytest.warns(UserWarning, match=r"sign.png' cannot be read as a picture"):
        load_mesh(square)


def test_a_missing_material_file_is_said(square: Path) -> None:
    square.with_name("square.mtl").unlink()
    with pytest.warns(UserWarning, match=r"'square.mtl'.*was not found"):
        load_mesh(square)


def test_a_texture_without_coordinates_is_said(square: Path) -> None:
    lines = [line for line in square.read_text().splitlines() if not line.startswith("vt")]
    text = "\n".join(lines)
    for number in "1234":
        text = text.replace(f"/{number}", "")
    square.write_text(text)
    with pytest.warns(UserWarning, match="texture but no texture coordinates"):
        load_mesh(square)


def test_letter_case_of_a_texture_is_forgiven(square: Path) -> None:
    mtl = square.with_name("square.mtl")
    mtl.write_text(mtl.read_text().replace("sign.png", "SIGN.PNG"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load_mesh(square).images


def test_a_texture_outside_the_source_is_not_read(square: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes((square.parent.parent / "images" / "sign.png").read_bytes())
    square.with_name("square.mtl").write_text(f"newmtl paper\nmap_Kd {secret}\n")
    with pytest.warns(UserWarning, match="was not found"):
        assert not load_mesh(square, root=tmp_path / "meshes").images


def test_colour_and_transparency_of_a_material(square: Path) -> None:
    square.with_name("square.mtl").write_text("newmtl paper\nKd 0.2 0.4 0.6\nd 0.25\n")
    mesh = load_mesh(square)
    assert mesh.colour[0, 0] == pytest.approx([0.2, 0.4, 0.6, 0.25], abs=0.01)
    square.with_name("square.mtl").write_text("newmtl paper\nKd 1 0 0\nTr 0.75\n")
    assert load_mesh(square).colour[0, 0, 3] == pytest.approx(0.25)


@pytest.mark.parametrize("suffix", ["obj", "glb", "ply", "stl", "off"])
def test_every_format_is_read(tmp_path: Path, suffix: str) -> None:
    import trimesh

    path = tmp_path / f"brick.{suffix}"
    trimesh.creation.box(extents=(1, 2, 3)).export(path)
    mesh = load_mesh(path, axes="z")
    assert len(mesh.faces) == 12
    assert np.ptp(mesh.bounds, axis=0) == pytest.approx([1, 2, 3])


@pytest.mark.parametrize(
    ("axes", "expected"), [("y", [3, 1, 2]), ("z", [1, 2, 3]), ("shapenet", [3, 1, 2])]
)
def test_the_up_axis(tmp_path: Path, axes: str, expected: list[int]) -> None:
    import trimesh

    trimesh.creation.box(extents=(1, 2, 3)).export(tmp_path / "brick.obj")
    mesh = load_mesh(tmp_path / "brick.obj", axes=axes)
    assert np.ptp(mesh.bounds, axis=0) == pytest.approx(expected)


def test_turning_the_axes_does_not_mirror() -> None:
    for matrix in mesh_files.AXES.values():
        assert np.linalg.det(matrix) == pytest.approx(1)


def test_vertex_and_face_colours_are_kept(tmp_path: Path) -> None:
    import trimesh

    brick = trimesh.creation.box()
    brick.visual.vertex_colors = np.tile([200, 100, 50, 255], (8, 1)).astype(np.uint8)
    brick.export(tmp_path / "brick.ply")
    colour = load_mesh(tmp_path / "brick.ply").colour
    assert colour[..., :3] == pytest.approx(
        np.broadcast_to(np.array([200, 100, 50]) / 255, (12, 3, 3))
    )


def test_a_glb_keeps_its_texture(tmp_path: Path, square: Path) -> None:
    import trimesh
    from PIL import Image

    picture = Image.open(square.parent.parent / "images" / "sign.png")
    uv = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], dtype=float)
    visual = trimesh.visual.TextureVisuals(uv=uv, image=picture)
    vertices = [[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]]
    plate = trimesh.Trimesh(vertices, [[0, 1, 2], [0, 2, 3]], visual=visual, process=False)
    plate.export(tmp_path / "sign.glb")
    picture = front_view(load_mesh(tmp_path / "sign.glb")).astype(int)
    assert picture[24, 24, :3].argmax() == 0
    assert picture[24, 40, :3].argmax() == 1


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("junk.glb", "no mesh at all", r"Cannot read the mesh .*junk.glb"),
        ("empty.obj", "", r"empty.obj"),
        ("points.obj", "v 0 0 0\nv 1 1 1\n", r"points.obj"),
        ("nan.obj", TETRAHEDRON.replace("v 0 0 1", "v nan 0 1"), r"3 of 4 faces .* not finite"),
        ("dot.obj", "v 1 1 1\nv 1 1 1\nv 1 1 1\nf 1 2 3\n", r"no extent"),
        ("vast.obj", TETRAHEDRON.replace("v 0 0 1", "v 0 0 1e40"), r"is 1e\+40 units large"),
        ("wild.off", "OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 7\n", r"wild.off"),
    ],
)
def test_unusable_meshes_are_refused_by_name(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(WmsimError, match=message):
        load_mesh(tmp_path / name)


def test_a_missing_mesh_is_named(tmp_path: Path) -> None:
    with pytest.raises(WmsimError, match="No mesh file"):
        load_mesh(tmp_path / "gone.obj")


def test_too_many_faces_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "big.obj").write_text(TETRAHEDRON)
    monkeypatch.setattr(mesh_files, "MAX_FACES", 3)
    with pytest.raises(WmsimError, match=r"has 4 faces; at most 3 are rendered. Simplify"):
        load_mesh(tmp_path / "big.obj")


def test_a_hundred_thousand_faces_render(tmp_path: Path) -> None:
    import trimesh

    trimesh.creation.icosphere(subdivisions=6).export(tmp_path / "fine.stl")
    mesh = load_mesh(tmp_path / "fine.stl", axes="z")
    assert len(mesh.faces) > 80_000
    assert front_view(mesh)[32, 32, 3] == 255
