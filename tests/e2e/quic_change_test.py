# SPDX-License-Identifier: MIT
"""QUIC connections that move after something changed: configurations rotate, a server drains, cleatd is killed."""
import shutil
from pathlib import Path

from staged import run_on_stages, say
from lab.cleat import state_path
from quic_peers import PORT, Ids, no_endpoints
from quic_stage import OTHER_KEY, SEALED, Stage

NEXT, LAST = Ids(1, OTHER_KEY), Ids(2)
AFTER = {"rounds": 7, "pause_at": (1,), "rebind_at": (1, 4), "migrate_at": (2, 5)}  # four moves, all after the pause


def held(run, build):
    stage = Stage(run, build)
    stage.serve("sealed", PORT, [SEALED])
    stage.serve("rotating", PORT + 1, [SEALED, NEXT, LAST], known=[SEALED], staged=True)
    return stage.start()


def live_through(stage, name, change):
    """All connections pause, change() happens, then they move. Returns the Report."""
    def between(client):
        client.wait_paused(1)
        change()
        client.go_on()
    return stage.all_live(name, 4, between, local=stage.both_addresses(name), **AFTER)


def id_kinds(servers):
    return sorted({int(e["id"][:2], 16) >> 5 for s in servers for e in s.events("id", "connection")})


def know(stage, *ids):
    """Reloads cleatd with these configurations of the service that rotates."""
    addresses = [b.address for b in stage.net.backends]
    stage.config["pools"]["rotating"]["quic_lb"] = [each.config(addresses) for each in ids]
    stage.cleatd.write(stage.config)
    stage.cleatd.api.reload()


def old_connections_live_on_when_the_next_configuration_comes(stage):
    """First Cleat learns it, then the servers issue its ids, also to connections that are open."""
    def rotate():
        know(stage, SEALED, NEXT)
        for server in stage.servers["rotating"]:
            server.rotate()
    live_through(stage, "rotating", rotate)
    assert id_kinds(stage.servers["rotating"]) == [0, 1]


def connections_of_the_next_configuration_live_on_beside_a_third(stage):
    """What is open has ids of the second; three configurations are in force."""
    def rotate():
        know(stage, SEALED, NEXT, LAST)
        for server in stage.servers["rotating"]:
            server.rotate()
    live_through(stage, "rotating", rotate)
    assert id_kinds(stage.servers["rotating"]) == [0, 1, 2]


def connections_of_the_last_live_on_when_the_first_goes(stage):
    live_through(stage, "rotating", lambda: know(stage, NEXT, LAST))


def connections_of_a_draining_server_live_on_and_it_gets_no_new_ones(stage):
    backend = stage.net.backends[0]
    report = live_through(stage, "sealed", lambda: stage.cleatd.api.drain("sealed", backend.address))
    assert report.servers[backend.name] > 0, report
    # From another host: a port that is taken again soon belongs to the flow that had it before.
    fresh = stage.all_live("sealed", space=stage.net.clients[1])
    assert fresh.servers[backend.name] == 0, fresh
    stage.cleatd.api.undrain("sealed", backend.address)
    again = stage.all_live("sealed")
    assert again.servers[backend.name] > 0, again


def connections_live_on_after_kill_9(stage):
    def restart():
        stage.cleatd.kill()
        stage.cleatd.start()
    live_through(stage, "sealed", restart)


def connections_live_on_after_kill_9_and_the_loss_of_all_state(stage):
    """The ids alone say where they belong."""
    def restart():
        stage.cleatd.kill()
        forget(state_path(stage.run))
        stage.cleatd.start()
    live_through(stage, "sealed", restart)


def forget(state):
    for path in Path(state.parent).glob(state.name + "*"):
        if not path.is_socket():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
            say(f"removed {path.name}")


def new_connections_open_after_it(stage):
    report = stage.all_live("sealed")
    assert len(report.servers) == 3, report


TESTS = (old_connections_live_on_when_the_next_configuration_comes,
         connections_of_the_next_configuration_live_on_beside_a_third,
         connections_of_the_last_live_on_when_the_first_goes,
         connections_of_a_draining_server_live_on_and_it_gets_no_new_ones, connections_live_on_after_kill_9,
         connections_live_on_after_kill_9_and_the_loss_of_all_state, new_connections_open_after_it)

if __name__ == "__main__":
    run_on_stages((held, TESTS), reason_to_skip=no_endpoints)
