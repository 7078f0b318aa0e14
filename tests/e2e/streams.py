# SPDX-License-Identifier: MIT
"""A stream through the VIP: its publisher, its player, and the one of several nginx that carries it."""
from lab.media import Player, Publisher


class Stream:
    """Published at once from a client's host, to be played on the same: they share an address, hence (`source-ip`) a
    server.
    """

    def __init__(self, run, origins, client, vip, name):
        self.run, self.origins, self.client, self.name = run, origins, client, name
        self.url = f"rtmp://{f'[{vip}]' if ':' in vip else vip}/live/{name}"
        self.publisher, self.player = Publisher(run, client, self.url, f"publish-{name}"), None

    def origin(self):
        """The server that accepted it; None: none yet."""
        return next((o for o in self.origins if o.events("publish", self.name)), None)

    def flows(self):
        """True from about the first second of media on: a player that joins earlier gets odd time stamps from nginx."""
        carried = self.origin() and self.origin().streams().get(self.name)
        return bool(carried) and carried.received_bytes > 40_000

    def play(self, seconds=None):
        """Starts the player as soon as media flows. seconds: of media; None: until it is stopped."""
        self.publisher.child.wait_until(self.flows, "its media flows", 30)
        self.player = Player(self.run, self.client, self.url, f"play-{self.name}", seconds)
