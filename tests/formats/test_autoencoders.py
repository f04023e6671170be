"""Sparse autoencoders by their four arrays, in every file that holds arrays by name."""

import itertools
from fractions import Fraction

import numpy as np
import pytest

import polyrelu as pr
from tests.formats.test_safetensors import safetensors

D, N = 3, 5
RANDOM = np.random.default_rng(0)
ARRAYS = {
    "W_enc": RANDOM.normal(size=(D, N)).astype(np.float32),
    "b_enc": RANDOM.normal(size=N).astype(np.float32),
    "W_dec": RANDOM.normal(size=(N, D)).astype(np.float32),
    "b_dec": RANDOM.normal(size=D).astype(np.float32),
}
B_PRE = RANDOM.normal(size=D).astype(np.float32)
POINTS = RANDOM.integers(-3, 4, (8, D)).tolist()


def saved(path, **arrays):
    if path.suffix == ".npz":
        np.savez(path, **arrays)
    elif path.suffix == ".pt":
        torch = pytest.importorskip("torch", reason="torch is not installed")
        torch.save({name: torch.from_numpy(array.copy()) for name, array in arrays.items()}, path)
    else:
        path.write_bytes(safetensors(arrays))
    return path


def by_hand(x, arrays, c):
    """The autoencoder's formula in Fractions, loop by loop."""
    exact = {name: [list(map(Fraction, row)) for row in np.atleast_2d(a).tolist()] for name, a in arrays.items()}
    moved = [v - Fraction(s) for v, s in zip(x, np.asarray(c).tolist(), strict=True)]
    hidden = [
        max(sum(v * exact["W_enc"][i][j] for i, v in enumerate(moved)) + exact["b_enc"][0][j], Fraction(0))
        for j in range(N)
    ]
    return [sum(h * exact["W_dec"][j][i] for j, h in enumerate(hidden)) + exact["b_dec"][0][i] for i in range(D)]


@pytest.fixture(params=[".npz", ".safetensors", pytest.param(".pt", marks=pytest.mark.torch)])
def path(request, tmp_path):
    return tmp_path / f"sae{request.param}"


def test_what_is_subtracted_from_the_input(path):
    net = pr.load_network(saved(path, **ARRAYS))
    assert (net.widths, net.layers[0].relu, net.layers[1].relu) == ((D, N, D), (True,) * N, (False,) * D)
    assert net(POINTS).tolist() == [by_hand(x, ARRAYS, ARRAYS["b_dec"]) for x in POINTS]
    assert pr.load_network(path, centre=True) == net
    assert pr.load_network(path, centre=False)(POINTS).tolist() == [by_hand(x, ARRAYS, [0] * D) for x in POINTS]
    net = pr.load_network(saved(path, **ARRAYS, b_pre=B_PRE))
    assert net(POINTS).tolist() == [by_hand(x, ARRAYS, B_PRE) for x in POINTS]


def test_matrices_may_be_transposed_where_that_is_seen(path):
    expected = pr.load_network(saved(path, **ARRAYS))
    for names in itertools.product([True, False], repeat=2):
        turned = {n: ARRAYS[n].T for n, turn in zip(("W_enc", "W_dec"), names, strict=True) if turn}
        assert pr.load_network(saved(path, **(ARRAYS | turned))) == expected


def test_square_ones_are_in_the_usual_layout(path):
    square = {"W_enc": [[1, 2], [0, 1]], "b_enc": [0, 0], "W_dec": [[1, 3], [0, 1]], "b_dec": [0, 0]}
    net = pr.load_network(saved(path, **{name: np.array(v, dtype=np.float32) for name, v in square.items()}))
    assert net([1, 0]).tolist() == [1, 5]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"b_enc": None}, pr.InputError, r"missing: b_enc, not understood: none"),
        ({"threshold": np.zeros(N)}, pr.InputError, "not understood: threshold. Thresholds and gates jump"),
        ({"W_enc": np.zeros((D, N + 1))}, pr.DimensionError, r"W_enc has shape \(3, 6\); expected \(3, 5\)"),
        ({"W_dec": np.zeros(N)}, pr.DimensionError, r"W_dec has shape \(5,\); expected \(5, 3\)"),
        ({"b_enc": np.zeros((N, 1))}, pr.DimensionError, r"b_enc has shape \(5, 1\); expected a vector"),
        ({"b_pre": np.zeros(N)}, pr.DimensionError, r"b_pre has shape \(5,\), but b_dec has 3 numbers"),
        ({"b_dec": np.full(D, np.nan)}, pr.InexactError, r"b_dec\[0\]: nan is not a finite number"),
        ({"W_enc": np.full((D, N), np.inf)}, pr.InexactError, r"W_enc\[0\]\[0\]: inf is not|weight\[0\]\[0\]: inf"),
    ],
)
def test_what_is_no_autoencoder_is_refused(path, change, error, message):
    arrays = {name: array for name, array in (ARRAYS | change).items() if array is not None}
    with pytest.raises(error, match=message):
        pr.load_network(saved(path, **arrays))


def test_texts_and_truth_values_are_no_weights(tmp_path):
    for bad in (np.full((D, N), "1"), np.ones((D, N), dtype=np.bool_), np.ones((D, N), dtype=np.complex64)):
        with pytest.raises(pr.InputError, match=r"W_enc has the type .*; expected real numbers"):
            pr.load_network(saved(tmp_path / "sae.npz", **(ARRAYS | {"W_enc": bad})))


def test_the_option_is_for_autoencoders_alone(tmp_path):
    chain = {"W0": np.eye(2), "b0": np.zeros(2)}
    for name in ("net.npz", "net.safetensors"):
        with pytest.raises(pr.InputError, match=r"centre does not apply to .*, which is no sparse autoencoder"):
            pr.load_network(saved(tmp_path / name, **chain), centre=False)
    (tmp_path / "net.nnet").write_text("//")
    with pytest.raises(pr.InputError, match=r"centre does not apply to \.nnet files"):
        pr.load_network(tmp_path / "net.nnet", centre=False)
