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
# # Three brains: can the verdict be trusted, and how much must be recorded?
#
# We make three recordings whose geometry we know, forget which is which, ask for verdicts, and only then look. After that comes a
# recording that is too small, and the question of every grant proposal: how many units, how many trials?
#
# What a recording may turn out to be:
#
# - **H1**, slots: an item's code stays as it was written, each item has its own;
# - **H2**, chronology: the code depends on the item's age alone, and every step turns age k into age k + 1;
# - **H3**, both: each item goes through a chain of codes of its own;
# - **shared**: one stable code for all items; or a **mixture**, or **undecided**.
#
# All of it takes about a minute.

# %%
import json
import os
from pathlib import Path

import numpy as np
from IPython.display import Image, display

import wmsim
from wmsim.hypotheses import PlantConfig

out = Path(os.environ.get("WMSIM_TUTORIAL_OUT", "three-brains"))
seed = 0  # choose your own

# %% [markdown]
# ## 1. Three brains and an envelope
#
# Three items are shown, each one of four images, and held at the end. 80 units, 240 trials; Poisson spikes, noise that units share and
# that outlasts a step. Part of the response to an image has nothing to do with memory: it is the same for all items, and gone with
# the image (`sensory`). On the command line one such recording is
#
# ```
# wmsim plant --hypothesis H1 --units 80 --trials 240 --items 3 --maintenance 1 --sensory 0.2 --smoothness 0.2 \
#     --spiking log-linear --shared-noise 0.1 --set noise_in_time=0.3 --seed 1 --out slots.nc
# ```
#
# A planted recording says in its attrs what it is. So we take those out, give the files names that say nothing, and put the answers
# into an envelope that stays shut.

# %%
experiment = PlantConfig(
    n_items=3, maintenance=1, sensory=0.2, smoothness=0.2,
    spiking="log-linear", shared_noise=0.1, noise_in_time=0.3,
)
rng = np.random.default_rng(seed)
envelope = dict(zip("ABC", rng.permutation(["H1", "H2", "H3", "shared"]), strict=False))
envelope["D"] = rng.choice(["H1", "H2", "H3", "shared"])  # for later; it may be any of them again


def record_brain(name, session, **settings):
    """A session with one of the brains, in a file that does not say what was planted."""
    own = int(rng.integers(2**31))
    recording = wmsim.plant(
        experiment, hypothesis=str(envelope[name[0]]), seed=own, subject=name[0], session=session, **settings
    )
    for secret in ("hypothesis", "seed", "config"):
        del recording.attrs[secret]
    wmsim.save(recording, out / f"{name}.nc")
    return recording


brains = {name: record_brain(name, "Monday", n_units=80, n_trials=240) for name in "ABC"}
sorted(path.name for path in out.glob("*.nc"))

# %% [markdown]
# ## 2. Look at them
#
# What one knows of a recording before any analysis:

# %%
from wmsim.recordings import describe

print(describe(brains["A"]))

# %% [markdown]
# Now decoders, fitted in one state and tested in every other. Rows: where they were fitted; columns: where they were tested. E1 is item
# 1 on display, M1,3 item 1 in memory while item 3 is shown. `wmsim analyze A.nc --out A` writes a whole report around this.

# %%
import xarray as xr

from wmsim.figures import tensor_map

quick = wmsim.AnalysisConfig(estimator="ridge", folds=5, permutations=0, bootstrap=0)
found = {name: wmsim.analyze(brain, quick) for name, brain in brains.items()}
tensors = xr.concat(
    [one.tensor.assign_coords(task=("analysis", [f"brain {name}"])) for name, one in found.items()], dim="analysis"
)
tensor_map(tensors, [0, 1, 2], out / "looked-at", steps=found["A"].summary["steps"])
Image(out / "looked-at.png", width=950)

# %% [markdown]
# The same in four numbers, as balanced accuracy (chance .5). Write down your guess: which brain has slots, which a chronology?
#
# In recordings like these you may well be right. But two things stand in the way of judging by numbers like these. They mix how *strong* a
# code is with how *alike* two codes are: where little can be decoded, nothing transfers. And they do not say how sure one may be;
# the eye finds a pattern in noise, too (brain D, below).

