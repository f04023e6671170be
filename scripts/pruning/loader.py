"""Find the heuristics: those of polyrelu.engines.search, of the folder heuristics/, and of files that users add."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from polyrelu.engines import search
from polyrelu.engines.search import Best, Heuristic, Together
from polyrelu.errors import InputError

HERE = Path(__file__).parent
FOLDER = HERE / "heuristics"
Make = Callable[[], Heuristic]


class Entry(NamedTuple):
    """A heuristic that can be run.

    Attributes:
        name: what tables call it.
        make: gives a fresh one.
        path: the file that it is defined in.
        code: a short hash of the code in that file, in the laboratory's modules that it imports, and of what every
            run runs (:func:`library_code`), so that results of other code are not taken for those of today.
        is_sound: whether it claims never to lose a piece.
        idea: the first line of its class's docstring, or of the file's if the class is from elsewhere.
    """

    name: str
    make: Make
    path: Path
    code: str
    is_sound: bool
    idea: str


def entries(paths: Iterable[Path] = ()) -> dict[str, Entry]:
    """All heuristics by name: those of polyrelu.engines.search, of the folder, and of the given files.

    Raises:
        InputError: a file cannot be loaded (see :func:`load`), or two heuristics have the same name.
    """
    return dict(_entries(tuple(path.resolve() for path in paths)))


@cache
def _entries(paths: tuple[Path, ...]) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for path in (*sorted(FOLDER.glob("[!_]*.py")), *paths):
        for entry in load(path):
            _add(found, entry)
    for make in _library():
        entry = _entry(make, Path(inspect.getsourcefile(make) or search.__file__))
        found.setdefault(entry.name, entry)  # a file may list it, too
    return found


def load(path: Path) -> list[Entry]:
    """The heuristics of a file: its list ``HEURISTICS`` of callables, or all classes in it that need no arguments.

    Raises:
        InputError: the file does not exist, is not Python, fails while it is imported, or holds no heuristic.
    """
    return list(_load(path.resolve()))


@cache
def _load(path: Path) -> tuple[Entry, ...]:
    module = _module(path)
    listed = getattr(module, "HEURISTICS", None)
    if listed is None:
        listed = [
            each
            for name, each in vars(module).items()
            if isinstance(each, type)
            and issubclass(each, Heuristic)
            and each.__module__ == module.__name__
            and not name.startswith("_")
        ]
        listed = [each for each in listed if _can_be_made(each, path, len(listed) == 1)]
    if not listed:
        raise InputError(
            f"{path}: there is no heuristic in it; define a class that derives from polyrelu.engines.search.Heuristic "
            "and needs no arguments, or a list HEURISTICS of functions that make one"
        )
    return tuple(_entry(each, path) for each in listed)


@cache
def _module(path: Path) -> ModuleType:
    if not path.is_file():
        raise InputError(f"{path}: there is no such file; give the path of a Python file with a heuristic")
    name = f"pruning_heuristics_{path.stem}_{hashlib.sha256(path.read_bytes()).hexdigest()[:10]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InputError(f"{path}: not a Python file; its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    sys.path += [str(folder) for folder in (HERE, path.parent) if str(folder) not in sys.path]
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        raise InputError(f"{path}, line {error.lineno}: not Python: {error.msg}; correct it and run again") from error
    except Exception as error:
        raise InputError(f"{path}: failed while it was imported: {type(error).__name__}: {error}") from error
    return module


def _can_be_made(each: type[Heuristic], path: Path, is_only: bool) -> bool:
    """Whether a class needs no arguments; an error when it is the only one there is."""
    try:
        inspect.signature(each).bind()
    except TypeError as error:
        if is_only:
            raise InputError(
                f"{path}: {each.__name__}() cannot be made: {error}; give the arguments defaults, or say how to make "
                f"it, as in HEURISTICS = [lambda: {each.__name__}(...)]"
            ) from error
        return False
    return True


def _entry(make: Make, path: Path) -> Entry:
    label = getattr(make, "__name__", repr(make))
    try:
        heuristic = make()
    except Exception as error:
        raise InputError(f"{path}: {label}() cannot be made: {type(error).__name__}: {error}") from error
    if not isinstance(heuristic, Heuristic):
        raise InputError(
            f"{path}: {label}() gives a {type(heuristic).__name__}, not a polyrelu.engines.search.Heuristic"
        )
    home = sys.modules[type(heuristic).__module__]
    is_own = Path(inspect.getsourcefile(home) or "") == path
    text = inspect.getdoc(type(heuristic) if is_own else _module(path)) or ""
    return Entry(
        heuristic.name,
        make,
        path,
        _code(*_with_imports(path), *_library_files()),
        heuristic.sound,
        text.split("\n", 1)[0],
    )


def _add(found: dict[str, Entry], entry: Entry) -> None:
    if entry.name in found:
        raise InputError(
            f"{entry.path}: there is a heuristic {entry.name} already, in {found[entry.name].path}; rename one"
        )
    found[entry.name] = entry


@cache
def library_code() -> str:
    """A short hash of what every run runs: the module search, the networks, and how a heuristic is run on them."""
    return _code(*_library_files())


def _library_files() -> list[Path]:
    return [*sorted(Path(search.__file__).parent.glob("*.py")), HERE / "networks.py", HERE / "trial.py"]


def _with_imports(path: Path) -> list[Path]:
    """A file, and the modules in the laboratory's folder that it imports."""
    names = {
        node.module if isinstance(node, ast.ImportFrom) else alias.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    beside = [HERE / f"{name}.py" for name in sorted(filter(None, names))]
    return [path, *(each for each in beside if each.exists())]


def _code(*paths: Path) -> str:
    """A short hash of some files, which comments, docstrings and layout do not change."""
    return hashlib.sha256("\0".join(map(_bare, paths)).encode()).hexdigest()[:10]


def _bare(path: Path) -> str:
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)


def _library() -> list[type[Heuristic]]:
    """The heuristics that polyrelu.engines.search itself offers."""
    return [
        each
        for name in search.__all__
        if isinstance(each := getattr(search, name), type)
        and issubclass(each, Heuristic)
        and each not in (Best, Heuristic, Together)
    ]
