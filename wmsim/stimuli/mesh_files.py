"""Meshes from disk, with their textures, colours and transparency.

Files come from anywhere, so nothing about them is taken for granted: what cannot be shown as
its author meant it is an error or a warning, never a silently grey object.
"""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wmsim.errors import WmsimError
from wmsim.files import existing_file
from wmsim.stimuli.mesh import Floats, Mesh, join

SUFFIXES = (".obj", ".glb", ".ply", ".stl", ".off")
MAX_FACES = 5_000_000
MAX_BYTES = 1 << 30
MIN_EXTENT, MAX_EXTENT = 1e-12, 1e12
MAX_TEXTURE = 512  # pixels; more is finer than any picture of an object here
PLAIN = (0.70, 0.70, 0.70, 1.0)  # where a file says nothing about colour

# Which way up and forward: rows give our x (front), y (left) and z (up) in the file's axes.
AXES: dict[str, Floats] = {
    "y": np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]),
    "z": np.eye(3),
    "shapenet": np.array([[0.0, 0.0, -1.0], [-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]),
}


def load_mesh(path: str | Path, *, axes: str = "y", root: Path | None = None) -> Mesh:
    """Read a mesh file.

    Parameters
    ----------
    path : path-like
        An obj, glb, ply, stl or off file.
    axes : {"y", "z", "shapenet"}
        y up with the front towards +z (as glTF has it), z up with the front towards +x, or y
        up with the front towards -z (as ShapeNetCore has it).
    root : pathlib.Path, optional
        Folder that textures and materials must lie in; the folder above that of the file
        by default.

    Returns
    -------
    Mesh
        As large as the file says; see :func:`wmsim.stimuli.mesh.normalised`.

    Raises
    ------
    WmsimError
        If the file is missing, cannot be read, is too large, or holds no surface.

    Warns
    -----
    UserWarning
        If a material or a texture is missing or cannot be read.
    """
    file = existing_file(path, "mesh file")
    if file.stat().st_size > MAX_BYTES:
        raise WmsimError(
            f"'{file}' has {file.stat().st_size / 2**30:.1f} GiB; at most 1 GiB is read. "
            "Simplify the mesh."
        )
    assets = _assets(file, (root or file.parent.parent).resolve())
    pieces = [_piece(geometry, assets.problems) for geometry in _read(file, assets)]
    for problem in dict.fromkeys(assets.problems):
        warnings.warn(f"'{file}': {problem} Its surface is shown plain.", stacklevel=2)
    pieces = [piece for piece in pieces if len(piece.faces)]
    if not pieces:
        raise WmsimError(
            f"'{file}' has no faces; a surface of triangles was expected. Points and lines "
            "cannot be rendered."
        )
    mesh = join(pieces)
    _check(file, mesh)
    return Mesh(
        mesh.vertices @ AXES[axes].T, mesh.faces, mesh.colour, mesh.uv, mesh.texture, mesh.images
    )


def _read(file: Path, assets: Any) -> list[Any]:
    """Triangle meshes of a file, each moved to its place in the scene."""
    import trimesh

    try:
        with open(file, "rb") as stream:
            loaded = trimesh.load_scene(
                stream, file_type=file.suffix[1:].lower(), resolver=assets, process=False
            )
        faces = sum(len(getattr(g, "faces", ())) for g in loaded.geometry.values())
        if faces > MAX_FACES:
            raise WmsimError(
                f"'{file}' has {faces:,} faces; at most {MAX_FACES:,} are rendered. "
                "Simplify the mesh."
            )
        return [g for g in loaded.dump() if isinstance(g, trimesh.Trimesh)]
    except WmsimError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".strip()
        raise WmsimError(
            f"Cannot read the mesh '{file}' ({reason}). A whole {file.suffix[1:]} file was "
            "expected; get it again or leave it out of the folder."
        ) from error


def _piece(geometry: Any, problems: list[str]) -> Mesh:
    """One mesh of trimesh's with its colour, texture and transparency; adds to `problems`."""
    vertices = np.asarray(geometry.vertices, dtype=float)
    faces = np.asarray(geometry.faces, dtype=np.int64).reshape(-1, 3)
    visual = geometry.visual
    colour = np.empty((len(faces), 3, 4))
    colour[:] = PLAIN
    material = getattr(visual, "material", None)
    if material is None:
        if visual.kind == "face":
            colour[:] = np.asarray(visual.face_colors)[:, None, :] / 255
        elif visual.kind == "vertex":
            colour[:] = np.asarray(visual.vertex_colors)[faces] / 255
        return Mesh(vertices, faces, colour)
    image, tint = _image_and_tint(material)
    colour[:] = tint
    uv = getattr(visual, "uv", None)
    if image is None:
        return Mesh(vertices, faces, colour)
    if uv is None or len(uv) != len(vertices):
        problems.append("a part has a texture but no texture coordinates.")
        colour[..., :3] = PLAIN[:3]
        return Mesh(vertices, faces, colour)
    corner_uv = np.nan_to_num(np.asarray(uv, dtype=float))[faces]
    return Mesh(vertices, faces, colour, corner_uv, np.zeros(len(faces), dtype=np.int64), (image,))


