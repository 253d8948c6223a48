"""Tables hold the numbers, and LaTeX can read them."""

import csv
import json
import re

import numpy as np
import pandas as pd
import pytest

from tests.compare.made import made_comparison
from wmsim.compare.config import SCORES
from wmsim.compare.inference import ranking
from wmsim.compare.tables import (
    MOST_COLUMNS,
    SHORT,
    latex,
    model_order,
    ranking_table,
    scores_table,
    write_csv,
    write_latex,
)
from wmsim.errors import WmsimError

KEYS = ["model", "brain", "score", "step", "value", "low", "high", "floor", "ceiling"]


def test_scores_are_those_of_the_comparison():
    comparison = made_comparison(3, 2, seed=1)
    rows = scores_table(comparison)
    assert len(rows) == comparison["value"].size
    for row in rows:
        assert list(row) == KEYS
        where = {name: row[name] for name in KEYS[:4]}
        assert row["value"] == comparison["value"].sel(where).item()
        assert row["floor"] == comparison["floor"].sel(where).item()
        where.pop("model")
        assert row["ceiling"] == comparison["ceiling"].sel(where).item()
        assert row["low"] < row["value"] < row["high"]
    json.dumps(rows, allow_nan=False)


def test_the_interval_of_one_brain_is_the_ranking_s():
    comparison = made_comparison(3, 1, seed=1)
    found = ranking(comparison)
    for row in scores_table(comparison):
        if row["step"] == "all":
            own = found.sel(model=row["model"], score=row["score"])
            ends = [own["low"].item(), own["high"].item()]
            assert [row["low"], row["high"]] == pytest.approx(ends)


def test_resampling_that_is_off_centre_moves_no_interval():
    comparison = made_comparison(2, 2)
    before = scores_table(comparison)
    comparison["resampled"] += 0.25
    for row, again in zip(before, scores_table(comparison), strict=True):
        assert [again["low"], again["high"]] == pytest.approx([row["low"], row["high"]], abs=1e-5)


def test_a_costly_score_with_fewer_resamples_has_an_interval():
    comparison = made_comparison(2, 2, n_resamples=400)
    comparison["resampled"].loc[{"score": "rsa"}][..., 60:] = np.nan
    assert all(row["low"] is not None for row in scores_table(comparison))


def test_what_is_not_there_is_none_or_left_out():
    comparison = made_comparison(2, 2, n_items=[3, 1])
    gone = {"model": "gru-1", "brain": "brain_1", "score": "rsa"}
    for name in ("value", "resampled", "floor"):
        comparison[name].loc[gone] = np.nan
    rows = scores_table(comparison)
    assert not [r for r in rows if r["brain"] == "brain_2" and r["step"] in ("item 2", "item 3")]
    own = [row for row in rows if all(row[key] == value for key, value in gone.items())]
    assert {row["step"] for row in own} == set(comparison["step"].values.tolist())
    for row in own:
        assert row["value"] is row["low"] is row["high"] is row["floor"] is None
        assert row["ceiling"] is not None


@pytest.mark.parametrize("shared", [False, True])
def test_the_ranking_is_listed_best_first(shared):
    found = ranking(made_comparison(5, 4, missing=0.2, shared_stimuli=shared, seed=3))
    rows = ranking_table(found)
    assert len(rows) == 5 * 2
    for score in ("rsa", "tensor"):
        own = [row for row in rows if row["score"] == score]
        assert [row["rank"] for row in own] == sorted(row["rank"] for row in own)
        assert own[0]["to_best"] == 0
        assert own[0]["best_group"]
        for row in own:
            assert row["mean"] == pytest.approx(
                found["mean"].sel(score=score, model=row["model"]).item()
            )
    json.dumps(rows, allow_nan=False)


def test_csv_says_what_rows_say(tmp_path):
    comparison = made_comparison(3, 2, n_items=[2, 3], missing=0.2, seed=2)
    for number, rows in enumerate((scores_table(comparison), ranking_table(ranking(comparison)))):
        path = tmp_path / f"{number}.csv"
        write_csv(rows, path)
        with path.open(newline="", encoding="utf-8") as file:
            plain = list(csv.DictReader(file))
        assert [list(row) for row in plain] == [list(row) for row in rows]
        for row, text in zip(rows, plain, strict=True):
            for key, value in row.items():
                assert text[key] == ("" if value is None else str(value))
        table = pd.read_csv(path, keep_default_na=False)
        assert len(table) == len(rows)


def test_csv_of_nothing_is_refused(tmp_path):
    with pytest.raises(WmsimError, match="no row to write"):
        write_csv([], tmp_path / "empty.csv")


