"""Reports: what a run leaves in its folder.

======================  ==================================================================
:mod:`.summary`         ``summary.json``
:mod:`.page`            ``report.html``, made from the summary and the figures
:mod:`.recording`       one recording through the pipeline, with results and figures
:mod:`.analyze`         ``wmsim analyze``
:mod:`.decode`          ``wmsim decode``
:mod:`.subject`         ``wmsim train``
:mod:`.demo`            ``wmsim demo``
:mod:`.verdict`         ``wmsim verdict``
======================  ==================================================================
"""

from wmsim.report.analyze import analyze_file
from wmsim.report.decode import decode_file

__all__ = ["analyze_file", "decode_file"]
