"""Exporting: recordings in the form of other libraries, and back."""
