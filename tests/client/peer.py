"""A server that answers whatever it is told to, HTTP or not."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager


def answer(body: bytes) -> bytes:
    """A whole answer of status 200."""
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


GOOD = answer(b"{}")


class Peer:
    """Answers each request of each connection with the same bytes, and counts both. With
    ``leaves`` it closes each connection after its answer."""

    def __init__(self, sent: bytes, *, leaves: bool) -> None:
        self.connections = 0
        self.requests = 0
        self.closed = threading.Event()
        self._sent = sent
        self._leaves = leaves
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            with connection:
                while connection.recv(65_536):
                    self.requests += 1
                    connection.sendall(self._sent)
                    if self._leaves:
                        break
            self.closed.set()

    def stop(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self._thread.join()


@contextmanager
def peer(sent: bytes = GOOD, *, leaves: bool = False) -> Iterator[Peer]:
    made = Peer(sent, leaves=leaves)
    try:
        yield made
    finally:
        made.stop()
