"""Decoding: linear decoders of what is remembered, never scored on trials that fitted them.

======================  ==================================================================
:mod:`.svc`             the door to the solver: linear SVCs for many labels
:mod:`.estimators`      what can decode, by name; :mod:`.estimator`: what that is;
:mod:`.classifier`      any classifier of scikit-learn
:mod:`.scaling`         scaling with training trials alone
:mod:`.cross`           all decoders of a feature, and what they say at every step
:mod:`.scores`          balanced one-vs-rest and multiclass accuracy; bootstrap weights
:mod:`.reassemble`      resamples of the real trials behind pseudo-trials
:mod:`.generalise`      the tensor: trained at (S, T), tested at (S', T')
:mod:`.tasks`           decoders of one task tested in every task
:mod:`.null`            permutations of whole trials' labels
:mod:`.sequential`      permutations that end early where there is nothing
:mod:`.correction`      p-values of a tensor's cells, corrected for how many there are
:mod:`.ridge_null`      the null of ridge decoders, from one factorisation a fold
:mod:`.ridge_fold`      one fold of it,
:mod:`.counts`          counted, by loops in :mod:`.counting`
======================  ==================================================================
"""

from wmsim.decoding.correction import TensorTests, state_adjacency, tensor_p
from wmsim.decoding.cross import CrossDecoding, Fitting, Problem, cross_decode
from wmsim.decoding.estimators import make_estimator
from wmsim.decoding.generalise import generalisation_tensor, left_out_tensor, never_repeats
from wmsim.decoding.null import permutation_p, permute_trials, trial_order
from wmsim.decoding.reassemble import Draws, Reassembly, score
from wmsim.decoding.ridge_null import NullTensors, ridge_null, ridge_tensors
from wmsim.decoding.scaling import Scaling, standardise
from wmsim.decoding.scores import METRICS, bootstrap_weights, leave_out, scores
from wmsim.decoding.sequential import SequentialP, sequential_p
from wmsim.decoding.svc import LinearDecoders, fit_svc
from wmsim.decoding.tasks import TaskDecoders, decode_task
from wmsim.recordings.folds import trial_folds

__all__ = [
    "METRICS",
    "CrossDecoding",
    "Draws",
    "Fitting",
    "LinearDecoders",
    "NullTensors",
    "Problem",
    "Reassembly",
    "Scaling",
    "SequentialP",
    "TaskDecoders",
    "TensorTests",
    "bootstrap_weights",
    "cross_decode",
    "decode_task",
    "fit_svc",
    "generalisation_tensor",
    "leave_out",
    "left_out_tensor",
    "make_estimator",
    "never_repeats",
    "permutation_p",
    "permute_trials",
    "ridge_null",
    "ridge_tensors",
    "score",
    "scores",
    "sequential_p",
    "standardise",
    "state_adjacency",
    "tensor_p",
    "trial_folds",
    "trial_order",
]
