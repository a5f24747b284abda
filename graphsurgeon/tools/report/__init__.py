"""A model as one page for a browser: graph, weights, what surrounds them, and what differs or would change."""
