# SPDX-License-Identifier: MIT
"""Clients that change their address in the middle of their media. Real browsers, a real NAT that forgets; what the server
sees is one client that never moved, and the media goes on within a round trip.
"""
from staged import run_on_stages, say
from browser import whip_url
from ice_moves import PLAYER_MS, WARM_FRAMES, difference, move_and_wait, same_client, stage
from ice_stage import show
from whip_peers import no_whip

MOVES = 20
PUBLISHER_MS = 10 * 25  # ten times what is wanted: a frame of audio (20 ms) and two round trips


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


TESTS = (publisher_keeps_its_session_through_twenty_changes_of_port,
         publisher_keeps_its_session_through_twenty_changes_of_address_and_port,
         publisher_keeps_its_session_through_twenty_changes_of_address_alone,
         publisher_keeps_its_session_through_twenty_changes_over_ipv6,
         player_gets_its_media_back_after_twenty_changes_of_port,
         player_gets_its_media_back_after_twenty_changes_of_address_and_port,
         player_gets_its_media_back_after_twenty_changes_over_ipv6)

if __name__ == "__main__":
    run_on_stages((stage, TESTS), reason_to_skip=no_whip)
