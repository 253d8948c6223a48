"""Networks for a twin: what they are trained on and how, and how many objects they see."""

import pytest

from wmsim.errors import WmsimError
from wmsim.tasks import regime_tasks
from wmsim.twin import TwinConfig, twin_design, twin_subject
from wmsim.twin.subjects import object_counts


@pytest.mark.parametrize("architecture", ["rnn", "gru", "lstm"])
def test_a_subject_learns_the_brains_tasks_by_and_by(brain, architecture):
    design = twin_design(brain)
    subject = twin_subject([design], TwinConfig(), architecture=architecture, seed=2)
    assert set(subject.tasks) == set(design.tasks)
    assert len(subject.curriculum) >= 3
    assert all(regime_tasks(lesson) for lesson in subject.curriculum)
    assert (subject.network.architecture, subject.seed) == (architecture, 2)
    assert subject.training.criterion_of == "answers"


def test_a_vanilla_network_starts_from_weights_that_keep_activity_alive(brain):
    design = twin_design(brain)
    made = {
        name: twin_subject([design], TwinConfig(), architecture=name, seed=0)
        for name in ("rnn", "gru")
    }
    assert made["rnn"].network.core.recurrent == "orthogonal"
    assert made["rnn"].training.learning_rate < made["gru"].training.learning_rate
    own = TwinConfig(settings=("network.core.recurrent=kaiming", "training.learning_rate=0.002"))
    changed = twin_subject([design], own, architecture="rnn", seed=0)
    assert changed.network.core.recurrent == "kaiming"
    assert changed.training.learning_rate == 0.002


def test_an_lstm_starts_from_gates_that_do_not_forget_at_once(brain):
    made = twin_subject([twin_design(brain)], TwinConfig(), architecture="lstm", seed=0)
    assert made.network.core.forget_bias == 1
    own = TwinConfig(settings=("network.core.forget_bias=0",))
    changed = twin_subject([twin_design(brain)], own, architecture="lstm", seed=0)
    assert changed.network.core.forget_bias == 0


@pytest.mark.parametrize("values", range(1, 65))
def test_there_are_enough_objects_and_few_too_many(values):
    categories, identities = object_counts(values)
    assert values <= categories * identities
    assert 2 <= categories <= 8
    assert identities >= 2
    assert categories * identities <= max(4, values + 2)


def test_too_many_values():
    with pytest.raises(WmsimError, match="at most 64 objects"):
        object_counts(65)
