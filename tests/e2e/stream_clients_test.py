# SPDX-License-Identifier: MIT
"""Each program that publishes RTMP and each that plays it meet at one of three real servers by `affinity: stream`, over IPv4 and IPv6,
and all media arrives: every picture, every packet of sound.
"""
import collections

from staged import run_on_stages, say
from rtmp_programs import PLAYERS, PLAYERS6, PUBLISHERS, play, recording_faults
from stream_peers import play_hls, stop
from stream_stage import Stage
from lab.nginx import Nginx

EACH = 3  # streams of each publisher


def nginx(run, build):
    return Stage(run, build, Nginx, "show", "m3u8", play_hls, records=True)


def each_publisher_meets_each_player(stage):
    where = _all_meet(stage, "stream", "stream")
    assert len(where) == len(stage.servers), where


def they_meet_whatever_their_families_are(stage):
    _all_meet(stage, "stream6", "stream6")
    _all_meet(stage, "stream6", "stream")
    _all_meet(stage, "stream", "stream6")


def nothing_is_left_of_them(stage):
    stage.comes_to_rest()
    peeks = stage.cleatd.api.peeks()
    say(f"peeks {peeks}, drops {stage.cleatd.api.drops()}")
    assert peeks["in_use"] == 0 and peeks["began"] == peeks["ends"]["joined"], peeks


def _all_meet(stage, publish_by, play_by):
    """EACH streams of each publisher, with one player of each kind. Returns {server: streams}."""
    names = {f"{publish_by}-{play_by}-{kind}-{i}": kind for kind in PUBLISHERS for i in range(EACH)}
    publishers = [PUBLISHERS[kind](stage.run, stage.client, stage.published, stage.rtmp_url(publish_by, name), name)
                  for name, kind in names.items()]
    stage.wait_playable(names)
    kinds = PLAYERS6 if play_by == "stream6" else PLAYERS
    played = [play(kind, stage.run, stage.client, stage.rtmp_url(play_by, name), name) for name in names for kind in kinds]
    left = stage.wait_met(played)
    where = stage.where(names)
    stop(publishers + [each.child for each in played])
    assert not left, (where, [(each.kind, each.name, each.child.last_lines(2)) for each in left])
    stage.comes_to_rest()
    faults = [fault for each in played for fault in each.faults(stage.published)]
    faults += [fault for recording in stage.recordings(names) for fault in recording_faults(recording, stage.published)]
    assert not faults, faults
    streams = {server: len(has) for server, has in where.items() if has}
    say(f"published by {publish_by}, played by {play_by}: {len(played)} of {len(played)} pairs; streams by server {streams}")
    return collections.Counter(streams)


TESTS = (each_publisher_meets_each_player, they_meet_whatever_their_families_are, nothing_is_left_of_them)

if __name__ == "__main__":
    run_on_stages((nginx, TESTS))
