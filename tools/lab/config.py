# SPDX-License-Identifier: MIT
"""Cleat's configuration: what suits a Topology, as plain dicts to change at will, and as YAML."""
from .topology import LIPS


def config_for(net, api, state, forward="nat", workers="auto", driver="veth", pick="maglev", health=None):
    """A configuration for `net`: pool srs of all its backends, services rtmp, web, iperf (tcp, udp) of both families.

    api, state  paths of the socket and the state file
    driver      "veth" (af_xdp) or "packet" (af_packet)
    health      the pool's `health:`; None: GET /api/v1/versions each 500 ms
    """
    outside = {"name": "outside", "device": f"{driver}:eth1", "address": ["10.10.0.2/24", "fd10::2/64"],
               "gateway": ["10.10.0.1", "fd10::1"]}
    inside = {"name": "inside", "device": f"{driver}:eth2", "address": ["10.20.0.2/24", "fd20::2/64"]}
    if net.arms == 1:
        inside["gateway"] = ["10.20.0.1", "fd20::1"]
    health = health or {"http": "/api/v1/versions", "port": 1985, "interval": "500ms", "fast_interval": "200ms",
                        "timeout": "300ms", "rise": 2, "fall": 2}
    pools = {name: {"pick": pick, "health": dict(health),
                    "backends": [{"address": getattr(b, field), "weight": 100} for b in net.backends]}
             for name, field in (("srs", "address"), ("srs6", "address6"))}
    services = []
    for family, vip, pool in (("", net.vip, "srs"), ("6", net.vip6, "srs6")):
        services += [service("rtmp" + family, vip, "tcp", 1935, pool, forward, "source-ip"),
                     service("web" + family, vip, "tcp", 8080, pool, forward),
                     service("iperf" + family, vip, "tcp", 5201, pool, forward, "source-ip"),
                     service("iperf-udp" + family, vip, "udp", 5201, pool, forward, "source-ip")]
    return {"dataplane": {"workers": workers, "state": str(state),
                          "ports": [outside, inside] if net.arms == 2 else [inside]},
            "nat": {"addresses": list(LIPS)}, "pools": pools, "services": services,
            "api": {"listen": f"unix:{api}"}}


def service(name, vip, protocol, port, pool, forward="nat", affinity="tuple"):
    return {"name": name, "vip": vip, "protocol": protocol, "port": port, "pool": pool, "forward": forward,
            "affinity": affinity}


def to_yaml(value, depth=0):
    """Block style, with a line for each list item and for each mapping that holds plain values only."""
    pad = "  " * depth
    if isinstance(value, dict):
        return "".join(f"{pad}{key}:{_after_key(item, depth)}" for key, item in value.items())
    return "".join(f"{pad}- {_flow(item)}\n" for item in value)


def _after_key(item, depth):
    if _is_plain(item):
        return f" {_flow(item)}\n"
    return "\n" + to_yaml(item, depth + 1)


def _is_plain(value):
    """Short enough for one line: scalars, and collections of scalars."""
    if isinstance(value, dict):
        return all(not isinstance(v, (dict, list)) for v in value.values())
    return not isinstance(value, list) or all(not isinstance(v, (dict, list)) for v in value)


def _flow(value):
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k}: {_flow(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    if isinstance(value, str) and (":" in text or not text or text[0] in "-?*&!|>%@`'\"[]{}#,"):
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return text
