"""Recommended indexes as DDL and as lines of SQLAlchemy and Django models."""
