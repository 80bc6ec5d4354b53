"""Files and folders that are whole or not there: a temporary name, then a rename."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
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
    handle, name = tempfile.mkstemp(
        prefix=f".{target.name}.", suffix=target.suffix, dir=target.parent
    )
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
def whole_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder that becomes `path` when the block ends well, else is deleted.

    `path` may exist only as an empty folder or as one that an earlier such block made: those hold a
    `run.json` or a `manifest.json`, and are replaced. Anything else there is somebody's data.
    """
    ours = any((path / name).is_file() for name in ("run.json", "manifest.json"))
    if path.exists() and not (path.is_dir() and (ours or not any(path.iterdir()))):
        raise DataError(f"{path}: is there already and was not made by edgemtl: give another name")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        yield temporary
        _take_usual_mode(temporary, 0o777)
        if path.exists():
            shutil.rmtree(path)
        temporary.rename(path)
    except OSError as error:
        _name_target(error, path, temporary)
        raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _name_target(error: OSError, path: Path, temporary: Path) -> None:
    """Let an error that tells of no file, or of the temporary one, tell of the target."""
    if error.errno is not None and str(temporary) in str(error.filename or temporary):
        error.filename = str(path)


def _take_usual_mode(path: Path, mode: int) -> None:
    """Undo the private mode that tempfile gives: the umask decides, as for any new file."""
    umask = os.umask(0)
    os.umask(umask)
    path.chmod(mode & ~umask)
