# SPDX-License-Identifier: MIT
"""A real Prometheus reads Cleat's metrics over TCP by its token, and what it is asked then is what happened."""
import json
from urllib.parse import quote

from staged import run_on_stages, say
from lab.child import Child
from lab.cleat import Cleatd, api_path, state_path
from lab.config import config_for
from lab.crowd import ask_who
from lab.nginx import Nginx
from lab.topology import Topology
from lab.wait import wait_for

METRICS, WEB = "127.0.0.1:9801", "127.0.0.1:9090"
TOKEN = "a-token-of-the-test-0123456789"
_CONFIG = f"""
global: {{ scrape_interval: 500ms }}
scrape_configs:
  - job_name: cleat
    authorization: {{ credentials_file: TOKEN_FILE }}
    static_configs: [{{ targets: ["{METRICS}"] }}]
  - job_name: stranger
    static_configs: [{{ targets: ["{METRICS}"] }}]
"""


class Stage:
    def __init__(self, run, build):
        self.run, self.net = run, Topology(run)
        self.origins = [Nginx(run, backend) for backend in self.net.backends]
        token = run.path("token")
        token.write_text(TOKEN + "\n")
        token.chmod(0o600)
        config = config_for(self.net, api_path(run), state_path(run))
        config["api"]["tcp"] = {"listen": METRICS, "token_file": str(token)}
        self.cleatd = Cleatd(run, self.net.balancer, build, config).start()
        self.cleatd.wait_healthy("srs", 3)
        self.prometheus = self.start_prometheus(token)

    def start_prometheus(self, token):
        config = self.run.path("prometheus.yml")
        config.write_text(_CONFIG.replace("TOKEN_FILE", str(token)))
        child = Child(self.run, "prometheus", ["prometheus", f"--config.file={config}", f"--web.listen-address={WEB}",
                                               f"--storage.tsdb.path={self.run.path('tsdb')}"], self.net.balancer)
        child.wait_until(lambda: self.curl(f"http://{WEB}/-/ready", check=False).returncode == 0, "it was ready", 30)
        return child

    def curl(self, *words, check=True):
        return self.net.balancer.call("curl", "-sf", "--noproxy", "*", "-m", 5, *words, check=check)

    def query(self, expression):
        """{labels of each result, without name and place: value}"""
        answer = json.loads(self.curl(f"http://{WEB}/api/v1/query?query={quote(expression)}").stdout)
        return {frozenset((k, v) for k, v in each["metric"].items() if k not in ("__name__", "job", "instance")):
                float(each["value"][1]) for each in answer["data"]["result"]}

    def wait_for_value(self, expression, value):
        seen = []

        def is_there():
            seen[:] = [self.query(expression)]
            return list(seen[0].values()) == [value]
        wait_for(is_there, lambda: f"{expression} to be {value}; it is {seen}")
        say(f"{expression} = {value:g}")


def prometheus_scrapes_with_the_token_and_is_refused_without(stage):
    stage.wait_for_value('up{job="cleat"}', 1)
    stage.wait_for_value('up{job="stranger"}', 0)


def a_query_returns_what_happened(stage):
    answered = ask_who(stage.net, stage.net.vip, 60, 1)
    assert not answered.failures, answered.failures[:3]
    stage.wait_for_value('cleat_service_flows_opened_total{service="web"}', 60)
    stage.wait_for_value('sum(cleat_backend_flows_opened_total{pool="srs"})', 60)
    stage.wait_for_value("sum(cleat_backend_healthy)", 6)
    stage.wait_for_value("increase(cleat_dropped_packets_total{reason=\"no_backend\"}[1m])", 0)


def a_server_that_dies_is_seen(stage):
    stage.net.cut(stage.net.backends[0])
    stage.wait_for_value('sum(cleat_backend_effective_weight{pool="srs"})', 200)
    stage.wait_for_value(f'cleat_backend_healthy{{pool="srs",backend="{stage.net.backends[0].address}"}}', 0)
    stage.net.restore(stage.net.backends[0])
    stage.wait_for_value('sum(cleat_backend_effective_weight{pool="srs"})', 300)


def every_frame_is_accounted_for(stage):
    """Asked again until a scrape falls between two bursts."""
    stage.wait_for_value("sum(cleat_worker_receive_packets_total) - sum(cleat_worker_transmit_packets_total)"
                         " + sum(cleat_worker_emitted_packets_total) - sum(cleat_worker_dropped_packets_total)"
                         " - sum(cleat_worker_punted_packets_total) - sum(cleat_worker_consumed_packets_total)", 0)
    assert list(stage.query("sum(cleat_worker_receive_packets_total)").values())[0] > 500


def the_time_of_each_worker_adds_up(stage):
    """Of two scrapes: the states are 1 together, but for what lies between the clocks of cleatd and Prometheus."""
    def shares():
        return stage.query("sum by (worker) (irate(cleat_worker_time_seconds_total[10s]))").values()
    wait_for(lambda: (seen := shares()) and all(0.9 < each < 1.1 for each in seen), lambda: f"shares of 1, not {shares()}")
    frames = stage.query("cleat_worker_burst_frames_sum / cleat_worker_burst_frames_count")
    cost = stage.query('cleat_worker_time_seconds_total{state="busy"} / ignoring(state) cleat_worker_receive_packets_total'
                       ' * on() group_left cleat_tsc_hertz')
    say(f"shares {list(shares())}, frames a burst {list(frames.values())}, cycles a packet {list(cost.values())}")
    assert frames and all(1 <= each <= 32 for each in frames.values())
    assert cost and all(each > 0 for each in cost.values())


def promtool_finds_nothing_to_say(stage):
    """The format, and the conventions of names."""
    text = stage.run.path("metrics.txt")
    text.write_text(stage.curl("-H", f"Authorization: Bearer {TOKEN}", f"http://{METRICS}/metrics").stdout)
    said = stage.net.balancer.call("sh", "-c", f"promtool check metrics < {text}", check=False)
    assert said.returncode == 0 and not said.stderr, said.stderr + said.stdout


run_on_stages((Stage, [prometheus_scrapes_with_the_token_and_is_refused_without, a_query_returns_what_happened,
                       a_server_that_dies_is_seen, every_frame_is_accounted_for, the_time_of_each_worker_adds_up,
                       promtool_finds_nothing_to_say]))
