"""Model against brain: many models, many brains, many scores, with a floor and a ceiling.

===========================  ==================================================================
:mod:`.run`                  all models against all brains: one labelled result
:mod:`.inference`            ranking over brains, corrected differences
:mod:`.config`               settings, and the list of scores
:mod:`.sides`                a recording made ready
:mod:`.pairing`              which sides are compared, and that they fit
:mod:`.halves`               codes in a half of the trials, free of noise's share
:mod:`.splits`               model, brain, and the brain's other half
:mod:`.scoring`              all scores of a pair, with resamples, floor and ceiling
:mod:`.rsa`, :mod:`.cka`     similarity of distances; debiased kernel alignment
:mod:`.shape`, :mod:`.cca`   Procrustes shape, canonical correlation; held-out conditions
:mod:`.predictivity`         ridge and PLS from the model's units to the brain's
:mod:`.tensor`               does the brain transfer where the model transfers?
:mod:`.orthogonalisation`    are codes of values as orthogonal?
:mod:`.swaps`                do rotations carry over alike?
:mod:`.cross_task`           do tasks share codes alike?
:mod:`.verdicts`             how probable it is that both follow the same account
:mod:`.tables`               CSV and LaTeX
===========================  ==================================================================
"""

from wmsim.compare.config import SCORES, CompareConfig
from wmsim.compare.inference import ranking
from wmsim.compare.run import EVERY, Model, compare

__all__ = ["EVERY", "SCORES", "CompareConfig", "Model", "compare", "ranking"]
