"""The target: which server, what it remembers of migrations, and the last transaction."""
