"""Results as JSON and CSV documents, and those documents read back."""
