# SPDX-License-Identifier: MIT
"""The ICE ladder, a rung at a time: 60 real WHIP sessions over three servers, HTTP and media from different addresses, with
plain `tuple` for HTTP; what each rung is for must find them all, without any most are lost.
"""
from staged import run_on_stages, say
from lab.wait import wait_for
from browser import wait_for_all, whip_url
from ice_stage import UFRAG_KEY, Stage, only
from signaller import start_signaller
from whip_peers import no_whip

SESSIONS, TOGETHER = 60, 6


def ladder(run, build):
    stage = Stage(run, build)
    stage.home.rebind(moved=True)  # media from the router's other address than HTTP
    return stage


def all_get_media(stage, rung, counted, where=None, **query):
    stage.use(**only(rung))
    before, strays = stage.counts(), stage.strays()
    servers = {}
    for first in range(0, SESSIONS, TOGETHER):
        peers = []
        for number in range(first, first + TOGETHER):
            to, more = where(number) if where else (stage.net.vip, {})
            peers.append(stage.phone.publish(whip_url(to, stage.name(), **query, **more)))
        for peer in wait_for_all(peers, "frames", 3):
            server, seen = stage.owner(peer.username)
            servers[server.name] = servers.get(server.name, 0) + 1
            assert seen.handshakes == 1 and len(seen.remotes) == 1, seen
            peer.stop()
    after = stage.counts()
    opened = {r: after["opened"][r] - before["opened"][r] for r in after["opened"]}
    say(f"{counted}: {SESSIONS} of {SESSIONS} got media, opened {opened}, by server {servers}, strays "
        f"{stage.strays() - strays}")
    assert opened == {r: SESSIONS if r == counted else 0 for r in opened}, opened
    assert len(servers) == 3, servers


def sixty_sessions_are_found_by_what_whip_says(stage):
    all_get_media(stage, "whip", "whip")
    assert stage.counts()["conflicts"] == 0


def sixty_sessions_are_found_by_asking(stage):
    all_get_media(stage, "ask", "asked")


def sixty_sessions_are_found_by_the_servers_number_in_its_ufrag(stage):
    """As a signalling server would: it chooses the server, asks there, and for a ufrag with its number."""
    def where(number):
        which = number % 3
        made = stage.cleatd.ctl("ufrag", "encode", "--key", UFRAG_KEY, "--server", which + 1).stdout.strip()
        return stage.servers[which].address, {"ice_ufrag": made}
    all_get_media(stage, "ufrag", "ufrag", where)


def sixty_sessions_are_found_by_what_a_signalling_server_tells(stage):
    """HTTP goes to the signalling server, not through Cleat; it tells the API, passwords and all."""
    signaller = start_signaller(stage.run, stage.net.router, stage.cleatd, "srs", stage.net.backends)
    all_get_media(stage, None, "told", lambda number: (stage.net.router.address, {}))
    _, peer = stage.publish(vip=stage.net.router.address)
    assert stage.session(peer.username)["passwords"] == {"server": True, "client": True}
    peer.stop()
    signaller.stop()


def without_any_rung_most_are_lost(stage):
    """Those whose checks Cleat led to another server than their WHIP; all others connect, and then these have not."""
    stage.use(**only())
    before = stage.counts()["opened"]["tuple"]
    peers = [stage.phone.publish(whip_url(stage.net.vip, stage.name())) for _ in range(SESSIONS)]
    asked = lambda: stage.counts()["opened"]["tuple"] - before
    wait_for(lambda: asked() >= SESSIONS, lambda: f"all to have asked, {asked()} have", 60)
    led_to = stage.sessions()
    lucky = [p for p in peers if led_to[p.username]["backend"].startswith(stage.owner(p.username)[0].address + ":")]
    for peer in lucky:
        peer.wait_connection("connected")
    good = sum(peer.stats().connection == "connected" for peer in peers)
    for peer in peers:
        peer.stop()
    say(f"{good} of {SESSIONS} got media")
    assert good == len(lucky) < 35, (good, len(lucky))


def the_ladders_counters_are_what_an_operator_sees(stage):
    shown = stage.cleatd.ctl("stats", "show").stdout
    for words in ("opened, by whip", "opened, by asked", "opened, by ufrag", "opened, by tuple"):
        assert words in shown, shown


TESTS = (sixty_sessions_are_found_by_what_whip_says, sixty_sessions_are_found_by_asking,
         sixty_sessions_are_found_by_the_servers_number_in_its_ufrag,
         sixty_sessions_are_found_by_what_a_signalling_server_tells, without_any_rung_most_are_lost,
         the_ladders_counters_are_what_an_operator_sees)

if __name__ == "__main__":
    run_on_stages((ladder, TESTS), reason_to_skip=no_whip)
