"""What files hold, read under a limit: plain or packed by gzip, as bytes, as text, or as the members of a zip archive.

Sizes are checked before anything is unpacked or allocated, and again while it is: what a file says of itself need not
be true. Nothing is read that would take more memory than the limit.
"""

from __future__ import annotations

import codecs
import io
import zipfile
import zlib
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from polyrelu.errors import BudgetExceeded, InputError, MissingExtraError, PolyreluError

LARGEST_FILE = 2**30
"""The most bytes of a file, and of what it unpacks to."""
MOST_NUMBERS = 2**23
"""The most numbers of a network. Exact ones take some hundred bytes each; more would take gigabytes."""
_MOST_MEMBERS = 2**17
_START = 4096
_GZIP = b"\x1f\x8b"
_WINDOW = 16 + zlib.MAX_WBITS  # of gzip, with its header
_ENCODINGS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}


def read_bytes(path: Path, largest: int = LARGEST_FILE) -> bytes:
    """The bytes of a file, or of what gzip packed into it.

    Raises:
        InputError: there are more than ``largest``, before or after unpacking, or the packing is damaged.
    """
    with path.open("rb") as stream:
        content = stream.read(largest + 1)
    if len(content) > largest:
        raise InputError(f"{path}: has {max(path.stat().st_size, len(content))} bytes, over the limit of {largest}")
    return _unpacked(path, content, largest) if content.startswith(_GZIP) else content


def _unpacked(path: Path, content: bytes, largest: int) -> bytes:
    parts, size = [], 0
    while content:  # a gzip file may have several members
        unpacker = zlib.decompressobj(_WINDOW)
        try:
            parts.append(unpacker.decompress(content, largest - size + 1))
        except zlib.error as error:
            raise InputError(f"{path}: is packed by gzip, and damaged ({error})") from error
        size += len(parts[-1])
        if size > largest:
            raise InputError(f"{path}: unpacks to more than the limit of {largest} bytes")
        if not unpacker.eof:
            raise InputError(f"{path}: is packed by gzip, and ends too early")
        content = unpacker.unused_data.lstrip(b"\0")
    return b"".join(parts)


def read_text(path: Path, largest: int = LARGEST_FILE) -> str:
    """The text in a file in UTF-8, with or without its mark at the beginning; see :func:`read_bytes`.

    Raises:
        InputError: it is in another encoding, or no text; or as for :func:`read_bytes`.
    """
    content = read_bytes(path, largest)
    for mark, encoding in _ENCODINGS.items():
        if content.startswith(mark):
            raise InputError(f"{path}: is text in {encoding}; save it in UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: is not text in UTF-8: byte {content[error.start]:#04x} at place {error.start} ({error.reason}); "
            "save it in UTF-8, or unpack it if it is compressed"
        ) from None


def read_start(path: Path, length: int = 8) -> bytes:
    """The first bytes of a file, unpacked if it is packed by gzip; none where the packing is damaged."""
    with path.open("rb") as stream:
        start = stream.read(_START)
    if not start.startswith(_GZIP):
        return start[:length]
    try:
        return zlib.decompressobj(_WINDOW).decompress(start, length)
    except zlib.error:
        return b""


def plain_suffix(path: Path) -> str:
    """The suffix in lower case, without the ``.gz`` of gzip."""
    suffix = path.suffix.lower()
    return path.with_suffix("").suffix.lower() if suffix == ".gz" else suffix


def member_names(path: Path, largest: int = LARGEST_FILE) -> list[str]:
    """The names in a zip archive; errors as for :func:`read_members`."""
    with _opened(path, largest) as archive:
        return archive.namelist()


def read_members(path: Path, largest: int = LARGEST_FILE, only: Collection[str] | None = None) -> dict[str, bytes]:
    """The members of a zip archive by name: all of them, or those of the given names that are there.

    Raises:
        InputError: no archive, damaged, two members of one name, or they would unpack to more than ``largest`` bytes.
    """
    found = {}
    with _opened(path, largest) as archive:
        for item in archive.infolist():
            if only is None or item.filename in only:
                found[item.filename] = archive.read(item)
                if len(found[item.filename]) != item.file_size:
                    raise EOFError(f"{item.filename!r} ends too early")
    return found


@contextmanager
def _opened(path: Path, largest: int) -> Iterator[zipfile.ZipFile]:
    """A zip archive whose names differ and whose members are not too large; what fails in it is an InputError."""
    content = io.BytesIO(read_bytes(path, largest))
    try:
        with zipfile.ZipFile(content) as archive:
            items = archive.infolist()
            size = sum(item.file_size for item in items)
            if size > largest or len(items) > _MOST_MEMBERS:
                raise InputError(
                    f"{path}: unpacks to {size} bytes in {len(items)} members, over the limit of {largest} in "
                    f"{_MOST_MEMBERS}"
                )
            name, times = Counter(item.filename for item in items).most_common(1)[0] if items else ("", 0)
            if times > 1:
                raise ValueError(f"two members are called {name!r}")
            yield archive
    except InputError:
        raise
    except Exception as error:  # zipfile and what unpacks for it promise no class
        kind, reason = plain_suffix(path) or "zip", f"{type(error).__name__}: {error}"
        raise InputError(f"{path}: not a readable {kind} archive ({reason})") from error


@contextmanager
def refusing(path: Path, what: str) -> Iterator[None]:
    """Let every error of a reader name the file, and turn what readers raise on damaged ones into an error.

    Readers refuse what they foresee, in words of their own; libraries promise no class for the rest.

    Args:
        path: the file.
        what: it ought to hold, for example ``"network"``.

    Raises:
        InputError: anything but the errors of this package, the system's and warnings.
        BudgetExceeded: the memory does not suffice.
    """
    try:
        yield
    except (MissingExtraError, OSError, Warning):
        raise
    except PolyreluError as error:
        if str(path) in str(error):
            raise
        raise type(error)(f"{path}: {error}") from error
    except MemoryError as error:
        raise BudgetExceeded(f"{path}: there is not enough memory to read it") from error
    except Exception as error:
        raise InputError(
            f"{path}: damaged, or no {what} that is understood ({type(error).__name__}: {str(error)[:200]})"
        ) from error


def check_numbers(count: int, path: Path) -> None:
    """Refuse a network with too many numbers.

    Raises:
        BudgetExceeded: more than :data:`MOST_NUMBERS`.
    """
    if count > MOST_NUMBERS:
        raise BudgetExceeded(f"{path}: the network has {count} numbers, over the limit of {MOST_NUMBERS}")
