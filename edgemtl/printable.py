"""Names as they may be shown: they come from data, and may hold anything."""

from __future__ import annotations

__all__ = ["printable", "utf8"]


def printable(text: str) -> str:
    """The text on one line, without what would command a terminal or turn its direction."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def utf8(name: str) -> str:
    """The name of a file as a table can hold it: bytes that are no UTF-8 are written out."""
    return name.encode("utf-8", "backslashreplace").decode()
