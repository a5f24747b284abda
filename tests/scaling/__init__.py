"""Work grows with the input: every command on inputs that are large in one way, and four times as large."""
