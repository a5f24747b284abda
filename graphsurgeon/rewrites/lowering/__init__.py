"""Lowering: loops and branches that are functions become the nodes of TensorFlow 1's control flow."""
