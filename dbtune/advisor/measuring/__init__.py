"""What statements cost on a copy, under any set of the indexes built there."""
