# SPDX-License-Identifier: MIT
"""Clients that leave a service with `affinity: stream`, by FIN or RST, in each phase of lb/peek.h, or that stay and say too little.

A FIN behind a whole request means what it means to a server: go on, I shall say no more. All else ends both connections at once.
"""
from staged import run_on_stages, say
from peek_stage import CLIP, CLIP_BYTES, Stage
from lab.loss import Loss
from lab.nginx import WEB_PORT
from lab.wait import wait_for

READ_S = 10  # lb/sweep_peeks.cc: for the client to say what it wants
HALF = 30  # bytes of a request
COUNT = 10
# Of what comes to a server: SYNs, so that the connection to it is not opened; segments with a payload, so that it hears nothing.
OPENING = f"tcp dport {WEB_PORT} tcp flags & (syn | ack) == syn"
SETTLING = f"tcp dport {WEB_PORT} ip length > 60"


def who_says_nothing_and_closes_is_answered_in_kind(stage):
    rows = stage.ask("--count", COUNT, "--say", 0, "--then", "fin")
    assert all(row["end"] == "closed" and row["status"] is None for row in rows), rows


def so_is_who_says_half_a_request(stage):
    for then in ("fin", "fin_with_it"):
        rows = stage.ask("--count", COUNT, "--say", HALF, "--then", then)
        assert all(row["end"] == "closed" and row["status"] is None for row in rows), rows


def who_closes_behind_the_request_has_the_whole_answer(stage):
    for then in ("fin", "fin_with_it"):
        stage.all_whole(stage.ask("--count", COUNT, "--then", then, path=CLIP), CLIP_BYTES)


def so_has_who_closes_while_the_server_is_called(stage):
    stage.all_whole(_while(stage, OPENING, "fin"), CLIP_BYTES)


def so_has_who_closes_while_the_server_has_not_heard_it(stage):
    stage.all_whole(_while(stage, SETTLING, "fin"), CLIP_BYTES)


def so_has_who_closes_in_the_midst_of_the_answer(stage):
    stage.all_whole(stage.ask("--count", COUNT, "--hear", 1000, "--then", "fin", path=CLIP), CLIP_BYTES)


def who_resets_is_gone_in_any_phase(stage):
    for options in (("--say", 0), ("--say", HALF), (), ("--hear", 100_000)):
        rows = stage.ask("--count", COUNT, "--then", "rst", *options)
        assert all(row["end"] == "left" for row in rows), (options, rows)
    for phase in (OPENING, SETTLING):
        rows = _while(stage, phase, "rst")
        assert all(row["end"] == "left" for row in rows), (phase, rows)
    stage.comes_to_rest()
    stage.serves()
    assert stage.ends()["client_left"] >= 4 * COUNT, stage.ends()


def who_says_too_little_is_reset_after_ten_seconds(stage):
    """Silent behind half a request, or a byte each half second: other clients do not notice."""
    silent = stage.clients("--count", 50, "--say", HALF)
    slow = stage.clients("--count", 50, "--pad", 1000, "--piece", 1, "--pause", 0.5)
    while silent.running() or slow.running():
        stage.serves()
    rows = stage.rows(silent) + stage.rows(slow)
    after_s = sorted(row["after_s"] for row in rows)
    say(f"reset after {after_s[0]:.1f} .. {after_s[-1]:.1f} s")
    assert all(row["end"] == "reset" for row in rows), rows
    assert stage.ends()["too_slow"] == len(rows), stage.ends()
    assert after_s[0] >= READ_S - 0.5 and after_s[len(after_s) // 2] < READ_S + 5, after_s


def a_server_that_does_not_answer_costs_its_client_three_seconds(stage):
    with _lost(stage, OPENING):
        rows = stage.ask("--count", COUNT)
    say(f"reset after {min(row['after_s'] for row in rows):.1f} .. {max(row['after_s'] for row in rows):.1f} s")
    assert all(row["end"] == "reset" and row["after_s"] >= 2.9 for row in rows), rows
    assert stage.ends()["server_silent"] == COUNT, stage.ends()


def nothing_is_left_of_them(stage):
    stage.comes_to_rest()
    stage.serves()
    say(f"ends {dict(stage.ends())}, drops {stage.cleatd.api.drops()}")


def _lost(stage, what):
    return Loss({backend: what for backend in stage.net.backends})


def _while(stage, what, then):
    """Clients that have said all and left before that phase is over."""
    with _lost(stage, what) as loss:
        child = stage.clients("--count", COUNT, "--after", 0.5, "--then", then, path=CLIP)
        child.wait_until(lambda: "said" in child.log(), "all have said what they say", 30)
        wait_for(lambda: loss.packets() > 0, "the phase to be reached", every_s=0.01)
    return stage.rows(child)


TESTS = (who_says_nothing_and_closes_is_answered_in_kind, so_is_who_says_half_a_request,
         who_closes_behind_the_request_has_the_whole_answer, so_has_who_closes_while_the_server_is_called,
         so_has_who_closes_while_the_server_has_not_heard_it, so_has_who_closes_in_the_midst_of_the_answer,
         who_resets_is_gone_in_any_phase, who_says_too_little_is_reset_after_ten_seconds,
         a_server_that_does_not_answer_costs_its_client_three_seconds, nothing_is_left_of_them)

if __name__ == "__main__":
    run_on_stages((Stage, TESTS))
