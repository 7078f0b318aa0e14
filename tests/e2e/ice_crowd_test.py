# SPDX-License-Identifier: MIT
"""Many clients that change their address at once, one that others pretend to be, and what an operator sees of it."""
from staged import run_on_stages, say
from lab.child import Child
from browser import wait_for_all, whip_url
from ice_moves import PLAYER_MS, WARM_FRAMES, difference, move_and_wait, same_client, stage
from ice_stage import show
from stun import binding_request, press_words
from whip_peers import UDP_PORT, no_whip

PLAYERS = 50
FORGED_S = 30
CONSENT_MS = 2 * 2656  # two of Chromium's intervals


def players_move_at_once(stage, vip, servers):
    name = stage.name()
    publisher = stage.desk.publish(whip_url(vip, name)).wait_media(3)
    server, _ = stage.owner(publisher.username, servers)
    players = [stage.play(server, name, wait=False) for _ in range(PLAYERS)]
    wait_for_all(players, "packets", 6 * WARM_FRAMES)
    counts = stage.counts()
    for how in ({}, {"moved": True}, {"moved": True, "same_ports": True}):
        before = server.stats()[0]
        for player in players:
            player.gap()
        move_and_wait(stage, players, **how)
        wait_for_all(players, "packets", 20)
        after = server.stats()[0]
        for player in players:
            same_client(before[player.username], after[player.username])
        gaps = [player.gap().audio_ms for player in players]
        show(f"{PLAYERS} players at once, {how or 'another port'}: gap at the player", gaps)
        assert sorted(gaps)[PLAYERS // 2] < PLAYER_MS and max(gaps) < 2 * CONSENT_MS, gaps
    moves = difference(stage.counts()["moves"], counts["moves"])
    say(f"moves {moves}")
    assert moves.get("challenged", 0) > 2 * PLAYERS, moves
    for peer in (publisher, *players):
        peer.stop()


def fifty_players_of_one_browser_move_at_once(stage):
    players_move_at_once(stage, stage.net.vip, stage.servers)


def fifty_players_of_one_browser_move_at_once_over_ipv6(stage):
    players_move_at_once(stage, stage.net.vip6, stage.servers6)


def nobody_who_knows_the_username_gets_media(stage):
    """30 s of forged checks from another host: the right USERNAME, the wrong signature. The player's own media goes on."""
    name = stage.name()
    publisher = stage.desk.publish(whip_url(stage.net.vip, name)).wait_media(3)
    server, _ = stage.owner(publisher.username)
    player = stage.play(server, name)
    before = stage.session(player.username)
    forged = [binding_request(player.username, "not the password") for _ in range(30)]
    stranger = Child(stage.run, "stranger", press_words(stage.net.vip, UDP_PORT, FORGED_S, forged), stage.net.crowd)
    player.gap()
    assert stranger.wait(FORGED_S + 30) == 0, stranger.last_lines()
    sent, came = map(int, stranger.log().split())
    player.wait_media(3)
    after, gap = stage.session(player.username), player.gap()
    dropped = {d["reason"]: d["packets"] for d in stage.cleatd.api.get("/v1/stats")["drops"]}
    say(f"{sent} forged checks in {FORGED_S} s: {came} bytes for the forger, longest gap of the player {gap.audio_ms:.0f} ms")
    assert came == 0 and sent >= 5 * FORGED_S and dropped["stun_integrity"] >= sent, (sent, came, dropped)
    assert after["moves"] == before["moves"] and after["client"] == before["client"], (before, after)
    assert gap.audio_ms < PLAYER_MS, gap
    publisher.stop()
    player.stop()


def a_session_says_who_and_where_it_is(stage):
    name, publisher = stage.publish()
    shown = stage.cleatd.ctl("session", "show", "--limit", "1000").stdout
    why = stage.cleatd.ctl("session", "why", publisher.username).stdout
    say(why)
    server, seen = stage.owner(publisher.username)
    assert publisher.username in shown and server.address in shown, shown
    assert server.address in why and "whip" in why.lower(), why
    lport = seen.remote.rsplit(":", 1)[1]
    flows = stage.cleatd.api.get(f"/v1/flows?lport={lport}")["flows"]
    assert any(f["session"] == publisher.username for f in flows), flows
    publisher.stop()


TESTS = (fifty_players_of_one_browser_move_at_once, fifty_players_of_one_browser_move_at_once_over_ipv6,
         nobody_who_knows_the_username_gets_media, a_session_says_who_and_where_it_is)

if __name__ == "__main__":
    run_on_stages((stage, TESTS), reason_to_skip=no_whip)
