"""The better SQL that findings propose: an index that serves, a statement written otherwise."""
