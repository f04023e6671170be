"""Pages of the reference: one for each public name, and one for each command."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from polyrelu.cli import cli
from tests.rooms import ROOMS
from website.docstrings import file_of, in_markdown
from website.names import NO_ROOM, WINDOWS, Name, place_of_window, primary, public_names, window_names
from website.places import ROOT, from_to, place_of

EXAMPLES = ROOT / "papers" / "site" / "examples"
"""An example for a name, which is run: ``pr.preimage.md``, ``tiling.volume.md``."""

_ORDER = (
    "engines", "analysis", "runs", "certificates", "tilings", "networks", "polyhedra", "latent", "formats",
    "export", "plotting", "pages", "figures", "bounds", "arithmetic", "support",
)  # fmt: skip
_TITLES = {
    "engines": "Asking",
    "analysis": "Looking at an answer",
    "runs": "Long runs",
    "certificates": "Evidence",
    "tilings": "The answer",
    "networks": "Networks, targets and properties",
    "polyhedra": "Sets",
    "latent": "Latent spaces",
    "formats": "Files in",
    "export": "Files out",
    "plotting": "Drawings",
    "pages": "Pages that one can touch",
    "figures": "Figures and films",
    NO_ROOM: "Errors and warnings",
}


def example_of(name: Name) -> Path:
    """The file of a name's example, whether or not there is one."""
    return EXAMPLES / f"{name.said}.md"


def pages() -> Iterator[tuple[str, str]]:
    """The place and the Markdown of every page of the reference."""
    names = public_names()
    described = primary(names)
    for name in names:
        if described[name.path] is name:
            yield name.place, _page(name)
        else:
            yield name.place, _alias(name, described[name.path])
    for module in WINDOWS:
        yield place_of_window(module), _window(module, described)
    yield "reference/index.md", _index()
    for command in commands():
        yield f"command-line/{command.name}.md", _command(command)
    yield "command-line/index.md", _commands()


def files() -> set[str]:
    """The files of the repository that pages of the reference link to."""
    return {file for name in public_names() if (file := file_of(name.module))}


def nav() -> list[dict[str, Any]]:
    """Names in the order of the index, as a part of the site's menu."""
    parts: list[dict[str, Any]] = [{"All names": "reference/index.md"}]
    for title, names in grouped():
        parts.append({title: [{name.said: name.place} for name in names]})
    parts.append({"Public modules": [{module: place_of_window(module)} for module in WINDOWS]})
    return parts


def command_nav() -> list[Any]:
    """Commands, as a part of the site's menu."""
    pages = [{f"polyrelu {command.name}": f"command-line/{command.name}.md"} for command in commands()]
    return [{"All commands": "command-line/index.md"}, *pages]


def grouped() -> Iterator[tuple[str, list[Name]]]:
    """Public names by what they are for, which is what their rooms say."""
    by_room: dict[str, list[Name]] = {}
    for name in public_names():
        by_room.setdefault(name.room, []).append(name)
    known = [*_ORDER, *sorted(set(by_room) - {*_ORDER, NO_ROOM}), NO_ROOM]
    for room in known:
        if room in by_room:
            names = sorted(by_room[room], key=lambda name: (name.is_class, "." in name.said[3:], name.said))
            yield _TITLES.get(room, room.capitalize()), names


def commands() -> list[click.Command]:
    """The commands of the command line, by name."""
    assert isinstance(cli, click.Group)
    return [cli.commands[name] for name in sorted(cli.commands)]


def _page(name: Name) -> str:
    file = file_of(name.module)
    assert file is not None, name
    lines = [
        f"---\ntitle: {name.said}\n---\n",
        f"::: {name.path}\n    options:\n      heading: {name.said}\n",
        _methods_of(name),
        _example(name),
        _how(name),
        f"## Source\n\n[`{file}`]({from_to(name.place, place_of(file))}){_line(name)}.\n",
        _beside(name),
    ]
    return "\n".join(line for line in lines if line)


def _line(name: Name) -> str:
    try:
        return f", line {inspect.getsourcelines(name.value)[1]}"
    except (OSError, TypeError):
        return ""


def _example(name: Name) -> str:
    file = example_of(name)
    return f"## Example\n\n{file.read_text()}" if file.is_file() else ""


def _how(name: Name) -> str:
    """What the module says of itself, below its first line: how, and why that is right."""
    text = inspect.getdoc(importlib.import_module(name.module)) or ""
    if name.room == NO_ROOM or "\n\n" not in text:
        return ""
    plain = re.sub("::$", ":", text, flags=re.MULTILINE)
    return f"## How, and why that is right\n\n{in_markdown(plain, name.module)}\n"


