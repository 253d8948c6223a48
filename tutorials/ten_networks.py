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
# # Your recording against ten networks
#
# From the file of a recording to the question that people publish: which of these networks is most like this brain? Ten networks do
# the very trials that the person did, are recorded with as many units and as much noise, and are compared with the brain by several
# scores, each between a floor and a ceiling. At the end stands what may be concluded from it, and that may be: nothing yet.
#
# Training takes most of the time: about a quarter of an hour a network on one core, so an hour and a half for ten on two. It can be
# stopped at any time; run again, this goes on where it was, and what is finished is not done again. Networks that are at hand, and have
# learnt these tasks, are used (`WMSIM_TUTORIAL_NETWORKS`). The rest takes some minutes. For a first look, train one of each (`seeds`).

# %%
import os
from pathlib import Path

import pandas as pd
from IPython.display import Image

import wmsim
from wmsim.hypotheses import plant_session
from wmsim.recordings import describe

out = Path(os.environ.get("WMSIM_TUTORIAL_OUT", "ten-networks"))
networks = Path(os.environ.get("WMSIM_TUTORIAL_NETWORKS", out / "networks"))  # trained ones are kept, and found, here
small = bool(os.environ.get("WMSIM_TUTORIAL_SMALL"))  # set by the test that runs this file

# %% [markdown]
# ## 1. A recording
#
# Session 399e11sb of Kornblith et al. (2017): units in the medial temporal lobe of a person who held the order of three images in
# mind. It is read from `WMSIM_DATA_DIR`, or downloaded. Without it a planted session stands in, with the same timeline: then there
# is *no* brain here. For a recording of your own, see the tutorial *own_recordings*; all that is needed is a continuous recording in
# seconds, with the onsets of items and a feature that says what was shown.

# %%
from wmsim.recordings.registry import fetch

try:
    session = fetch("kornblith2017", "399e11sb")[0]
    brain = wmsim.import_recording("kornblith2017", session)
    name = "399e11sb"
except wmsim.WmsimError as error:
    print(error)
    brain, name = plant_session(seed=1), "planted"
if small:
    brain = brain.isel(trial=slice(0, 120), unit=slice(0, 24))
file = wmsim.save(brain, out / f"{name}.nc")
wmsim.validate(brain)  # says what is wrong, and how to mend it; `wmsim validate FILE` does the same
print(describe(brain))

# %% [markdown]
# Look at three things. *Trials with each value*: every image has to come at every place often enough to have a code there; a few dozen
# trials is little. *Timing*: gaps and delays vary from trial to trial, and networks have to know that. *Units*: mean rates of a spike or
# two a second mean that a trial tells very little, and that will come back as a low ceiling.
#
# ## 2. The timeline, in steps
#
# Networks know no seconds. One step of a network stands for a fixed time, here 0.2 s, which is how long an image was on display. The
# recording's times are rounded to whole steps. What it costs is said: the largest error.

# %%
from wmsim.twin import TwinConfig, twin_design

for step in (0.1, 0.2):
    design = twin_design(brain, TwinConfig(step=step), name=name)
    (task,) = design.tasks
    longest = task.load * task.shown + sum(sorted(task.gaps)[-1:] * (task.load - 1)) + max(task.delays) + task.probes * task.shown
    print(f"{step} s: {task.shown} step(s) for an image, gaps of {min(task.gaps)} to {max(task.gaps)} steps, delays of {min(task.delays)} "
          f"to {max(task.delays)}, at most {longest} steps; off by at most {design.rounding:.3f} s")

# %% [markdown]
# Half the step would be more exact, and sequences twice as long are much harder to learn. We take 0.2 s. There is a second choice, the
# latency: a network answers at once, these neurons after some 0.2 s or more, so what a network does at time t is written down at t + 0.2 s.
#
# ## 3. Ten networks
#
# Four GRUs, three LSTMs, three vanilla networks. Seeds of one architecture are not one network: they start elsewhere and learn other
# trials, and how much they differ is part of the answer. They learn the task of this timeline by and by: first to compare at all, then
# short sequences, then long ones (`wmsim.training.presets.sequence_plan`).
#
# The images of the experiment are not published. Rendered objects *stand in* for them, one object an image, always the same picture.
# The network knows which trials repeat an image, and does not know what it looked like. Keep that in mind for the conclusions.

