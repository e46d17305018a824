"""What pages show of each kind of run."""
