"""Library calls on paths that are more than one pass or one edit, such as `graphsurgeon.tools.fit.fit`."""
