"""Tests of NVIDIA's graphsurgeon."""