# %%
for name, one in found.items():
    numbers = one.summary["features"]["image"]
    told = ("encoding_to_encoding", "encoding_to_memory", "same_item_transfer", "same_age_transfer")
    print(f"{name}:", ", ".join(f"{key.replace('_', ' ')} {numbers[key]['value']:.2f}" for key in told))

# %% [markdown]
# ## 3. The verdict on one of them
#
# `verdict` measures how alike codes are, corrected for what noise does to them, and what swapped rotations are worth. Then it makes
# reference recordings of every hypothesis with *this* recording's design, labels, noise and signal, measures them in the same way,
# and asks which of them this recording resembles. We take fewer of them than the default, to be quick.

# %%
from wmsim.figures.verdict import evidence_figure

settings = wmsim.VerdictConfig(each=30, permutations=100, bootstrap=50)
of_a = wmsim.verdict(brains["A"], settings).verdicts[0]
for reason in of_a.reasons:
    print("-", reason)

# %% [markdown]
# Black is what was measured, with its interval over trials; bars are the ranges in which reference recordings of each hypothesis
# lie. On the right their probabilities, hatched where an answer is no account of how items are held.

# %%
evidence_figure(of_a, out / "A-evidence")
Image(out / "A-evidence.png", width=750)

# %% [markdown]
# ## 4. All of them, as a command
#
# ```
# wmsim verdict A.nc B.nc C.nc --each 30 --permutations 100 --bootstrap 50 --out verdicts
# ```
#
# writes a report, figures and `summary.json`; in Python it is `verdict_files`. Several files are several subjects. So there is an
# answer about the group as well: which account is the most frequent among subjects like these? Three who differ do not tell.

# %%
from wmsim.report.verdict import headlines

summary = wmsim.verdict_files([out / f"{name}.nc" for name in "ABC"], out / "verdicts", settings)
for line in headlines(summary):
    print(line)

# %% [markdown]
# Cosines between the codes of any two states, ordered by age, data beside predictions. Here are all three.

# %%
drawn = out / "verdicts" / "figures"
display(*(Image(drawn / f"{name}-order-of-3-items-image-similarity.png", width=600) for name in "ABC"))

# %% [markdown]
# ## 5. Open the envelope
#
# Not for D, which comes later.

# %%
answers = [
    {
        "brain": one["subject"],
        "truth": str(envelope[one["subject"]]),
        "verdict": one["verdict"],
        "probability": one["probability"][one["most_probable"]],
    }
    for one in summary["verdicts"]
]
for one in answers:
    print("{brain}: planted {truth}, verdict {verdict}".format(**one))

# %% [markdown]
# Three of three prove little. How often each verdict comes out for each truth, over many sizes and signals, is what a calibration is
# for. Here you can do a small one yourself: change the seed at the top, and run again. (The text goes with seed 0.)
#
# ## 6. Too little of a brain
#
# Brain D was hard to come by: 30 units, 60 trials, and a weaker signal.

# %%
pilot = record_brain("D", "pilot", n_units=30, n_trials=60, signal=0.7)
seen = wmsim.analyze(pilot, quick)
tensor_map(seen.tensor, [0], out / "looked-at-D", steps=seen.summary["steps"])
Image(out / "looked-at-D.png", width=420)

# %% [markdown]
# Anything may be seen in that map, and most of it is noise.

# %%
of_d = wmsim.verdict(pilot, settings).verdicts[0]
print(f"Verdict: {of_d.verdict}")
print({name: round(float(probability), 2) for name, probability in of_d.choice.probability.items()})
for reason in of_d.reasons:
    print("-", reason)

# %% [markdown]
# *Undecided* is an answer. The second reason says of which kind it is. Nothing that is held can be read; or the accounts that are left
# are too alike for so few trials: then the last sentence says what more data would do. Or the code drifts with time, alike for
# all items; or the recording is unlike those of every account: then more of the same does not help.

# %%
evidence_figure(of_d, out / "D-evidence")
Image(out / "D-evidence.png", width=750)

