"""Bits of the task vector: the paper's six, and further ones only where tasks need them."""

import numpy as np
import pytest
import torch

from wmsim.errors import ConfigError
from wmsim.models import NetworkConfig, WorkingMemoryNetwork, task_vectors, trial_vectors
from wmsim.tasks import ItemSpace, generate_trials, nback_tasks, parse_task, regime_tasks
from wmsim.tasks.timeline import CUE, PROBE

SPACE = ItemSpace.of_counts(n_categories=4, identities=2, views=3)


def draw(tasks, n_trials=60):
    return generate_trials(tasks, n_trials, SPACE, rng=np.random.default_rng(0))


def test_n_back_networks_have_the_papers_bits_and_nothing_else():
    config = NetworkConfig().for_tasks(nback_tasks())
    assert config == NetworkConfig()
    assert "extra_bits" not in config.model_dump()
    names = ("location", "identity", "category", "1-back", "2-back", "3-back")
    assert config.bit_names == names
    for task, vector in zip(nback_tasks(), task_vectors(nback_tasks()), strict=True):
        on = {name for name, bit in zip(names, vector, strict=True) if bit}
        assert on == {task.feature, f"{task.n}-back"}


def test_four_back_has_a_seventh_bit_and_leaves_the_others_where_they_were():
    config = NetworkConfig().for_tasks(regime_tasks("MTMF-4"))
    assert config.task_bits == 7
    vectors = task_vectors(regime_tasks("MTMF-4"), config)
    np.testing.assert_array_equal(vectors[:9, :6], task_vectors(nback_tasks()))
    assert not vectors[:9, 6].any()
    assert vectors[9:, 6].all()


@pytest.mark.parametrize(
    ("regime", "extra"),
    [
        ("DMS", ("dms",)),
        ("STERNBERG,STERNBERG-3", ("sternberg",)),
        ("RETROCUE-3", ("retrocue", "cue 1", "cue 2", "cue 3")),
        ("dms-d1-location", ("dms", "probe")),
        ("MTMF,DMS,RETROCUE", ("dms", "retrocue", "cue 1", "cue 2")),
    ],
)
def test_bits_that_tasks_need_come_behind(regime, extra):
    tasks = regime_tasks(regime)
    config = NetworkConfig().for_tasks(tasks)
    assert config.extra_bits == extra
    assert config.max_n == (3 if "MTMF" in regime else 0)
    assert NetworkConfig(**config.model_dump()) == config
    vectors = task_vectors(tasks, config)
    assert len({tuple(row) for row in vectors.tolist()}) == len({task.bits for task in tasks})


def test_cue_and_probe_bits_are_on_at_their_steps_alone():
    tasks = regime_tasks("retrocue-location,dms-d1-location,1-back-category")
    config = NetworkConfig().for_tasks(tasks)
    trials = draw(tasks)
    vectors = trial_vectors(trials, config)
    assert vectors.shape == (60, trials.n_steps, config.task_bits)
    bit = config.bit_names.index
    np.testing.assert_array_equal(vectors[..., bit("probe")], trials.phase == PROBE)
    for trial, step in np.ndindex(60, trials.n_steps):
        on = [vectors[trial, step, bit(f"cue {item}")] for item in (1, 2)]
        cues = trials.phase[trial, step] == CUE
        assert on == [float(cues and trials.cue[trial] == item) for item in (0, 1)]
    constant = [bit(name) for name in config.bit_names if name not in ("cue 1", "cue 2", "probe")]
    plain = task_vectors(trials.tasks, config)[trials.task]
    np.testing.assert_array_equal(
        vectors[..., constant], np.repeat(plain[:, None, constant], trials.n_steps, axis=1)
    )


def test_vectors_of_trials_are_those_of_tasks_where_no_bit_changes():
    trials = draw(nback_tasks())
    np.testing.assert_array_equal(trial_vectors(trials), task_vectors(nback_tasks())[trials.task])


def test_one_vector_a_step_drives_the_network_like_one_a_trial():
    network = WorkingMemoryNetwork(NetworkConfig(units=8), (5, 2, 2), seed=0)
    generator = torch.Generator().manual_seed(0)
    maps = torch.randn(7, 4, 5, generator=generator)
    frame = torch.randint(7, (9, 6), generator=generator)
    task = torch.from_numpy(task_vectors(nback_tasks()))
    each = task[:, None].repeat(1, 6, 1)
    with torch.no_grad():
        torch.testing.assert_close(network(maps, frame, each), network(maps, frame, task))
        changed = each.clone()
        changed[:, 3:, 0] += 1
        here, there = network(maps, frame, changed), network(maps, frame, task)
    torch.testing.assert_close(here[:, :3], there[:, :3])
    assert not torch.allclose(here[:, 3], there[:, 3])


def test_errors_say_how_to_make_the_network():
    with pytest.raises(
        ConfigError, match=r"no bit 'dms'.*make the network with extra_bits=\('dms'"
    ):
        task_vectors([parse_task("dms-location")])
    config = NetworkConfig(extra_bits=("retrocue", "cue 1"))
    with pytest.raises(ConfigError, match="no bit 'cue 2'"):
        task_vectors([parse_task("retrocue-location")], config)
    with pytest.raises(ConfigError, match="'dms' is there twice"):
        NetworkConfig(extra_bits=("dms", "dms"))
    with pytest.raises(ConfigError, match="'2-back' is there twice, or is a feature or an n"):
        NetworkConfig(extra_bits=("2-back",))
