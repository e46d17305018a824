"""Frozen dataclasses that travel between the capabilities; no behaviour beyond derivation."""
