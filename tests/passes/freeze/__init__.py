"""More on `freeze`: values, updates, limits, and the way back."""
