# SPDX-License-Identifier: MIT
"""Downloads over a few connections that are kept: some GB of one file again and again, every byte hashed.

Imported, it runs itself in a client's namespace; as a program it is what runs there.
"""
import collections
import hashlib
import http.client
import json
import sys
import threading
import time
from pathlib import Path

_PART_BYTES = 1 << 18
_PATIENCE_S = 60

Downloaded = collections.namedtuple("Downloaded", "bytes seconds hashes")  # hashes: [sha256 of a file], each once


def download(space, address, port, path, times, connections, mb_per_s=0):
    """GETs http://address:port/path so many times by each connection. mb_per_s: all together at most; 0: as fast as it goes.
    RuntimeError if one of them fails.
    """
    done = space.call(sys.executable, "-B", Path(__file__), address, port, path, times, connections, mb_per_s, timeout_s=3600)
    return Downloaded(**json.loads(done.stdout))


class _Client(threading.Thread):
    def __init__(self, address, port, path, times, bytes_per_s):
        super().__init__()
        self._server, self._path, self._times, self._bytes_per_s = (address, port), path, times, bytes_per_s
        self.bytes, self.hashes, self.failure = 0, set(), None

    def run(self):
        try:
            connection = http.client.HTTPConnection(*self._server, timeout=_PATIENCE_S)
            begin = time.monotonic()
            for _ in range(self._times):
                connection.request("GET", self._path)
                self._read(connection.getresponse(), begin)
        except (OSError, http.client.HTTPException) as error:
            self.failure = error

    def _read(self, answer, begin):
        if answer.status != 200 or answer.will_close:
            raise http.client.HTTPException(f"{answer.status}, and the connection is {'not ' * answer.will_close}kept")
        found = hashlib.sha256()
        while part := answer.read(_PART_BYTES):
            found.update(part)
            self.bytes += len(part)
            if self._bytes_per_s:
                time.sleep(max(0, begin + self.bytes / self._bytes_per_s - time.monotonic()))
        self.hashes.add(found.hexdigest())


def main():
    address, port, path, times, connections, mb_per_s = sys.argv[1:]
    pace = float(mb_per_s) * 1e6 / int(connections)
    clients = [_Client(address, int(port), path, int(times), pace) for _ in range(int(connections))]
    begin = time.monotonic()
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    seconds = time.monotonic() - begin
    if failures := [client.failure for client in clients if client.failure]:
        sys.exit(f"{len(failures)} of {len(clients)} connections failed: {failures[0]}")
    print(json.dumps({"bytes": sum(client.bytes for client in clients), "seconds": seconds,
                      "hashes": sorted(set().union(*(client.hashes for client in clients)))}))


if __name__ == "__main__":
    main()
