"""A local HTTP server that misbehaves on demand."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Behaviour = Callable[["Handler"], None]


class Server(ThreadingHTTPServer):
    """Serves `content` under every path; `behaviours` say how the next requests are answered.

    `starts` records where each request asked to begin.
    """

    daemon_threads = True

    def __init__(self, content: bytes):
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = content
        self.behaviours: list[Behaviour] = []
        self.starts: list[int] = []
        self.stopping = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        begin = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-")
        self.start = int(begin)
        self.server.starts.append(self.start)
        behaviour = self.server.behaviours.pop(0) if self.server.behaviours else serve
        behaviour(self)

    def head(self, status: int, length: int, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def serve(handler: Handler) -> None:
    """Answer as a good server with ranges does."""
    send(handler, handler.server.content)


def send(handler: Handler, content: bytes, upto: int | None = None, claim: int = 0) -> None:
    """Send `content` from where the request begins up to `upto`, claiming `claim` bytes more."""
    start, size = handler.start, len(content)
    if start and start >= size:
        handler.head(416, 0, Content_Range=f"bytes */{size}")
        return
    headers = {"Content_Range": f"bytes {start}-{size - 1}/{size}"} if start else {}
    handler.head(206 if start else 200, size - start + claim, **headers)
    handler.wfile.write(content[start:upto])


def cut(upto: int) -> Behaviour:
    """Close the connection after byte `upto`."""
    return lambda handler: send(handler, handler.server.content, upto)


def stall(upto: int) -> Behaviour:
    """Send up to byte `upto`, then nothing more."""

    def behave(handler: Handler) -> None:
        send(handler, handler.server.content, upto)
        handler.wfile.flush()
        handler.server.stopping.wait(30)

    return behave


def claim_more(handler: Handler) -> None:
    """Promise ten bytes more than there are."""
    send(handler, handler.server.content, claim=10)


def claim_less(handler: Handler) -> None:
    """Promise ten bytes fewer than there are."""
    send(handler, handler.server.content, claim=-10)


def ignore_range(handler: Handler) -> None:
    """Send everything from the front, whatever was asked."""
    handler.start = 0
    serve(handler)


def wrong_range(handler: Handler) -> None:
    """Answer with a part that was not asked for."""
    content = handler.server.content
    handler.head(206, len(content), Content_Range=f"bytes 0-{len(content) - 1}/{len(content)}")
    handler.wfile.write(content)


def wrong_bytes(handler: Handler) -> None:
    """Send something else of the same length."""
    send(handler, bytes(len(handler.server.content)))


def status(code: int, **headers: str) -> Behaviour:
    """Answer with a status alone."""
    return lambda handler: handler.head(code, 0, **headers)


def redirect_to_itself(handler: Handler) -> None:
    handler.server.behaviours.insert(0, redirect_to_itself)
    handler.head(302, 0, Location=handler.path)


@contextmanager
def running(content: bytes) -> Iterator[Server]:
    server = Server(content)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join()
