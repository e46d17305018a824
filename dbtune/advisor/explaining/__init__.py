"""Why an index is recommended, and why a statement gets none."""
