# SPDX-License-Identifier: MIT
"""A signalling server as an operator of SRS may have it: WHIP and WHEP come to it, it chooses a media server, hands on
request and answer, and tells Cleat whose the session is before the client knows.

As a program: signaller.py LISTEN PORT API_SOCKET POOL BACKEND... Each publisher goes to the next of the backends.
"""
import http.client
import http.server
import itertools
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
from lab.api import Api  # noqa: E402
from lab.child import Child  # noqa: E402

HTTP_PORT = 1985
_HANDED_ON = ("Content-Type", "Location", "Access-Control-Allow-Origin", "Access-Control-Allow-Headers",
              "Access-Control-Allow-Methods", "Access-Control-Expose-Headers")


def start_signaller(run, space, cleatd, pool, backends):
    """Returns when it listens on all of the namespace's addresses."""
    words = [sys.executable, "-B", __file__, "0.0.0.0", HTTP_PORT, cleatd.api.path, pool, *(b.address for b in backends)]
    child = Child(run, "signaller", words, space)
    child.wait_until(lambda: "ready" in child.log(), "the signaller to listen")
    return child


def _credentials(sdp):
    return [re.search(rf"^a=ice-{what}:(\S+)", sdp, re.MULTILINE)[1] for what in ("ufrag", "pwd")]


class _Signaller(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    api, pool, backends = None, None, None

    def _hand_on(self, backend, body):
        connection = http.client.HTTPConnection(backend, HTTP_PORT, timeout=10)
        asked = {name: self.headers[name] for name in ("Content-Type", "Origin") if name in self.headers}
        connection.request(self.command, self.path, body, asked)
        answer = connection.getresponse()
        return answer, answer.read()

    def _answer(self, answer, text):
        self.send_response(answer.status)
        for name in _HANDED_ON:
            if answer.getheader(name):
                self.send_header(name, answer.getheader(name))
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_OPTIONS(self):  # noqa: N802, http.server's name
        self._answer(*self._hand_on(self.backends[0], None))

    def do_POST(self):  # noqa: N802
        offer = self.rfile.read(int(self.headers["Content-Length"]))
        backend = next(self.turns)
        answer, text = self._hand_on(backend, offer)
        if answer.status == 201:
            (client, client_password), (server, server_password) = map(_credentials, (offer.decode(), text.decode()))
            self.api.request("POST", "/v1/sessions", {
                "pool": self.pool, "username": f"{server}:{client}", "backend": backend,
                "server_password": server_password, "client_password": client_password})
        self._answer(answer, text)

    def log_message(self, *_):
        pass


def _main(listen, port, socket, pool, *backends):
    _Signaller.api, _Signaller.pool, _Signaller.backends = Api(socket), pool, backends
    _Signaller.turns = itertools.cycle(backends)
    with http.server.ThreadingHTTPServer((listen, int(port)), _Signaller) as server:
        print("ready", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    _main(*sys.argv[1:])
