"""Draws a Report: JSON, terminal, DDL, model code."""
