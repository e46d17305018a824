"""Recordings: reading them, and telling the shapes and the requests in them."""
