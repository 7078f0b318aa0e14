#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Writes the captures of the golden cases with scapy: a writer that shares nothing with Cleat.

usage: writer.py [CASE...]    write the captures of these cases, or of all
       writer.py --check      write them elsewhere and compare with those in the repository (TAP)

A case is a folder with config.yaml (by hand) and case.py, which says in `write(case)` what comes in and what must go
out; from it come send*.pcap, expect*.pcap and expect.json. Every expected frame is built whole, checksums and all, by
scapy: nothing is computed by what changed, as Cleat does it.
"""
import importlib.util
import json
import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
CASES = os.path.join(HERE, "cases")

class Port:
    """One port of a case: what comes in and what must go out, in order."""

    def __init__(self, case, name):
        self.case, self.name, self.sent, self.expected = case, name, [], []

    def send(self, *frames):
        """Each comes in 10 ms after the one before it, or at Case.at(ms)."""
        for frame in frames:
            self.sent.append((self.case.tick(), bytes(frame)))

    def expect(self, *frames):
        self.expected += [bytes(frame) for frame in frames]


class Case:
    def __init__(self, folder):
        self.folder = folder
        self.ports = {}
        self.nanoseconds = True
        self.ways = ["replay", "cleatd"]
        self.why = ""
        self.counts = {"drops": {}}
        self.falsified = None
        self._ms = 0
        self._same = False

    def port(self, name="arm"):
        return self.ports.setdefault(name, Port(self, name))

    def tick(self):
        now = self._ms
        if not self._same:
            self._ms += 10
        return now

    def at(self, ms):
        """The next frame comes in at this time, in ms since the first."""
        self._ms = ms
        return self

    def together(self):
        """All coming frames come in at the same time: one burst."""
        self._same = True
        return self

    def next_burst(self, port):
        """Parts what follows from what came before: within one burst a packet may use a flow that a later one opens, and
        a reply's end of a flow is seen only after it. 32 frames for another station fill the dataplane's burst."""
        port.send(*[bytes.fromhex("020000000099" "020000000050" "0800") + bytes(46)] * 32)
        self.drops("other_station", 32)

    def drops(self, reason, count=1):
        self.counts["drops"][reason] = self.counts["drops"].get(reason, 0) + count

    def punts(self, count=1):
        self.counts["punted"] = self.counts.get("punted", 0) + count

    def consumes(self, count=1):
        self.counts["consumed"] = self.counts.get("consumed", 0) + count

    def only(self, way, why):
        self.ways, self.why = [way], why

    def falsify(self, port, packet, byte=None):
        """Spoils the expectation: one byte of a packet (both from 1 and 0), or the whole packet is taken out. The driver
        must find just that."""
        frames = self.ports[port].expected
        self.falsified = {"port": port, "packet": packet}
        if byte is None:
            del frames[packet - 1]
            return
        self.falsified["byte"] = byte
        spoiled = bytearray(frames[packet - 1])
        spoiled[byte] ^= 0x01
        frames[packet - 1] = bytes(spoiled)

    def file(self, kind, name):
        return f"{kind}.pcap" if len(self.ports) == 1 else f"{kind}-{name}.pcap"

    def save(self, folder):
        from scapy.utils import PcapWriter
        files = {}
        for port in self.ports.values():
            for kind, frames in (("send", port.sent), ("expect", [(0, f) for f in port.expected])):
                name = self.file(kind, port.name)
                files.setdefault(kind, {})[port.name] = name
                with PcapWriter(os.path.join(folder, name), linktype=1, endianness="<", nano=self.nanoseconds) as file:
                    file.write_header(None)
                    for ms, frame in frames:
                        fraction = ms % 1000 * (1_000_000 if self.nanoseconds else 1000)
                        file.write_packet(frame, sec=1_700_000_000 + ms // 1000, usec=fraction)
        expect = {"title": self.title, "ways": self.ways}
        if self.why:
            expect["why"] = self.why
        if self.falsified:
            expect["falsified"] = self.falsified
        expect.update(files)
        expect["counts"] = self.counts
        with open(os.path.join(folder, "expect.json"), "w", encoding="utf-8") as out:
            json.dump(expect, out, indent=2)
            out.write("\n")


def load(folder):
    """Runs a case.py and returns the Case that it described."""
    sys.path.insert(0, HERE)
    sys.dont_write_bytecode = True
    spec = importlib.util.spec_from_file_location("case", os.path.join(folder, "case.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    case = Case(folder)
    case.title = module.__doc__.strip().split("\n")[0]
    module.write(case)
    return case


def names():
    return sorted(n for n in os.listdir(CASES) if os.path.exists(os.path.join(CASES, n, "case.py")))


def generated(folder):
    return sorted(n for n in os.listdir(folder) if n.endswith(".pcap") or n == "expect.json")


def read(path):
    with open(path, "rb") as file:
        return file.read()


def check(name):
    """Why the committed files of a case are not those that its case.py makes; '' if they are."""
    folder = os.path.join(CASES, name)
    with tempfile.TemporaryDirectory() as fresh:
        load(folder).save(fresh)
        if generated(folder) != generated(fresh):
            return f"it has {generated(folder)}, but case.py makes {generated(fresh)}"
        for file in generated(fresh):
            if read(os.path.join(folder, file)) != read(os.path.join(fresh, file)):
                return f"{file} is not what case.py makes; run tests/golden/writer.py {name}"
    return ""


def main(arguments):
    if arguments[:1] in (["--help"], ["-h"]):
        print(__doc__)
        return 0
    if arguments[:1] != ["--check"]:
        for name in arguments or names():
            folder = os.path.join(CASES, name)
            case = load(folder)
            for old in generated(folder):
                os.remove(os.path.join(folder, old))
            case.save(folder)
        return 0
    try:
        import scapy  # noqa: F401
    except ImportError:
        print("1..0 # SKIP python3-scapy is not installed")
        return 0
    print(f"1..{len(names())}")
    failed = 0
    for number, name in enumerate(names(), 1):
        why = check(name)
        print(f"{'not ok' if why else 'ok'} {number} - {name} is what its case.py writes")
        if why:
            failed += 1
            print(f"# {why}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
