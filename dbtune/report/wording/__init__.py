"""The sentences and labels that a result is told in, the same in every form it is drawn in."""
