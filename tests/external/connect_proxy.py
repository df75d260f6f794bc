"""An HTTP CONNECT proxy on loopback that leads each host name to a port of this machine."""

import socket
import threading
from collections.abc import Callable

BUFFER = 65536


class ConnectProxy:
    """Serves in threads that end with the process."""

    def __init__(self, route: Callable[[str], int | None]):
        self.hosts: set[str] = set()
        self._route = route
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            client, _ = self._listener.accept()
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                # Byte by byte: what follows belongs to the tunnel.
                byte = client.recv(1)
                if not byte or len(head) > BUFFER:
                    return
                head += byte
            method, target, _ = head.decode("latin-1").split(" ", 2)
            host, _, port = target.rpartition(":")
            self.hosts.add(host)
            to = self._route(host) if (method, port) == ("CONNECT", "443") else None
            if to is None:
                client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                return
            with socket.create_connection(("127.0.0.1", to)) as server:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                back = threading.Thread(target=_pump, args=(server, client), daemon=True)
                back.start()
                _pump(client, server)
                back.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    # Who hangs up ends the tunnel, for both.
    try:
        while data := source.recv(BUFFER):
            sink.sendall(data)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
