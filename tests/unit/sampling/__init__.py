"""Copies that hold a part of the rows."""
