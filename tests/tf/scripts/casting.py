"""How far the outputs of two graphs are apart."""

import running


def distance(pb, other):
    """Return the largest difference of the outputs of two frozen graphs, and the largest output."""
    import numpy as np

    outputs, feeds, wanted = running.run_frozen(pb)
    _, _, found = running.run_frozen(other, outputs, feeds)
    pairs = [(np.asarray(wanted[name]), np.asarray(found[name])) for name in outputs]
    assert all((a.dtype, a.shape) == (b.dtype, b.shape) for a, b in pairs)
    return max(float(abs(a - b).max()) for a, b in pairs), max(float(abs(a).max()) for a, _ in pairs)
