"""Pictures from disk. They come from anywhere: small files of known kinds only, read whole."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wmsim.errors import WmsimError
from wmsim.files import existing_file

PICTURES = (".png", ".jpg", ".jpeg")
MAX_BYTES = 1 << 26
MAX_PIXELS = 50_000_000  # 200 MB when unpacked; what a camera makes today is smaller


def read_picture(path: str | Path, *, size: int | None = None) -> NDArray[np.uint8]:
    """Read a PNG or JPEG file.

    Parameters
    ----------
    path : path-like
    size : int, optional
        Edge length that it is scaled to, whatever its proportions; by default its own size.

    Returns
    -------
    ndarray of uint8, shape (rows, columns, 4)
        sRGB and alpha; opaque where the file has no alpha.

    Raises
    ------
    WmsimError
        If it is missing, too large, cut off, or no picture of eight bits a colour.

    Examples
    --------
    >>> import tempfile
    >>> from PIL import Image
    >>> file = Path(tempfile.mkdtemp()) / "red.png"
    >>> Image.new("RGB", (5, 3), (255, 0, 0)).save(file)
    >>> read_picture(file).shape, read_picture(file)[0, 0].tolist()
    ((3, 5, 4), [255, 0, 0, 255])
    """
    from PIL import Image

    file = existing_file(path, "picture")
    if file.stat().st_size > MAX_BYTES:
        raise WmsimError(
            f"The picture '{file}' has {file.stat().st_size / 2**20:.0f} MiB; at most "
            f"{MAX_BYTES >> 20} MiB are read. Make it smaller or leave it out."
        )
    try:
        with warnings.catch_warnings():
            # Pillow warns of what is refused below.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(file, formats=("PNG", "JPEG")) as picture:
                _check(file, picture.size, picture.mode)
                rgba = picture.convert("RGBA")
    except WmsimError:
        raise
    except Exception as error:  # Pillow's readers raise errors of many kinds on broken files
        raise WmsimError(
            f"Cannot read the picture '{file}' ({type(error).__name__}: {error}). A whole PNG or "
            "JPEG file of at most 50 million pixels was expected; get it again or leave it out."
        ) from error
    if size is not None and rgba.size != (size, size):
        # Weighted by alpha, so that what is hidden does not bleed into what is seen; bilinear,
        # because sharper filters ring at outlines.
        rgba = rgba.convert("RGBa").resize((size, size), Image.Resampling.BILINEAR).convert("RGBA")
    return np.asarray(rgba, dtype=np.uint8)


def _check(file: Path, size: tuple[int, int], mode: str) -> None:
    if size[0] * size[1] > MAX_PIXELS:
        raise WmsimError(
            f"The picture '{file}' has {size[0]} x {size[1]} pixels; at most {MAX_PIXELS:,} are "
            "read. Make it smaller or leave it out."
        )
    if mode.startswith(("I", "F")):
        raise WmsimError(
            f"The picture '{file}' has more than eight bits a colour (mode {mode}), which cannot "
            "be shown as it is. Save it as an 8-bit PNG or JPEG."
        )


def picture_files(folder: Path) -> list[Path]:
    """All PNG and JPEG files in a folder and the folders in it, hidden ones left out, in order."""
    found = []
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder).parts
        if any(part.startswith(".") or part == "__MACOSX" for part in inside):
            continue
        if path.suffix.lower() in PICTURES and path.is_file():
            found.append(path)
    return found
