# SPDX-License-Identifier: MIT
"""cleatd, cleatctl and what else is asked for, built from this source tree."""
import os
import subprocess
from pathlib import Path

from .child import Child
from .wait import wait_for

SOURCE = Path(__file__).resolve().parents[2]
TARGETS = ("tools/cleatd", "tools/cleatctl")


def ready(build, targets=TARGETS):
    """True if `build` holds programs and nothing to build them with: then they are taken as they are."""
    return all((Path(build) / t).exists() for t in targets) and not (Path(build) / "build.ninja").exists()


def build_programs(run, build=None, progress=lambda text: None, deadline_s=1800, targets=TARGETS):
    """Builds them into the folder `build` (None: one that goes with the run) and returns it. RuntimeError with the
    compiler's last lines if that fails. progress is called every second or so with what is being done.
    """
    build = Path(build).resolve() if build else run.path("build")
    if ready(build, targets):
        return build
    if not (build / "build.ninja").exists():
        _finish(Child(run, "meson", ["meson", "setup", "--buildtype=plain", "-Doptimization=2", "-Dtests=false", "-Dbench=disabled",
                                     build, SOURCE], environment=_environment()), progress, 300)
    _finish(Child(run, "ninja", ["ninja", "-C", build, *targets], environment=_environment()), progress, deadline_s)
    return build


def _environment():
    has_ccache = subprocess.run(["sh", "-c", "command -v ccache"], stdout=subprocess.DEVNULL).returncode == 0
    return {**os.environ, **({"CC": "ccache gcc", "CXX": "ccache g++"} if has_ccache else {})}


def _finish(child, progress, deadline_s):
    def ended():
        progress(child.last_lines(1))
        return child.returncode is not None
    wait_for(ended, f"{child.name} to end", deadline_s, every_s=0.5)
    if child.returncode != 0:
        raise RuntimeError(f"{child.name} failed:\n{child.last_lines(30)}")
