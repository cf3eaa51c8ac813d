"""The one exception that means: the input is wrong, and here is what to do about it."""


class InputError(Exception):
    """Something the user gave cannot be used.

    The message says what is wrong, what was expected, what was received and what to do, and names
    file and line where there is one. Commands print it without a traceback and exit with 2. It is
    no `ValueError`, so that nothing takes it for an error of its own.
    """


class Unfinished(InputError):
    """The work stopped for a reason that is not its input's, such as a full disk.

    What is done is kept: the same command goes on. After any other `InputError` nothing is left
    behind, so that the corrected command finds the place as this one did.
    """
