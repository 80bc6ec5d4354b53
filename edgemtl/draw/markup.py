"""Elements of HTML and SVG, made so that nobody can forget to escape."""

from __future__ import annotations

from html import escape

from edgemtl.printable import printable

__all__ = ["Markup", "short", "tag"]


class Markup(str):
    """Text that is markup. Any other text is escaped where it gets into an element."""

    __slots__ = ()


def tag(name: str, *children: str, **attributes: str | float) -> Markup:
    """An element.

    Parameters
    ----------
    name : str
    children : str
        Markup, or text, which is escaped.
    attributes : str or float
        Escaped; ``stroke_width`` is ``stroke-width``, ``class_`` is ``class``. Numbers are cut to
        two digits.
    """
    words = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for key, value in attributes.items()
    )
    inner = "".join(child if isinstance(child, Markup) else _text(child) for child in children)
    return Markup(f"<{name}{words}>{inner}</{name}>")


def short(text: str, characters: int) -> str:
    """The text, or its beginning and an ellipsis."""
    return text if len(text) <= characters else f"{text[: characters - 1]}…"


def _value(value: str | float) -> str:
    if isinstance(value, str):
        return _text(value)
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _text(text: str) -> str:
    return escape(printable(text), quote=True)
