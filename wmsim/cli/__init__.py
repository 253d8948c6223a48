"""The command line.

======================  ==================================================================
:mod:`.app`             the command ``wmsim`` and its exit status
:mod:`.subjects`        stimuli, train, record
:mod:`.data`            import, validate, datasets
:mod:`.analysis`        demo, analyze
:mod:`.settings`        settings out of options
======================  ==================================================================
"""
