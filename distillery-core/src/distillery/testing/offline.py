"""Work without a network: every connection is refused and recorded."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import pytest


def network_faults(work: Callable[[], object]) -> list[str]:
    """Do some work while no connection is possible; return each one that it asked for.

    Raises what the work raises, unless it had asked for a connection.
    """
    with refused_sockets() as asked:
        try:
            work()
        except Exception:
            if not asked:
                raise
    return asked


@contextmanager
def refused_sockets() -> Iterator[list[str]]:
    """Refuse connections and look-ups of names in this process; give the list of those that were asked for."""
    asked: list[str] = []

    def refuse(*arguments: Any, **_: Any) -> NoReturn:
        target = next((argument for argument in arguments if not isinstance(argument, socket.socket)), None)
        asked.append(f"a connection to {target} was asked for.  A filter works offline: remove it.")
        raise ConnectionRefusedError(f"the conformance kit allows no network: {target}")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        patch.setattr(socket.socket, "connect_ex", refuse)
        patch.setattr(socket, "getaddrinfo", refuse)
        yield asked
