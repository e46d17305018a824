"""Loads, and the comparison of two databases or reports, part by part on real files."""
