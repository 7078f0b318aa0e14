# SPDX-License-Identifier: MIT
"""The demo's steps. Each does one thing to the stage, proves it, and returns what to print: (line, [detail]). Its first
words say on the terminal what goes on.

StepFailed if what was promised did not hold.
"""
import time
from ipaddress import ip_address, ip_network

from ..crowd import ask_who
from ..topology import LIPS, Topology
from ..traffic import fetch_text, url
from . import screen
from .stage import POOL
from .supervisor import STALL_S

PLAY_S = 10.0
ACCEPTED_WITHIN_S = 3.0
WEIGHTS = (3, 1, 1)
CONNECTIONS, MOST_OFF = 300, 30

_WHY_SOURCE_IP = ("Publisher and player of a stream share one client address, and the service has `affinity: source-ip`:\n"
                  "the servers are independent origins and do not share streams, so both must reach the same one.")


class StepFailed(Exception):
    """Says what did not hold, with figures."""


def require(held, text):
    if not held:
        raise StepFailed(text)


def start(stage):
    """cleatd starts and checks the servers"""
    ready_s, healthy_s = stage.start_cleat()
    return (f"cleatd answers after {ready_s:.1f} s ({stage.driver()} on veth, no huge pages), {len(stage.origins)} of "
            f"{len(stage.origins)} nginx healthy after {healthy_s:.1f} s; VIP {stage.net.vip}", [])


def publish(stage):
    """publishers start, until every server carries one"""
    carried = stage.publish_until_all_carry()
    require(len(carried) == len(stage.origins), f"{len(stage.streams)} publishers reached only "
            f"{[o.name for o in carried]}")
    return (f"{len(stage.streams)} ffmpeg publish H.264 and AAC to rtmp://{stage.net.vip}/live/NAME; "
            "every server carries some", [])


def play(stage):
    """players record ten seconds through the VIP"""
    for stream in stage.streams:
        stream.play()
    for stream in stage.streams:
        stream.player.wait_playing()
    loads = carried_now(stage)
    until = time.monotonic() + PLAY_S + 0.5
    stage.wait(lambda: time.monotonic() > until, "the players", PLAY_S + 5)
    recordings = check_recordings(stage.streams, PLAY_S)
    for stream in stage.streams:
        stream.play()
    return (f"{len(recordings)} ffmpeg play through the VIP; ffprobe: {_summary(recordings)}",
            [loads, _WHY_SOURCE_IP, who_is_seen(stage)])


def who_is_seen(stage):
    """What the mode means to a server: whose address it sees, and which way its bytes go."""
    client = stage.net.clients[0]
    seen = fetch_text(client, url(stage.net.vip, "/from"))
    traffic = stage.cleatd.api.service("rtmp")
    there, back = (traffic[key] / 1e6 for key in ("bytes_in", "bytes_out"))
    if stage.mode == "nat":
        require(ip_address(seen) in ip_network(LIPS[0]), f"nat: the server sees {seen}")
        return f"nat: a server sees {client.address} as {seen}; Cleat carried {there:.1f} MB there and {back:.1f} MB back."
    require(seen == client.address and back == 0, f"dsr: the server sees {seen}, {back:.1f} MB came back through Cleat")
    return f"dsr: a server sees {client.address} as {seen}; Cleat carried {there:.1f} MB there and nothing back."


def carried_now(stage):
    rows = []
    for origin in stage.origins:
        streams = {name: s for name, s in origin.streams().items() if s.publishers or s.players}
        rows.append((origin.name, origin.space.address, sum(s.publishers for s in streams.values()),
                     sum(s.players for s in streams.values()), " ".join(sorted(streams))))
    total = len(stage.streams)
    require(sum(r[2] for r in rows) == total and sum(r[3] for r in rows) == total,
            f"{total} publishers and players are there, but the servers carry {rows}")
    return screen.table(("backend", "address", "publishers", "players", "streams"), rows)


def check_recordings(streams, at_least_s):
    """Ends the players; every packet must follow its predecessor by one frame, and every frame must decode."""
    recordings = []
    for stream in streams:
        recording = stream.finish_playing()
        require(recording.packets and recording.seconds >= at_least_s,
                f"{stream.name}: only {recording.seconds:.1f} s of media came through")
        require(not recording.gaps and not recording.errors and recording.decoded == recording.packets,
                f"{stream.name}: {recording.decoded} of {recording.packets} frames decoded, gaps at "
                f"{recording.gaps[:3]}, errors {recording.errors[:3]}")
        recordings.append(recording)
    return recordings


