"""Features: what the layer gives, computed once, and never read from half a file."""

import numpy as np
import pytest
import torch

from wmsim.encoders import EncoderConfig, encode
from wmsim.encoders.networks import SCALING, load_encoder
from wmsim.encoders.weights import weights_file
from wmsim.errors import ConfigError, WmsimError


class Pictures:
    """Two noise pictures at two places: all that an encoder needs of a stimulus set."""

    n_locations = 2

    def __init__(self, seed=0):
        self.images = np.random.default_rng(seed).integers(0, 255, (2, 112, 112, 3), dtype=np.uint8)
        self.seed = seed

    def frames(self, image, location):
        frames = np.full((len(image), 224, 224, 3), 128, dtype=np.uint8)
        for row, (i, where) in enumerate(zip(image, location, strict=True)):
            frames[row, :112, 112 * where : 112 * (where + 1)] = self.images[i]
        return frames

    def key(self):
        return f"pictures {self.seed}"


@pytest.fixture(scope="module")
def resnet_file(tmp_path_factory):
    """ResNet50 with random weights, as a file."""
    from torchvision.models import resnet50

    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = resnet50(weights=None)
    file = tmp_path_factory.mktemp("weights") / "resnet50.pt"
    torch.save(network.state_dict(), file)
    return file


def test_map_keeps_location_and_cache_gives_it_back(tmp_path):
    pictures = Pictures()
    first = encode(pictures, cache=tmp_path)
    assert first.maps.shape == (4, 1280, 4, 4)
    assert not first.cached
    left, right = first.maps[first.frame(0, 0)], first.maps[first.frame(0, 1)]
    assert np.abs(left - right).mean() > 0.05
    again = encode(pictures, cache=tmp_path)
    assert again.cached
    np.testing.assert_array_equal(again.maps, first.maps)


def test_a_cache_that_was_cut_off_or_changed_is_made_again(tmp_path):
    pictures = Pictures()
    first = encode(pictures, cache=tmp_path)
    file = next(tmp_path.glob("*.npy"))
    whole = file.read_bytes()
    for broken in (whole[: len(whole) // 2], whole[:-4] + b"\x01\x02\x03\x04", b""):
        file.write_bytes(broken)
        again = encode(pictures, cache=tmp_path)
        assert not again.cached
        np.testing.assert_array_equal(again.maps, first.maps)
    next(tmp_path.glob("*.json")).unlink()
    assert not encode(pictures, cache=tmp_path).cached


def test_key_changes_with_everything_that_matters(tmp_path, resnet_file):
    other = tmp_path / "other.pt"
    state = torch.load(weights_file(EncoderConfig()), weights_only=True)
    state["_bn1.bias"] = state["_bn1.bias"] + 1
    torch.save(state, other)
    keys = [
        encode(Pictures(), cache=tmp_path).key,
        encode(Pictures(1), cache=tmp_path).key,
        encode(Pictures(), EncoderConfig(grid=2), cache=tmp_path).key,
        encode(Pictures(), EncoderConfig(weights=str(other)), cache=tmp_path).key,
        encode(Pictures(), EncoderConfig(name="resnet50", weights=resnet_file), cache=tmp_path).key,
    ]
    assert len(set(keys)) == 5


def test_resnet_is_read_at_layer_4_2_after_relu(resnet_file):
    from torchvision.models import resnet50

    with torch.random.fork_rng():
        network = resnet50(weights=None).eval()
    network.load_state_dict(torch.load(resnet_file, weights_only=True))
    seen = {}
    network.layer4[2].relu.register_forward_hook(lambda m, i, o: seen.update(last=o))
    frames = torch.from_numpy(Pictures().frames([0], [0])).permute(0, 3, 1, 2)
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in SCALING["resnet50"])
    with torch.inference_mode():
        network((frames - mean) / std)
        found = load_encoder("resnet50", resnet_file)(frames)
    assert found.shape == (1, 2048, 7, 7)
    assert (found >= 0).all()
    torch.testing.assert_close(found, seen["last"])


def test_full_map_and_pooled_map_agree(tmp_path):
    whole = encode(Pictures(), EncoderConfig(grid=7), cache=tmp_path).maps
    assert whole.shape == (4, 1280, 7, 7)
    pooled = encode(Pictures(), EncoderConfig(grid=1), cache=tmp_path).maps
    np.testing.assert_allclose(whole.mean(axis=(2, 3)), pooled[..., 0, 0], rtol=1e-4, atol=1e-5)


def test_offline_without_weights_says_so_and_what_to_do(monkeypatch, tmp_path):
    import urllib.error

    def offline(*args, **kwargs):
        raise urllib.error.URLError("no network")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("torch.hub.download_url_to_file", offline)
    with pytest.raises(
        WmsimError, match=r"not on this machine.*no network.*--encoder-weights.*efficientnet-lite0"
    ):
        encode(Pictures(), EncoderConfig(name="resnet50"), cache=tmp_path)


def test_a_download_with_another_checksum_is_refused(monkeypatch, tmp_path):
    from torchvision.models import ResNet50_Weights

    def fake(url, target, hash_prefix, progress):
        assert hash_prefix
        assert url.endswith(f"{hash_prefix}.pth")
        raise RuntimeError(f'invalid hash value (expected "{hash_prefix}", got "0")')

    assert ResNet50_Weights.IMAGENET1K_V1.url.endswith(".pth")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("torch.hub.download_url_to_file", fake)
    with pytest.raises(WmsimError, match=r"could not be downloaded \(invalid hash value"):
        encode(Pictures(), EncoderConfig(name="resnet50"), cache=tmp_path)


def test_unknown_encoder_is_suggested():
    with pytest.raises(ConfigError, match=r"Unknown encoder 'resnet5'. Did you mean 'resnet50'"):
        EncoderConfig(name="resnet5")


def test_weights_that_do_not_fit(tmp_path, resnet_file):
    with pytest.raises(WmsimError, match="No weights file"):
        encode(Pictures(), EncoderConfig(weights="nowhere.pt"), cache=tmp_path)
    with pytest.raises(WmsimError, match="does not hold weights of efficientnet-lite0"):
        encode(Pictures(), EncoderConfig(weights=resnet_file), cache=tmp_path)
    (tmp_path / "text.pt").write_text("no weights")
    with pytest.raises(WmsimError, match="cannot be read as PyTorch weights"):
        encode(Pictures(), EncoderConfig(weights=str(tmp_path / "text.pt")), cache=tmp_path)
    assert not list(tmp_path.glob("*.npy"))
