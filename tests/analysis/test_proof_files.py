"""Proofs come back from their files, and none that was changed, or is about another question, is taken."""

import gzip
import itertools
import json
from fractions import Fraction

import numpy as np
import pytest
from click.testing import CliRunner

import polyrelu as pr
from polyrelu.analysis.proof_files import check_proof, save_proof
from polyrelu.analysis.proof_trees import WrongProof
from polyrelu.cli.program import cli
from tests import zoo


def seeded(seed, *widths):
    rng = np.random.default_rng(seed)
    sizes = [(after, before) for before, after in itertools.pairwise(widths)]
    return pr.Network([(rng.integers(-4, 5, size) / 4, rng.integers(-4, 5, size[0]) / 4) for size in sizes])


NET = seeded(7, 2, 6, 6, 1)
BOX = ([-2, -2], [2, 2])


def answers():
    for norm in ("linf", "l1", "l2"):
        yield norm, pr.nearest_input(NET, ["y0 >= 3/2", "y0 < -3"], ["1/3", 0], BOX, norm)
    yield "range", pr.output_range(NET, BOX, "2*y0 - 1")
    yield "ray", pr.output_range(zoo.NETWORKS["absolute value"], ([-1], [2]))


@pytest.fixture(scope="module")
def found_once():
    return dict(answers())


@pytest.fixture(scope="module")
def files(tmp_path_factory, found_once):
    folder = tmp_path_factory.mktemp("proofs")
    return {name: save_proof(found, folder / f"{name}.proof") for name, found in found_once.items()}


def test_what_is_written_is_proved(files, found_once):
    for name, found in found_once.items():
        said = check_proof(files[name][1], files[name][0])
        if name in ("linf", "l1", "l2"):
            assert f"nearer in {name}" in said
            assert str(found.squared_distance) in said
        else:
            assert said.startswith(f"the minimum is {found.minimum.value} and the maximum is {found.maximum.value}")


def records(path):
    head, *lines = path.read_text().splitlines()
    return head, [json.loads(line) for line in lines]


def changed(path, new, change):
    head, lines = records(path)
    change(lines)
    new.write_text("\n".join([head, *map(json.dumps, lines)]) + "\n")
    return new


def leaf(lines):
    return next(own for own in lines if own.get("evidence"))


def nearer(lines):
    lines[0]["squared"] = str(Fraction(lines[0]["squared"]) * Fraction(101, 100))


def other_point(lines):
    lines[0]["point"] = ["0", "0"]


def negative(lines):
    leaf(lines)["evidence"][0] = [f"-{y}" if y != "0" else "-1" for y in leaf(lines)["evidence"][0]]


def claimed(lines):
    own = next(own for own in lines if own.get("claims") and own["claims"][0][0])
    own["claims"][0][1] = [1e3] * len(own["claims"][0][0])


def narrower(lines):
    lines[2]["box"][0] = lines[2]["box"][1]


def without_last(lines):
    lines.pop()


def without_evidence(lines):
    leaf(lines)["evidence"] = None


def no_float(lines):
    lines[2]["box"][0][0] = float("nan")


def no_neuron(lines):
    own = next(own for own in lines if own.get("splits"))
    own["splits"][-1][1] = 99


def other_statement(lines):
    lines[0]["statement"] = "0" * 64


CHANGES = [nearer, other_point, negative, claimed, narrower, without_last, without_evidence, no_float, no_neuron]


@pytest.mark.parametrize("change", [*CHANGES, other_statement], ids=lambda change: change.__name__)
def test_a_proof_that_was_changed_is_rejected(files, tmp_path, change):
    proof, question = files["linf"]
    with pytest.raises(WrongProof):
        check_proof(question, changed(proof, tmp_path / "a.proof", change))


def certified(lines, sign):
    """Where the certificate of an end begins and ends among the lines."""
    first = next(k for k, own in enumerate(lines) if own == {"certificate": sign}) + 1
    return first, next((k for k in range(first, len(lines)) if not isinstance(lines[k], str)), len(lines))


