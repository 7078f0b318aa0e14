# SPDX-License-Identifier: MIT
"""A lab on one machine: network namespaces, switches, real media servers, real clients, and Cleat between them.

Needs root, Python's standard library and Debian's iproute2, ethtool, nginx, libnginx-mod-rtmp, ffmpeg, curl, iperf3.

    with Run() as run:                                 # a name and a folder of its own; leaves nothing behind
        net = Topology(run, arms=2, clients=3)         # topology.py draws it
        origins = [Nginx(run, backend) for backend in net.backends]
        cleatd = Cleatd(run, net.balancer, build, config_for(net))
        publisher = Publisher(run, net.clients[0], "rtmp://10.10.0.100/live/one")

Several runs at once do not meet: every name holds the pid of the run, and nothing listens outside its namespaces.
"""
