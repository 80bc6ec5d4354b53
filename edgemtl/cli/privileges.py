"""Gives up root and capabilities, for good, once what needs them is done."""

from __future__ import annotations

import ctypes
import os
import pwd
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from edgemtl.errors import DataError

__all__ = ["drop_privileges", "set_capabilities_apart", "with_capabilities"]

T = TypeVar("T")

PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4  # linux/prctl.h
CAPABILITY_VERSION_3 = 0x20080522  # linux/capability.h

_keeper: ThreadPoolExecutor | None = None  # of one thread, which alone has capabilities


def set_capabilities_apart() -> None:
    """Leave the capabilities that a user was lent to a thread of its own, for `with_capabilities`.

    The kernel takes them from the calling thread, and so from those that it starts later, but not
    from others. To be called before there are any: numpy and pyarrow start some at their import.
    """
    global _keeper
    if sys.platform != "linux" or os.geteuid() == 0 or not _has_capabilities():
        return
    _keeper = ThreadPoolExecutor(1)
    _keeper.submit(_has_capabilities).result()  # now its thread is there
    with suppress(DataError):  # with_capabilities will say so
        _drop_capabilities()


def with_capabilities(work: Callable[[], T]) -> T:
    """Do what needs capabilities, in the thread that was left them; then it has none, and ends."""
    global _keeper
    if _keeper is None:
        return work()
    keeper, _keeper = _keeper, None
    with keeper:
        done = keeper.submit(work)
        keeper.submit(_drop_capabilities).result()
        return done.result()


def drop_privileges(user: str | None) -> str:
    """Become a user without rights, where this is root; return the name of whoever this is then.

    All threads do. A user who was lent capabilities and set them apart has given them back.

    Parameters
    ----------
    user : str, optional
        Whom to become; root stays root. Without it: whoever called sudo, else nobody.
    """
    if os.geteuid() != 0:
        if user is not None:
            raise DataError(f"--user {user}: only root can become somebody else")
        return _name(os.geteuid())
    uid, gid = _ids(user)
    if uid == 0:
        return "root"
    try:
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)  # takes the capabilities with it: capabilities(7)
    except PermissionError:
        raise DataError(
            f"--user: this root may not become {_name(uid)}: give --user root, and it stays"
        ) from None
    return _name(uid)


# capget(2), capset(2): version, and the thread, 0 being the calling one; then three sets,
# effective, permitted and inheritable, of 32 capabilities each, twice.
_Header, _Sets = ctypes.c_uint32 * 2, ctypes.c_uint32 * 6


def _has_capabilities() -> bool:
    sets = _Sets()
    ctypes.CDLL(None).capget(_Header(CAPABILITY_VERSION_3, 0), sets)
    return any(sets)


def _drop_capabilities() -> None:
    """Empty all sets of the calling thread: capabilities(7)."""
    libc = ctypes.CDLL(None, use_errno=True)
    # An old kernel has no ambient set; emptying the permitted one empties it, too.
    libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    if libc.capset(_Header(CAPABILITY_VERSION_3, 0), _Sets()) != 0:
        raise DataError(f"capabilities: can't be given up: {os.strerror(ctypes.get_errno())}")


def _ids(user: str | None) -> tuple[int, int]:
    sudo = os.environ.get("SUDO_UID", ""), os.environ.get("SUDO_GID", "")
    if user is None and all(text.isdecimal() and int(text) > 0 for text in sudo):
        return int(sudo[0]), int(sudo[1])
    try:
        entry = pwd.getpwnam(user or "nobody")
    except KeyError:
        raise DataError(f"--user: there is no user {user or 'nobody'}: name one") from None
    return entry.pw_uid, entry.pw_gid


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
