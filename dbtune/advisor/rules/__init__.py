"""One rule a module: each is a pure function from what was read to findings."""
