"""Files and folders that are whole or not there: a temporary name, then a rename."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path

from edgemtl.errors import DataError

__all__ = ["whole_file", "whole_folder"]


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; it becomes `path` when the block ends well.

    Otherwise, Ctrl-C and a full disk included, it is deleted and `path` stays as it was. A symbolic
    link stays one: the file that it names is written. A target that is no regular file
    (/dev/stdout, a FIFO) can't be renamed onto and is yielded as it is.
    """
    if path.exists() and not path.is_file():
        if path.is_dir():
            raise DataError(f"{path}: is a folder: give a file name")
        try:
            yield path
        except OSError as error:
            _name_target(error, path, path)
            raise
        return
    target = Path(os.path.realpath(path))
    try:
        handle, name = tempfile.mkstemp(
            prefix=f".{target.name[:50]}.", suffix=target.suffix[:10], dir=target.parent
        )
    except OSError as error:
        error.filename = str(path)
        raise
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        _take_usual_mode(temporary, 0o666)
        temporary.replace(target)
    except OSError as error:
        _name_target(error, path, temporary)
        raise
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path, parts: Sequence[str]) -> Iterator[Path]:
    """Yield a temporary folder that becomes `path` when the block ends well, else is deleted.

    `path` may exist only as an empty folder, or as one that an earlier such block made, which is
    replaced: it holds what `parts` name and nothing else. Anything else is somebody's data.

    Parameters
    ----------
    parts : sequence of str
        Patterns, as of `fnmatch`, of what the block writes; the first is the name of a JSON file
        that says which ``edgemtl`` made it.
    """
    target = Path(os.path.realpath(path))
    if target.exists():
        _refuse_what_is_not_ours(path, parts)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    aside = Path(f"{temporary}.old")
    try:
        yield temporary
        _take_usual_mode(temporary, 0o777)
        if target.exists():
            target.rename(aside)
        temporary.rename(target)
    except OSError as error:
        _name_target(error, path, temporary)
        raise
    finally:
        if aside.exists() and not target.exists():
            aside.rename(target)
        for rest in (temporary, aside):
            shutil.rmtree(rest, ignore_errors=True)


def _refuse_what_is_not_ours(path: Path, parts: Sequence[str]) -> None:
    """DataError if the folder holds anything but `parts`, see `whole_folder`."""
    found = sorted(entry.name for entry in path.iterdir()) if path.is_dir() else [path.name]
    if path.is_dir() and not found:
        return
    there = f"{path}: is there already and"
    if not (path.is_dir() and _names_edgemtl(path / parts[0])):
        raise DataError(f"{there} was not made by this command: give another name")
    strange = [name for name in found if not any(fnmatchcase(name, part) for part in parts)]
    if strange:
        raise DataError(
            f"{there} holds {strange[0]}, which is not of its making: give another name, or move "
            "that away"
        )


def _names_edgemtl(file: Path) -> bool:
    try:
        made = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(made, dict) and "edgemtl" in made


def _name_target(error: OSError, path: Path, temporary: Path) -> None:
    """Let an error that tells of no file, or of the temporary one, tell of the target."""
    if error.errno is not None and str(temporary) in str(error.filename or temporary):
        error.filename = str(path)


def _take_usual_mode(path: Path, mode: int) -> None:
    """Undo the private mode that tempfile gives: the umask decides, as for any new file."""
    umask = os.umask(0)
    os.umask(umask)
    path.chmod(mode & ~umask)
