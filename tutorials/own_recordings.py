# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Your own recordings
#
# From a laboratory's files to a recording, to an analysis, to a population of several sessions, and out again to other
# libraries. So that everything here runs without data, we first play the laboratory and write files like theirs; replace
# that cell by your own files.

# %%
import os
from pathlib import Path

import numpy as np
import pandas as pd

import wmsim
from wmsim.recordings import align, describe, import_recording, open_recording, save

out = Path(os.environ.get("WMSIM_TUTORIAL_OUT", "own-recordings"))
small = bool(os.environ.get("WMSIM_TUTORIAL_SMALL"))  # set by the test that runs this file

# %% [markdown]
# ## 1. A laboratory's files
#
# Two images are shown for 0.4 s each, then there is a delay of 2 s. Spike times lie in one table with the unit of each spike,
# trials in another, units in a third. Times are in ms, as they often are, on the clock of the whole session.

# %%
def write_session(folder: Path, seed: int, n_units: int = 24, n_trials: int = 120) -> Path:
    """Write spikes.csv, trials.csv and units.csv of a session with a chronological code."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    pictures = np.array([rng.permutation(4)[:2] for _ in range(n_trials)])
    begin = 5.0 + 6.0 * np.arange(n_trials) + rng.uniform(0, 0.5, n_trials)
    second = begin + rng.choice([0.8, 1.2], n_trials)
    delay = second + 0.8
    tuning = rng.normal(0, 0.9, (3, n_units, 4))  # now, one item ago, in the delay
    base = rng.gamma(2.0, 3.0, n_units)
    windows = [(begin, 0.8, 0, 0), (second, 0.8, 0, 1), (second, 0.8, 1, 0), (delay, 2.0, 2, 0)]
    spikes = []
    for unit in range(n_units):
        times = [rng.uniform(0, begin[-1] + 8, rng.poisson(base[unit] * (begin[-1] + 8)))]
        for start, length, age, item in windows:
            extra = base[unit] * np.maximum(tuning[age, unit, pictures[:, item]], 0)
            for trial, count in enumerate(rng.poisson(extra * length)):
                times.append(start[trial] + rng.uniform(0, length, count))
        spikes += [(1000 * t, unit) for t in np.concatenate(times)]
    pd.DataFrame(spikes, columns=["time_ms", "cluster"]).to_csv(folder / "spikes.csv", index=False)
    pd.DataFrame({
        "picture1": pictures[:, 0] + 1, "picture2": pictures[:, 1] + 1,
        "on1": 1000 * begin, "on2": 1000 * second, "delay": 1000 * delay,
        "hit": rng.random(n_trials) < 0.9,
    }).to_csv(folder / "trials.csv", index=False)
    pd.DataFrame({
        "cluster": np.arange(n_units), "region": np.where(np.arange(n_units) % 3, "HPC", "AMY"),
        "quality": np.where(np.arange(n_units) % 8 == 7, "noise", "good"),
    }).to_csv(folder / "units.csv", index=False)
    return folder


monday = write_session(out / "lab" / "monday", seed=1)
tuesday = write_session(out / "lab" / "tuesday", seed=2)

# %% [markdown]
# ## 2. What is in the file?
#
# `wmsim import --describe FOLDER` prints this and writes a mapping to fill in: what a file cannot say by itself.

# %%
from wmsim.recordings.importing import read_raw
from wmsim.recordings.importing.inspecting import describe_raw, draft_mapping

raw = read_raw(monday)
print(describe_raw(raw))

# %%
print(draft_mapping(raw))

# %% [markdown]
# ## 3. The mapping, filled in
#
# Which column is which item's onset, label and event; which units to keep; how wide the bins are. In a YAML file the same
# settings have the same names.

# %%
mapping = """
spikes: {times: spikes.time_ms, clusters: spikes.cluster}
clock: ms
units:
  name: units.cluster
  columns: {area: region, quality: quality}
  rename: {area: {HPC: hippocampus, AMY: amygdala}}
  values: {kind: single unit}
  keep: {quality: good}
  min_rate: 0.5
trials:
  columns: {correct: hit}
  values: {task: order of 2 pictures}
items:
  onset: on{item}
  labels: {picture: "picture{item}"}
  names: {picture: {1: face, 2: house, 3: tool, 4: body}}
events: {maintenance: delay}
bins: {width: 0.05, before: 0.5, after: 5}
"""
(out / "lab" / "mapping.yaml").write_text(mapping)
sessions = []
for folder in (monday, tuesday):
    (out / f"{folder.name}.yaml").write_text(mapping + f"session: {folder.name}\nsubject: M1\n")
    recording = import_recording("tables", folder, mapping=out / f"{folder.name}.yaml")
    save(recording, out / f"{folder.name}.nc")
    sessions.append(recording)
print(recording.attrs["import_account"])

# %% [markdown]
# On the command line: `wmsim import tables monday --mapping monday.yaml --out monday.nc`.
#
# ## 4. Check it against the notebook
#
# Trials a condition, timing, units by area, and what is missing. `wmsim validate monday.nc` prints this.

# %%
with open_recording(out / "monday.nc") as recording:
    print(describe(recording))

# %% [markdown]
# ## 5. Analyse it
#
# The pipeline that networks go through. `wmsim analyze monday.nc --out analysis` writes a report as well.

# %%
config = wmsim.AnalysisConfig(
    folds=5, permutations=5 if small else 100, bootstrap=50 if small else 500,
    window=(0.0, 0.8), maintenance_window=(0.0, 2.0),
)
monday_alone = wmsim.analyze(sessions[0], config)


def said(result, name):
    number = result.summary["features"]["picture"][name]
    return f"{name}: {number['value']:.2f} (chance {number['chance']:.2f}, p {number['p']:.2f})"


for name in ("within", "encoding_to_encoding", "encoding_to_memory"):
    print(said(monday_alone, name))

# %% [markdown]
# ## 6. Several sessions as one population
#
# Units of different days were not recorded together. Their trials are resampled by condition *within folds*, so that no
# trial's activity is in training and in test; chance is measured by permuting each session's own trials.

# %%
both = wmsim.analyze(sessions, config)
print("one session, ", said(monday_alone, "within"))
print("two sessions,", said(both, "within"))

# %% [markdown]
# ## 7. A model under the electrodes of this laboratory
#
# A network has no noise. To compare it with a brain on equal terms, its activity is turned into spikes with the rates, the
# variability and the number of units and trials of the recording. Here a planted network stands in for a trained one.

# %%
from wmsim.hypotheses import plant
from wmsim.recordings.noise import electrode_view

brain = align(sessions[0], window=(0.0, 0.8), maintenance_window=(0.0, 2.0))
model = plant(n_units=100, n_trials=400, n_items=2, n_values=4, maintenance=1, repeats=False, signal=5.0, seed=3)
seen = electrode_view(model, brain, seed=4)
print(dict(model.sizes), "->", dict(seen.sizes))

# %% [markdown]
# ## 8. Out again
#
# Every label goes along, and comes back. `wmsim export FORMAT monday.nc --out FILE` does the same.

# %%
from wmsim.recordings.exporting import export, from_frame, to_frame, to_rsatoolbox

patterns = to_rsatoolbox(brain, item=0, step=0)
print(type(patterns).__module__, patterns.measurements.shape, list(patterns.obs_descriptors))
export("nwb", sessions[0], out / "monday.nwb")
export("parquet", brain, out / "monday.parquet")
assert from_frame(to_frame(brain)).equals(brain)
sorted(path.name for path in out.iterdir())
