"""Whole outputs compared with files; `pytest --update-golden` writes them anew."""
