"""Thin adapters for frameworks; each framework is imported only in its own module."""
