# SPDX-License-Identifier: MIT
"""Makes seeds of the golden cases: parse/ has their frames, frame/ their conversations, config/ their configurations; and
of the recorded exchanges in tests/vectors: http/ and http_ask/ of whip/, client_hello/ of tls/, srt_handshake/ of srt/.

usage: golden_seeds.py FOLDER DEPFILE
"""
import itertools
import os
import shutil
import struct
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.dont_write_bytecode = True
sys.path.insert(0, str(TESTS / "golden"))
import pcap_file  # noqa: E402

# Cleat's own MAC addresses, in the golden cases and in tests/lb/frame_builder.h.
MACS = {bytes.fromhex("027063617000"): bytes.fromhex("020000000001"), bytes.fromhex("027063617001"): bytes.fromhex("020000000002")}
VECTORS = TESTS / "vectors"
STEER = bytes((5, 3, 4, 0xff))  # http_fuzz.cc: segments of up to 1,400 bytes, some late, some twice
CUT = bytes((1, 0))  # http_ask_fuzz.cc, client_hello_fuzz.cc: 256 bytes come first
NEXT_BURST_MS = 0x20  # frame_fuzz.cc: 4 ms pass before the frame


def sent(case):
    """[(port's number, frame)]: the first of each port, then the second of each..."""
    found = []
    for capture in sorted(case.glob("send*.pcap")):
        port = 1 if capture.stem == "send-inside" else 0
        found += [(number, port, frame) for number, frame in enumerate(pcap_file.read_frames(capture))]
    return [(port, MACS.get(frame[:6], frame[:6]) + frame[6:]) for _, port, frame in sorted(found)]


def main():
    folder, depfile = Path(sys.argv[1]), Path(sys.argv[2])
    cases = TESTS / "golden/cases"
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("parse", "frame", "config", "http", "http_ask", "client_hello", "srt_handshake"):
        (folder / name).mkdir(parents=True)
    recorded = {kind: sorted((VECTORS / kind).iterdir()) for kind in ("whip", "tls", "srt")}
    for exchange in recorded["whip"]:
        text = exchange.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")  # some are kept with bare line feeds
        (folder / "http" / exchange.stem).write_bytes(STEER + text)
        (folder / "http_ask" / exchange.stem).write_bytes(CUT + text)
    for hello in recorded["tls"]:
        (folder / "client_hello" / hello.stem).write_bytes(CUT + hello.read_bytes())
    for handshake in recorded["srt"]:
        shutil.copyfile(handshake, folder / "srt_handshake" / handshake.stem)
    known = set()
    for case in sorted(c for c in cases.iterdir() if (c / "config.yaml").exists()):
        frames = sent(case)
        records = [struct.pack(">BH", NEXT_BURST_MS | port, len(frame)) + frame for port, frame in frames]
        (folder / "frame" / case.name).write_bytes(b"".join(records))
        shutil.copyfile(case / "config.yaml", folder / "config" / f"{case.name}.yaml")
        for number, (_, frame) in enumerate(frames):
            if frame not in known:
                (folder / "parse" / f"{case.name}-{number}").write_bytes(frame)
            known.add(frame)
    os.utime(folder)
    inputs = [cases, *itertools.chain(*recorded.values()), *sorted(cases.glob("*/send*.pcap")), *sorted(cases.glob("*/config.yaml"))]
    depfile.write_text(f"{folder}: {' '.join(map(str, inputs))}\n", encoding="utf-8")


main()
