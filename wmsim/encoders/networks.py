"""The perceptual networks themselves, cut off at the layer that is read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from wmsim.encoders.weights import load_weights

if TYPE_CHECKING:
    import torch
    from torch import nn

# Mean and standard deviation of 8-bit RGB values that each network was trained with.
SCALING = {
    "efficientnet-lite0": ((127.0, 127.0, 127.0), (128.0, 128.0, 128.0)),
    "resnet50": ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375)),
}


def load_encoder(name: str, file: Path) -> nn.Module:
    """Build a frozen encoder: frames in, feature maps out.

    Parameters
    ----------
    name : str
        One of :data:`wmsim.encoders.ENCODERS`.
    file : path
        Its weights.

    Returns
    -------
    torch.nn.Module
        Takes uint8 or float frames (frame, 3, 224, 224) with values 0 to 255 and gives
        (frame, channel, 7, 7).

    Raises
    ------
    WmsimError
        If the weights cannot be read or do not fit.
    """
    import torch

    # Building a network draws initial weights, which are then overwritten; the global random
    # state shall not notice.
    with torch.random.fork_rng(devices=[]):
        return _efficientnet_lite0(file) if name == "efficientnet-lite0" else _resnet50(file)


def _efficientnet_lite0(file: Path) -> nn.Module:
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_name("efficientnet-lite0")
    load_weights(network, file, "efficientnet-lite0")
    return _frozen(network, network.extract_features, "efficientnet-lite0")


def _resnet50(file: Path) -> nn.Module:
    import torch
    from torchvision.models import resnet50

    network = resnet50(weights=None)
    load_weights(network, file, "resnet50")
    # The last block of layer 4 (4.2) ends in its ReLU; what follows is pooling and the classifier.
    body = torch.nn.Sequential(*list(network.children())[:-2])
    return _frozen(body, body.forward, "resnet50")


def _frozen(network: nn.Module, features: object, name: str) -> nn.Module:
    import torch

    class Frozen(torch.nn.Module):
        """Scaling, network, nothing that can be trained."""

        mean: torch.Tensor
        std: torch.Tensor

        def __init__(self) -> None:
            super().__init__()
            mean, std = SCALING[name]
            self.network = network.eval().requires_grad_(False)
            self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1))
            self.register_buffer("std", torch.tensor(std).view(1, 3, 1, 1))

        def forward(self, frames: torch.Tensor) -> torch.Tensor:
            scaled = (frames.float() - self.mean) / self.std
            return features(scaled)  # type: ignore[operator]

    return Frozen().eval()
