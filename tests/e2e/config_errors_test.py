# SPDX-License-Identifier: MIT
"""A wrong configuration: one clear line and exit 2 at the start; on reload the old one goes on and the API says why."""
import re
import subprocess

from staged import run_on_stages, say
from lab.api import Refused
from lab.cleat import Cleatd, api_path, state_path
from lab.config import config_for, to_yaml
from lab.nginx import Nginx
from lab.topology import Topology
from lab.traffic import fetch_text, url
from lab.wait import wait_for


class Stage:
    def __init__(self, run, build):
        self.run, self.net, self.build = run, Topology(run), build
        self.origins = [Nginx(run, backend) for backend in self.net.backends]
        self.right = to_yaml(config_for(self.net, api_path(run), state_path(run), workers=1))
        self.cleatd = Cleatd(run, self.net.balancer, build, self.right).start()
        self.cleatd.wait_healthy("srs", 3)
        self.reloads = 0

    def wrong(self, before, after):
        """The right text with its first `before` replaced."""
        assert before in self.right, before
        return self.right.replace(before, after, 1)

    def refuses(self, before, after, field, words):
        """Each way in refuses it: with `field` and `words` in one line."""
        text = self.wrong(before, after)
        line = self.refused_at_start(text)
        say(line.replace(str(self.run.folder) + "/", ""))
        assert re.match(r"\S+wrong\.yaml:\d+:\d+: ", line), line
        assert field in line and re.search(words, line), line
        self.refused_on_reload(text, line.split(": ", 1)[1])

    def refused_at_start(self, text):
        path = self.run.path("wrong.yaml")
        path.write_text(text)
        done = subprocess.run([self.cleatd.program, "--config", path], capture_output=True, text=True, timeout=20)
        lines = done.stderr.splitlines()
        assert done.returncode == 2 and len(lines) == 1 and not done.stdout, (done.returncode, lines, done.stdout)
        return lines[0]

    def refused_on_reload(self, text, reason):
        generation = self.cleatd.api.status()["generation"]
        self.cleatd.write(text)
        try:
            self.cleatd.api.reload()
            raise AssertionError("the API took it")
        except Refused as refused:
            assert refused.status == 422 and reason in refused.message, refused
        ctl = self.cleatd.ctl("config", "reload", check=False)
        assert ctl.returncode == 1 and len(ctl.stderr.splitlines()) == 1 and reason in ctl.stderr, ctl
        self.refused_on_sighup(reason)
        assert self.cleatd.api.status()["generation"] == generation
        assert fetch_text(self.net.clients[0], url(self.net.vip, "/who")).startswith("backend")

    def refused_on_sighup(self, reason):
        """Told from the reloads before by its line in the log."""
        def refusals():
            return self.cleatd.child.log().count("config refused")
        before = refusals()
        self.cleatd.reload()
        wait_for(lambda: refusals() > before, "the refusal in the log", 10)
        last = self.cleatd.api.status()["last_reload"]
        assert not last["ok"] and reason in last["error"], last


def an_unknown_key_is_refused(stage):
    stage.refuses("forward: nat", "foward: nat", "foward", "unknown.*forward")


def a_key_given_twice_is_refused(stage):
    stage.refuses("  workers: 1\n", "  workers: 1\n  workers: 2\n", "workers", "twice")


def a_wrong_type_is_refused(stage):
    stage.refuses("workers: 1", "workers: many", "workers", "many")


def a_vip_twice_is_refused(stage):
    again = '  - { name: again, vip: 10.10.0.100, protocol: tcp, port: 8080, pool: srs }\n'
    stage.refuses("services:\n", "services:\n" + again, "vip", "already")


def a_weight_of_minus_one_is_refused(stage):
    stage.refuses("weight: 100", "weight: -1", "weight", "-1")


def a_reversed_port_range_is_refused(stage):
    stage.refuses("port: 8080", "port: 8100-8000", "port", "reversed")


def an_empty_pool_is_refused(stage):
    begin = stage.right.index("    backends:")
    end = stage.right.index("  srs6:")
    stage.refuses(stage.right[begin:end], "    backends: []\n", "backends", "empty pool")


def what_needs_a_restart_is_refused_on_reload(stage):
    stage.refused_on_reload(stage.wrong("workers: 1", "workers: 2"), "restart needed")


def a_file_that_is_gone_is_refused_on_reload(stage):
    stage.cleatd.config_path.unlink()
    stage.refused_on_sighup("cleatd.yaml")


def the_right_one_is_taken_again_by_both_ways(stage):
    stage.cleatd.write(stage.wrong("weight: 100", "weight: 50"))
    stage.cleatd.api.reload()
    first = stage.cleatd.api.backends("srs")[stage.net.backends[0].address]
    assert first["weight"] == 50 and stage.cleatd.api.status()["last_reload"]["ok"], first
    stage.cleatd.write(stage.right)
    stage.cleatd.reload()
    wait_for(lambda: stage.cleatd.api.backends("srs")[stage.net.backends[0].address]["weight"] == 100, "weight 100", 10)


TESTS = (an_unknown_key_is_refused, a_key_given_twice_is_refused, a_wrong_type_is_refused, a_vip_twice_is_refused,
         a_weight_of_minus_one_is_refused, a_reversed_port_range_is_refused, an_empty_pool_is_refused,
         what_needs_a_restart_is_refused_on_reload, a_file_that_is_gone_is_refused_on_reload,
         the_right_one_is_taken_again_by_both_ways)

if __name__ == "__main__":
    run_on_stages((Stage, TESTS))
