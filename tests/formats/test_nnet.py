from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import polyrelu as pr
from polyrelu.formats.nnet import nnet_box
from tests.strategies import damaged, is_read_or_refused

TEXT = """// a comment
// another
2,2,1,2,
2,2,1,
0,
-1.0,0.0,
1.0,10.0,
0.5,5.0,-7.25,
2.0,10.0,3.0,
0.1,-1.5e0,
+2.,.5,
1.0e-1,
0.0,
1.0,-1.0,
-0.3,
"""


def write(tmp_path, text, name="net.nnet"):
    path = tmp_path / name
    path.write_text(text)
    return path


def by_hand(x0, x1, fold):
    """The network of TEXT in Fractions, from the definition of the format."""
    x = [(Fraction(x0) - Fraction(1, 2)) / 2, (Fraction(x1) - 5) / 10] if fold else [Fraction(x0), Fraction(x1)]
    h0 = max(Fraction("0.1") * x[0] - Fraction("1.5") * x[1] + Fraction("0.1"), 0)
    h1 = max(2 * x[0] + Fraction("0.5") * x[1], 0)
    y = h0 - h1 - Fraction("0.3")
    return y * 3 - Fraction("7.25") if fold else y


@pytest.mark.parametrize("fold", [True, False])
def test_the_format_by_hand(tmp_path, fold):
    net = pr.load_network(write(tmp_path, TEXT), normalise="fold" if fold else "ignore")
    assert net.widths == (2, 2, 1)
    assert [layer.relu for layer in net.layers] == [(True, True), (False,)]
    for point in [("0", "0"), ("-1/3", "7"), ("1", "0"), ("0.7", "2.5")]:
        assert net(list(point)).tolist() == [by_hand(*point, fold)]


def test_normalisation_is_folded_by_default_and_comments_tell_the_format(tmp_path):
    folded = pr.load_network(write(tmp_path, TEXT))
    assert folded == pr.load_network(write(tmp_path, TEXT, "net.txt"), normalise="fold")


def test_boxes(tmp_path):
    path = write(tmp_path, TEXT)
    assert nnet_box(path) == pr.Polyhedron.box([-1, 0], [1, 10])
    assert nnet_box(path, "ignore") == pr.Polyhedron.box(["-3/4", "-1/2"], ["1/4", "1/2"])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("-0.3,\n", "", "need 19 numbers after the flag after them, but 18 follow"),
        ("-0.3,\n", "-0.3,1\n", "but 20 follow"),
        ("-0.3", "nan", "line 15: 'nan' is not a decimal"),
        ("-0.3", "1e999999999", "line 15: '1e999999999' is not a decimal"),
        ("-0.3", "1/3", "'1/3' is not a decimal"),
        ("2,2,1,\n", "2,2,2,\n", r"the widths \[2, 2, 2\] do not begin with 2 and end with 1"),
        ("2,2,1,2,", "99999999999,2,1,2,", "99999999999 layers are declared"),
        ("2,2,1,2,", "2,2.5,1,2,", "line 3: 2.5 is among"),
        ("2,2,1,\n", "2,0,1,\n", "line 4: 0 is among the widths"),
        ("2.0,10.0,3.0", "2.0,0.0,3.0", "range of input 1 is 0; pass normalise='ignore'"),
        ("a comment", "\0", "not a .nnet text file: byte 3 is 0"),
    ],
)
def test_bad_files_are_refused(tmp_path, old, new, message):
    assert old in TEXT
    with pytest.raises(pr.PolyreluError, match=message):
        pr.load_network(write(tmp_path, TEXT.replace(old, new)))


def test_bad_options_are_refused(tmp_path):
    path = write(tmp_path, TEXT)
    with pytest.raises(pr.InputError, match="normalise is 'maybe'; choose one of fold, ignore"):
        pr.load_network(path, normalise="maybe")
    with pytest.raises(pr.InputError, match="nnet_box: normalise is 'maybe'"):
        nnet_box(path, "maybe")
    with pytest.raises(pr.InputError, match=r"drop_final does not apply to \.nnet files"):
        pr.load_network(path, drop_final="Softmax")


