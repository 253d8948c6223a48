"""RDMs of a comparison: what is shown and what they are called."""

import numpy as np
import pytest

from wmsim.report.compare_rdms import PairRDMs, _slug, movie_of


def test_names_that_differ_have_files_that_differ():
    names = ["a b", "a-b", "a/b", "..", ".", "gru-0", "d\u00e9j\u00e0", "a_b"]
    files = [_slug(name) for name in names]
    assert len(set(files)) == len(names)
    assert _slug("gru-0") == "gru-0"
    assert not any("/" in one or " " in one or one in (".", "..") for one in files)


def test_a_model_that_is_called_as_its_brain_is_does_not_take_its_place():
    rdm = pytest.importorskip("rsatoolbox.rdm")
    conditions = {"item": [1] * 4, "value": [*"abcd"]}
    own, theirs = (
        rdm.RDMs(
            np.arange(6.0)[None] + start, rdm_descriptors={"step": ["item 1"]},
            pattern_descriptors=dict(conditions),
        )
        for start in (0, 10)
    )  # fmt: skip
    brain, matrices, steps, _ = movie_of([PairRDMs("ape", "ape", theirs, own)])
    assert (brain, steps, list(matrices)) == ("ape", ["item 1"], ["ape", "ape (model)"])
    assert np.array_equal(matrices["ape"], own.get_matrices())
