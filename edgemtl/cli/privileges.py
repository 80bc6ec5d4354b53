"""Gives up root and capabilities, for good, once what needs them is done."""

from __future__ import annotations

import ctypes
import os
import pwd

from edgemtl.errors import DataError

__all__ = ["drop_privileges"]

PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4  # linux/prctl.h
CAPABILITY_VERSION_3 = 0x20080522  # linux/capability.h


def drop_privileges(user: str | None) -> str:
    """Become a user without rights, where this is root; return the name of whoever this is then.

    A user who was lent capabilities (cap_net_raw) gives them back. The kernel takes them from the
    calling thread alone, and so from those that it starts later: idle ones that numpy or pyarrow
    started at their import keep theirs. Becoming another user is of all threads.

    Parameters
    ----------
    user : str, optional
        Whom to become; root stays root. Without it: whoever called sudo, else nobody.
    """
    if os.geteuid() != 0:
        if user is not None:
            raise DataError(f"--user {user}: only root can become somebody else")
        _drop_capabilities()
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


def _drop_capabilities() -> None:
    """Empty all sets of capabilities: capabilities(7)."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)  # 0: the calling thread
    nothing = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable, of 32 each, twice
    # An old kernel has no ambient set; emptying the permitted one empties it, too.
    libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    if libc.capset(header, nothing) != 0:
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