def _summary(recordings):
    frames = sum(r.decoded for r in recordings)
    return (f"{frames} of {sum(r.packets for r in recordings)} frames decoded, at least "
            f"{min(r.seconds for r in recordings):.1f} s each, no gap")


def kill(stage):
    """a server vanishes; who notices, and when?"""
    carried = stage.carried()
    victim = min((o for o in stage.origins), key=lambda o: (len(carried[o]), -stage.origins.index(o)))
    hit = carried[victim]
    spared = [s for s in stage.streams if s not in hit]
    for stream in spared:
        stream.player.wait_playing()
    begin = time.time()
    Topology.cut(victim.space)
    down_at = []

    def accepted():
        if not down_at and stage.cleatd.api.backends(POOL)[victim.space.address]["state"] == "down":
            down_at.append(time.time())
        return down_at and all(s.accepted_at(begin) for s in hit)
    stage.wait(accepted, f"the publishers of {victim.name} to be accepted elsewhere", 15.0)
    times = sorted(s.accepted_at(begin) - begin for s in hit)
    noticed = min(s.supervisor.restarts[0] for s in hit) - begin
    new_places = sorted({s.origin(begin).name for s in hit})
    line = (f"{victim.name} vanished: link down, no FIN. {' '.join(s.name for s in hit)} published on "
            f"{' '.join(new_places)} {times[0]:.2f} s later (limit {ACCEPTED_WITHIN_S:g} s).\n"
            f"Of that, its supervisor took {noticed:.2f} s (it waits {STALL_S:g} s for an ACK, then restarts ffmpeg); "
            f"Cleat knew after {down_at[0] - begin:.2f} s.")
    require(times[-1] <= ACCEPTED_WITHIN_S, line)
    require(victim.name not in new_places, line)
    for stream in hit:  # a player of a dead server waits for ever: start it anew, as a viewer would
        stream.player.child.kill()
        stream.play()
        stream.player.wait_playing()
    until = begin + 6.0
    stage.wait(lambda: time.time() > until, "the other streams", 10)
    recordings = check_recordings(spared, 5.0)
    for stream in spared:
        stream.play()
    return line, [f"The {len(spared)} streams on the other servers: {_summary(recordings)}."]


def restore(stage):
    """the server comes back"""
    gone = next(b for b in stage.net.backends if stage.cleatd.api.backends(POOL)[b.address]["state"] == "down")
    begin = time.monotonic()
    stage.net.restore(gone)
    stage.wait(lambda: stage.cleatd.api.backends(POOL)[gone.address]["state"] == "up", f"{gone.name} to be up", 10.0)
    return f"{gone.name} is back: healthy {time.monotonic() - begin:.1f} s after its link", []


def weights(stage):
    """cleatctl weighs the servers 3:1:1"""
    for stream in stage.streams:
        stream.player.wait_playing()
    for backend, weight in zip(stage.net.backends, WEIGHTS):
        stage.cleatd.ctl("backend", "weight", POOL, backend.address, weight)
    answered = ask_who(stage.net, stage.net.vip, CONNECTIONS)
    require(not answered.failures, f"{len(answered.failures)} of {CONNECTIONS} connections failed, the first: "
            f"{answered.failures[:1]}")
    rows = []
    for backend, weight in zip(stage.net.backends, WEIGHTS):
        expected = CONNECTIONS * weight // sum(WEIGHTS)
        came = answered.answers[backend.name]
        rows.append((backend.name, weight, came, expected, came - expected))
        require(abs(came - expected) <= MOST_OFF, f"{backend.name} got {came} of {CONNECTIONS} connections, expected "
                f"{expected} +-{MOST_OFF}")
    recordings = check_recordings(stage.streams, 0.5)
    for stream in stage.streams:
        stream.play()
    return (f"cleatctl set weights {':'.join(map(str, WEIGHTS))}; {CONNECTIONS} new connections from {CONNECTIONS} "
            f"addresses went (limit +-{MOST_OFF})",
            [screen.table(("backend", "weight", "connections", "expected", "off by"), rows),
             f"Streams played on meanwhile: {_summary(recordings)}."])


ALL = (start, publish, play, kill, restore, weights)
