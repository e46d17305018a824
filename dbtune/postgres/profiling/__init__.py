"""What the columns of a database really hold."""
