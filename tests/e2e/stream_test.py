# SPDX-License-Identifier: MIT
"""Publishers and players of one stream meet at one of three real servers, whoever comes first and whatever the player's protocol, if
the service's affinity is `stream`; by `tuple` a third of them do.

nginx gives out by HLS what comes by RTMP, node-media-server by HTTP-FLV.
"""
import collections

from staged import run_on_stages, say
from stream_peers import play_flv, play_hls, recording_faults, stop
from stream_stage import Stage
from lab.loss import Loss
from lab.nginx import RTMP_PORT, WEB_PORT, Nginx
from lab.node_media import NodeMedia, no_node_media
from tap import Skipped

COUNT, LOSSY, DYING = 60, 15, 12


def nginx(run, build):
    return Stage(run, build, Nginx, "show", "m3u8", play_hls, records=True)


def node_media(run, build):
    if reason := no_node_media():
        raise Skipped(reason)
    return Stage(run, build, NodeMedia, "live", "flv", play_flv)


def by_tuple_about_a_third_meet(stage):
    """The question is put once, when the stream is there."""
    names = streams("tuple", COUNT)
    publishers = stage.publish("tuple", names)
    stage.wait_playable(names)
    met = len(stage.answered_at_once("tuple", names))
    stop(publishers)
    say(f"{met} of {COUNT} met")
    assert COUNT / 12 < met < COUNT * 2 / 3, met  # beyond that in one of a million runs


def by_stream_all_meet(stage):
    where = all_meet(stage, streams("stream", COUNT))
    say(f"{COUNT} published, {2 * COUNT} of {2 * COUNT} players met them; streams by server {dict(where)}")
    assert len(where) == len(stage.servers) and where.total() == COUNT, where


def so_they_do_when_every_fiftieth_packet_is_lost(stage):
    ports = f"{{ {RTMP_PORT}, {WEB_PORT} }} numgen random mod 100 < 2"
    with Loss({stage.client: f"tcp sport {ports}", **{backend: f"tcp dport {ports}" for backend in stage.net.backends}}) as loss:
        all_meet(stage, streams("lossy", LOSSY))
    say(f"{loss.packets()} packets lost")
    assert loss.packets() > 20


def who_published_to_a_server_that_was_killed_goes_on_elsewhere_at_the_first_try(stage):
    """From the moment on at which it counts as down. The server itself stays away."""
    names = streams("dying", DYING)
    publishers = dict(zip(names, stage.publish("stream", names)))
    stage.wait_playable(names)
    where = stage.where(names)
    dead = max(stage.servers, key=lambda server: len(where[server.name]))
    lost = sorted(where[dead.name])
    dead.child.kill()
    stage.servers.remove(dead)
    for name in lost:
        publishers.pop(name).wait(20)
    stage.cleatd.wait_healthy("srs", len(stage.servers), 20)
    again = stage.publish("stream", lost)
    stage.wait_playable(lost)
    played = stage.play("stream", names)
    left = stage.wait_met(played)
    go_on = [child.running() for child in (*again, *publishers.values())]
    stop([*again, *publishers.values(), *(each.child for each in played)])
    say(f"{len(lost)} of {DYING} published elsewhere, {len(played)} players; others: {len(publishers)} of {DYING}")
    assert lost and not left and all(go_on), (lost, [(each.kind, each.name) for each in left], go_on)


def nothing_is_left_of_them(stage):
    stage.comes_to_rest()
    peeks = stage.cleatd.api.peeks()
    say(f"peeks {peeks}, drops {stage.cleatd.api.drops()}")
    assert peeks["in_use"] == 0 and peeks["began"] == sum(peeks["ends"].values())


def streams(prefix, count):
    return [f"{prefix}-{i}" for i in range(count)]


def all_meet(stage, names):
    """Publishes and plays each of them by two protocols, every other one before it is published. Returns {server: streams}."""
    early, late = names[::2], names[1::2]
    played = stage.play("stream", early, early=True)
    stage.wait_waiting("stream", [each for each in played if each.kind != "hls"])
    publishers = stage.publish("stream", names)
    stage.wait_playable(names)
    played += stage.play("stream", late)
    left = stage.wait_met(played)
    where = stage.where(names)
    read = 0 if left else stage.read_while([each for each in played if each.kind != "hls"])
    stop(publishers + [each.child for each in played])
    assert not left, (where, [(each.kind, each.name, each.child.last_lines(1)) for each in left])
    assert read == 0, "Cleat reads on"
    stage.comes_to_rest()
    faults = [fault for each in played for fault in each.faults(stage.published)]
    faults += [fault for recording in stage.recordings(names) for fault in recording_faults(recording, stage.published)]
    assert not faults, faults
    return collections.Counter({server: len(has) for server, has in where.items()})


TESTS = (by_tuple_about_a_third_meet, by_stream_all_meet, so_they_do_when_every_fiftieth_packet_is_lost, nothing_is_left_of_them)

if __name__ == "__main__":
    run_on_stages((nginx, TESTS), (node_media, (*TESTS[:-1], who_published_to_a_server_that_was_killed_goes_on_elsewhere_at_the_first_try,
                                                TESTS[-1])))
