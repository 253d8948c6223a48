"""What all tests share: quiet, no cache of the user's, no global state touched, real recordings."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

os.environ.setdefault("MPLBACKEND", "Agg")
# No test is timed: beside another process, or compiling at first, one may take any time.
settings.register_profile("wmsim", settings(), deadline=None)
settings.load_profile("wmsim")


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    """Nothing of the user's cache is read or written."""
    patch = pytest.MonkeyPatch()
    patch.setenv("WMSIM_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
    patch.setenv("WMSIM_QUIET", "1")
    yield
    patch.undo()


@pytest.fixture(autouse=True)
def _global_random_state_is_left_alone():
    """A test fails if what it calls touches NumPy's or PyTorch's global random state."""
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    torch = sys.modules.get("torch")
    torch_before = torch.get_rng_state() if torch else None
    yield
    after = np.random.get_state()[1]  # noqa: NPY002
    assert np.array_equal(before, after), "NumPy's global state was changed"
    if torch_before is not None:
        assert torch.equal(torch_before, torch.get_rng_state()), "torch's global state was changed"


@pytest.fixture(scope="session")
def recordings_dir():
    """Folder of real recordings; tests that need it skip where it is absent."""
    named = os.environ.get("WMSIM_DATA_DIR")
    folder = Path(named) if named else Path(__file__).parents[2] / "shared" / "recordings"
    if not (folder / "kornblith2017").is_dir():
        pytest.skip(f"no real recordings in {folder}; set WMSIM_DATA_DIR")
    return folder


@pytest.fixture(scope="session")
def tiny_stimuli():
    """Few pictures of few objects."""
    from wmsim.stimuli import StimulusConfig, build_stimuli

    return build_stimuli(
        StimulusConfig(
            categories=("car", "chair", "mug"), identities=2, novel_identities=1,
            train_views=2, novel_views=1, object_size=48, frame_size=224, supersampling=1,
        )
    )  # fmt: skip


@pytest.fixture(scope="session")
def tiny_features(tiny_stimuli):
    """Features that tell images and locations apart without any encoder."""
    from wmsim.encoders import Features

    rng = np.random.default_rng(0)
    n_frames = len(tiny_stimuli.images) * tiny_stimuli.n_locations
    maps = rng.standard_normal((n_frames, 6, 2, 2)).astype(np.float32)
    return Features(maps, tiny_stimuli.n_locations, key="tiny")


@pytest.fixture(scope="session")
def tiny_config(tiny_stimuli):
    """A subject that trains in a second or two."""
    from wmsim.models import NetworkConfig
    from wmsim.training import SubjectConfig, TrainingConfig

    return SubjectConfig(
        stimuli=tiny_stimuli.config,
        network=NetworkConfig(architecture="lstm", units=12),
        training=TrainingConfig(iterations=30, batch=32, evaluate_every=10, items=5),
        regime="STMF-1",
        seed=3,
    )


@pytest.fixture(scope="session")
def tiny_subject(tiny_config, tiny_stimuli, tiny_features, tmp_path_factory):
    """A trained (hardly) subject."""
    from wmsim.training import train_subject

    return train_subject(
        tiny_config, tmp_path_factory.mktemp("subject"), device="cpu",
        stimuli=tiny_stimuli, features=tiny_features,
    )  # fmt: skip


@pytest.fixture
def run(monkeypatch, capfd):
    """Run a command line; gives exit status, standard output, standard error."""

    from wmsim.cli.app import main

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["wmsim", *map(str, words)])
        try:
            main()
            status = 0
        except SystemExit as end:
            status = int(end.code or 0)
        captured = capfd.readouterr()
        return status, captured.out, captured.err

    return call
