"""Errors that a person reads: one sentence, no traceback."""

import errno


class UtvandringError(Exception):
    """Something the user can understand and act on; its text is one plain sentence."""


class UsageError(UtvandringError):
    """The command was asked for something that does not exist or makes no sense."""


def explain_os_error(error: OSError) -> str:
    """Say in one sentence what the operating system refused.

    Parameters
    ----------
    error
        The error as raised by a file operation.

    Returns
    -------
    str
        A sentence that names the file where one is known.
    """
    where = f" ({error.filename})" if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk is full{where}: make room and run the command again; nothing was half done."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"Permission denied{where}: check who owns the folder and whether it can be written."
    if error.errno == errno.ENOENT:
        return f"There is no such file or folder, and it cannot be made{where}: check the path."
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        return f"A folder was expected but something else is there{where}: name another folder."
    return f"{error.strerror or error}{where}: run again with --debug to see where."
