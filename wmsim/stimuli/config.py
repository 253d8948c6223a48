"""Settings of a set of stimuli."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from wmsim.config import Config

PROCEDURAL = "procedural"


class StimulusConfig(Config):
    """What objects there are, from where they are seen and how large their pictures are.

    Attributes
    ----------
    source : str
        ``"procedural"`` for objects made from code, or a folder of meshes: ShapeNetCore
        (``synset/model/models/model_normalized.obj`` or ``synset/model/model.obj``), or
        ``category/identity.{obj,glb,ply,stl,off}``.
    categories : tuple of str
        Names of categories. With a folder as source, ``()`` takes all that are found there,
        and that is the default where a folder is given and no categories are.
    identities : int
        Trained identities a category, at least 2.
    novel_identities : int
        Further identities a category that are seen only in the split ``"novel_identity"``.
    train_views, novel_views : int
        View angles of training, and further ones of the split ``"novel_angle"``.
    azimuth, elevation : tuple of float
        Range of view angles in degrees; azimuth 0 looks at the front of the object, 180 at its
        back. Where the meshes of a folder all face the wrong way, shift azimuth by 180.
    min_separation : float
        Degrees that every novel view angle keeps from every trained one, at least.
    frame_size, object_size : int
        Edge length, in pixels, of a frame and of the crop that holds the object.
    background : int
        Grey level of the frame, 0 to 255.
    supersampling : int
        Rays along each edge of a pixel; 1 does without anti-aliasing.
    up_axis : {"auto", "y", "z"}
        Which axis of a mesh file points up. ``"auto"``: y for ShapeNetCore, obj and glb, z for
        stl, ply and off.
    seed : int
        Fixes objects and view angles.

    Examples
    --------
    >>> StimulusConfig(identities=1)
    Traceback (most recent call last):
        ...
    wmsim.errors.ConfigError: StimulusConfig: identities is 1: Input should be greater...
    >>> StimulusConfig(source="meshes").categories
    ()
    """

    source: str = PROCEDURAL
    categories: tuple[str, ...] = ("airplane", "car", "chair", "table")
    identities: int = Field(default=2, ge=2)
    novel_identities: int = Field(default=2, ge=0)
    train_views: int = Field(default=12, ge=1)
    novel_views: int = Field(default=6, ge=0)
    azimuth: tuple[float, float] = (-75.0, 75.0)
    elevation: tuple[float, float] = (10.0, 40.0)
    min_separation: float = Field(default=5.0, ge=0)
    frame_size: int = Field(default=224, ge=16)
    object_size: int = Field(default=112, ge=8)
    background: int = Field(default=128, ge=0, le=255)
    supersampling: int = Field(default=2, ge=1, le=8)
    up_axis: Literal["auto", "y", "z"] = "auto"
    seed: int = Field(default=0, ge=0)

    @model_validator(mode="before")
    @classmethod
    def _all_of_a_folder(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("source", PROCEDURAL) != PROCEDURAL:
            return {"categories": (), **values}
        return values

    @model_validator(mode="after")
    def _fits_together(self) -> StimulusConfig:
        if 2 * self.object_size > self.frame_size:
            raise ValueError(
                f"object_size {self.object_size} does not fit a quarter of a frame of "
                f"{self.frame_size} pixels; at most {self.frame_size // 2} does"
            )
        if len(set(self.categories)) != len(self.categories):
            raise ValueError(f"a category is named twice in {self.categories}")
        if not self.categories and self.source == PROCEDURAL:
            raise ValueError("categories is empty; name at least one")
        for name, (low, high), limit in (
            ("azimuth", self.azimuth, 360.0),
            ("elevation", self.elevation, 180.0),
        ):
            if not (low <= high and high - low <= limit):
                raise ValueError(f"{name} must be (low, high), at most {limit:g} degrees wide")
        if self.elevation[0] < 0 or self.elevation[1] > 89:
            raise ValueError("elevation must lie between 0 (level) and 89 degrees (from above)")
        return self
