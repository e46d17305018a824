"""Rules about how values are compared."""
