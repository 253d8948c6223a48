"""Pictures from anywhere: what is read, and one clear message for what is not."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from wmsim.errors import WmsimError
from wmsim.stimuli import pictures
from wmsim.stimuli.pictures import picture_files, read_picture


def png_that_claims(width: int, height: int) -> bytes:
    """A PNG file of a few bytes whose header promises so many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1", "CMYK"])
def test_all_usual_modes_become_rgba(tmp_path: Path, mode: str) -> None:
    ending = "jpg" if mode == "CMYK" else "png"
    Image.new("RGB", (6, 4), (255, 255, 255)).convert(mode).save(tmp_path / f"x.{ending}")
    found = read_picture(tmp_path / f"x.{ending}")
    assert found.shape == (4, 6, 4)
    assert found.dtype == np.uint8
    assert (found == 255).all()


def test_scaling_keeps_colour_and_alpha_apart(tmp_path: Path) -> None:
    pixels = np.zeros((40, 40, 4), dtype=np.uint8)
    pixels[:, :20] = (200, 10, 10, 255)
    pixels[:, 20:] = (0, 255, 0, 0)  # green that nobody is meant to see
    Image.fromarray(pixels).save(tmp_path / "half.png")
    found = read_picture(tmp_path / "half.png", size=10)
    assert found.shape == (10, 10, 4)
    assert (found[:, :4, 3] == 255).all()
    assert (found[:, 6:, 3] == 0).all()
    seen = found[found[..., 3] > 0].astype(int)
    assert np.abs(seen[:, :3] - [200, 10, 10]).max() < 12


def test_other_proportions_are_squeezed(tmp_path: Path) -> None:
    Image.new("RGB", (40, 10), (9, 9, 9)).save(tmp_path / "wide.png")
    assert (read_picture(tmp_path / "wide.png", size=16)[..., :3] == 9).all()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"Cannot read the picture '.*x.png'"),
        (b"plain text", r"Cannot read the picture '.*x.png'"),
        (b"\x89PNG\r\n\x1a\n", r"Cannot read the picture '.*x.png'"),
        (b"GIF89a\x01\x00\x01\x00\x00\x00\x00;", r"Cannot read the picture '.*x.png'"),
        (png_that_claims(200, 200), r"Cannot read the picture '.*x.png'"),
        (png_that_claims(30_000, 30_000), r"x.png' |30000 x 30000"),
        (png_that_claims(9_000, 9_000), r"x.png' has 9000 x 9000 pixels; at most 50,000,000"),
    ],
)
def test_what_is_no_whole_picture_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "x.png").write_bytes(content)
    with pytest.raises(WmsimError, match=message):
        read_picture(tmp_path / "x.png")


def test_a_picture_that_was_cut_off_is_named(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (60, 60, 3), dtype=np.uint8)
    for ending in ("png", "jpg"):
        file = tmp_path / f"x.{ending}"
        Image.fromarray(noise).save(file)
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
        with pytest.raises(WmsimError, match=rf"Cannot read the picture '.*x.{ending}'"):
            read_picture(file)


def test_large_files_and_deep_colours_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = np.zeros((5, 5), dtype=np.uint16)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    with pytest.raises(WmsimError, match=r"deep.png' has more than eight bits .* 8-bit PNG"):
        read_picture(tmp_path / "deep.png")
    monkeypatch.setattr(pictures, "MAX_BYTES", 10)
    with pytest.raises(WmsimError, match=r"deep.png' has 0 MiB; at most"):
        read_picture(tmp_path / "deep.png")
    with pytest.raises(WmsimError, match="No picture"):
        read_picture(tmp_path / "gone.png")


def test_hidden_files_are_left_out(tmp_path: Path) -> None:
    for name in ("b.PNG", "a.jpeg", ".c.png", "__MACOSX/d.png", "in/e.jpg", "f.txt", ".g/h.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = [file.relative_to(tmp_path).as_posix() for file in picture_files(tmp_path)]
    assert found == ["a.jpeg", "b.PNG", "in/e.jpg"]
