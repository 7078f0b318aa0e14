# SPDX-License-Identifier: MIT
"""Clients that change their address in the middle of their media. Real browsers, a real NAT that forgets; what the server
sees is one client that never moved, and the media goes on within a round trip.
"""
from staged import run_on_stages, say
from lab.child import Child
from lab.wait import wait_for
from browser import whip_url
from ice_stage import Stage, show
from stun import binding_request, press_words
from whip_peers import UDP_PORT, no_whip

MOVES = 20
PLAYERS = 50
FORGED_S = 30
WARM_FRAMES = 60  # of players, which say more (SRTCP) when media comes steadily, and only what they say tells where they are
# Ten times what is wanted: a frame of audio (20 ms) and two round trips; 0.3 s for a player; one consent interval.
PUBLISHER_MS, PLAYER_MS, CONSENT_MS = 10 * 25, 10 * 300, 2 * 2656


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


def publisher_moves(stage, vip, servers, **how):
    name = stage.name()
    publisher = stage.phone.publish(whip_url(vip, name)).wait_media(3)
    server, before = stage.owner(publisher.username, servers)
    player = stage.play(server, name, stage.desk)
    strays, gaps = stage.strays(), []
    for _ in range(MOVES):
        server.stats(reset=True)
        move_and_wait(stage, [publisher], **how)
        publisher.wait_media(3)
        server, after = stage.owner(publisher.username, servers)
        same_client(before, after)
        gaps.append(after.gap_ms)
    player.wait_media(3)
    show(f"publisher, {how or 'another port'}: gap at the server", gaps)
    assert max(gaps) < PUBLISHER_MS and stage.strays() == strays, (gaps, stage.strays() - strays)
    publisher.stop()
    player.stop()


def publisher_keeps_its_session_through_twenty_changes_of_port(stage):
    publisher_moves(stage, stage.net.vip, stage.servers)


def publisher_keeps_its_session_through_twenty_changes_of_address_and_port(stage):
    publisher_moves(stage, stage.net.vip, stage.servers, moved=True)


def publisher_keeps_its_session_through_twenty_changes_of_address_alone(stage):
    publisher_moves(stage, stage.net.vip, stage.servers, moved=True, same_ports=True)


def publisher_keeps_its_session_through_twenty_changes_over_ipv6(stage):
    publisher_moves(stage, stage.net.vip6, stage.servers6, moved=True)


def player_moves(stage, vip, servers, **how):
    name = stage.name()
    publisher = stage.desk.publish(whip_url(vip, name)).wait_media(3)
    server, _ = stage.owner(publisher.username, servers)
    player = stage.play(server, name).wait_media(WARM_FRAMES)
    before, gaps, counts = server.session(player.username), [], stage.counts()
    for _ in range(MOVES):
        player.gap()
        move_and_wait(stage, [player], **how)
        player.wait_media(3)
        same_client(before, server.session(player.username))
        gaps.append(player.gap().audio_ms)
    show(f"player, {how or 'another port'}: gap at the player", gaps)
    say(f"moves {difference(stage.counts()['moves'], counts['moves'])}")
    assert max(gaps) < PLAYER_MS, gaps
    publisher.stop()
    player.stop()


def player_gets_its_media_back_after_twenty_changes_of_port(stage):
    player_moves(stage, stage.net.vip, stage.servers)


def player_gets_its_media_back_after_twenty_changes_of_address_and_port(stage):
    player_moves(stage, stage.net.vip, stage.servers, moved=True)


def player_gets_its_media_back_after_twenty_changes_over_ipv6(stage):
    player_moves(stage, stage.net.vip6, stage.servers6, moved=True)


def players_move_at_once(stage, vip, servers):
    name = stage.name()
    publisher = stage.desk.publish(whip_url(vip, name)).wait_media(3)
    server, _ = stage.owner(publisher.username, servers)
    players = [stage.play(server, name) for _ in range(PLAYERS)]
    players[-1].wait_packets(6 * WARM_FRAMES)
    counts = stage.counts()
    for how in ({}, {"moved": True}, {"moved": True, "same_ports": True}):
        before = server.stats()[0]
        for player in players:
            player.gap()
        move_and_wait(stage, players, **how)
        for player in players:
            player.wait_packets()
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


TESTS = (publisher_keeps_its_session_through_twenty_changes_of_port,
         publisher_keeps_its_session_through_twenty_changes_of_address_and_port,
         publisher_keeps_its_session_through_twenty_changes_of_address_alone,
         publisher_keeps_its_session_through_twenty_changes_over_ipv6,
         player_gets_its_media_back_after_twenty_changes_of_port,
         player_gets_its_media_back_after_twenty_changes_of_address_and_port,
         player_gets_its_media_back_after_twenty_changes_over_ipv6,
         fifty_players_of_one_browser_move_at_once, fifty_players_of_one_browser_move_at_once_over_ipv6,
         nobody_who_knows_the_username_gets_media, a_session_says_who_and_where_it_is)

if __name__ == "__main__":
    run_on_stages((stage, TESTS), reason_to_skip=no_whip)
