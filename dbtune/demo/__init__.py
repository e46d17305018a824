"""Builds the demo platform from sql/platform/."""
