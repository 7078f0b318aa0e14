# SPDX-License-Identifier: MIT
"""A switch port that carries several VLANs tagged (IEEE 802.1Q), for kernels without VLANs of their own: each VLAN is one of the lab's
switches.

Imported, it lays a cable to a host and starts itself; as a program it is what runs: arguments NAMESPACE INTERFACE VLAN=NAMESPACE...
"""
import ctypes
import fcntl
import os
import select
import socket
import struct
import subprocess
import sys
from pathlib import Path

_ETH_P_ALL, _ETHER_VLAN = 0x0003, 0x8100
_TUNSETIFF, _IFF_TAP, _IFF_NO_PI = 0x400454ca, 0x0002, 0x1000
# linux/if_packet.h
_SOL_PACKET, _PACKET_AUXDATA, _PACKET_IGNORE_OUTGOING, _TP_STATUS_VLAN_VALID = 263, 8, 23, 1 << 4
_AUXDATA = struct.Struct("IIIHHHH")
_SO_RCVBUFFORCE, _RECEIVE_BYTES = 33, 16 << 20
_CLONE_NEWNET = 0x40000000


def start(run, host, interface, switches):
    """Gives `host` an interface on the trunk. switches: {VLAN: Switch}. Returns when it carries frames."""
    from lab.child import Child
    from lab.link import offloads_off
    from lab.namespace import Namespace
    space = Namespace(run, "trunk")
    host.ip(f"link add {interface} type veth peer name port netns {space.full_name}")
    # The kernels have nothing to say on this cable: what they say without a tag would be counted.
    for each, end in ((host, interface), (space, "port")):
        each.sh(f"echo 1 > /proc/sys/net/ipv6/conf/{end}/disable_ipv6")
        each.ip(f"link set {end} up")
    offloads_off(host, interface)
    offloads_off(space, "port")
    places = [f"{vlan}={switch.space.full_name}" for vlan, switch in switches.items()]
    child = Child(run, "trunk", [sys.executable, "-B", Path(__file__), space.full_name, "port", *places])
    child.wait_until(lambda: "ready" in child.log(), "it was ready")
    return child


def _enter(space):
    with open(f"/run/netns/{space}", "rb") as file:
        if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), _CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"setns {space}")


def _tap(space):
    """A port of the switch in this namespace; what the switch sends there can be read."""
    _enter(space)
    tap = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tap, _TUNSETIFF, struct.pack("16sH", b"trunk", _IFF_TAP | _IFF_NO_PI))
    subprocess.run(["ip", "link", "set", "trunk", "master", "br0", "up"], check=True)
    return tap


def _wire(space, interface):
    _enter(space)
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
    wire.bind((interface, 0))
    wire.setsockopt(_SOL_PACKET, _PACKET_AUXDATA, 1)
    wire.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
    wire.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _RECEIVE_BYTES)
    return wire


def _untagged(wire):
    """(VLAN or None, the frame without its tag): the kernel hands tags over beside the frame."""
    frame, beside, _, _ = wire.recvmsg(65535, 64)
    for level, kind, data in beside:
        if (level, kind) == (_SOL_PACKET, _PACKET_AUXDATA):
            status, _, _, _, _, control, _ = _AUXDATA.unpack(data[:_AUXDATA.size])
            if status & _TP_STATUS_VLAN_VALID:
                return control & 0xfff, frame
    return None, frame


def main(space, interface, *places):
    taps = {int(vlan): _tap(switch) for vlan, switch in (place.split("=") for place in places)}
    wire = _wire(space, interface)
    tags = {tap: struct.pack("!HH", _ETHER_VLAN, vlan) for vlan, tap in taps.items()}
    poll = select.epoll()
    for each in (wire, *tags):
        poll.register(each, select.EPOLLIN)
    print("ready", flush=True)
    while True:
        for number, _ in poll.poll():
            if number == wire.fileno():
                vlan, frame = _untagged(wire)
                if vlan in taps:
                    os.write(taps[vlan], frame)
                else:
                    print(f"a frame of VLAN {vlan} from Cleat", flush=True)
            else:
                frame = os.read(number, 65535)
                wire.send(frame[:12] + tags[number] + frame[12:])


if __name__ == "__main__":
    main(*sys.argv[1:])
