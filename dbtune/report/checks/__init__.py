"""Findings and regressions as the files that CI systems read."""
