# SPDX-License-Identifier: MIT
"""cleatctl trace while real packets pass, in nat and dsr: all of one flow and nothing else, drops by name, a capture that other
programs read, and a flood that it must not disturb.
"""
import ctypes
import ctypes.util
import re
import shutil
import signal
import struct
import subprocess
import sys

from staged import run_on_stages, say
from lab.child import Child
from lab.cleat import Cleatd, api_path, state_path
from lab.config import config_for, service
from lab.topology import Topology
from lab.wait import wait_for

NAT_VIP, NAT_VIP6 = "10.10.0.101", "fd10::101"
PORT, CLIENT_PORT, PACKETS, PAYLOAD = 7000, 41000, 50, 64
FLOOD_ROUNDS = 1563  # of 64 datagrams: 100,032

# Sends everything back to whom it came from.
_ECHO = """
import socket, sys
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], int(sys.argv[2])))
print("ready", flush=True)
while True:
    data, whom = s.recvfrom(2048)
    s.sendto(data, whom)
"""
# Sends so many datagrams, each with its number in front, from one port (and from so many next to it), and waits for each
# one's echo.
_ASK = """
import socket, sys
vip, port, own, count, size, ports = sys.argv[1], *map(int, sys.argv[2:])
for port_now in range(own, own + ports):
    s = socket.socket(socket.AF_INET6 if ":" in vip else socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("", port_now))
    s.settimeout(5)
    s.connect((vip, port))
    for i in range(count):
        sent = b"packet %04d " % i + b"." * (size - 12)
        s.send(sent)
        assert s.recv(2048) == sent
print(count)
"""
# Many datagrams from 64 ports, as fast as their echoes come back: no queue on the way may overflow, however busy the machine.
_FLOOD = """
import socket, sys
vip, port, rounds = sys.argv[1], *map(int, sys.argv[2:])
sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(64)]
for s in sockets:
    s.settimeout(20)
    s.connect((vip, port))
for i in range(rounds):
    for s in sockets:
        s.send(b"flood")
    for s in sockets:
        s.recv(16)
print(64 * rounds)
"""
# UDP headers that claim to be shorter than themselves.
_DAMAGED = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
for _ in range(int(sys.argv[2])):
    s.sendto(bytes.fromhex("a028" "1b58" "0007" "0000"), (sys.argv[1], 0))
