"""The judgement of scripts/kill_save.py, on folders as a stopped run might leave them."""

import signal

import kill_save
import pytest

import polyrelu as pr

RUN = kill_save.Run(1.0, 0.5, 4)


@pytest.fixture
def tiling():
    network = pr.Network([([[1, 0], [0, 1]], [0, 0]), ([[1, 1]], [0])])
    whole = pr.linear_regions(network, pr.Polyhedron.box([-1, -1], [1, 1]), method="twin")
    assert len(whole) == RUN.tiles
    return whole


def wrongs(folder, older, sent=signal.SIGINT):
    return list(kill_save._wrong_files(folder / "tiles.npz", older, sent, RUN))


def test_what_may_be_left(tmp_path, tiling):
    target = tmp_path / "tiles.npz"
    assert wrongs(tmp_path, None) == []
    tiling[:2].save(target)
    assert wrongs(tmp_path, None) == []
    tiling.save(target)
    older = target.read_bytes()
    assert wrongs(tmp_path, None) == wrongs(tmp_path, older) == []
    tiling[:3].save(tmp_path / "tiles.partial.npz")
    assert wrongs(tmp_path, older) == []
    (tmp_path / ".tiles.npz.0123abcd.unfinished.npz").write_text("half")
    assert wrongs(tmp_path, older, signal.SIGKILL) == []
    assert len(list(tmp_path.iterdir())) == 2


def test_what_is_wrong_is_seen(tmp_path, tiling):
    target = tmp_path / "tiles.npz"
    tiling.save(target)
    older = target.read_bytes()
    (tmp_path / ".tiles.npz.0123abcd.unfinished.npz").write_text("half")
    assert wrongs(tmp_path, older) == ["1 unfinished files are left"]
    (tmp_path / ".tiles.npz.0123abcd.unfinished.npz.other").write_text("half")
    assert "the next run does not remove an unfinished file" in wrongs(tmp_path, older)
    (tmp_path / ".tiles.npz.0123abcd.unfinished.npz.other").unlink()
    target.write_bytes(older[:-1])
    assert "corrupt" in wrongs(tmp_path, older)[0]
    target.unlink()
    assert wrongs(tmp_path, older) == ["the older file is gone"]
    tiling[:2].save(target)
    assert "an older complete file is replaced by less" in wrongs(tmp_path, older)
    tiling.save(tmp_path / "tiles.partial.npz")
    assert "tiles.partial.npz has no reason to be beside" in wrongs(tmp_path, older)
    (tmp_path / "more").write_text("")
    assert "there is a file more" in wrongs(tmp_path, older)
    tiling[:0].save(target, overwrite=True)
    assert "tiles.npz has 0 of 4 tiles and says complete is False" in wrongs(tmp_path, None)


def test_the_network_is_the_same_each_time():
    one, other = kill_save.network(), kill_save.network()
    assert all((one[name] == other[name]).all() for name in one)
