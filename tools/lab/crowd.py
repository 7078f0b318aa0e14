# SPDX-License-Identifier: MIT
"""Many clients with an address each: connections from distinct sources to one web service, and who answered each.

Imported, it runs itself in the crowd's namespace; as a program it is what runs there.
"""
import collections
import ipaddress
import json
import socket
import sys
from pathlib import Path

_IP_FREEBIND = 15  # linux/in.h; Python has no name for it
Answered = collections.namedtuple("Answered", "answers failures")  # {backend: connections}, [text]


def ask_who(net, vip, count, first=1, port=8080, source_port=20000):
    """Asks http://vip:port/who once from each of `count` addresses of the crowd, one after the other.

    first        number of the first address within the crowd's network
    source_port  the same for all, so that a run with the same seed repeats to the connection; 0: any
    """
    done = net.crowd.call(sys.executable, "-B", Path(__file__), vip, port, count, first, source_port,
                          timeout_s=30 + count)
    report = json.loads(done.stdout)
    return Answered(collections.Counter(report["answers"]), report["failures"])


def _ask(source, source_port, vip, port):
    family = socket.AF_INET6 if ":" in vip else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as client:
        client.settimeout(5)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        client.setsockopt(socket.SOL_IP, _IP_FREEBIND, 1)  # IPv6 binds only to addresses of an interface otherwise
        client.bind((source, source_port))
        client.connect((vip, port))
        client.sendall(b"GET /who HTTP/1.0\r\n\r\n")
        answer = b""
        while part := client.recv(4096):
            answer += part
    return answer.decode().split("\r\n\r\n", 1)[1].strip()


def main():
    vip, (port, count, first, source_port) = sys.argv[1], map(int, sys.argv[2:])
    base = ipaddress.ip_address("fd99::" if ":" in vip else "10.99.0.0")
    answers, failures = collections.Counter(), []
    for number in range(first, first + count):
        source = str(base + number)
        try:
            answers[_ask(source, source_port, vip, port)] += 1
        except (OSError, IndexError) as error:
            failures.append(f"{source}: {error}")
    json.dump({"answers": answers, "failures": failures}, sys.stdout)


if __name__ == "__main__":
    main()
