"""Gives up root, for good, once what needs it is done."""

from __future__ import annotations

import os
import pwd

from edgemtl.errors import DataError

__all__ = ["drop_privileges"]


def drop_privileges(user: str | None) -> str:
    """Become a user without rights, where this is root; return the name of whoever this is then.

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
