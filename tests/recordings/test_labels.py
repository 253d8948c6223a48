"""Labels as integers and as text are read alike."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from wmsim.errors import SchemaError
from wmsim.recordings import encode_labels, feature_names, labels_of


def dataset_of(values, **attrs):
    variable = xr.Variable(("trial", "item"), np.asarray(values), {"role": "feature", **attrs})
    return xr.Dataset({"image": variable})


@given(
    st.lists(
        st.lists(st.sampled_from(["", "cup", "a car", "é"]), min_size=3, max_size=3), min_size=1
    )
)
def test_text_and_integers_give_the_same_labels(rows):
    codes, names = labels_of(dataset_of(rows), "image")
    said = [[names[code] if code >= 0 else "" for code in row] for row in codes]
    assert said == rows
    again = labels_of(dataset_of(codes, labels=json.dumps(names), no_item=-1), "image")
    np.testing.assert_array_equal(again[0], codes)
    assert again[1] == names
    assert codes.dtype == np.int64


def test_integers_without_names_are_named_by_their_digits():
    codes, names = labels_of(dataset_of([[30, 10], [-1, 30]]), "image")
    assert names == ["10", "30"]
    assert codes.tolist() == [[1, 0], [-1, 1]]


def test_another_code_for_no_item_is_honoured():
    codes, names = labels_of(dataset_of([[0, 5], [0, 7]], no_item=0), "image")
    assert names == ["5", "7"]
    assert codes.tolist() == [[-1, 0], [-1, 1]]


def test_words_for_actions_keep_their_order(aligned):
    words = np.array(["no action", "non-match", "match", ""])[aligned["target"].values]
    said = aligned.assign(target=(("trial", "item"), words))
    for dataset in (aligned, said):
        codes, names = labels_of(dataset, "target")
        assert names == ["no action", "non-match", "match"]
        np.testing.assert_array_equal(codes, aligned["target"])


def test_encoding_gives_json_names():
    values, attrs = encode_labels([[0, 1]], ["a b", "c"])
    assert json.loads(attrs["labels"]) == ["a b", "c"]
    assert values.dtype == np.int32


def test_unknown_feature(continuous):
    assert feature_names(continuous) == ["image"]
    with pytest.raises(SchemaError, match=r"No feature 'imag'.*Did you mean 'image'"):
        labels_of(continuous, "imag")


def test_code_without_a_name():
    with pytest.raises(SchemaError, match=r"found the code 2, but attr labels names only 0 to 1"):
        labels_of(dataset_of([[0, 2]], labels='["a", "b"]'), "image")
    with pytest.raises(SchemaError, match="expected a JSON list of names"):
        labels_of(dataset_of([[0, 1]], labels="a b"), "image")
