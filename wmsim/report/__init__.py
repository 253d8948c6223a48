"""Reports: what a run leaves in its folder.

======================  ==================================================================
:mod:`.summary`         ``summary.json``
:mod:`.page`            ``report.html``, made from the summary and the figures
:mod:`.recording`       one recording through the pipeline, with results and figures
:mod:`.analyze`         ``wmsim analyze``
:mod:`.subject`         ``wmsim train``
:mod:`.demo`            ``wmsim demo``
======================  ==================================================================
"""

from wmsim.report.analyze import analyze_file

__all__ = ["analyze_file"]
