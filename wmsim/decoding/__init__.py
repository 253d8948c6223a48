"""Decoding: linear decoders of what is remembered, never scored on trials that fitted them.

======================  ==================================================================
:mod:`.svc`             the door to the solver: linear SVCs for many labels
:mod:`.scaling`         scaling with training trials alone
:mod:`.cross`           all decoders of a feature, and what they say at every step
:mod:`.scores`          balanced one-vs-rest and multiclass accuracy; bootstrap weights
:mod:`.reassemble`      resamples of the real trials behind pseudo-trials
:mod:`.generalise`      the tensor: trained at (S, T), tested at (S', T')
:mod:`.null`            permutations of whole trials' labels
======================  ==================================================================
"""

from wmsim.decoding.cross import CrossDecoding, Problem, cross_decode
from wmsim.decoding.generalise import generalisation_tensor, left_out_tensor, never_repeats
from wmsim.decoding.null import permutation_p, permute_trials, trial_order
from wmsim.decoding.reassemble import Draws, Reassembly, score
from wmsim.decoding.scaling import standardise
from wmsim.decoding.scores import METRICS, bootstrap_weights, leave_out, scores
from wmsim.decoding.svc import LinearDecoders, fit_svc
from wmsim.recordings.folds import trial_folds

__all__ = [
    "METRICS",
    "CrossDecoding",
    "Draws",
    "LinearDecoders",
    "Problem",
    "Reassembly",
    "bootstrap_weights",
    "cross_decode",
    "fit_svc",
    "generalisation_tensor",
    "leave_out",
    "left_out_tensor",
    "never_repeats",
    "permutation_p",
    "permute_trials",
    "score",
    "scores",
    "standardise",
    "trial_folds",
    "trial_order",
]
