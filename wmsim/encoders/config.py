"""Which perceptual network, with which weights, at which resolution."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, field_validator

from wmsim.config import Config
from wmsim.errors import ConfigError, choose

ENCODERS = ("efficientnet-lite0", "resnet50")
# Part of every cache key: raise it when preprocessing or the layer that is read changes.
PREPROCESSING_VERSION = 1


class EncoderConfig(Config):
    """A frozen perceptual network.

    Attributes
    ----------
    name : str
        ``"efficientnet-lite0"`` (1280 channels; weights come with pip) or ``"resnet50"``
        (2048 channels, layer 4.2 after ReLU, as in the paper).
    weights : str, optional
        File with a state dict; None takes the ImageNet weights.
    grid : int
        The 7 x 7 map is averaged onto grid x grid cells; 7 keeps it whole, as the paper does.

    Examples
    --------
    >>> EncoderConfig(name="resnet")
    Traceback (most recent call last):
        ...
    wmsim.errors.ConfigError: EncoderConfig: name is 'resnet': Unknown encoder 'resnet'. Did you ...
    """

    name: str = "efficientnet-lite0"
    weights: str | None = None
    grid: int = Field(default=4, ge=1, le=7)

    @field_validator("name")
    @classmethod
    def _known_encoder(cls, name: str) -> str:
        try:
            return choose(name, ENCODERS, "encoder")
        except ConfigError as error:
            raise ValueError(str(error)) from None

    @field_validator("weights", mode="before")
    @classmethod
    def _path_as_text(cls, weights: object) -> object:
        return str(weights) if isinstance(weights, Path) else weights
