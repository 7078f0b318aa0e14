# SPDX-License-Identifier: MIT
"""What the demo prints: the topology, one line per step, and how to go on."""
import shlex
import sys
import textwrap

_PICTURE = """
   publishers and players                                                media servers
   client1 10.10.0.21 ──┐             ┌─────────────┐             ┌── backend1 10.20.0.11
   client2 10.10.0.22 ──┤   outside   │    Cleat    │   inside    ├── backend2 10.20.0.12
   client3 10.10.0.23 ──┼─────────────┤     VIP     ├─────────────┼── backend3 10.20.0.13
   crowd 10.99.0.0/16 ──┤             │ {vip:^11} │             │   nginx with its RTMP module
                        │             └─────────────┘             │
                        └───────────────── router ────────────────┘
"""
_MODE = {
    "nat": "nat: Cleat rewrites both ways; servers see its own addresses, and replies come back through it",
    "dsr": "dsr: Cleat rewrites the MAC only; servers carry the VIP on their loopback and reply by the router",
}
_WIDTH = 118
_INDENT = " " * 16


class Screen:
    """One line per step when it is done; on a terminal, what is going on meanwhile."""

    def __init__(self, out=sys.stdout):
        self.out, self._live = out, out.isatty()

    def picture(self, net, mode):
        self.text(_PICTURE.format(vip=net.vip).strip("\n"))
        self.text(f"   {_MODE[mode]}\n")

    def text(self, text=""):
        self._clear()
        print(text, file=self.out, flush=True)

    def working(self, step, text):
        if self._live:
            self._clear()
            print(f" ..   {step:<9} {text} ..."[:_WIDTH], end="", file=self.out, flush=True)

    def held(self, step, text):
        self._line("ok", step, text)

    def failed(self, step, text):
        self._line("FAIL", step, text)

    def detail(self, text):
        """More on the step above: kept as it is, indented."""
        self.text(textwrap.indent(text.rstrip("\n"), _INDENT))

    def _line(self, verdict, step, text):
        first = f" {verdict:<4} {step:<9} "
        lines = [wrapped for line in text.splitlines() for wrapped in
                 (textwrap.wrap(line, _WIDTH - len(_INDENT), break_on_hyphens=False) or [""])]
        self.text(first.ljust(len(_INDENT)) + f"\n{_INDENT}".join(lines or [""]))

    def _clear(self):
        if self._live:
            print("\r\033[K", end="", file=self.out)


def table(head, rows):
    """Columns as wide as their longest cell; numbers to the right."""
    cells = [[str(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    right = [all(isinstance(row[i], int) for row in rows) for i in range(len(head))]
    return "\n".join("  ".join(cell.rjust(w) if r else cell.ljust(w) for cell, w, r in zip(row, widths, right)).rstrip()
                     for row in cells)


def how_to_look_around(stage):
    """For --stay: commands to copy, each with what it shows."""
    inside = f"ip netns exec {stage.net.run.prefix}"
    ctl = shlex.join(stage.cleatd.ctl_words())
    stream = stage.streams[0]
    victim = stage.net.backends[1]
    return "\n".join([
        "It goes on until Ctrl-C, which removes everything. In another terminal, as root:",
        f"  alias ctl='{ctl}'",
        "  ctl backend show                                 who carries what; also: service show, stats show",
        f"  ctl backend drain srs {victim.address}                  no new sessions there; its streams go on",
        f"  ctl backend weight srs {victim.address} 10              change a weight; ctl backend reset undoes all",
        f"  {inside}{stream.client.name} ffprobe {stream.url}",
        f"  {inside}{victim.name} ip link set eth0 down      kill a server (up brings it back)",
        f"  {inside}{stream.client.name} curl -s http://{stage.net.vip}:8080/who",
        f"  tail -f {stage.cleatd.child.log_path}            its config lies beside it",
    ])
