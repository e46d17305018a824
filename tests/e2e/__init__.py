"""The installed command in a subprocess, as a user runs it."""