# %% [markdown]
# Compare the bars with those of brain A. They are wide, and overlap: with so few trials more than one account could have given what
# we see. So is the grey band, the interval of what was measured.
#
# ## 7. Plan the experiment
#
# `power` makes virtual recordings of the pilot's design, with its noise and signal, of more units and trials, and of each truth. It judges
# them all, and counts how often the verdict is right. First question: the same 30 units, on more days?
#
# ```
# wmsim power --pilot D.nc --units 30 --trials 60 120 240 --tests 20 --set verdict.each=30 --out power-first
# ```

# %%
from wmsim.hypotheses.power_config import PowerConfig
from wmsim.report.power import headline, power_files

judged = wmsim.VerdictConfig(each=30)
first = power_files(
    [out / "D.nc"], out / "power-first", PowerConfig(units=30, trials=(60, 120, 240), tests=20, verdict=judged)
)
for name, meaning in first["power"]["assumptions"].items():
    print(f"{name}: {meaning}")
for line in headline(first):
    print(line)

# %% [markdown]
# More days alone will not do. And there is another problem: a small pilot does not know its own signal. At the low end of the interval
# there may be next to none, and for that no design is large enough. A plan that rests on the measured value alone is a gamble,
# because pilots that look promising are the ones that are followed up.
#
# The way out is to name the smallest signal that we would not want to miss, and to plan for that. Let it be 0.5 for held items. Second
# question: how many units and trials does it take?
#
# ```
# wmsim power --pilot D.nc --signal 0.5 --units 60 120 --trials 120 240 480 --tests 40 --set verdict.each=30 --out power
# ```

# %%
plan = PowerConfig(units=(60, 120), trials=(120, 240, 480), signal=0.5, tests=40, verdict=judged)
second = power_files([out / "D.nc"], out / "power", plan)
for line in second["power"]["statement"]:
    print(line)

# %%
Image(out / "power" / "figures" / "power.png", width=850)

# %% [markdown]
# The dashed line is the power that we want, for every truth: a design that finds slots but overlooks chains favours slots. Of the
# designs that reach it, we take the one with the smallest product of units and trials. Bars are wide, because 40 virtual
# recordings a truth are few: for a proposal take more (`--tests`), and more reference recordings.

# %%
smallest = second["power"]["smallest"]["held 0.5"]
reached = [(int(units), trials) for units, trials in smallest.items() if trials is not None]
largest = plan.units[-1], plan.trials[-1]
n_units, n_trials = min(reached, key=lambda design: design[0] * design[1], default=largest)
print(f"{n_units} units, {n_trials} trials")

# %% [markdown]
# ## 8. Do it
#
# The same brain, with the number of units and trials that we planned. Then the rest of the envelope.

# %%
again = record_brain("D2", "experiment", n_units=n_units, n_trials=n_trials, signal=0.7)
of_d2 = wmsim.verdict(again, settings).verdicts[0]
print(of_d2.reasons[0])
answers.append(
    {"brain": "D", "truth": str(envelope["D"]), "verdict": of_d2.verdict, "probability": of_d2.probability}
)
print("{brain}: planted {truth}, verdict {verdict}".format(**answers[-1]))
written = (out / "envelope.json").write_text(json.dumps(answers, indent=1))

# %% [markdown]
# ## What a verdict does not say
#
# 1. **Nothing about accounts that are not on the list.** It compares seven descriptions. A recording that resembles none of them is
#    undecided, but one that happens to resemble one of them may still come about in another way.
# 2. **Nothing about mechanism.** H2 says that codes go with age. It does not say that a network rotates them, nor that anything
#    reads them.
# 3. **Nothing about information elsewhere.** It is about these units, this feature, linear codes, and the windows that were chosen.
#    "Nothing held can be read" is not "nothing is held".
# 4. **Nothing about subjects in general.** Intervals and probabilities are over trials of one subject. Several subjects are combined as
#    subjects, and three are few.
# 5. **Not more than the design allows.** Where age and time go together, as with items at a fixed pace, only the comparison between
#    items tells them apart; where items never repeat, one item's value says something about the next.
# 6. **A probability is not a p.** It is the share of belief among the accounts, all equally likely beforehand. Whether anything is coded
#    at all is tested apart, by permuting labels.
#
# Next: `wmsim import`, then `wmsim verdict` on your own sessions (tutorial *own_recordings*).