def _image_and_tint(material: Any) -> tuple[NDArray[np.uint8] | None, Floats]:
    """Texture of a material, and the colour and alpha that it is multiplied by."""
    picture = getattr(material, "baseColorTexture", None)
    if hasattr(material, "baseColorFactor"):
        factor = material.baseColorFactor
        tint = np.ones(4) if factor is None else np.asarray(factor, dtype=float).ravel() / 255
        if getattr(material, "alphaMode", None) in (None, "OPAQUE"):
            tint = np.append(tint[:3], 1.0)
        return _pixels(picture), tint
    picture = getattr(material, "image", None)
    alpha = _opacity(getattr(material, "kwargs", {}))
    image = _pixels(picture)
    if image is not None:
        return image, np.array([1.0, 1.0, 1.0, alpha])
    if "kd" not in getattr(material, "kwargs", {}):
        return None, np.array([*PLAIN[:3], alpha])
    rgb = np.asarray(material.diffuse, dtype=float)[:3] / 255
    return None, np.append(rgb, alpha)


def _opacity(properties: dict[str, Any]) -> float:
    """Alpha from ``d`` or ``Tr`` of an mtl file; 0 would hide a part and is taken as a slip."""
    for key, invert in (("d", False), ("tr", True)):
        try:
            value = float(properties[key][-1])
        except (KeyError, IndexError, TypeError, ValueError):
            continue
        alpha = 1 - value if invert else value
        return float(np.clip(alpha, 0, 1)) or 1.0
    return 1.0


def _pixels(picture: Any) -> NDArray[np.uint8] | None:
    """A texture as RGBA pixels, made smaller where it is larger than any picture needs."""
    if picture is None:
        return None
    rgba = picture.convert("RGBA")
    if max(rgba.size) > MAX_TEXTURE:
        shrink = MAX_TEXTURE / max(rgba.size)
        rgba = rgba.resize([max(1, round(side * shrink)) for side in rgba.size])
    return np.asarray(rgba, dtype=np.uint8)


def _check(file: Path, mesh: Mesh) -> None:
    """Refuse vertices that are not numbers, faces that point nowhere, and points in one place."""
    if mesh.faces.min() < 0 or mesh.faces.max() >= len(mesh.vertices):
        raise WmsimError(
            f"'{file}' has a face whose corner is vertex {mesh.faces.max()}, but there are "
            f"{len(mesh.vertices)} vertices. Get the file again or leave it out."
        )
    bad = int((~np.isfinite(mesh.vertices[mesh.faces]).all(axis=(1, 2))).sum())
    if bad:
        raise WmsimError(
            f"'{file}' has {bad} of {len(mesh.faces)} faces with coordinates that are not finite "
            "numbers. Repair the mesh or leave it out."
        )
    extent = float((mesh.bounds[1] - mesh.bounds[0]).max())
    if extent == 0:
        raise WmsimError(
            f"'{file}' has no extent: all its vertices lie in one place. Leave it out."
        )
    if not MIN_EXTENT < extent < MAX_EXTENT:
        raise WmsimError(
            f"'{file}' is {extent:.3g} units large; between {MIN_EXTENT:g} and {MAX_EXTENT:g} "
            "was expected. Scale the mesh."
        )


def _assets(file: Path, root: Path) -> Any:
    """A resolver of trimesh's that finds materials and textures and remembers what it missed."""
    from trimesh.resolvers import Resolver

    class Assets(Resolver):
        """Reads beside the mesh and in ``../images``, never outside `root`, never writes."""

        def __init__(self) -> None:
            self.problems: list[str] = []
            self.file_name = file.name

        def get(self, key: str) -> bytes:
            found = _find_asset(file.parent, root, key)
            if found is None:
                self.problems.append(f"'{key.strip()}', which it names, was not found.")
                raise FileNotFoundError(key)
            data = found.read_bytes()
            if found.suffix.lower() != ".mtl" and not _is_picture(data):
                self.problems.append(f"the texture '{found}' cannot be read as a picture.")
                raise OSError(key)
            return data

        def write(self, name: str, data: Any) -> None:
            raise PermissionError("meshes are read, never written")

        def namespaced(self, namespace: str) -> Any:
            return self

        def keys(self) -> list[str]:
            return []

    return Assets()


def _find_asset(folder: Path, root: Path, key: str) -> Path | None:
    """The file that a mesh means by a name; letter case, options and old paths are forgiven."""
    name = key.strip().replace("\\", "/")
    last = name.rsplit("/", 1)[-1]
    candidates = [name, name.split()[-1] if name.split() else name, last]
    candidates += [f"../images/{last}", f"images/{last}", f"../textures/{last}"]
    for candidate in candidates:
        try:
            path = (folder / candidate).resolve()
            path = path if path.exists() else _other_case(path)
            inside = path.is_relative_to(root) or path.is_relative_to(folder.resolve())
            if inside and path.is_file() and path.stat().st_size <= MAX_BYTES:
                return path
        except (OSError, ValueError):
            continue
    return None


def _other_case(path: Path) -> Path:
    """The file of that name in upper or lower case, if there is one."""
    if path.parent.is_dir():
        for entry in path.parent.iterdir():
            if entry.name.lower() == path.name.lower():
                return entry.resolve()
    return path


def _is_picture(data: bytes) -> bool:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data)) as picture:
            picture.load()
    except Exception:
        return False
    return True
