"""Changes as reversible Alembic revisions: written, applied, read back, undone."""