"""


class Stage:
    def __init__(self, run, build):
        self.run, self.net = run, Topology(run, clients=2, backends=2, dsr=True)
        config = config_for(self.net, api_path(run), state_path(run))
        for pool in ("srs", "srs6"):
            del config["pools"][pool]["health"]
        config["services"] = [service("nat", NAT_VIP, "udp", PORT, "srs"), service("nat6", NAT_VIP6, "udp", PORT, "srs6"),
                              service("dsr", self.net.vip, "udp", PORT, "srs", "dsr")]
        for backend in self.net.backends:
            for address in (backend.address, backend.address6, self.net.vip):
                echo = Child(run, f"echo-{backend.name}-{address}", [sys.executable, "-c", _ECHO, address, PORT], backend)
                echo.wait_until(lambda echo=echo: "ready" in echo.log(), "it listens")
        self.cleatd = Cleatd(run, self.net.balancer, build, config).start()
        self.traces, self.last = 0, None
        for vip in (NAT_VIP, NAT_VIP6, self.net.vip):  # all MAC addresses are known then: no packet waits for one
            self.ask(vip, own=CLIENT_PORT + 100, count=1, ports=16)

    def ask(self, vip, client=0, own=CLIENT_PORT, count=PACKETS, ports=1):
        out = self.net.clients[client].call(sys.executable, "-c", _ASK, vip, PORT, own, count, PAYLOAD, ports).stdout
        assert int(out) == count, out

    def trace(self, *words):
        """cleatctl trace with these words; returns when workers have its conditions."""
        if self.last and self.last.running():
            self.last.stop()  # of a test that failed
        self.traces += 1
        begun = self.log_lines("trace begins")
        out = self.run.path(f"trace{self.traces}.out")
        child = Child(self.run, f"trace{self.traces}", self.cleatd.ctl_words("trace", *words), stdout=out)
        self.last = child
        child.wait_until(lambda: self.log_lines("trace begins") > begun, "the trace runs")
        return Trace(child, out)

    def log_lines(self, event):
        return sum(event in line for line in self.cleatd.child.log().splitlines())


class Trace:
    def __init__(self, child, out):
        self.child, self._out = child, out

    def wait_lines(self, count, deadline_s=10):
        wait_for(lambda: len(self._out.read_text().splitlines()) >= count, f"{count} lines", deadline_s)
        return self

    def end(self):
        """As Ctrl-C does; returns its lines."""
        self.child.send(signal.SIGINT)
        return self.lines()

    def lines(self, deadline_s=30):
        code = self.child.wait(deadline_s)
        assert code == 0, (code, self.child.log())
        return self._out.read_text().splitlines()

    def summary(self):
        """(packets, not kept)"""
        found = re.search(r"(\d+) packets, .*; (\d+) more were not kept", self.child.log())
        return tuple(map(int, found.groups()))


def flow_of(stage, vip, client_address, replies):
    """Traces a flow while another client and another port of the same use the same service; returns the lines."""
    trace = stage.trace("--client", client_address, "--port", CLIENT_PORT, "--packets", 1000, "--seconds", 60)
    stage.ask(vip, client=1)
    stage.ask(vip, own=CLIENT_PORT + 1)
    stage.ask(vip)
    wanted = PACKETS * (2 if replies else 1)
    lines = trace.wait_lines(wanted).end()
    say("\n".join([*lines[:2], lines[-1]]))
    assert len(lines) == wanted and trace.summary() == (wanted, 0), (len(lines), trace.summary())
    return lines


def backend_of(lines):
    found = {re.search(r"to backend (\S+) by", line).group(1) for line in lines}
    assert len(found) == 1, found
    return found.pop()


def all_packets_of_a_flow_in_nat_and_no_others(stage):
    client = stage.net.clients[0].address
    lines = flow_of(stage, NAT_VIP, client, replies=True)
    inward = [line for line in lines if f"outside {client}:{CLIENT_PORT} > {NAT_VIP}:{PORT} 106 forwarded inside 10.20.0." in line]
    outward = [line for line in lines if f"forwarded outside {NAT_VIP}:{PORT} > {client}:{CLIENT_PORT} to client" in line]
    assert len(inward) == len(outward) == PACKETS, (len(inward), len(outward))
    assert "by maglev" in lines[0] and all("by flow" in line for line in inward[1:]), lines[:3]
    shown = stage.cleatd.ctl("flow", "show", "--client", client, "--service", "nat").stdout
    assert f"{client}:{CLIENT_PORT}" in shown and backend_of(inward) in shown, shown


def all_packets_of_a_flow_in_nat_over_ipv6_and_no_others(stage):
    client = stage.net.clients[0].address6
    lines = flow_of(stage, NAT_VIP6, client, replies=True)
    assert sum(f"> [{NAT_VIP6}]:{PORT}" in line for line in lines) == PACKETS
    assert sum(f"[{NAT_VIP6}]:{PORT} > [{client}]:{CLIENT_PORT} to client" in line for line in lines) == PACKETS


def all_packets_of_a_flow_in_dsr_and_no_others(stage):
    """The answers do not come by Cleat."""
    client = stage.net.clients[0].address
    ends = f"{client}:{CLIENT_PORT} > {stage.net.vip}:{PORT}"
    lines = flow_of(stage, stage.net.vip, client, replies=False)
    assert all(f"outside {ends} 106 forwarded inside {ends} to backend" in line for line in lines), lines[:2]
    backend_of(lines)


def flow_why_names_the_backend_that_the_trace_saw(stage):
    client = f"{stage.net.clients[0].address}:{CLIENT_PORT}"
    lines = flow_of(stage, NAT_VIP, stage.net.clients[0].address, replies=True)
    backend = backend_of(line for line in lines if " w0 in " in line or " w1 in " in line)
    why = stage.cleatd.ctl("flow", "why", client, f"{NAT_VIP}:{PORT}/udp").stdout
    say(why)
    assert f"Its flow is on {backend}, which sees it as 10.20.0." in why and "maglev picked it" in why, why
    fresh = stage.cleatd.ctl("flow", "why", "10.10.0.21:9", f"{NAT_VIP}:{PORT}").stdout
    promised = re.search(r"would go to (\S+): ", fresh).group(1)
    trace = stage.trace("--client", "10.10.0.21", "--port", 9, "--packets", 2)
    stage.ask(NAT_VIP, own=9, count=1)
    assert backend_of(trace.lines()[:1]) == promised, promised


def who_is_behind_a_port_of_a_lip_is_one_look_up(stage):
    client = f"{stage.net.clients[0].address}:{CLIENT_PORT}"
    flows = stage.cleatd.api.get("/v1/flows?client=10.10.0.21&service=nat&limit=1000")["flows"]
    lip, lport = next(flow["lip"] for flow in flows if flow["client"] == client).rsplit(":", 1)
    found = stage.cleatd.api.get(f"/v1/flows?lport={lport}&lip={lip}")["flows"]
    assert [flow["client"] for flow in found] == [client], found


def drops_are_traced_by_name(stage):
    trace = stage.trace("--reason", "no_service", "--seconds", 60)
    stage.ask(NAT_VIP)
    for _ in range(3):
        stage.net.clients[0].call(sys.executable, "-c", "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); "
                                  f"s.sendto(b'x', ('{NAT_VIP}', 9))")
    lines = trace.wait_lines(3).end()
    say(lines[0])
    assert len(lines) == 3 and all(f"> {NAT_VIP}:9 43 dropped as no_service" in line for line in lines), lines


def a_malformed_packet_is_traced_by_its_reason(stage):
    trace = stage.trace("--reason", "bad_l4_header", "--seconds", 60)
    stage.net.clients[0].call(sys.executable, "-c", _DAMAGED, NAT_VIP, 2)
    lines = trace.wait_lines(2).end()
    say(lines[0])
    assert len(lines) == 2 and all(" 42 dropped as bad_l4_header" in line for line in lines), lines


def read_by_libpcap(path):
    """[(length, bytes)], as tcpdump -r sees them."""
    library = ctypes.CDLL(ctypes.util.find_library("pcap") or "libpcap.so.0.8")
    error = ctypes.create_string_buffer(256)
    library.pcap_open_offline.restype = ctypes.c_void_p
    library.pcap_next_ex.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    handle = library.pcap_open_offline(str(path).encode(), error)
    assert handle, error.value
    packets = []
    header, data = ctypes.POINTER(ctypes.c_uint32)(), ctypes.POINTER(ctypes.c_ubyte)()
    while library.pcap_next_ex(handle, ctypes.byref(header), ctypes.byref(data)) == 1:
        captured, length = header[4], header[5]  # behind a struct timeval
        packets.append((length, bytes(data[:captured])))
    library.pcap_close(ctypes.c_void_p(handle))
    return packets


def read_pcapng(path):
    """[(interface, comment, bytes)], read as draft-ietf-opsawg-pcapng says and no block passed over."""
    data, at, names, packets = path.read_bytes(), 0, [], []
    while at < len(data):
        kind, length = struct.unpack_from("=II", data, at)
        assert length % 4 == 0 and struct.unpack_from("=I", data, at + length - 4)[0] == length
        body = data[at + 8:at + length - 4]
        if kind == 1:
            names.append(options_of(body[8:])[2].decode())
        elif kind == 6:
            interface, _, _, kept, size = struct.unpack_from("=5I", body)
            options = options_of(body[20 + (kept + 3) // 4 * 4:])
            direction = struct.unpack("=I", options[2])[0]
            assert names[interface].endswith({1: " in", 2: " out"}[direction])
            packets.append((names[interface], options[1].decode(), body[20:20 + kept]))
            assert size >= kept
        else:
            assert kind == 0x0a0d0d0a and struct.unpack_from("=I", body)[0] == 0x1a2b3c4d and at == 0
        at += length
    return packets


def options_of(data):
    found, at = {}, 0
    while True:
        code, length = struct.unpack_from("=HH", data, at)
        if code == 0:
            return found
        found[code] = data[at + 4:at + 4 + length]
        at += 4 + (length + 3) // 4 * 4


def internet_sum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total > 0xffff:
        total = (total & 0xffff) + (total >> 16)
    return total


def has_right_checksums(frame):
    """Of a UDP datagram in IPv4, RFC 791 and 768."""
    ip, udp = frame[14:34], frame[34:]
    return internet_sum(ip) == 0xffff and internet_sum(ip[12:] + struct.pack(">HH", 17, len(udp)) + udp) == 0xffff


def a_capture_holds_what_was_sent_and_other_programs_read_it(stage):
    path = stage.run.path("seen.pcapng")
    client = stage.net.clients[0].address
    trace = stage.trace("--client", client, "--port", CLIENT_PORT, "--packets", 2 * PACKETS, "--write", path,
                        "--snaplen", 256, "--seconds", 60)
    stage.ask(NAT_VIP)
    assert len(trace.lines()) == 2 * PACKETS
    payloads = [b"packet %04d " % i + b"." * (PAYLOAD - 12) for i in range(PACKETS)]
    seen = read_by_libpcap(path)
    assert len(seen) == 4 * PACKETS and all(length == len(data) == 14 + 28 + PAYLOAD for length, data in seen)
    by_payload = [data[42:] for _, data in seen]
    assert all(by_payload.count(payload) == 4 for payload in payloads)
    if shutil.which("tcpdump"):
        read = subprocess.run(["tcpdump", "-nr", path], check=True, capture_output=True, text=True, timeout=30)
        assert len(read.stdout.splitlines()) == 4 * PACKETS
    rows = read_pcapng(path)
    names = [name for name, _, _ in rows]
    assert all(names.count(name) == PACKETS for name in ("outside in", "inside out", "inside in", "outside out")), names
    assert [frame for _, _, frame in rows] == [frame for _, frame in seen]
    assert all("forwarded" in comment and ("to backend" in comment or "to client" in comment) for _, comment, _ in rows)
    # Kernels leave sums of what they hand to a veth unfinished; what Cleat sends by RFC 1624 is right if what came was.
    came = [has_right_checksums(frame) for _, _, frame in rows[0::2]]
    left = [has_right_checksums(frame) for _, _, frame in rows[1::2]]
    say(f"checksums: {sum(came)} of {len(came)} right as they came, {sum(left)} of {len(left)} as they left")
    assert came == left


def a_capture_keeps_no_more_bytes_than_it_was_told_to(stage):
    path = stage.run.path("short.pcapng")
    trace = stage.trace("--client", "10.10.0.21", "--packets", 4, "--write", path, "--snaplen", 42)
    stage.ask(NAT_VIP, count=2)
    trace.lines()
    assert {(length, len(data)) for length, data in read_by_libpcap(path)} == {(14 + 28 + PAYLOAD, 42)}


def a_flood_while_tracing_disturbs_nothing(stage):
    before, came = stage.cleatd.api.drops(), stage.cleatd.api.service("nat")["packets_in"]
    trace = stage.trace("--service", "nat", "--packets", 10_000, "--seconds", 300, "--write", stage.run.path("flood.pcapng"))
    words = [sys.executable, "-c", _FLOOD, NAT_VIP, PORT, FLOOD_ROUNDS]
    sent = int(stage.net.clients[1].call(*words, timeout_s=200).stdout)
    lines = trace.lines(60)
    after = stage.cleatd.api.drops()
    dropped = {reason: count - before.get(reason, 0) for reason, count in after.items() if count != before.get(reason, 0)}
    say(f"{sent} datagrams and their echoes, dropped {dropped}, traced {trace.summary()}")
    assert not dropped and len(lines) == 10_000
    assert stage.cleatd.api.service("nat")["packets_in"] - came == sent


def a_trace_that_nobody_reads_ends_by_itself(stage):
    stage.cleatd.api.request("POST", "/v1/trace", {"seconds": 600})
    wait_for(lambda: "by=unread" in stage.cleatd.child.log(), "it ended", 15)
    stage.trace("--packets", 1).end()


def one_trace_runs_at_a_time(stage):
    first = stage.trace("--client", "192.0.2.1", "--seconds", 60)
    second = stage.cleatd.ctl("trace", check=False)
    assert second.returncode == 1 and "another trace runs" in second.stderr, second
    first.end()


TESTS = (all_packets_of_a_flow_in_nat_and_no_others, all_packets_of_a_flow_in_nat_over_ipv6_and_no_others,
         all_packets_of_a_flow_in_dsr_and_no_others, flow_why_names_the_backend_that_the_trace_saw,
         who_is_behind_a_port_of_a_lip_is_one_look_up, drops_are_traced_by_name, a_malformed_packet_is_traced_by_its_reason,
         a_capture_holds_what_was_sent_and_other_programs_read_it, a_capture_keeps_no_more_bytes_than_it_was_told_to,
         a_flood_while_tracing_disturbs_nothing, a_trace_that_nobody_reads_ends_by_itself, one_trace_runs_at_a_time)

if __name__ == "__main__":
    run_on_stages((Stage, TESTS))