def named_oddly():
    comparison = made_comparison(4, 3, scores=tuple(SCORES), seed=4)
    names = ["gru_256", "50 % & more", "a\\b~{c}^2", "untrained #1 $"]
    return ranking(comparison.assign_coords(model=names))


def commands(text):
    """What is left after all that is escaped or balanced mathematics is taken out."""
    text = re.sub(r"\\text(backslash|asciitilde|asciicircum|less|greater)\{\}", "", text)
    return re.sub(r"\\[&%$#_{}]", "", text)


@pytest.mark.parametrize("found", [named_oddly(), ranking(made_comparison(1, 1))])
def test_latex_is_balanced_and_escaped(found, tmp_path):
    write_latex(found, tmp_path / "table.tex", label="tab:odd")
    text = (tmp_path / "table.tex").read_text(encoding="utf-8")
    begun, ended = (re.findall(rf"\\{word}\{{(\w+)\}}", text) for word in ("begin", "end"))
    assert begun == list(reversed(ended))
    plain = commands(text)
    assert plain.count("{") == plain.count("}")
    assert plain.count("$") % 2 == 0
    assert not re.search(r"[%#~]", plain)
    outside = re.sub(r"\$[^$]*\$", "", plain)
    assert "_" not in outside
    assert "^" not in outside
    columns = int(re.search(r"\*\{(\d+)\}", text)[1])
    assert columns <= MOST_COLUMNS
    rows = [line for line in plain.splitlines() if line.endswith(r"\\")]
    assert rows
    assert all(row.count("&") == columns for row in rows)
    for rule in ("toprule", "bottomrule"):
        assert text.count("\\" + rule) == 1


def test_latex_escapes_names():
    text = latex(named_oddly())
    for name in (r"gru\_256 &", r"50 \% \& more &", r"a\textbackslash{}b\textasciitilde{}\{c\}"):
        assert name in text


def test_latex_marks_the_best_and_those_not_worse():
    comparison = made_comparison(4, 8, scores=("rsa",), n_controls=1, seed=1,
                                 quality=[0.5, 0.49, 0.2, 0.0], ceiling=0.8)  # fmt: skip
    found = ranking(comparison)
    lines = latex(found).splitlines()
    own = {name: next(line for line in lines if line.startswith(f"{name} &")) for name in
           found["model"].values}  # fmt: skip
    assert found["best_group"].values.tolist() == [[True, True, False, False]]
    first = found["model"].values[found["rank"].values[0] == 1][0]
    second = found["model"].values[found["rank"].values[0] == 2][0]
    assert r"\textbf{" in own[first]
    assert r"\dagger" not in own[first]
    assert r"\dagger" in own[second]
    assert not re.search("textbf|dagger", own["rnn-1"])
    assert r"\circ" in own["untrained"]
    assert r"\circ" not in own["rnn-1"]


def test_nothing_is_best_by_a_score_that_cannot_rank():
    comparison = made_comparison(4, 8, n_controls=1, quality=[0.5, 0.49, 0.2, 0.0])
    assert "Asterisk" not in latex(ranking(comparison))
    comparison["ceiling"].loc[{"score": "rsa"}] -= 0.7
    found = ranking(comparison)
    text = latex(found)
    assert r"Model & RSA$^{\ast}$ & Tensor \\" in text
    assert r"$^{\ast}$: these recordings cannot rank models" in text
    rows = [line.split(" & ") for line in text.splitlines() if line.startswith(("gru", "lstm"))]
    assert not any(re.search("textbf|dagger", rsa) for _, rsa, _ in rows)
    assert sum("textbf" in tensor for _, _, tensor in rows) == 1
    assert {row["score"] for row in ranking_table(found) if row["can_rank"]} == {"tensor"}


def test_latex_tells_brains_correction_ceiling_and_floor():
    text = latex(ranking(made_comparison(3, 7)))
    assert "7 brains" in text
    assert "Holm" in text
    assert "95 \\% interval over brains" in text
    assert re.search(r"^Ceiling & 0\.\d\d", text, re.M)
    assert re.search(r"^Floor & ", text, re.M)
    assert "this brain alone" in latex(ranking(made_comparison(3, 1)))


def test_controls_come_last():
    found = ranking(made_comparison(5, 4, quality=[0.3, 0.4, 0.5, 0.9, 0.1]))
    assert model_order(found) == ["rnn-1", "lstm-1", "gru-1", "untrained", "encoder"]


def test_all_scores_have_short_names():
    assert set(SHORT) == set(SCORES)
