"""What a graph takes and gives: guessed endpoints, signatures, and what makes a model servable."""