# %%
from wmsim.training import train_subjects
from wmsim.twin import subject_in, twin_subject

quick = (  # networks that learn nothing, to see in a moment that everything runs
    "training.iterations=2", "training.lesson_iterations=2", "training.batch=8", "training.evaluate_every=2",
    "network.units=24", "stimuli.train_views=1", "stimuli.novel_views=0", "stimuli.novel_identities=0",
    "stimuli.supersampling=1", "encoder.grid=1",
)
twin = TwinConfig(step=0.2, controls=("untrained", "encoder"), noise=not small, settings=quick if small else ())
design = twin_design(brain, twin, name=name)
seeds = {"gru": 1, "lstm": 1, "rnn": 1} if small else {"gru": 4, "lstm": 3, "rnn": 3}
folders, configs = [], []
for architecture, count in seeds.items():
    for seed in range(count):
        folders.append(networks / f"{architecture}-{seed}")
        wanted = twin_subject([design], twin, architecture=architecture, seed=seed)
        # One at hand that has learnt these tasks among others will do.
        configs.append(subject_in(folders[-1], wanted, [design]))
subjects = train_subjects(configs, folders, how="one by one" if small else "auto")
[folder.name for folder in folders]

# %% [markdown]
# On the command line, with as many of each: `wmsim twin 399e11sb.nc --out twins --subjects 3`.
#
# ## 4. The twin
#
# Each network now runs the very trials of the recording, in their order, and is recorded as the person was: as many units, drawn at
# random, seen through electrodes as noisy as the brain's. So do two kinds of **controls**:
#
# - *untrained*: the same network before learning. What it shares with a brain comes with its architecture and with what it sees;
# - *encoder*: the features of the picture on display, without any memory. What it shares with a brain is perception.

# %%
twins = wmsim.twin_files([file], out / "twins", twin, subjects=folders)
files = twins["twin"]["files"][name]
print("stand-ins:", next(iter(files.values()))["stand_ins"])
print("off by at most", twins["twin"]["brains"][name]["largest_rounding_error"], "s")
for model, one in files.items():
    for load, told in one["accuracy"].items():
        print(f"{model}: {told['accuracy']:.2f} of {told['n_probes']} probes answered rightly ({load} items)")

# %%
Image(out / "twins" / "figures" / "twin.png", width=900)

# %% [markdown]
# **Check this first.** A network that has not learnt the task (match, non-match or no answer; guessing gives .5 to one that always
# answers) is no model of a person who does it. Train it longer, or leave it out; do not rank it as if it could.
#
# ## 5. Compare
#
# Each score asks something else:
#
# - `rsa`: are images that are alike in the network alike in the brain?
# - `tensor`: does a decoder that is fitted at one time, to one item, transfer to the same other times and items?
# - `cka`, `shape`: the same question as `rsa`, by inner products, and after the best rotation on held-out images;
# - `ridge`: how well do the network's units predict the brain's, on held-out trials?
#
# There are more (`wmsim.compare.config.SCORES`). All are cross-validated, so that noise does not count as likeness.

# %%
scores = ("tensor", "cka") if small else ("rsa", "tensor", "cka", "shape", "ridge")
settings = wmsim.CompareConfig(
    scores=scores, halvings=1 if small else 4, shuffles=2 if small else 20, bootstrap=60 if small else 1000
)
models = [out / "twins" / one["file"] for one in files.values()]
result = wmsim.compare_files(models, out / "compared", settings, brains=[file], n_jobs=1 if small else None)
Image(out / "compared" / "figures" / "ranking.png", width=1000)

