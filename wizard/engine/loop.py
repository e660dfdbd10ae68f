"""The runner's loop: one selector over the script, its output, signals, the control socket and a person's typing."""

from __future__ import annotations

import os
import selectors
import signal
import socket
import subprocess
from collections.abc import Callable
from contextlib import suppress
from typing import TypeAlias

_TICK = 0.1  # seconds a round of the loop takes at most
_CHUNK = 65536
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
Handler: TypeAlias = Callable[[], object]


class Loop:
    """Waits for descriptors and signals; `close` gives the signals back. For the main thread.

    `output` is the pipe that scripts print into: one for the whole run, because a daemon that a step left may print
    long after its script ended.
    """

    def __init__(self, on_output: Callable[[bytes], None]) -> None:
        self.selector = selectors.DefaultSelector()
        self.signal = 0  # the first signal that came, 0 for none
        self._on_output = on_output
        self._wake, self._wake_write = socket.socketpair()
        self._wake.setblocking(False)
        self._wake_write.setblocking(False)
        self._old_wakeup = signal.set_wakeup_fd(self._wake_write.fileno(), warn_on_full_buffer=False)
        self._old = {number: signal.signal(number, self._on_signal) for number in _SIGNALS}
        self._output, self.output = os.pipe()
        os.set_blocking(self._output, False)
        self.watch(self._wake.fileno(), lambda: self._wake.recv(100))
        self.watch(self._output, self.drain)

    def watch(self, descriptor: int, handler: Handler) -> None:
        self.selector.register(descriptor, selectors.EVENT_READ, handler)

    def forget(self, descriptor: int) -> None:
        with suppress(KeyError, ValueError):
            self.selector.unregister(descriptor)

    def turn(self) -> None:
        """One round: at most a tenth of a second."""
        for key, _ in self.selector.select(_TICK):
            key.data()

    def drain(self) -> None:
        """Passes on all that was printed so far."""
        while True:
            try:
                raw = os.read(self._output, _CHUNK)
            except BlockingIOError:
                return
            if not raw:
                return
            self._on_output(raw)

    def interrupt(self) -> None:
        """As Ctrl-C."""
        self.signal = self.signal or signal.SIGINT

    def _on_signal(self, number: int, frame: object) -> None:
        self.signal = self.signal or number

    def close(self) -> None:
        self.selector.close()
        os.close(self._output)
        os.close(self.output)
        signal.set_wakeup_fd(self._old_wakeup)
        for number, handler in self._old.items():
            signal.signal(number, handler)
        self._wake.close()
        self._wake_write.close()


class Script:
    """A macrostep's script at work: its messages, and the words it is answered with (runtime.bash)."""

    def __init__(self, loop: Loop, command: list[str], environment: dict[str, str], on_message: Handler) -> None:
        self._loop = loop
        self._events, events_write = os.pipe()
        words_read, self._words = os.pipe()
        os.set_blocking(self._events, False)
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=loop.output,
            stderr=loop.output,
            env=environment | {"KT_EVENTS": str(events_write), "KT_WORDS": str(words_read)},
            pass_fds=(events_write, words_read),
            start_new_session=True,  # no controlling terminal
        )
        os.close(events_write)
        os.close(words_read)
        self.pid = self._process.pid
        self.ended = False
        self._pidfd = os.pidfd_open(self.pid)
        self._unread = b""
        loop.watch(self._events, on_message)
        # A script ends by its exit status, never by end-of-file on a pipe: a step may leave a daemon.
        loop.watch(self._pidfd, self._on_end)

    def _on_end(self) -> None:
        self.ended = True

    def messages(self) -> list[list[str]]:
        """The fields of each message that came in the meantime."""
        try:
            came = os.read(self._events, _CHUNK)
        except BlockingIOError:
            return []
        if not came:
            # The script itself has ended, its parent not yet: a descriptor that hangs up would wake us all the time.
            self._loop.forget(self._events)
        self._unread += came
        *whole, self._unread = self._unread.split(b"\0")
        return [message.decode("utf-8", "replace").split("\t") for message in whole]

    def say(self, *fields: str) -> None:
        """Answers the script; one that is gone needs no answer."""
        with suppress(BrokenPipeError):
            os.write(self._words, "\t".join(fields).encode() + b"\0")

    def close(self) -> None:
        for descriptor in (self._events, self._pidfd):
            self._loop.forget(descriptor)
            os.close(descriptor)
        os.close(self._words)

    def wait(self) -> int:
        """Its exit status, when it has ended."""
        return self._process.wait()


def end_step_processes(pid: int, since: float) -> None:
    """Ends what a step started: the context at work (the script does that, told by SIGUSR1), then its descendants
    younger than `since` (seconds of CLOCK_BOOTTIME); daemons of earlier steps live on. `pid` is the script's parent.

    All are stopped first, or what is forked between looking and killing would live on, an orphan nobody finds.
    """
    import psutil  # 50 ms to import: only when a limit is reached

    with suppress(psutil.NoSuchProcess):
        parent = psutil.Process(pid)
        scripts = parent.children()
        stopped: set[psutil.Process] = set()
        while new := set(parent.children(recursive=True)) - stopped - set(scripts):
            for process in new:
                with suppress(psutil.NoSuchProcess):
                    process.suspend()
            stopped |= new
        young = {process for process in stopped if _started(process.pid) >= since - 0.02}
        for process in scripts:
            process.send_signal(signal.SIGUSR1)
        for process in young:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        # The context at work must be killed before it goes on: it could be the only old one among the stopped.
        psutil.wait_procs(stopped - young, timeout=0.5)
        for process in stopped - young:
            with suppress(psutil.NoSuchProcess):
                process.resume()


def _started(pid: int) -> float:
    """When a process started, on CLOCK_BOOTTIME; 0 when it is gone. (psutil's create_time is up to 1 s too early: it
    adds the time of the boot, which the kernel gives in whole seconds.)"""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stream:
            fields = stream.read().rpartition(b")")[2].split()
    except OSError:
        return 0.0
    return int(fields[19]) / os.sysconf("SC_CLK_TCK")
