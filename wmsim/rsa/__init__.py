"""RSA: representational dissimilarity matrices and their comparison, by rsatoolbox.

======================  ==================================================================
:mod:`.rdms`            RDMs a state, cross-validated; the RDM of rank
:mod:`.compare`         comparison between states and between recordings
======================  ==================================================================
"""

from wmsim.rsa.compare import compare_rdms, to_rsatoolbox
from wmsim.rsa.rdms import rank_rdm, rdms

__all__ = ["compare_rdms", "rank_rdm", "rdms", "to_rsatoolbox"]
