"""The set of indexes that serves the recording best for its space."""
