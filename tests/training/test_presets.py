"""Named settings of subjects."""

import pytest

from wmsim.config import override
from wmsim.errors import ConfigError
from wmsim.report.demo import DemoConfig
from wmsim.training import PRESETS, for_tasks, preset


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("architecture", ["rnn", "gru", "lstm", "transformer", "ssm"])
@pytest.mark.parametrize("regime", ["MTMF", "STMF-4", "2-back-identity", "RETROCUE"])
def test_every_preset_fits_every_architecture_and_regime(name, architecture, regime):
    config = preset(name, architecture=architecture, regime=regime, seed=5)
    assert config.network.architecture == architecture
    assert (config.seed, config.stimuli.seed) == (5, 5)
    bits = {bit for task in config.tasks for bit in (*task.bits, *task.step_bits)}
    assert bits <= set(config.network.bit_names)
    assert for_tasks(config) is config


def test_the_papers_settings():
    config = preset("paper")
    assert (config.encoder.name, config.encoder.grid) == ("resnet50", 7)
    assert (config.training.iterations, config.training.batch) == (14_000, 256)
    sizes = [preset("paper", architecture=one).network.units for one in ("rnn", "gru", "lstm")]
    assert sizes == [512, 256, 256]
    assert config.network.task_bits == 6
    assert config.training.rate_at(10_000) == config.training.learning_rate


def test_the_demo_is_the_demos():
    assert DemoConfig().subject == preset("demo")
    rates = {"rnn": 5e-4, "gru": 1e-3, "lstm": 1e-3, "transformer": 5e-4, "ssm": 3e-3}
    for architecture, rate in rates.items():
        assert preset("demo", architecture=architecture).training.learning_rate == rate


def test_size_follows_the_architecture_until_it_is_set():
    assert override(preset("demo"), ["network.architecture=rnn"]).network.units == 512
    sized = override(preset("demo"), ["network.units=100"])
    assert override(sized, ["network.architecture=rnn"]).network.units == 100


def test_tasks_that_were_changed_get_their_bits():
    config = for_tasks(override(preset("demo"), ["regime=4-back-location"]))
    assert config.network.max_n == 4


def test_unknown_names():
    with pytest.raises(ConfigError, match=r"Unknown preset 'dmo'. Did you mean 'demo'"):
        preset("dmo")
    with pytest.raises(ConfigError, match="Did you mean 'gru'"):
        preset("demo", architecture="grue")
    with pytest.raises(ConfigError, match="Unknown"):
        preset("demo", regime="MTFM")
