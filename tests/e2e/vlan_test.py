# SPDX-License-Identifier: MIT
"""One interface, two VLANs: clients in one, backends in the other. Every byte in nat and dsr, both families."""
from staged import run_on_stages, say
import traffic_test as traffic
import trunk

CLIENTS_VLAN, BACKENDS_VLAN = 10, 20


class Stage(traffic.Stage):
    def network(self, run):
        net = super().network(run)
        self.trunk = trunk.start(run, net.balancer, "eth3", {CLIENTS_VLAN: net.outside, BACKENDS_VLAN: net.inside})
        return net

    def _config(self):
        config = super()._config()
        for port, vlan in zip(config["dataplane"]["ports"], (CLIENTS_VLAN, BACKENDS_VLAN)):
            port.update(device="veth:eth3", vlan=vlan)
        return config


def each_port_says_its_vlan(stage):
    for name, vlan in (("outside", CLIENTS_VLAN), ("inside", BACKENDS_VLAN)):
        line = next(line for line in stage.cleatd.child.log().splitlines() if f"port up port={name} " in line)
        assert "interface=eth3 " in line and f" vlan={vlan} " in line, line


def nothing_left_without_a_tag_or_in_another_vlan(stage):
    drops = stage.cleatd.api.drops()
    say(f"drops: {drops}")
    assert "a frame of VLAN" not in stage.trunk.log(), stage.trunk.log()
    assert not drops.get("unknown_vlan"), drops


TESTS = (each_port_says_its_vlan,
         traffic.body_over_http_in_nat_is_the_same_at_both_ends,
         traffic.body_over_http_in_nat_over_ipv6_is_the_same_at_both_ends,
         traffic.body_over_http_in_dsr_is_the_same_at_both_ends,
         traffic.body_over_http_in_dsr_over_ipv6_is_the_same_at_both_ends,
         traffic.bulk_tcp_in_nat_keeps_every_byte, traffic.bulk_tcp_in_nat_over_ipv6_keeps_every_byte,
         traffic.bulk_udp_in_nat_keeps_every_byte, traffic.bulk_udp_in_dsr_over_ipv6_keeps_every_byte,
         traffic.each_mode_was_what_it_says, nothing_left_without_a_tag_or_in_another_vlan,
         traffic.no_end_saw_a_wrong_checksum)

if __name__ == "__main__":
    run_on_stages((Stage, TESTS))