# %% [markdown]
# A dot is a model, with its interval; grey names are controls. For every score:
#
# - the **floor** (left end of the pale band) is the score of the same models with labels shuffled over trials: what chance gives;
# - the **ceiling** (dark band, an interval) is the score of the brain's own other half: what this much data can show at most.
#
# The same as a table; `compared/tables` has it as CSV and as LaTeX.

# %%
table = pd.DataFrame(result["ranking"])
table[["score", "rank", "model", "control", "mean", "low", "high", "floor", "ceiling", "p_floor", "p_best", "best_group"]].round(3)

# %% [markdown]
# `p_floor` says whether a model is above its floor, `p_best` whether it differs from the first. Both are corrected (Holm) over
# models, because with ten networks somebody is always first. `best_group` holds all that are not significantly worse than the
# first: *that*, and not rank 1, is the answer to "which network".
#
# ## 6. First the ends, then the ranks
#
# Where the ceiling is not known to be above the floor, this recording cannot rank *any* models by that score: its own other half is
# not told from shuffled labels. This comes before all else.

# %%
for score in scores:
    own = table[table["score"] == score].iloc[0]
    ends = ("floor", "ceiling", "ceiling_low", "ceiling_high")
    print(f"{score}: " + ", ".join(f"{end} {own[end]:.2f}" for end in ends))
    print("   ", result["cannot_rank"].get(score, "ceiling above floor: models can be ranked"))

# %% [markdown]
# ## 7. What may be said
#
# The report words it, and never more strongly than floor, ceiling and corrected tests allow.

# %%
for sentence in result["conclusions"]:
    print("-", sentence)

# %%
for note in result["notes"]:
    print("-", note)

# %% [markdown]
# When we tried this with ten networks (.93 to 1.00 of the probes answered rightly; untrained ones 0 to .51; 140 s with networks at hand),
# ceilings were well above floors, and still little followed about networks. By `rsa`, `cka`, `shape` and `ridge` none of the ten was
# above its floor, none was told from another, none from the controls. By `tensor` all were at the ceiling (.98 to .99), and so were all
# controls, the encoder without any memory too: a score that everything reaches tells nothing apart. By `shape` the three vanilla networks
# came first, second and third (.23, .16, .16; the LSTM next, .12; floor .04, p .202): something to look for in other sessions, no more.
# Over all twelve nothing was left of it. That is what one session of 68 units allows, with stand-ins for its images.
#
# What the words stand for, and what they do not say:
#
# 1. **One brain.** Intervals are over its nine images: they say what would happen with other images in *this* brain. For "networks like
#    these are like brains" it takes several sessions, and then intervals are over brains (tutorial *gated_or_gateless*).
# 2. **Stand-ins.** The networks saw other pictures. That the brain finds two faces alike cannot be in them; what `rsa`, `cka`, `shape` and
#    `ridge` find can be how items are *held*, not what they look like. `tensor` asks about the former alone. So the ceiling cannot be
#    reached, and a low score is not evidence against an architecture.
# 3. **Ceiling near the floor.** Then a ranking is noise, however far apart dots are. More units, more trials a condition, or more
#    sessions help; more networks do not.
# 4. **Not told apart is not alike.** A model in the best group may be worse than the first by as much as the interval allows.
# 5. **Ahead of the controls?** If the encoder or the untrained network does as well, then what was learnt is not what makes networks like
#    this brain.
# 6. **Ten networks are three architectures.** Whether GRUs are *better* than vanilla networks is a question about networks that were not
#    trained here as well. Seeds are the sample for it: next tutorial.
#
# ## 8. An eleventh
#
# Another model, say of your own, is added without doing the rest again:
#
# ```
# wmsim compare my-model.nc --add --out compared
# ```
#
# and everything is done again, from the same files, which are checked: `wmsim compare --from compared/provenance.json --out again`. The
# folder holds a report with a methods paragraph and references.

# %%
print(result["methods"][:1500])
