"""Ctrl-C and SIGTERM end a command with status 130 and 143, whatever native code is doing."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from types import FrameType

# Seconds in which a command may undo what is half done, before the process ends without that.
GRACE = 5.0


class EndingSignals:
    """Handles SIGINT and SIGTERM for one process, from `install` on.

    The handler raises in the main thread, so that files half written are removed. It runs only between two lines of
    Python: when the main thread is deep in native code, or waits for a thread that is, a second thread, which the
    interpreter tells of the signal at once, ends the process after `GRACE` seconds.
    """

    def __init__(self) -> None:
        """Start with no signal received."""
        self.received: int | None = None

    def install(self) -> None:
        """Handle the signals; one that the parent told us to ignore, as nohup does with SIGINT, stays ignored."""
        for number in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._raise)
        reading, writing = socket.socketpair()
        writing.setblocking(False)  # noqa: FBT003  it takes no name
        signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
        threading.Thread(target=self._watch, args=(reading, writing), name="signals", daemon=True).start()

    def exit_if_received(self) -> None:
        """After a signal, end the process at once: threads that never end would keep it alive."""
        if self.received is not None:
            for stream in (sys.stdout, sys.stderr):
                with suppress(Exception):  # closed, or nobody reads it any more
                    stream.flush()
            os._exit(128 + self.received)

    def _raise(self, number: int, _: FrameType | None) -> None:
        self.received = number
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + number)

    def _watch(self, reading: socket.socket, _writing: socket.socket) -> None:
        """Wait for a signal; both ends of the pair live as long as this thread."""
        while True:
            number = reading.recv(1)[0]
            if number in (signal.SIGINT, signal.SIGTERM):
                time.sleep(GRACE)
                os._exit(128 + number)
