# SPDX-License-Identifier: MIT
"""A phone behind a router that gives it ports, forgets them, and gives it others: a NAT rebinding by real means.

    phone 192.168.7.2 --- 192.168.7.1 router (a client host of the lab) --- outside
"""
from lab.topology import Host

_PORTS = 1000  # of each mapping's range


class NatHome:
    def __init__(self, run, router):
        self.run, self.router, self._mappings = run, router, 0
        self.phone = Host(run, "phone", "192.168.7.2")
        self.phone.ip(f"link add eth0 type veth peer name home netns {router.full_name}", "link set eth0 up",
                      "address add 192.168.7.2/24 dev eth0")
        router.ip("address add 192.168.7.1/24 dev home", "link set home up")
        self.phone.ip("route add default via 192.168.7.1")
        router.forward_packets()
        self.rebind()

    def rebind(self):
        """From now on what comes from the phone bears other ports, also that of connections that are open."""
        first = 20_000 + self._mappings * _PORTS
        self._mappings += 1
        path = self.run.path("nat-home.nft")
        path.write_text(f"""
            add table ip home
            delete table ip home
            table ip home {{
              chain out {{
                type nat hook postrouting priority srcnat;
                ip saddr 192.168.7.0/24 ip protocol udp snat to {self.router.address}:{first}-{first + _PORTS - 1}
                ip saddr 192.168.7.0/24 ip daddr != 192.168.7.0/24 masquerade
              }}
            }}
            """)
        self.router.call("nft", "-f", path)
        self.router.call("conntrack", "-F")