def _methods_of(name: Name) -> str:
    """Methods that other rooms add to a class, each with its page."""
    if not name.is_class:
        return ""
    stems = (f"reference/{name.value.__name__}.",)
    added = [other for other in public_names() if other.place.startswith(stems)]
    if not added:
        return ""
    return "## More methods\n\n" + _table(added, name.place)


def _beside(name: Name) -> str:
    """Others of its module."""
    others = [other for other in public_names() if other.module == name.module and other.path != name.path]
    return f"## Beside it\n\n{_table(others, name.place)}" if others and name.room != NO_ROOM else ""


def _table(names: list[Name], place: str) -> str:
    rows = ["| name | what it says |", "|---|---|"]
    for name in names:
        claim = in_markdown(name.claim, name.module).replace("|", "\\|")
        rows.append(f"| [`{name.said}`]({from_to(place, name.place)}) | {claim} |")
    return "\n".join(rows) + "\n"


def _alias(name: Name, described: Name) -> str:
    link = f"[`{described.said}`]({from_to(name.place, described.place)})"
    claim = in_markdown(name.claim, name.module)
    head = f"---\ntitle: {name.said}\n---\n\n# {name.said}\n\n"
    return f"{head}{claim}\n\nThis is another name of {link}.\n\n{_example(name)}"


def _window(module: str, described: dict[str, Name]) -> str:
    window = importlib.import_module(module)
    parts = [f"---\ntitle: {module}\n---\n\n# {module}\n\n{in_markdown(inspect.getdoc(window) or '', module)}\n"]
    for name in window_names(module):
        if name.path in described:
            known = described[name.path]
            parts.append(f"## {name.said}\n\nSee [`{known.said}`]({from_to(name.place, known.place)}).\n")
        else:
            parts.append(f"::: {name.path}\n    options:\n      heading: {name.said}\n      heading_level: 2\n")
    return "\n".join(parts)


def _index() -> str:
    text = (
        "---\ntitle: All names\n---\n\n# Every public name\n\n`import polyrelu as pr`. Each has a page with its "
        "claim, its arguments, what it raises, what it costs and its source; this list is made of the package itself.\n"
    )
    for title, names in grouped():
        text += f"\n## {title}\n\n{_sentence(names[0].room)}\n\n{_table(names, 'reference/index.md')}"
    return text


def _sentence(room: str) -> str:
    return next((each.sentence for each in ROOMS if each.name == room), "All that polyrelu raises on purpose.")


def _commands() -> str:
    rows = [f"| [`polyrelu {c.name}`]({c.name}.md) | {c.get_short_help_str(200)} |" for c in commands()]
    context = click.Context(cli, info_name="polyrelu")
    return (
        "---\ntitle: All commands\n---\n\n# Command line\n\n| command | what it does |\n|---|---|\n"
        + "\n".join(rows)
        + "\n\n"
        "How results are printed, kept and stopped is on [a page of its own](../guide/command-line.md).\n\n"
        f"```text\n{cli.get_help(context)}\n```\n"
    )


def _command(command: click.Command) -> str:
    context = click.Context(command, info_name=command.name, parent=click.Context(cli, info_name="polyrelu"))
    usage = command.get_usage(context).removeprefix("Usage: ")
    parts = [
        f"---\ntitle: polyrelu {command.name}\n---\n\n# polyrelu {command.name}\n",
        (inspect.cleandoc(command.help or "").replace("\b\n", "")) + "\n",
        f"```text\n{usage}\n```\n",
        _command_examples(command),
        _options(command, context),
        "\nWhat all commands have in common, exit codes too, is on [a page of its own](../guide/command-line.md).\n",
    ]
    return "\n".join(part for part in parts if part)


def _command_examples(command: click.Command) -> str:
    lines = re.findall(r"^\s*(?:Example:|or:)?\s*(polyrelu .*)$", command.epilog or "", re.MULTILINE)
    return "## Examples\n\n```bash\n" + "\n".join(lines) + "\n```\n" if lines else ""


def _options(command: click.Command, context: click.Context) -> str:
    rows = []
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record:
            option, said = (part.replace("|", "\\|") for part in record)
            rows.append(f"| `{option}` | {said.replace('<', '&lt;')} |")
    return "## Options\n\n| option | what it does |\n|---|---|\n" + "\n".join(rows) + "\n"