@given(st.data())
def test_damaged_files_are_refused_or_read_but_never_crash(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "damaged.nnet"
    path.write_bytes(data.draw(damaged(TEXT.encode(), may_end_early=False)))
    assert is_read_or_refused(path)


@pytest.mark.parametrize(
    "flag", ["0,", "This line extraneous", "", "3.5, 1, 2,", "0.0 # a number, and words", "\xa0", "nan nan nan"]
)
def test_the_line_after_the_widths_is_not_read(tmp_path, flag):
    assert pr.load_network(write(tmp_path, TEXT.replace("\n0,\n", f"\n{flag}\n"))) == pr.load_network(
        write(tmp_path, TEXT, "plain.nnet")
    )


MORE = {
    "1.0,10.0,": "1.0,10.0,9,9",
    "-1.0,0.0,": "-1.0,0.0,8,8",
    "0.5,5.0,-7.25,": "0.5,5.0,4,4,-7.25",
    "2.0,10.0,3.0,": "2.0,10.0,7,7,3.0",
}


@pytest.mark.parametrize("flag", ["0,", "words that nobody reads", "", "1, 2, 3"])
def test_bounds_and_means_may_be_about_more_inputs(tmp_path, flag):
    text = TEXT.replace("\n0,\n", f"\n{flag}\n")
    for old, new in MORE.items():
        text = text.replace(f"\n{old}\n", f"\n{new}\n")
    path = write(tmp_path, text)
    assert pr.load_network(path) == pr.load_network(write(tmp_path, TEXT, "plain.nnet"))
    assert nnet_box(path) == pr.Polyhedron.box([-1, 0], [1, 10])


@pytest.mark.parametrize("flag", ["0,", "some words", ""])
def test_outputs_may_be_as_they_are(tmp_path, flag):
    text = TEXT.replace("5.0,-7.25,", "5.0,").replace("10.0,3.0,", "10.0,").replace("\n0,\n", f"\n{flag}\n")
    net = pr.load_network(write(tmp_path, text))
    assert net(["0.7", 3]).tolist() == [(by_hand("0.7", 3, True) + Fraction("7.25")) / 3]


def test_lines_of_no_dialect_are_refused(tmp_path):
    for old, new in (("1.0,10.0,", "1.0,10.0,9"), ("2.0,10.0,3.0,", "2.0,10.0"), ("1.0e-1,", "1.0e-1,2")):
        with pytest.raises(pr.InputError, match=r"line 4: the widths \[2, 2, 1\] need 19 numbers .* of another length"):
            pr.load_network(write(tmp_path, TEXT.replace(f"\n{old}", f"\n{new}")))


def test_comments_stand_after_numbers_too(tmp_path):
    commented = TEXT.replace("0.1,-1.5e0,\n", "0.1,-1.5e0, // the first row, 1\n// 2, 3\n")
    assert pr.load_network(write(tmp_path, commented)) == pr.load_network(write(tmp_path, TEXT, "plain.nnet"))


def test_numbers_need_not_keep_to_lines(tmp_path):
    one_line = " ".join(TEXT.splitlines()[2:]).replace(",", " ")
    assert pr.load_network(write(tmp_path, one_line)) == pr.load_network(write(tmp_path, TEXT, "plain.nnet"))


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-8-sig", "cp1252"])
def test_comments_may_be_in_any_encoding(tmp_path, encoding):
    path = tmp_path / "a.nnet"
    path.write_bytes(TEXT.replace("a comment", "Réseau\x85 5").encode("utf-8" if encoding == "cp1252" else encoding))
    assert pr.load_network(path) == pr.load_network(write(tmp_path, TEXT))
    path.write_bytes(TEXT.replace("-0.3", "-0.3\xa01").encode(encoding))
    with pytest.raises(pr.InexactError, match="line 15"):
        pr.load_network(path)
    path.write_bytes(TEXT.encode("utf-16"))
    with pytest.raises(pr.InputError, match=r"not a \.nnet text file: byte \d+ is 0"):
        pr.load_network(path)


def test_sizes_are_checked_before_anything_is_made(tmp_path):
    for sizes in ("3,2,1,2,\n2,2,", "2,2,1,2,\n2,99999999999999999999999,", "2,2,1,2,\n2,100000,"):
        with pytest.raises(pr.PolyreluError, match=r"a\.nnet"):
            pr.load_network(write(tmp_path, TEXT.replace("2,2,1,2,\n2,2,", sizes), "a.nnet"))
