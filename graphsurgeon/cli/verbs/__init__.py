"""One file per verb that is not a pass; each holds its `command`, and its first line is its help."""
