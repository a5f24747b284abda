"""Quantization: weights in fewer bits, or with fewer values, and back."""
