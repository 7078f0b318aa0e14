# SPDX-License-Identifier: MIT
"""Cables and switches: veth pairs from hosts to a kernel bridge that lives in a namespace of its own."""
from .namespace import Namespace


# Where the module is loaded a bridge shows each frame to iptables, at a third of what it costs; a switch does not.
_NO_FILTER = "for f in /proc/sys/net/bridge/bridge-nf-call-*; do [ ! -e $f ] || echo 0 > $f; done"


class Switch:
    """A kernel bridge in its own namespace. Floods multicast (no snooping), so neighbour discovery needs no querier."""

    def __init__(self, run, name):
        self.space = Namespace(run, name)
        self.space.ip("link add br0 type bridge forward_delay 0 mcast_snooping 0", "link set br0 up")
        self.space.sh(_NO_FILTER)

    def plug(self, host, addresses=(), interface="eth0", faces_cleat=False, queues=None):
        """Lays a cable from `host` to this switch. The switch's end is called after the host.

        addresses    with prefix length, of either family; none for an interface that Cleat takes
        faces_cleat  offloads off on both ends: Cleat must see whole checksums and single segments
        queues       receive queues that `host` may use at most, and as many are fed; None: as ip(8) makes it
        """
        port = host.name if interface == "eth0" else f"{host.name}-{interface}"
        many = f"numrxqueues {queues} numtxqueues {queues}" if queues else ""
        host.ip(f"link add {interface} {many} type veth peer name {port} {many} netns {self.space.full_name}")
        self.space.ip(f"link set {port} master br0", f"link set {port} up")
        if faces_cleat:
            offloads_off(host, interface)
            offloads_off(self.space, port)
        # The kernel's own link-local address is tentative for a second, and neighbour discovery would wait for it.
        link_locals = ["fe80" + a[a.index("::"):] for a in addresses if "::" in a]
        host.ip(f"link set {interface} addrgenmode none", f"link set {interface} up",
                *(f"address add {a} dev {interface}{' nodad' if ':' in a else ''}" for a in (*addresses, *link_locals)))
        return port


def offloads_off(space, interface):
    space.call("ethtool", "-K", interface, "tx", "off", "tso", "off", "gso", "off", "gro", "off")
