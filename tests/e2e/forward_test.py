# SPDX-License-Identifier: MIT
"""tools/bench-forward in short. Its figures are none then, but every frame must come out, and nothing may be left behind."""
import argparse
import contextlib
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
from lab import leftovers  # noqa: E402
from lab.captures import write_capture  # noqa: E402
from lab.forwarding import OUTSIDE_MAC, PEER_MAC, Traffic, first_pass  # noqa: E402
from lab.run import Run  # noqa: E402
from lab.wait import wait_for  # noqa: E402
from tap import run_tests  # noqa: E402

WAYS = ("nat", "dsr", "both")
FLOWS, DEADLINE_S, LEAST_RATIO = 4096, 200, 0.05
BUILD = None


@contextlib.contextmanager
def programs():
    """A folder that holds them, and nothing to build them with."""
    with tempfile.TemporaryDirectory(prefix="forward-build.") as folder:
        tools = Path(folder) / "tools"
        tools.mkdir()
        for name in ("cleatd", "bench-forwarder", "bench-generator"):
            (tools / name).symlink_to(BUILD / "tools" / name)
        yield folder


@contextlib.contextmanager
def bench(folder, *more):
    process = subprocess.Popen([ROOT / "tools/bench-forward", "--build", folder, "--rounds", "1", "--seconds", "1", "--flows",
                                str(FLOWS), *more], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=DEADLINE_S)


def left_by(process):
    return [path for path in leftovers.files() if Path(path).name.startswith(f"cleat-{process.pid}")]


def expect_ratios(text, ways):
    for way in ways:
        ratio = re.search(rf"^{way} .*  (\d+\.\d+) \(\d+\.\d+ \.\. \d+\.\d+\)$", text, re.MULTILINE)
        assert ratio, text
        assert float(ratio[1]) >= LEAST_RATIO, text


def each_way_has_its_ratio_and_no_frame_is_lost():
    with programs() as folder, bench(folder) as process:
        text = process.communicate(timeout=DEADLINE_S)[0]
        print("# " + text.strip().replace("\n", "\n# "))
        assert process.returncode == 0, text
        for forward in ("nat", "dsr"):
            assert f"{forward}: {FLOWS} frames of as many flows, 60 bytes each, came out right" in text, text
        expect_ratios(text, WAYS)
        assert not left_by(process)


def frames_come_back_through_memif_at_each_rate():
    with programs() as folder, bench(folder, "--way", "dsr", "--seconds", "0.2", "--latency") as process:
        text = process.communicate(timeout=DEADLINE_S)[0]
        assert process.returncode == 0, text
        rows = re.findall(r"^(plain|dsr|at \d+%) +(\d+\.\d+) +\d+ +(\d+\.\d+) ", text, re.MULTILINE)
        assert [name for name, *_ in rows] == ["plain", "at 10%", "at 50%", "at 90%", "dsr", "at 10%", "at 50%", "at 90%"], text
        assert all(float(median) > 0 for *_, median in rows), text


def of_two_at_once_one_is_interrupted_and_leaves_nothing_and_the_other_goes_on():
    with programs() as folder, bench(folder, "--way", "dsr") as one, bench(folder, "--rounds", "99") as other:
        wait_for(lambda: left_by(other), "files of the other", DEADLINE_S)
        while not other.stdout.readline().startswith("round 1"):
            assert other.poll() is None
        other.send_signal(signal.SIGINT)
        other.communicate(timeout=DEADLINE_S)
        assert other.returncode != 0 and not left_by(other), (other.returncode, left_by(other))
        text = one.communicate(timeout=DEADLINE_S)[0]
        assert one.returncode == 0, text
        expect_ratios(text, ["dsr"])


def a_frame_that_does_not_come_out_is_an_error():
    with programs() as folder, Run() as run:
        traffic = Traffic(run, FLOWS, 60)
        strangers = [traffic.ends[0]._replace(destination_port=9), *traffic.ends[1:]]
        write_capture(traffic.requests, PEER_MAC, OUTSIDE_MAC, strangers, 60)
        try:
            first_pass(run, folder, traffic, "nat")
        except RuntimeError as error:
            assert "no_service" in str(error), error
        else:
            raise AssertionError("nothing was noticed")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default="build", help="folder that holds tools/cleatd and tools/bench-forwarder")
    BUILD = Path(parser.parse_args().build).resolve()
    run_tests([each_way_has_its_ratio_and_no_frame_is_lost, frames_come_back_through_memif_at_each_rate,
               of_two_at_once_one_is_interrupted_and_leaves_nothing_and_the_other_goes_on,
               a_frame_that_does_not_come_out_is_an_error])
