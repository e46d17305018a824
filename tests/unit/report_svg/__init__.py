"""Charts of a page: geometry, names and texts of the markup they are drawn as."""
