"""Each file of `graphsurgeon/verify` by itself; what it says as a whole is in `tests/test_verify.py`."""
