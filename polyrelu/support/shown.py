"""What has a page of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from polyrelu._conveniences import ShownMethods
else:
    ShownMethods = object  # the methods are put on the class from there


class Shown(ShownMethods):
    """What shows itself as a page: in a notebook, by ``show()``, and in a file by ``save("name.html")``.

    These three live in the room of pages, which is above all that is shown; :mod:`polyrelu._conveniences` puts them
    here.
    """
