"""The advisor from end to end."""
