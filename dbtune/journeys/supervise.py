"""Runs a command in the foreground as if it had been started alone: signals, terminal, exit."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from dbtune.errors import ConfigurationError, DbtuneError

# Look() is called this often: a process that lives shorter may stay unseen.
_SHORTEST_PAUSE_S = 0.05
# Looking takes at most this part of the time, however many processes there are.
_LOOKING_SHARE = 0.02

# SIGTSTP and SIGCONT are not among them: dbtune stops and goes on together with its command.
_FORWARDED = ("HUP", "INT", "QUIT", "TERM", "USR1", "USR2", "WINCH")


class CommandNotFoundError(DbtuneError):
    """There is no such command; the exit code is a shell's."""

    exit_code: ClassVar[int] = 127


class CommandNotExecutableError(DbtuneError):
    """The command is a file that cannot be executed; the exit code is a shell's."""

    exit_code: ClassVar[int] = 126


def run_in_foreground(
    command: Sequence[str], environ: Mapping[str, str], look: Callable[[int], None]
) -> int:
    """Run a command to its end and return its code, -N where signal N ended it.

    It shares dbtune's process group, terminal and open files. Signals sent to dbtune alone are
    passed on; those of the terminal (Ctrl-C) reach it by themselves. `look` is called with its
    pid now and then.
    """
    if not hasattr(signal, "sigtimedwait"):
        raise ConfigurationError(
            "this system cannot tell where a signal comes from, and dbtune record needs that",
            hint="record in the code, with dbtune.record(engine, path)",
        )
    waited = {signal.SIGCHLD, *(getattr(signal, f"SIG{name}") for name in _FORWARDED)}
    previous = signal.pthread_sigmask(signal.SIG_BLOCK, waited)
    try:
        child = _start(command, environ, previous)
        _wait(child, waited, look)
        # Ctrl-C a second time must not take the summary away.
        while signal.sigtimedwait(waited, 0) is not None:
            pass
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, previous)
    return child.returncode


def _start(
    command: Sequence[str], environ: Mapping[str, str], mask: set[signal.Signals | int]
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command,
            env=dict(environ),
            # What a shell opened for the command (<(...), a socket to listen on) is not ours.
            close_fds=False,
            # The mask is inherited; dbtune has a single thread here.
            preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_SETMASK, mask),
        )
    except FileNotFoundError as error:
        raise CommandNotFoundError(
            f"{command[0]}: command not found",
            hint="give the command as you would without dbtune: dbtune record -- python app.py",
        ) from error
    except OSError as error:
        raise CommandNotExecutableError(
            f"{command[0]} cannot be executed: {error.strerror}",
            hint=f"name the interpreter: dbtune record -- python {command[0]}",
        ) from error


def _wait(
    child: subprocess.Popen[bytes], waited: set[signal.Signals], look: Callable[[int], None]
) -> None:
    pause_s = _SHORTEST_PAUSE_S
    looked_at = float("-inf")
    while child.poll() is None:
        now = time.monotonic()
        if now - looked_at >= pause_s:
            look(child.pid)
            looked_at = time.monotonic()
            pause_s = max(_SHORTEST_PAUSE_S, (looked_at - now) / _LOOKING_SHARE)
        came = signal.sigtimedwait(waited, pause_s)
        if came is not None and came.si_signo != signal.SIGCHLD and _is_for_us_alone(came, child):
            child.send_signal(came.si_signo)


def _is_for_us_alone(came: signal.struct_siginfo, child: subprocess.Popen[bytes]) -> bool:
    """Tell whether a process sent a signal, not the terminal and not the command itself.

    What the kernel sends for the terminal goes to the whole foreground group.
    Source: https://man7.org/linux/man-pages/man2/sigaction.2.html (si_code)
    """
    return came.si_code <= 0 and came.si_pid != child.pid
