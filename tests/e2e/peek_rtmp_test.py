# SPDX-License-Identifier: MIT
"""Clients and servers that end an RTMP connection by FIN or RST, or say no more, in each of its phases: who is left is told, and nobody
else notices.
"""
from staged import run_on_stages, say
from rtmp_stage import Stage
from lab.loss import Loss
from lab.nginx import RTMP_PORT
from lab.wait import wait_for

COUNT = 5
UNNAMED, NAMED = ("c1", "c2", "connect", "create"), ("publish", "media")  # phases of a client, odd_rtmp_client.py
UNJOINED, JOINED = ("accept", "handshake", "connect", "create"), ("publish", "media")  # of a server, odd_rtmp_server.py
# Of what comes to a server: SYNs, so that the connection to it is not opened; segments with a payload, so that it hears nothing.
OPENING = f"tcp dport {RTMP_PORT} tcp flags & (syn | ack) == syn"
SETTLING = f"tcp dport {RTMP_PORT} ip length > 60"


def who_closes_before_it_names_a_stream_is_answered_in_kind(stage):
    for then in ("fin", "fin_with_it"):
        for phase in UNNAMED:
            rows = stage.ask("--count", COUNT, "--phase", phase, "--then", then)
            assert _all(rows, "closed") and stage.ends() == {"client_left": COUNT}, (phase, then, rows)


def who_closes_behind_that_is_closed_by_its_server(stage):
    for options in (("publish",), ("publish", "--unheard"), ("media",)):
        for then in ("fin", "fin_with_it"):
            for name in ("rtmp", "rtmp6"):
                rows = stage.ask("--count", COUNT, "--phase", *options, "--then", then, name=name)
                assert _all(rows, "closed") and stage.ends() == {"joined": COUNT}, (options, then, rows)


def so_is_who_closes_while_the_server_is_called_or_has_not_heard_it(stage):
    for what in (OPENING, SETTLING):
        rows = _while(stage, what, "fin")
        assert _all(rows, "closed") and stage.ends() == {"joined": COUNT}, (what, rows)


def who_resets_is_gone_in_any_phase(stage):
    for phase in UNNAMED:
        rows = stage.ask("--count", COUNT, "--phase", phase, "--then", "rst")
        assert _all(rows, "left") and stage.ends() == {"client_left": COUNT}, (phase, rows)
    for phase in NAMED:
        rows = stage.ask("--count", COUNT, "--phase", phase, "--then", "rst")
        assert _all(rows, "left") and stage.ends() == {"joined": COUNT}, (phase, rows)
    for what in (OPENING, SETTLING):
        rows = _while(stage, what, "rst")
        assert _all(rows, "left") and stage.ends() == {"client_left": COUNT}, (what, rows)


def a_server_that_ends_before_it_knows_the_stream_resets_its_client(stage):
    for how in ("fin", "rst"):
        for phase in UNJOINED:
            stage.odd_server.behave(phase, how)
            rows = stage.ask("--count", COUNT, name="odd")
            assert _all(rows, "reset") and max(row["after_s"] for row in rows) < 3, (phase, how, rows)
            assert stage.ends() == {"refused": COUNT}, (phase, how)


def one_that_ends_later_ends_its_client_likewise(stage):
    for how, end in (("fin", "closed"), ("rst", "reset")):
        for phase in JOINED:
            stage.odd_server.behave(phase, how)
            rows = stage.ask("--count", COUNT, name="odd")
            assert _all(rows, end) and stage.ends() == {"joined": COUNT}, (phase, how, rows)


def one_that_says_no_more_costs_its_client_three_seconds(stage):
    for phase in UNJOINED:
        stage.odd_server.behave(phase, "hang")
        staying = stage.clients("--count", COUNT, name="odd")
        closing = stage.clients("--count", COUNT, "--phase", "publish", "--unheard", "--then", "fin", name="odd")
        rows = stage.rows(staying) + stage.rows(closing)
        assert _all(rows, "reset") and all(2.9 < row["after_s"] < 5 for row in rows), (phase, rows)
        assert stage.ends() == {"server_silent": 2 * COUNT}, phase


def who_resets_while_it_says_no_more_is_gone(stage):
    for phase in UNJOINED:
        stage.odd_server.behave(phase, "hang")
        rows = stage.ask("--count", COUNT, "--phase", "publish", "--unheard", "--after", 0.3, "--then", "rst", name="odd")
        assert _all(rows, "left") and stage.ends() == {"client_left": COUNT}, (phase, rows)


def one_that_answers_otherwise_than_the_client_was_told_resets_it(stage):
    for phase, how in (("connect", "error"), ("create", "error"), ("create", "other_stream")):
        stage.odd_server.behave(phase, how)
        rows = stage.ask("--count", COUNT, name="odd")
        assert _all(rows, "reset") and stage.ends() == {"server_differs": COUNT}, (phase, how, rows)


def others_have_noticed_nothing(stage):
    faults = stage.other_faults()
    assert not faults, faults


def nothing_is_left_of_them(stage):
    stage.comes_to_rest()
    say(f"peeks {stage.cleatd.api.peeks()}, drops {stage.cleatd.api.drops()}")


def _all(rows, end):
    return len(rows) >= COUNT and all(row["end"] == end for row in rows)


def _while(stage, what, then):
    """Clients that have said all and left before that phase is over."""
    with Loss({backend: what for backend in stage.net.backends}) as loss:
        child = stage.clients("--count", COUNT, "--phase", "publish", "--unheard", "--after", 0.5, "--then", then)
        child.wait_until(lambda: "said" in child.log(), "all have said what they say", 30)
        wait_for(lambda: loss.packets() > 0, "the phase to be reached", every_s=0.01)
    return stage.rows(child)


TESTS = (who_closes_before_it_names_a_stream_is_answered_in_kind, who_closes_behind_that_is_closed_by_its_server,
         so_is_who_closes_while_the_server_is_called_or_has_not_heard_it, who_resets_is_gone_in_any_phase,
         a_server_that_ends_before_it_knows_the_stream_resets_its_client, one_that_ends_later_ends_its_client_likewise,
         one_that_says_no_more_costs_its_client_three_seconds, who_resets_while_it_says_no_more_is_gone,
         one_that_answers_otherwise_than_the_client_was_told_resets_it, others_have_noticed_nothing, nothing_is_left_of_them)

if __name__ == "__main__":
    run_on_stages((Stage, TESTS))
