"""Every picture of the benchmark but the page's is made once, and what fails is said."""

import benchmark_first_picture as bench
import pytest


@pytest.mark.long
def test_pictures_are_made(capsys):
    bench.main(["--runs", "1", "--only", "latent plane"])
    rows = capsys.readouterr().out.splitlines()
    (row,) = (line for line in rows if line.startswith("latent plane"))
    lines, wall, cpu, size = map(float, row.removeprefix("latent plane").split())
    assert lines == 4
    assert 0 < cpu < 60
    assert 0 < wall < 60
    assert size > 1


def test_what_fails_is_said():
    with pytest.raises(RuntimeError, match=r"(?s)no picture was made by.*no_such_name"):
        bench.run("\nimport no_such_name\n")
    with pytest.raises(RuntimeError, match="no picture was made"):
        bench.run("\npass\n")
