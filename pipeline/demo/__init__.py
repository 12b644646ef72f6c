"""A small fictional press on loopback, with what the real web does, to run the whole line with no internet."""
