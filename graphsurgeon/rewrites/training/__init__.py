"""What prepares a graph to be trained."""
