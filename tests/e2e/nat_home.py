# SPDX-License-Identifier: MIT
"""A phone behind a router that gives it ports, forgets them, and gives it others: a NAT rebinding by real means.

    phone 192.168.7.2, fd07::2 --- .1 router (a client host of the lab) --- outside
"""
from lab.topology import Host

_PORTS = 1000  # of each mapping's range; all ranges below the phone's own ports, for a port that is in the range is kept
_RANGES = range(10_000, 30_000, _PORTS)


class NatHome:
    """second, second6  more addresses of the router, for rebind(moved=True)
    ipv6             the phone has that, too, and the router translates it likewise
    """

    def __init__(self, run, router, second="10.10.0.151", second6="fd10::151", ipv6=False):
        self.run, self.router, self._mappings = run, router, 0
        self.outside = ((router.address, router.address6), (second, second6))
        self._at = 0
        self.phone = Host(run, "phone", "192.168.7.2", "fd07::2")
        self.phone.ip(f"link add eth0 type veth peer name home netns {router.full_name}", "link set eth0 up",
                      "address add 192.168.7.2/24 dev eth0")
        router.ip("address add 192.168.7.1/24 dev home", "address add fd07::1/64 dev home nodad", "link set home up",
                  f"address add {second}/24 dev eth0", f"address add {second6}/64 dev eth0 nodad")
        self.phone.ip("route add default via 192.168.7.1")
        if ipv6:
            self.phone.ip("address add fd07::2/64 dev eth0 nodad", "route add default via fd07::1")
        router.forward_packets()
        self.rebind()

    def rebind(self, moved=False, same_ports=False):
        """From now on what comes from the phone bears other ports, also that of connections that are open; what went to
        the former ones reaches nobody.

        moved       and the router's other address
        same_ports  each connection bears the phone's own port, so that from the second time on the address alone changes
        """
        self._at ^= moved
        self._mappings += 1
        first = _RANGES[self._mappings % len(_RANGES)]
        ports = "" if same_ports else f":{first}-{first + _PORTS - 1}"
        v4, v6 = self.outside[self._at]
        path = self.run.path("nat-home.nft")
        path.write_text(f"""
            add table ip home
            delete table ip home
            table ip home {{
              chain out {{
                type nat hook postrouting priority srcnat;
                ip saddr 192.168.7.0/24 ip protocol udp snat to {v4}{ports}
                ip saddr 192.168.7.0/24 ip daddr != 192.168.7.0/24 snat to {self.outside[0][0]}
              }}
            }}
            add table ip6 home
            delete table ip6 home
            table ip6 home {{
              chain out {{
                type nat hook postrouting priority srcnat;
                ip6 saddr fd07::/64 meta l4proto udp snat to [{v6}]{ports}
                ip6 saddr fd07::/64 ip6 daddr != fd07::/64 snat to {self.outside[0][1]}
              }}
            }}
            """)
        self.router.call("nft", "-f", path)
        self.router.call("conntrack", "-F")
