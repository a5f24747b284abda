"""Ways for a worker to misbehave, to prove that the harness notices."""

import time


def hang():
    """Answer too late."""
    time.sleep(60)
