"""Names of tasks and regimes are read back; wrong ones are told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wmsim.errors import ConfigError
from wmsim.tasks import (
    FEATURES,
    DMSTask,
    NBackTask,
    RetroCueTask,
    SequenceTask,
    SternbergTask,
    parse_task,
    regime_tasks,
)

features, delays = st.sampled_from(FEATURES), st.integers(1, 20)
steps = st.lists(st.integers(1, 20), min_size=1, max_size=4, unique=True).map(tuple)
any_task = st.one_of(
    st.builds(NBackTask, feature=features, n=st.integers(1, 4)),
    st.builds(DMSTask, feature=features, delay=delays, distractors=st.integers(0, 4)),
    st.builds(SternbergTask, feature=features, delay=delays, load=st.integers(1, 6)),
    st.builds(RetroCueTask, feature=features, delay=delays, load=st.integers(2, 6)),
    st.builds(
        SequenceTask,
        feature=features,
        load=st.integers(1, 6),
        shown=st.integers(1, 10),
        gaps=st.one_of(st.just((0,)), steps),
        delays=st.one_of(st.just((3,)), steps),
        probes=st.integers(1, 2),
    ),
)


@given(task=any_task)
def test_a_name_is_read_back_as_the_task(task):
    assert parse_task(task.name) == task


@given(tasks=st.lists(any_task, min_size=2, max_size=4, unique=True))
def test_a_list_of_names_is_a_regime(tasks):
    assert len({task.name for task in tasks}) == len(tasks)
    assert regime_tasks(", ".join(task.name for task in tasks)) == tuple(tasks)


@pytest.mark.parametrize(
    ("regime", "n_tasks", "first"),
    [
        ("MTMF", 9, "1-back-location"),
        ("mtmf-4", 12, "1-back-location"),
        ("STMF-4", 3, "4-back-location"),
        ("DMS", 3, "dms-location"),
        ("STERNBERG", 3, "sternberg-2-location"),
        ("sternberg-3", 3, "sternberg-3-location"),
        ("RETROCUE", 3, "retrocue-location"),
        ("RETROCUE-3", 3, "retrocue-3-location"),
        ("SEQUENCE", 3, "sequence-2-location"),
        ("sequence-3", 3, "sequence-3-location"),
        (
            "sequence-3-identity-show2-gaps0+4-delays3+13-probes2",
            1,
            "sequence-3-identity-show2-gaps0+4-delays3+13-probes2",
        ),
        ("MTMF,DMS", 12, "1-back-location"),
        ("STMF-1,1-back-location", 3, "1-back-location"),
        ("sternberg-1-identity-delay7", 1, "sternberg-1-identity-delay7"),
    ],
)
def test_regimes(regime, n_tasks, first):
    tasks = regime_tasks(regime)
    assert len(tasks) == len(set(tasks)) == n_tasks
    assert tasks[0].name == first


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("dms-locaton", "Did you mean 'dms-location'"),
        ("sternberg-location", "Did you mean 'sternberg-.-location'"),
        ("sternberg-9-location", "load is 9: Input should be less than or equal to 6"),
        ("dms-location-delay99", "delay is 99"),
        ("sequence-2-locaton", "Did you mean 'sequence-2-location'"),
        ("sequence-2-location-probes3", "probes is 3"),
        ("sequence-2-location-delays0", "delays.*greater than or equal to 1"),
        ("sequence-2-location-probes2-show2", "in this order"),
        ("5-back-location", "n is 5: Input should be less than or equal to 4"),
        ("weather", "Tasks are N-BACK-FEATURE"),
    ],
)
def test_wrong_tasks(name, said):
    with pytest.raises(ConfigError, match=rf"Unknown task '{name}'.*{said}"):
        parse_task(name)


@pytest.mark.parametrize(
    ("regime", "said"),
    [
        ("DNS", "Unknown regime 'DNS'. Did you mean 'DMS'"),
        ("MTMF,STERNBRG", "Unknown regime 'STERNBRG'. Did you mean 'STERNBERG'"),
        ("DMS-2", "Unknown regime 'DMS-2'.*Regimes are MTMF"),
        ("SEQUENC", "Unknown regime 'SEQUENC'. Did you mean 'SEQUENCE'"),
        ("MTMF-3", "Unknown regime 'MTMF-3'.*MTMF-4"),
        ("MTMF,", "Unknown regime ''"),
        ("RETROCUE-1", "load is 1"),
    ],
)
def test_wrong_regimes(regime, said):
    with pytest.raises(ConfigError, match=said):
        regime_tasks(regime)
