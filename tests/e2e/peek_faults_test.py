# SPDX-License-Identifier: MIT
"""Clients whose network or whose own ways are odd, at a service that reads what they want before it picks a server: all that a real
server would answer is answered whole, by one server.
"""
from staged import run_on_stages, say
from peek_stage import CAM, Stage
from lab.loss import Loss
from lab.nginx import WEB_PORT
from lab.wire import Wire


def clients_of_both_families_are_answered(stage):
    for name in stage.vips:
        stage.all_whole(stage.ask("--count", 5, name=name))


def a_request_may_come_byte_by_byte(stage):
    for name in stage.vips:
        stage.all_whole(stage.ask("--count", 3, "--piece", 1, name=name))


def segments_may_be_short(stage):
    """RFC 9293 section 3.7.1: 536 bytes is what everybody takes."""
    stage.all_whole(stage.ask("--count", 3, "--mss", 536, "--pad", 3000))


def a_request_line_of_sixteen_kilobytes_is_read(stage):
    stage.all_whole(stage.ask("--count", 3, "--pad", 16_000))
    stage.all_whole(stage.ask("--count", 3, "--pad", 16_000, "--mss", 536))


def one_that_is_longer_than_what_is_read_is_reset(stage):
    rows = stage.ask("--count", 3, "--pad", 24_000)
    assert all(row["end"] == "reset" and not row["status"] and row["after_s"] < 5 for row in rows), rows
    assert stage.ends()["too_long"] == len(rows), stage.ends()
    stage.serves()


def every_fiftieth_packet_may_be_lost(stage):
    part = f"{WEB_PORT} numgen random mod 100 < 2"
    with Loss({stage.client: f"tcp sport {part}", **{backend: f"tcp dport {part}" for backend in stage.net.backends}}) as loss:
        stage.all_whole(stage.ask("--count", 20, "--pad", 4000))
        stage.all_whole(stage.ask("--count", 20, "--pad", 1000, "--piece", 100))
    say(f"{loss.packets()} packets lost")
    assert loss.packets() > 100


def packets_may_overtake_each_other_and_come_twice(stage):
    with Wire(stage.run, stage.net.outside, stage.client, late=0.1, late_ms=5, twice=0.02) as wire:
        stage.all_whole(stage.ask("--count", 10, "--pad", 8000))
        stage.all_whole(stage.ask("--count", 10, "--pad", 2000, "--mss", 536))
        frames = wire.frames()
    say(frames)
    assert frames["late"] > 100 and frames["twice"] > 20, frames


def all_of_it_at_once(stage):
    with Wire(stage.run, stage.net.outside, stage.client, late=0.05, late_ms=20, twice=0.02, lost=0.02) as wire:
        stage.all_whole(stage.ask("--count", 10, "--pad", 4000, "--mss", 536))
        stage.all_whole(stage.ask("--count", 5, "--piece", 7))
        frames = wire.frames()
    say(frames)
    assert frames["lost"] > 20, frames


def one_server_has_answered_them_all(stage):
    say(f"asked for {CAM}: {stage.servers()}")
    assert len(stage.servers()) == 1


def nothing_is_left_of_them(stage):
    stage.comes_to_rest()
    say(f"ends {dict(stage.ends())}, drops {stage.cleatd.api.drops()}")
    assert set(stage.ends()) == {"joined", "too_long"}


TESTS = (clients_of_both_families_are_answered, a_request_may_come_byte_by_byte, segments_may_be_short,
         a_request_line_of_sixteen_kilobytes_is_read, one_that_is_longer_than_what_is_read_is_reset,
         every_fiftieth_packet_may_be_lost, packets_may_overtake_each_other_and_come_twice, all_of_it_at_once,
         one_server_has_answered_them_all, nothing_is_left_of_them)

if __name__ == "__main__":
    run_on_stages((Stage, TESTS))
