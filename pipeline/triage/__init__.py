"""What deserves to be read, and why: features, flags with reasons. Pure functions."""
