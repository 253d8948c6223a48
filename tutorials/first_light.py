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
# # First light: from stimuli to two reports
#
# We make objects, let a small recurrent network do N-back tasks on them, record it the way one records a brain, and put its
# recording and a brain's through the same analysis.
#
# This version is small, so that it runs in a minute or two on a laptop. `wmsim demo` does the same at full size.

# %%
import os
from pathlib import Path

import wmsim
from wmsim.encoders import EncoderConfig
from wmsim.models import NetworkConfig
from wmsim.stimuli import StimulusConfig, build_stimuli
from wmsim.training import TrainingConfig

out = Path(os.environ.get("WMSIM_TUTORIAL_OUT", "first-light"))
small = bool(os.environ.get("WMSIM_TUTORIAL_SMALL"))  # set by the test that runs this file

# %% [markdown]
# ## 1. Stimuli
#
# Objects are made from code. An *identity* is one draw of a category's parameters; training and test differ in view angle, or in
# identity. Every image can appear at four locations of a 224 x 224 frame.

# %%
stimuli = build_stimuli(
    StimulusConfig(
        categories=("car", "chair", "mug", "lamp"),
        identities=2,
        novel_identities=1,
        train_views=2 if small else 6,
        novel_views=1 if small else 3,
    )
)
len(stimuli), stimuli.identity_names[:4], stimuli.location_names

# %%
from wmsim.figures import contact_sheet

contact_sheet(stimuli, out / "stimuli")

# %% [markdown]
# ## 2. Trials
#
# A task asks about one feature, n items back. Matches and non-matches, values and positions are balanced, and a seed fixes them.

# %%
import numpy as np

from wmsim.tasks import ItemSpace, generate_trials, parse_task

space = ItemSpace.of_stimuli(stimuli, "train")
trials = generate_trials([parse_task("2-back-location")], 8, space, rng=np.random.default_rng(0))
print("locations of one trial:", [stimuli.location_names[i] for i in trials.location[0]])
print("what it calls for (0 nothing, 1 non-match, 2 match):", trials.target[0])

# %% [markdown]
# ## 3. A subject
#
# A pretrained encoder sees the frames; a GRU remembers. The features are computed once and cached. Training can be stopped at any
# time: run the cell again and it goes on where it was.

# %%
config = wmsim.SubjectConfig(
    stimuli=stimuli.config,
    encoder=EncoderConfig(grid=2 if small else 4),
    network=NetworkConfig(architecture="gru", units=32 if small else 128),
    training=TrainingConfig(iterations=60 if small else 800, batch=64 if small else 256),
    regime="STMF-1",
    seed=1,
)
subject = wmsim.train_subject(config, out / "subject")
for split in ("train", "novel_angle", "novel_identity"):
    found = subject.performance(split)
    print(f"{split}: {found.overall:.2f} over all steps, {found.executive:.2f} where an answer is due")

# %% [markdown]
# ## 4. Its recording
#
# The same labelled form as a neural recording: time x unit x trial, with the labels of every item.

# %%
recording = wmsim.record(subject, trials_per_task=80 if small else 200, split="novel_angle")
wmsim.save(recording, out / "gru.nc")
recording

# %% [markdown]
# ## 5. A brain
#
# Kornblith et al. (2017) published human medial-temporal-lobe units from people who held the order of three or four images in
# mind. `fetch` finds the session in `WMSIM_DATA_DIR` or downloads it. Without a network a planted recording stands in: then this is
# *not* a brain, and the report says so.

# %%
from wmsim.recordings.registry import fetch

try:
    session = fetch("kornblith2017", "399e11sb")[0]
    brain = wmsim.import_recording("kornblith2017", session)
except wmsim.WmsimError as error:
    print(error)
    brain = wmsim.plant(
        n_units=40, n_trials=160, n_items=3, n_values=6, maintenance=1, repeats=False, spiking="log-linear", signal=5.0, seed=1
    )
wmsim.save(brain, out / "brain.nc")
brain.attrs["source"], dict(brain.sizes)

# %% [markdown]
# ## 6. One pipeline, two reports
#
# `analyze_file` is what `wmsim analyze` runs. For every state (S, T), item S while step T goes on, it fits decoders and tests them
# in every other state; it rotates decoders through time; every number comes with an interval and a measured chance level.

# %%
settings = wmsim.AnalysisConfig(
    folds=4 if small else 10, permutations=2 if small else 20, bootstrap=50 if small else 300
)
reports = {
    name: wmsim.analyze_file(out / f"{name}.nc", out / name, settings) for name in ("gru", "brain")
}

# %%
for name, report in reports.items():
    for feature, numbers in report["recordings"][name]["features"].items():
        within, across = numbers["within"], numbers.get("encoding_to_memory")
        print(
            f"{name}, {feature}: {within['value']:.2f} while shown (chance {within['chance']:.2f}), "
            f"{across['value']:.2f} when the same decoders meet its memory"
        )

# %% [markdown]
# Open `gru/report.html` and `brain/report.html` in the output folder. What to look at:
#
# - *E(S,S) to E(S',S')*: do decoders of one item read the others? If so, items enter through one shared encoding space.
# - *E(S,S) to M(S,T)*: do they still read the item when the next one is there? In the paper's networks they do not: memory lives in
#   another subspace than perception.
# - *rotation of another item* against *rotation of another time*: in the paper's networks the step into memory is the same rotation
#   for all items, but not the same from step to step: chronological subspaces.
#
# One network and one session are one subject each. The intervals are over trials of these subjects; they do not say what other
# networks or other brains would show.
