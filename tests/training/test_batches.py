"""Batches of trials with blanks and of different lengths; what is padded counts for nothing."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from wmsim.encoders import Features
from wmsim.errors import WmsimError
from wmsim.models import NetworkConfig, WorkingMemoryNetwork
from wmsim.tasks import ItemSpace, generate_trials, nback_tasks, regime_tasks
from wmsim.training import TrainingConfig
from wmsim.training.batches import frames_of, make_batch
from wmsim.training.evaluate import evaluate, respond
from wmsim.training.loop import train

SPACE = ItemSpace.of_counts(n_categories=4, identities=2, views=2)
MIXED = regime_tasks("2-back-location,retrocue-category,sternberg-1-identity")
CONFIG = NetworkConfig(units=8).for_tasks(MIXED)


def features(blank=True):
    rng = np.random.default_rng(0)
    maps = rng.standard_normal((64, 5, 2, 2)).astype(np.float32)
    shown = rng.standard_normal((5, 2, 2)).astype(np.float32)
    return Features(maps, 4, key="x", blank=shown if blank else None)


def draw(tasks, n_trials):
    return generate_trials(tasks, n_trials, SPACE, rng=np.random.default_rng(1))


@pytest.mark.parametrize("n_trials", [6, 300])  # few of the frames, nearly all of them
def test_each_step_shows_its_item_or_a_blank(n_trials):
    seen = features()
    trials = draw(MIXED, n_trials)
    batch = make_batch(trials, frames_of(SPACE, seen, "cpu"), CONFIG)
    for trial, step in np.ndindex(trials.shown.shape):
        column = trials.shown[trial, step]
        if column < 0:
            expected = seen.blank
        else:
            image, location = trials.image[trial, column], trials.location[trial, column]
            expected = seen.maps[seen.frame(image, location)]
        shown = batch.maps[batch.frame[trial, step]].numpy()
        np.testing.assert_array_equal(shown, expected.reshape(5, 4).T)


def test_a_blank_changes_nothing_for_tasks_that_show_none():
    trials = draw(nback_tasks(), 20)
    one, other = (
        make_batch(trials, frames_of(SPACE, features(blank), "cpu"), NetworkConfig())
        for blank in (False, True)
    )
    for field in dataclasses.fields(one):
        assert torch.equal(getattr(one, field.name), getattr(other, field.name))


def test_without_a_blank_it_says_what_to_do():
    with pytest.raises(WmsimError, match=r"show blank frames.*wmsim\.encoders\.with_blank"):
        make_batch(draw(MIXED, 6), frames_of(SPACE, features(blank=False), "cpu"), CONFIG)


def test_padding_counts_neither_in_the_loss_nor_in_accuracy():
    network = WorkingMemoryNetwork(CONFIG, (5, 2, 2), seed=0)
    frames = frames_of(SPACE, features(), "cpu")
    trials = draw(MIXED, 30)
    batch = make_batch(trials, frames, CONFIG)
    with torch.no_grad():
        logits = network(batch.maps, batch.frame, batch.task)
    real = trials.phase >= 0
    assert 0 < (~real).sum() < real.size
    np.testing.assert_array_equal(batch.target.numpy() == -100, ~real)
    loss = nn.functional.cross_entropy(logits.flatten(0, 1), batch.target.flatten())
    each = [-torch.log_softmax(logits[t, s], 0)[trials.target[t, s]] for t, s in np.argwhere(real)]
    torch.testing.assert_close(loss, torch.stack(each).mean())
    response = respond(network, trials, frames)
    right = [response[t, s] == trials.target[t, s] for t, s in np.argwhere(real)]
    acts = [
        response[t, s] == trials.target[t, s]
        for t, s in np.argwhere(real) if trials.target[t, s] > 0
    ]  # fmt: skip
    result = evaluate(network, trials, frames)
    assert result.overall == pytest.approx(np.mean(right))
    assert result.executive == pytest.approx(np.mean(acts))
    assert set(result.executive_by_task) == {task.name for task in MIXED}
    called_for = [
        [action for action in trials.target[trials.task == task].ravel() if action > 0]
        for task in range(len(trials.tasks))
    ]
    best = sum(max(answers.count(1), answers.count(2)) for answers in called_for)
    assert result.chance == pytest.approx(best / sum(map(len, called_for)))


def test_what_comes_before_padding_does_not_feel_it():
    """A shorter trial's logits are the same alone and beside longer ones."""
    network = WorkingMemoryNetwork(CONFIG, (5, 2, 2), seed=0)
    frames = frames_of(SPACE, features(), "cpu")
    trials = draw(MIXED, 9)
    batch = make_batch(trials, frames, CONFIG)
    with torch.no_grad():
        together = network(batch.maps, batch.frame, batch.task)
        for trial in range(9):
            steps = int((trials.phase[trial] >= 0).sum())
            row = slice(trial, trial + 1)
            alone = network(batch.maps, batch.frame[row, :steps], batch.task[row, :steps])
            torch.testing.assert_close(alone[0], together[trial, :steps])


def test_a_mixture_of_tasks_is_learnt(tmp_path):
    """A delay and 1-back in one network, from features that tell frames apart."""
    space = ItemSpace.of_counts(n_categories=2, identities=1, views=1, n_locations=3)
    seen = Features(
        np.eye(7, dtype=np.float32)[:6, :, None, None], 3, key="x",
        blank=np.eye(7, dtype=np.float32)[6][:, None, None],
    )  # fmt: skip
    tasks = regime_tasks("dms-location-delay1,1-back-location")
    config = NetworkConfig(units=32).for_tasks(tasks)
    network = WorkingMemoryNetwork(config, (7, 1, 1), seed=0)
    training = TrainingConfig(iterations=900, batch=64, evaluate_every=50, criterion=0.99,
                              learning_rate=5e-3, items=3)  # fmt: skip
    train(network, tasks, space, seen, training, tmp_path, seed=0)
    trials = generate_trials(tasks, 600, space, items=3, rng=np.random.default_rng(9))
    result = evaluate(network, trials, frames_of(space, seen, "cpu"))
    assert min(result.executive_by_task.values()) > 0.95, result
