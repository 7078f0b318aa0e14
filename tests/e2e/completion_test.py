# SPDX-License-Identifier: MIT
"""What bash offers for cleatctl when TAB is pressed: every command that its help names, and what a live cleatd has."""
import os
import subprocess
from pathlib import Path

from staged import run_on_stages, say
from lab.cleat import Cleatd, api_path, state_path
from lab.config import config_for, service
from lab.topology import Topology

_SCRIPT = Path(__file__).resolve().parents[2] / "tools" / "cleatctl.bash"
# As readline calls it: the words are split at COMP_WORDBREAKS there, which is why the script reads the line.
_PRESS_TAB = r"""
source "$1"
COMP_LINE=$2 COMP_POINT=${#2} COMP_WORDBREAKS=$' \t\n"\'><=;|&(:'
complete -p cleatctl > /dev/null || exit 3
_cleatctl cleatctl
(( ${#COMPREPLY[@]} )) && printf '%s\n' "${COMPREPLY[@]}"
exit 0
"""


class Stage:
    """A cleatd with two pools; nobody sends anything."""

    def __init__(self, run, build):
        self.net = Topology(run, arms=1, backends=2)
        config = config_for(self.net, api_path(run), state_path(run), workers=1)
        config["pools"] = {"near": {"backends": ["10.20.0.11:80", "10.20.0.12:80"]},
                           "near6": {"backends": ["[fd20::11]:80"]}}
        config["services"] = [service("web", self.net.vip, "tcp", 80, "near")]
        self.cleatd = Cleatd(run, self.net.balancer, build, config).start()
        self.folder = run.folder

    def offers(self, line, socket=None):
        """What is offered at the end of "cleatctl LINE"."""
        line = f"{self.cleatd.ctl_program} --socket {socket or self.cleatd.api.path} {line}"
        done = subprocess.run(["bash", "-c", _PRESS_TAB, "bash", _SCRIPT, line], capture_output=True, text=True,
                              timeout=30, cwd=self.folder, stdin=subprocess.DEVNULL)
        assert done.returncode == 0 and not done.stderr, (done.returncode, done.stderr)
        return done.stdout.splitlines()

    def commands(self):
        """[(noun, verb, arguments)] of cleatctl help."""
        lines = self.cleatd.ctl("help").stdout.splitlines()
        head = next(i for i, line in enumerate(lines) if line.startswith("command "))
        begin, end = lines[head].index("arguments"), lines[head].index("what it does")
        rows = lines[head + 1:lines.index("", head)]
        return [(*row[:begin].split(), row[begin:end]) for row in rows]


def every_noun_and_verb_of_the_help_is_offered(stage):
    commands = stage.commands()
    say(f"{len(commands)} commands")
    assert len(commands) > 20
    assert set(stage.offers("")) == {noun for noun, *_ in commands} | {"help"}
    for noun in {noun for noun, *_ in commands}:
        assert noun in stage.offers(noun[:-1])
        assert set(stage.offers(noun + " ")) == {verb for n, verb, _ in commands if n == noun}, noun


def every_option_of_a_command_is_offered(stage):
    for noun, verb, arguments in stage.commands():
        wanted = {word.strip("[]") for word in arguments.split() if word.strip("[]").startswith("--")}
        assert set(stage.offers(f"{noun} {verb} --")) == wanted | {"--json", "--socket"}, (noun, verb)
    assert {"--help", "--version"} <= set(stage.offers("--"))


def pools_and_services_come_from_the_daemon(stage):
    assert stage.offers("pool show ") == ["near", "near6"]
    assert stage.offers("--json backend drain near6") == ["near6"]
    assert stage.offers("flow show --limit 5 --service w") == ["web"]
    assert stage.offers("stream where ") == ["web"]


def backends_are_those_of_the_pool(stage):
    assert stage.offers("backend drain near ") == ["10.20.0.11:80", "10.20.0.12:80"]
    assert stage.offers("backend weight near6 ") == ["[fd20::11]:80"]
    assert len(stage.offers("flow show --backend ")) == 3
    assert len(stage.offers("stream move web /live/cam ")) == 3


def what_bash_has_split_at_a_colon_is_offered_from_there(stage):
    assert stage.offers("backend drain near 10.20.0.12:") == ["80"]
    assert stage.offers("backend drain near6 [fd20::1") == ["11]:80"]


def files_are_offered_where_files_are_wanted(stage):
    assert "cleatd.yaml" in stage.offers("config check cleatd.y")
    assert "@cleatd.yaml" in stage.offers("ufrag encode --key @cleatd.y")
    assert "cleatd.yaml" in stage.offers("config check --socket cleatd.y")


def nothing_is_offered_where_a_number_or_nothing_is_wanted(stage):
    for line in ("backend weight near 10.20.0.11:80 ", "flow show --limit ", "flow show ", "stats show x", "no such "):
        assert stage.offers(line) == [], line


def without_a_daemon_it_is_silent_and_commands_are_offered_all_the_same(stage):
    nobody = os.devnull
    assert stage.offers("pool show ", nobody) == stage.offers("backend drain near ", nobody) == []
    assert "show" in stage.offers("pool ", nobody)


TESTS = (every_noun_and_verb_of_the_help_is_offered, every_option_of_a_command_is_offered,
         pools_and_services_come_from_the_daemon, backends_are_those_of_the_pool,
         what_bash_has_split_at_a_colon_is_offered_from_there, files_are_offered_where_files_are_wanted,
         nothing_is_offered_where_a_number_or_nothing_is_wanted,
         without_a_daemon_it_is_silent_and_commands_are_offered_all_the_same)

if __name__ == "__main__":
    run_on_stages((Stage, TESTS))
