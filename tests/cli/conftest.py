import signal

import numpy as np
import pytest


@pytest.fixture
def model(tmp_path):
    """max(0, x0) + max(0, x1) - 1."""
    path = tmp_path / "model.npz"
    np.savez(path, W0=[[1.0, 0.0], [0.0, 1.0]], b0=[0.0, 0.0], W1=[[1.0, 1.0]], b1=[-1.0])
    return str(path)


@pytest.fixture(autouse=True)
def handlers():
    """The program has handlers of its own until the process ends; here the process goes on."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)
