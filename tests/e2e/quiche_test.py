# SPDX-License-Identifier: MIT
"""The second QUIC stack: clients on Cloudflare's quiche keep their server behind Cleat too."""
from staged import run_on_stages, say
from quic_peers import PORT, no_quiche
from quic_stage import CLEAR, CONNECTIONS, SEALED, TUPLE_VIP, Stage

# Never both in one connection: libngtcp2 0.12 probes the path before a rebinding for three of its timeouts, which the
# client cannot see, and a migration meanwhile makes it retire the id that it sends to. quiche closes for that, rightly.
REBINDINGS = {"rounds": 6, "rebind_at": (2, 4), "stack": "quiche"}
MIGRATION = {"rounds": 4, "migrate_at": (2,), "stack": "quiche"}


def quiche(run, build):
    stage = Stage(run, build)
    stage.serve("sealed", PORT, [SEALED])
    stage.serve("clear", PORT + 1, [CLEAR])
    stage.serve("by-tuple", PORT, [SEALED], vip=TUPLE_VIP, affinity="tuple", servers=stage.servers["sealed"])
    return stage.start()


def all_live(stage, name):
    stage.all_live(name, 2, local=stage.both_addresses(name), **REBINDINGS)
    stage.all_live(name, 1, local=stage.both_addresses(name), **MIGRATION)


def connections_with_ids_of_four_passes_live_on(stage):
    all_live(stage, "sealed")


def connections_with_ids_in_clear_live_on(stage):
    all_live(stage, "clear")


def by_tuple_most_break(stage):
    """Two moves each: one in nine would live by chance."""
    report = stage.ask("by-tuple", answer_within_ms=2000, local=stage.both_addresses("by-tuple"), **REBINDINGS).report()
    say(f"by-tuple: {report.broken} of {CONNECTIONS} break ({dict(report.why)})")
    assert report.broken >= CONNECTIONS * 0.6, report


TESTS = (connections_with_ids_of_four_passes_live_on, connections_with_ids_in_clear_live_on, by_tuple_most_break)

if __name__ == "__main__":
    run_on_stages((quiche, TESTS), reason_to_skip=no_quiche)
