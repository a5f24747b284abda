"""What needs TensorFlow: it judges, in a process of its own, what graphsurgeon wrote."""
