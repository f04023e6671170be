import pytest
from website.running import Differs, is_run, needs, run_page, show

PAGE = """# Title

```python
>>> 1 + 1
2
>>> x = 3
>>> if x:
...     print(x)
3
>>> y = x

```

```python
no_example = True
```

<!--
>>> hidden = "yes"

-->

```console
$ echo one \\
  two
one two
$ cat <<'END'
x
END
x
```
"""


def test_examples_and_commands_run_and_are_shown_without_prompts():
    text = run_page(PAGE, "a/page.md").text
    assert "```python\n1 + 1\n```\n``` { .text .printed }\n2\n```" in text
    assert "if x:\n    print(x)\n" in text
    assert ">>>" not in text
    assert "hidden" not in text
    assert "no_example = True" in text
    assert "```bash\necho one \\\n  two\n```\n``` { .text .printed }\none two\n```" in text
    assert "cat <<'END'\nx\nEND\n```\n``` { .text .printed }\nx\n" in text


@pytest.mark.parametrize(
    ("true", "false", "where"),
    [("2\n>>> x", "4\n>>> x", "line 4"), ("\none two", "\ntwo", "echo one"), (">>> y = x", ">>> y = z", "NameError")],
)
def test_what_a_page_says_must_come_out(true, false, where):
    assert PAGE.count(true) == 1
    with pytest.raises(Differs, match=where):
        run_page(PAGE.replace(true, false), "a/page.md")


def test_pictures_are_drawn_for_two_papers_and_framed_if_they_are_pages():
    text = """
```python
>>> from polyrelu.plotting.style import PAPER, themed
>>> from pathlib import Path
>>> for name in ("a.png", "b.html", "c.txt"):
...     _ = Path(name).write_text(themed(PAPER))

```

![A](a.png)

![B](b.html)

![D](d.png)
"""
    ran = run_page(text, "a/page.md")
    assert sorted(ran.files) == ["a.dark.png", "a.png", "b.html"]
    assert ran.files["a.png"] != ran.files["a.dark.png"]
    assert "![A](page/a.png#only-light)\n![A](page/a.dark.png#only-dark)" in ran.text
    assert '<iframe class="shown" src="page/b.html" title="B"' in ran.text
    assert "![D](d.png)" in ran.text
    assert "![A](page/a.png)" in show(text, "a/page.md", {"a.png"})


def test_pages_say_what_they_need():
    assert needs("---\ntitle: x\nneeds: torch\n---\n# X") == "torch"
    assert needs("# X\nneeds: torch\n") is None
    assert is_run(PAGE)
    assert not is_run("```python\nx = 1\n```\n```bash\n$ ls\n```\n")
