"""Folding: what does not depend on inputs is computed once, and stored."""
