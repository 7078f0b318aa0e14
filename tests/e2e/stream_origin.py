# SPDX-License-Identifier: MIT
"""A media server as far as HTTP goes: it has every stream that it is asked for, says who it is, and answers SRS's API for streams with
what a test told it.

Imported, it runs itself in a backend's namespace; as a program it is what runs there.
"""
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from lab.child import Child

WEB_PORT, API_PORT = 8080, 1985


class StreamOrigin:
    def __init__(self, run, space):
        self.space = space
        self._said = run.path(f"streams-{space.name}.json")
        self.say([])
        words = [sys.executable, "-B", Path(__file__), space.name, self._said]
        environment = {"PYTHONPATH": str(Path(__file__).resolve().parents[2] / "tools"), "PATH": "/usr/sbin:/usr/bin"}
        self.child = Child(run, f"origin-{space.name}", words, space, environment=environment)
        self.child.wait_until(lambda: "listening" in self.child.log(), "it listens")

    def say(self, urls):
        """From now on these are published here; None: the API fails."""
        part = self._said.with_suffix(".part")
        part.write_text(json.dumps(urls))
        part.replace(self._said)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.server.server_port == WEB_PORT:
            return self._answer(200, sys.argv[1])
        urls = json.loads(Path(sys.argv[2]).read_text())
        if urls is None:
            return self._answer(500, "")
        if not self.path.startswith("/api/v1/streams/"):  # as SRS does
            return self._answer(302, "", {"Location": self.path.replace("/streams", "/streams/", 1)})
        streams = [{"url": url, "publish": {"active": True}} for url in urls]
        return self._answer(200, json.dumps({"code": 0, "server": sys.argv[1], "streams": streams}))

    def _answer(self, status, text, headers=()):
        body = text.encode()
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    servers = [ThreadingHTTPServer(("", port), _Handler) for port in (WEB_PORT, API_PORT)]
    print("listening", flush=True)
    threading.Thread(target=servers[0].serve_forever, daemon=True).start()
    servers[1].serve_forever()
