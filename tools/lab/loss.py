# SPDX-License-Identifier: MIT
"""Packets that hosts do not get, though they were sent."""
import json


class Loss:
    """While `with` lasts, what comes in at a host and matches is lost.

    matches  {host: an nft expression}, such as "tcp dport 80" or "tcp sport 80 numgen random mod 100 < 2"
    """

    def __init__(self, matches):
        self._matches, self._packets = matches, 0

    def __enter__(self):
        for host, match in self._matches.items():
            path = host.run.path(f"loss-{host.name}.nft")
            path.write_text(f"table inet loss {{ chain in {{ type filter hook input priority 0; {match} counter drop; }}; }};\n")
            host.call("nft", "-f", path)
        return self

    def __exit__(self, *_):
        self._packets = self.packets()
        for host in self._matches:
            host.call("nft", "delete", "table", "inet", "loss")
        self._matches = {}

    def packets(self):
        """Lost so far, of all hosts."""
        return self._packets + sum(map(self._lost_at, self._matches))

    @staticmethod
    def _lost_at(host):
        rules = json.loads(host.call("nft", "-j", "list", "table", "inet", "loss").stdout)["nftables"]
        return sum(e["counter"]["packets"] for rule in rules if "rule" in rule for e in rule["rule"]["expr"] if "counter" in e)
