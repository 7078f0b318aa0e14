# SPDX-License-Identifier: MIT
"""What tests of clients that move share: a stage with two browsers, a change of address that all have survived."""
from lab.wait import wait_for
from ice_stage import Stage

# Of players, which say more (SRTCP) when media comes steadily, and only what they say tells where they are.
WARM_FRAMES = 60
PLAYER_MS = 10 * 300  # ten times what is wanted


def stage(run, build):
    return Stage(run, build, desk=True)


def difference(after, before):
    return {key: value - before[key] for key, value in after.items() if value != before[key]}


def same_client(before, after):
    """What a server says of a session whose client moved without its taking notice."""
    assert after.remotes == before.remotes and after.handshakes == 1 and after.live, (before, after)
    assert set(after.received) == set(before.received), (before, after)


def move_and_wait(stage, peers, **how):
    """Rebinds, and returns when the way back of all has moved."""
    before = stage.sessions()
    stage.home.rebind(**how)

    def stay():
        now = stage.sessions()
        return [now[p.username] for p in peers if now[p.username]["moves"] == before[p.username]["moves"]]
    wait_for(lambda: not stay(), lambda: f"all to have moved: {stay()}", 30)