def wider(lines):
    lines[0]["ends"]["minimum"]["value"] = str(Fraction(lines[0]["ends"]["minimum"]["value"]) - 1)


def without_certificate(lines):
    first, after = certified(lines, 1)
    del lines[first - 1 : after]


def ends_exchanged(lines):
    for own in lines[1:]:
        if not isinstance(own, str):
            own["certificate"] *= -1


def without_a_cell(lines):
    first, after = certified(lines, -1)
    lines[:] = lines[: after - 2] + lines[after - 1 :]
    assert first < after - 2


def of_no_end(lines):
    lines[certified(lines, 1)[0] - 1]["certificate"] = 2


OF_RANGES = [wider, without_certificate, ends_exchanged, without_a_cell, of_no_end, other_statement]


@pytest.mark.parametrize("change", OF_RANGES, ids=lambda change: change.__name__)
def test_a_range_that_was_changed_is_rejected(files, tmp_path, change):
    proof, question = files["range"]
    with pytest.raises(WrongProof):
        check_proof(question, changed(proof, tmp_path / "a.proof", change))


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    network = seeded(7, 2, 4, 1)
    near = save_proof(pr.nearest_input(network, "y0 >= 1", ["1/3", 0], BOX, "l2"), folder / "near.proof")
    return near, save_proof(pr.output_range(network, BOX), folder / "range.proof")


@pytest.mark.parametrize("seed", range(40))
def test_no_line_can_be_cut_or_left_out(small, tmp_path, seed):
    """Nor spoilt: a file that is damaged anywhere proves what it says, or is refused."""
    proof, question = small[seed % 2]
    rng, data = np.random.default_rng(seed), bytearray(proof.read_bytes())
    place = int(rng.integers(len(data)))
    data[place : place + int(rng.integers(3))] = bytes(rng.integers(32, 127, int(rng.integers(3))).tolist())
    spoilt = tmp_path / "a.proof"
    spoilt.write_bytes(bytes(data))
    try:
        said = check_proof(question, spoilt)
    except (WrongProof, pr.InputError):
        return
    assert said == check_proof(question, proof)


def test_what_was_stopped_has_no_proof(tmp_path):
    found = pr.nearest_input(seeded(7, 6, 24, 24, 1), "y0 >= 100", [0] * 6, ([-2] * 6, [2] * 6), timeout=0.01)
    assert not found.complete
    with pytest.raises(pr.InputError, match="save_proof: the run was stopped"):
        save_proof(found, tmp_path / "a.proof")


def test_the_commands(tmp_path):
    model, run = tmp_path / "net.npz", CliRunner().invoke
    pr.save_network(NET, model)
    proof = tmp_path / "near.proof.gz"
    asked = ["nearest", str(model), "--output", "y0 <= -3", "--point", "0,0", "--box", "-2", "2"]
    done = run(cli, [*asked, "--certify", str(proof)])
    assert done.exit_code == 0, done.output
    assert gzip.decompress(proof.read_bytes()).startswith(b"polyrelu-nearest 1\n")
    checked = run(cli, ["check", str(tmp_path / "near.question.txt"), str(proof)])
    assert checked.exit_code == 0
    assert checked.output.startswith("VERIFIED nothing that reaches the target is nearer in linf")
    proof = tmp_path / "range.proof"
    assert run(cli, ["range", str(model), "--box", "-2", "2", "--certify", str(proof)]).exit_code == 0
    assert "VERIFIED the minimum is" in run(cli, ["check", str(tmp_path / "range.question.txt"), str(proof)]).output
    changed(proof, proof, lambda lines: lines[0]["ends"]["minimum"].update(value="1000"))
    refused = run(cli, ["check", str(tmp_path / "range.question.txt"), str(proof)])
    assert refused.exit_code == 1
    assert "REJECTED" in refused.output
