import pickle

import numpy as np
import pytest

import polyrelu as pr
from tests.latent.test_history import hat


def test_checkpoints_in_every_form():
    pairs = [([[1, 0], [-1, 0]], [0, 0]), ([[1, 1]], [1])]
    arrays = [(np.array(weight, dtype=np.float32), np.array(bias, dtype=np.float32)) for weight, bias in pairs]
    state = {
        "0.weight": arrays[0][0],
        "0.bias": arrays[0][1],
        "2.weight": Tensor(arrays[1][0]),
        "2.bias": Tensor(arrays[1][1]),
    }
    film = pr.film([hat(1), pairs, arrays, state])
    assert [frame.network for frame in film.frames] == [hat(1)] * 4
    assert film.names == ("checkpoint 0", "checkpoint 1", "checkpoint 2", "checkpoint 3")
    (frame,) = pr.film([{"a.weight": np.array([[2.0, 0.0]])}]).frames
    assert frame.network == pr.Network([([[2, 0]], [0])])


class Tensor:
    """What of a tensor is asked."""

    def __init__(self, array):
        self.array = array

    def detach(self):
        return self

    def cpu(self):
        return self

    def double(self):
        return Tensor(self.array.astype(np.float64))

    def numpy(self):
        return self.array


@pytest.mark.parametrize(
    ("ask", "error", "says"),
    [
        (lambda: pr.film([]), pr.InputError, "there are no checkpoints"),
        (
            lambda: pr.film(7),  # type: ignore[arg-type]
            pr.InputError,
            "film: checkpoints",
        ),
        (lambda: pr.film([7]), pr.InputError, "film: checkpoint 0"),
        (lambda: pr.film([{"0.weight": np.zeros(2)}]), pr.InputError, "'0' has no weight that is a matrix"),
        (lambda: pr.film([{"0.running_mean": np.zeros(2)}]), pr.InputError, "'0.running_mean' is not the weight"),
        (lambda: pr.film([hat(0)], names=["a", "b"]), pr.InputError, "2 names for 1 checkpoints"),
        (
            lambda: pr.film([hat(0)]).save("film.avi"),
            pr.InputError,
            "has the suffix '.avi'; use one of .html, .gif",
        ),
    ],
)
def test_what_is_refused(ask, error, says):
    with pytest.raises(error, match=says):
        ask()


def test_gifs_have_a_frame_for_each_checkpoint(tmp_path):
    image = pytest.importorskip("PIL.Image")
    pytest.importorskip("matplotlib.pyplot")
    pr.film([hat(0), hat(1)], names=["first", "second"]).save(tmp_path / "film.gif")
    with image.open(tmp_path / "film.gif") as moving:
        frames = []
        for number in range(moving.n_frames):
            moving.seek(number)
            frames.append((moving.info["duration"], np.asarray(moving.convert("RGB"))))
    assert [duration for duration, _ in frames] == [500, 500]
    assert (frames[0][1] != frames[1][1]).any()


def test_films_travel():
    film = pr.film([hat(0), hat(1)], names=["first", "second"])
    again = pickle.loads(pickle.dumps(film))
    assert (again.names, again.tracks, again.events) == (film.names, film.tracks, film.events)


def test_notebooks_show_the_page():
    assert pr.film([hat(0)])._repr_html_().startswith("<iframe srcdoc=")
