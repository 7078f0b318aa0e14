# SPDX-License-Identifier: MIT
"""Client of cleatd's API (docs/api.md): HTTP/1.1 with JSON over a unix socket."""
import http.client
import json
import socket
from urllib.parse import quote


class Refused(Exception):
    """cleatd answered, but not with 2xx."""

    def __init__(self, status, message):
        super().__init__(f"{status}: {message}")
        self.status, self.message = status, message


class _Connection(http.client.HTTPConnection):
    def __init__(self, path, timeout_s):
        super().__init__("cleat", timeout=timeout_s)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Api:
    """A connection per request, so it outlives restarts of cleatd. OSError while nobody listens."""

    def __init__(self, path, timeout_s=5.0):
        self.path, self.timeout_s = str(path), timeout_s

    def request(self, method, target, body=None):
        connection = _Connection(self.path, self.timeout_s)
        try:
            connection.request(method, target, None if body is None else json.dumps(body))
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        parsed = json.loads(text) if text else {}
        if not 200 <= answer.status < 300:
            raise Refused(answer.status, parsed.get("error", text))
        return parsed

    def get(self, target):
        return self.request("GET", target)

    def answers(self):
        """True when GET /v1/status does: cleatd is ready."""
        try:
            self.get("/v1/status")
            return True
        except (OSError, http.client.HTTPException):
            return False

    def status(self):
        return self.get("/v1/status")

    def stats(self):
        return self.get("/v1/stats")

    def peeks(self):
        """Connections to services with `affinity: stream` that Cleat answered itself: in_use, began, bytes, ends by name, ..."""
        return self.stats()["peeks"]

    def backends(self, pool):
        """{"10.20.0.11": {"state": "up", ...}} in the order of the config."""
        return {b["backend"]: b for b in self.get(f"/v1/pools/{quote(pool, safe='')}")["backends"]}

    def service(self, name):
        return next(s for s in self.get("/v1/services")["services"] if s["service"] == name)

    def drops(self):
        """{reason: packets} of the reasons that occurred."""
        drops = self.stats()["drops"]
        return {d["reason"]: d["packets"] for d in drops if d["packets"]}

    def unaccounted(self):
        """{worker: frames received of which it is not known what became}, of those for which there are some. Counters are read
        while workers count: only of a balancer at rest they must agree."""
        drops = self.drops()
        left = {}
        for w in self.stats()["workers"]:
            became = w["tx_packets"] - w["emitted"] + w["punted"] + w["consumed"] + w["held"] + w["dropped"]
            if w["rx_packets"] != became:
                left[w["worker"]] = w["rx_packets"] - became
        # Frames of the kernel's own were not received.
        return {} if sum(left.values()) == -drops.get("kernel_tx_full", 0) else left

    def set_weight(self, pool, backend, weight):
        return self.request("PATCH", self._backend(pool, backend), {"weight": weight})

    def drain(self, pool, backend, deadline_s=None):
        return self.request("POST", self._backend(pool, backend) + "/drain",
                            {} if deadline_s is None else {"deadline_s": deadline_s})

    def undrain(self, pool, backend):
        return self.request("POST", self._backend(pool, backend) + "/undrain")

    def reset(self):
        return self.request("POST", "/v1/reset")

    def reload(self):
        return self.request("POST", "/v1/reload")

    @staticmethod
    def _backend(pool, backend):
        return f"/v1/pools/{quote(pool, safe='')}/backends/{quote(str(backend), safe='')}"
