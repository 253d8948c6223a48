"""Settings of a set of stimuli."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from wmsim.config import Config

PROCEDURAL = "procedural"
MADE_TEXTURES = "made"
SPLITS = ("train", "novel_angle", "novel_identity")
# All categories that are made from code; the paper's larger set has as many, of 4 identities each.
LARGER = ("airplane", "car", "chair", "table", "lamp", "mug", "boat", "sofa")


class TextureConfig(Config):
    """Textures behind objects.

    Attributes
    ----------
    source : str
        ``"made"`` for textures made from code, or a folder of PNG and JPEG pictures (folders in
        it included), squares of which are cut, scaled down or mirrored to fill frames.
    count : int
        Different textures in each split. No texture is in two splits, and no picture of a
        folder: what is trained on one is tested on others.
    quilted : bool
        Whether each is grown from a small sample by image quilting (Efros & Freeman 2001,
        doi:10.1145/383259.383296), for pictures that show one material each.

    Examples
    --------
    >>> TextureConfig(count=0)
    Traceback (most recent call last):
        ...
    wmsim.errors.ConfigError: TextureConfig: count is 0: Input should be greater than or equal ...
    """

    source: str = Field(default=MADE_TEXTURES, min_length=1)
    count: int = Field(default=36, ge=1, le=10_000)
    quilted: bool = False

    @field_validator("source", mode="before")
    @classmethod
    def _path_as_text(cls, source: object) -> object:
        return str(source) if isinstance(source, Path) else source


def _kind_of_background(value: object) -> str:
    return "textures" if isinstance(value, dict | TextureConfig) else "grey"


Grey = Annotated[int, Field(ge=0, le=255)]
Background = Annotated[
    Annotated[Grey, Tag("grey")] | Annotated[TextureConfig, Tag("textures")],
    Discriminator(_kind_of_background),
]


class StimulusConfig(Config):
    """What objects there are, from where they are seen and how large their pictures are.

    Attributes
    ----------
    source : str
        ``"procedural"`` for objects made from code; a folder of meshes: ShapeNetCore
        (``synset/model/models/model_normalized.obj`` or ``synset/model/model.obj``), or
        ``category/identity.{obj,glb,ply,stl,off}``; or a folder of pictures as iWISDM has them
        (``split/ref/image.png`` and a csv file), see :mod:`wmsim.stimuli.image_sets`.
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
    background : int or TextureConfig, optional
        What objects lie on: a grey level of 0 to 255, or textures that fill the frame. None
        takes 128, and 0 (black) for a folder of pictures, as iWISDM has it.
    supersampling : int
        Rays along each edge of a pixel; 1 does without anti-aliasing.
    up_axis : {"auto", "y", "z"}
        Which axis of a mesh file points up. ``"auto"``: y for ShapeNetCore, obj and glb, z for
        stl, ply and off.
    seed : int
        Fixes objects and view angles.

    A folder of pictures has its view angles and its rendering already: ``azimuth``,
    ``elevation``, ``min_separation``, ``supersampling`` and ``up_axis`` are about objects that
    are rendered here.

    Examples
    --------
    >>> StimulusConfig(identities=1)
    Traceback (most recent call last):
        ...
    wmsim.errors.ConfigError: StimulusConfig: identities is 1: Input should be greater...
    >>> StimulusConfig(source="meshes").categories
    ()
    >>> StimulusConfig(background=TextureConfig(count=12)).background.source
    'made'
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
    background: Background | None = None
    supersampling: int = Field(default=2, ge=1, le=8)
    up_axis: Literal["auto", "y", "z"] = "auto"
    seed: int = Field(default=0, ge=0)

    @classmethod
    def larger(cls, **values: Any) -> StimulusConfig:
        """The paper's larger set: 8 categories of 4 trained identities each.

        Parameters
        ----------
        **values
            Other settings, as for the class itself.

        Examples
        --------
        >>> config = StimulusConfig.larger(train_views=8)
        >>> len(config.categories), config.identities, config.train_views
        (8, 4, 8)
        """
        return cls(**{"categories": LARGER, "identities": 4, **values})

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
