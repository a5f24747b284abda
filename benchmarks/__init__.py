"""Side-by-side measurements against TensorFlow and the disk: `make bench`.

Every figure is a whole process, start-up included: wall time and peak resident memory as the kernel counts them.
"""
