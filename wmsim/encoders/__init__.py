"""Encoders: frozen perceptual networks, and the features that they give, kept on disk.

==================  ==================================================================
:mod:`.config`      which encoder, which weights, which grid
:mod:`.weights`     where weights come from, and how they are read safely
:mod:`.networks`    the networks, cut off at the layer that is read
:mod:`.features`    features of every frame of a stimulus set
:mod:`.blank`       features of a frame without any object, for delays
:mod:`.cache`       arrays on disk that are whole or not there
==================  ==================================================================
"""

from wmsim.encoders.blank import with_blank
from wmsim.encoders.config import ENCODERS, EncoderConfig
from wmsim.encoders.features import Features, encode

__all__ = ["ENCODERS", "EncoderConfig", "Features", "encode", "with_blank"]
