"""A program as a child of this process: started, told of signals, waited for."""

import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from simulator.console import CommandFailed

GRACE_S = 10.0
"""How long a program may take to end after a SIGTERM, before it is killed."""

NOT_EXECUTABLE, NOT_FOUND, SIGNALLED = 126, 127, 128

_PASSED_ON = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGUSR1,
    signal.SIGUSR2,
)
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


@contextmanager
def held_signals() -> Iterator[frozenset[signal.Signals]]:
    """Within it signals wait until they are asked for; those that were ignored stay ignored.
    Threads that are started within it leave them alone as well."""
    heard = frozenset(each for each in _PASSED_ON if signal.getsignal(each) != signal.SIG_IGN)
    heard |= {signal.SIGCHLD, signal.SIGALRM}
    # Not every system keeps a signal for which nobody has a handler.
    before = signal.signal(signal.SIGCHLD, lambda *_: None)
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, heard)
    try:
        yield heard
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        while signal.sigpending() & heard:
            signal.sigwait(heard)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGCHLD, before)


def run_child(
    command: Sequence[str], variables: Mapping[str, str], heard: frozenset[signal.Signals]
) -> int:
    """Runs a program with this process's input and outputs; its exit status, 128 + N after signal
    N. Raises CommandFailed 127 or 126 when it can't be run."""
    for early in _ENDING:
        if early in heard and early in signal.sigpending():
            return SIGNALLED + early
    child = _start(command, variables, heard)
    while True:
        number, is_ours = _next_signal(heard)
        if number == signal.SIGCHLD:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                code = os.waitstatus_to_exitcode(status)
                return code if code >= 0 else SIGNALLED - code
        elif number == signal.SIGALRM:
            _send(child, signal.SIGKILL)
        elif is_ours:
            _send(child, number)
            if number == signal.SIGTERM:
                signal.setitimer(signal.ITIMER_REAL, GRACE_S)


def _start(
    command: Sequence[str], variables: Mapping[str, str], heard: frozenset[signal.Signals]
) -> int:
    """The process id. The child has the signals as they were before, and no descriptor but the
    three of every program."""
    try:
        return os.posix_spawnp(
            command[0],
            tuple(command),
            variables,
            setsigmask=signal.pthread_sigmask(signal.SIG_BLOCK, ()) - heard,
            setsigdef=(signal.SIGPIPE, signal.SIGXFSZ),  # Python ignores these for itself
        )
    except FileNotFoundError as error:
        raise CommandFailed(NOT_FOUND, f"{command[0]}: command not found") from error
    except OSError as error:
        raise CommandFailed(NOT_EXECUTABLE, f"{command[0]}: {error.strerror}") from error


def _next_signal(heard: frozenset[signal.Signals]) -> tuple[int, bool]:
    """The next one, and whether it was sent to this process alone: what a terminal sends, as on
    Ctrl-C, the child has had already."""
    if sys.platform == "darwin":
        number = signal.sigwait(heard)
        return number, not _in_foreground()
    found = signal.sigwaitinfo(heard)
    return found.si_signo, found.si_code <= 0  # above 0 the kernel sent it


def _in_foreground() -> bool:
    with suppress(OSError):
        return os.tcgetpgrp(0) == os.getpgrp()
    return False


def _send(child: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(child, number)
