import numpy as np
import pytest


@pytest.fixture
def model(tmp_path):
    """max(0, x0) + max(0, x1) - 1."""
    path = tmp_path / "model.npz"
    np.savez(path, W0=[[1.0, 0.0], [0.0, 1.0]], b0=[0.0, 0.0], W1=[[1.0, 1.0]], b1=[-1.0])
    return str(path)
