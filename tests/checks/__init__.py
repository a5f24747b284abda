"""Each file of `graphsurgeon/checks` by itself; what it says as a whole is in `tests/checks/test_verify.py`."""
