# SPDX-License-Identifier: MIT
"""Each program that publishes RTMP and each that plays it meet at one of three real servers by `affinity: stream`, over IPv4 and IPv6,
and all media arrives: every picture, every packet of sound.
"""
import collections

from staged import run_on_stages, say
from rtmp_programs import PLAYERS, PLAYERS6, PUBLISHERS, all_faults, play
from stream_peers import play_hls, stop
from stream_stage import Stage
from lab.nginx import Nginx

EACH = 3  # streams of each publisher


def nginx(run, build):
    return Stage(run, build, Nginx, "show", "m3u8", play_hls, records=True)


def each_publisher_meets_each_player(stage):
    where = _all_meet(stage, ("stream", "stream"))
    assert len(where) == len(stage.servers), where


def they_meet_whatever_their_families_are(stage):
    _all_meet(stage, ("stream6", "stream6"), ("stream6", "stream"), ("stream", "stream6"))


def nothing_is_left_of_them(stage):
    stage.comes_to_rest()
    peeks = stage.cleatd.api.peeks()
    say(f"peeks {peeks}, drops {stage.cleatd.api.drops()}")
    assert peeks["in_use"] == 0 and peeks["began"] == peeks["ends"]["joined"], peeks


def _all_meet(stage, *ways):
    """By each of the ways (of publishing, of playing), all at the same time: EACH streams of each publisher, with one player of each
    kind. Returns {server: streams}.
    """
    names = {way: {f"{'-'.join(way)}-{kind}-{i}": kind for kind in PUBLISHERS for i in range(EACH)} for way in ways}
    publishers = [PUBLISHERS[kind](stage.run, stage.client, stage.published, stage.rtmp_url(way[0], name), name)
                  for way in ways for name, kind in names[way].items()]
    streams = [name for way in ways for name in names[way]]
    stage.wait_playable(streams)
    pairs = {way: [play(kind, stage.run, stage.client, stage.rtmp_url(way[1], name), name) for name in names[way]
                   for kind in (PLAYERS6 if way[1] == "stream6" else PLAYERS)] for way in ways}
    played = sum(pairs.values(), [])
    left = stage.wait_met(played)
    where = stage.where(streams)
    stop(publishers + [each.child for each in played])
    assert not left, (where, [(each.kind, each.name, each.child.last_lines(2)) for each in left])
    stage.comes_to_rest()
    faults = all_faults(played, stage.recordings(streams), stage.published)
    assert not faults, faults
    for (publish_by, play_by), each in pairs.items():
        say(f"published by {publish_by}, played by {play_by}: {len(each)} of {len(each)} pairs")
    counts = {server: len(has) for server, has in where.items() if has}
    say(f"streams by server {counts}")
    return collections.Counter(counts)


TESTS = (each_publisher_meets_each_player, they_meet_whatever_their_families_are, nothing_is_left_of_them)

if __name__ == "__main__":
    run_on_stages((nginx, TESTS))
