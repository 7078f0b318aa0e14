# SPDX-License-Identifier: MIT
"""tools/bench-plot draws what was measured, and refuses what it cannot draw."""
import json
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from bench_reports import Tap, says, script

KINDS = ("nat_v4_hit", "nat_v4_reply", "dsr_v4_hit", "nat_new_flow")
COUNTS = {"pipeline/{}": (1, 65536, 1048576), "scale/{}_services": (1, 100, 10000), "scale/{}_backends": (1, 4096)}
SVG = "{http://www.w3.org/2000/svg}"


def figures():
    cases = [(group.format(kind), count) for group, counts in COUNTS.items() for kind in KINDS for count in counts]
    return {f"{case}/{count}": [40 + number, 30, 90] for number, (case, count) in enumerate(cases)}


def raw():
    return {"date": "2026-01-02", "load_average": 3.5, "repetitions": 5, "machine": "2 cpus, <One> & only, TSC 2.45 GHz",
            "build": {"version": "0.1.0", "build_type": "release", "compiler": "gcc 12"},
            "figures": {"4k": figures(), "huge": figures()},
            "full": {"entries": 1000, "percent": 80, "bytes_per_flow": 20.0, "untracked": 0.0, "ns_per_packet": [50, 45, 60]}}


def drawn(folder, found):
    """(exit status and words of bench-plot, {plot: its root})"""
    path = Path(folder) / "scale.json"
    path.write_text(json.dumps(found))
    out = Path(folder) / "out"
    said = script("bench-plot", "--from", path, "--out", out)
    return said, {plot.stem: ElementTree.parse(plot).getroot() for plot in out.glob("*.svg")}


def words(picture):
    return [element.text for element in picture.iter(f"{SVG}text")]


def elements(picture, name, kind):
    return [e for e in picture.iter(SVG + name) if kind in e.get("class", "").split()]


def lacks(found, wanted):
    return [f"no '{word}' in {found}" for word in wanted if not any(word in each for each in found)]


def middles(picture, kind):
    """Heights of the points of a curve, its solid one."""
    return [float(e.get("cy")) for e in elements(picture, "circle", kind) if "huge" not in e.get("class")]


with tempfile.TemporaryDirectory() as folder, Tap() as tap:
    said, pictures = drawn(folder, raw())
    tap.check("the largest table is told of", says(said, 0, "800 flows in 1,000 entries: 20 bytes a flow, untracked 0, 50 ns"))
    tap.check("there are three pictures", [] if sorted(pictures) == ["backends", "flows", "services"] else sorted(pictures))
    for plot, picture in pictures.items():
        found = words(picture)
        tap.check(f"{plot}: title, axes and curves are named", lacks(found, ["Cost against " + plot, "ns per packet", *KINDS]))
        tap.check(f"{plot}: the caption has machine, build, day and load", lacks(found, ["<One> & only", "release", "2026-01-02", "3.5"]))
        lines = [["huge" in e.get("class") for e in elements(picture, "path", f"c{colour}")] for colour in range(4)]
        tap.check(f"{plot}: each kind is drawn on both kinds of pages", [] if lines == [[False, True]] * 4 else [str(lines)])
    points = {plot: len(elements(picture, "circle", "c0")) for plot, picture in pictures.items()}
    tap.check("each figure is a point", [] if points == {"flows": 6, "services": 6, "backends": 4} else [str(points)])
    heights = middles(pictures["flows"], "c0")
    tap.check("what costs more is higher", [] if heights == sorted(heights, reverse=True) and len(set(heights)) == 3 else [str(heights)])
    places = [float(e.get("cx")) for e in elements(pictures["services"], "circle", "c0")][:3]
    tap.check("a hundred is half way to ten thousand", [] if abs(places[0] + places[2] - 2 * places[1]) < 0.2 else [str(places)])
    tap.check("targets are in the plot that they are for",
              [p for p, picture in pictures.items() if bool(elements(picture, "line", "target")) != (p == "flows")])

    incomplete = raw()
    del incomplete["figures"]["huge"]["scale/dsr_v4_hit_services/1"], incomplete["figures"]["huge"]["scale/dsr_v4_hit_services/100"]
    tap.check("fewer points are no error", says(drawn(folder, incomplete)[0], 0))
    del incomplete["figures"]["huge"]["scale/dsr_v4_hit_services/10000"]
    tap.check("a curve without any is refused", says(drawn(folder, incomplete)[0], 2, "scale/dsr_v4_hit_services was not measured on huge pages"))
    for missing in ("figures", "machine", "full"):
        without = {key: value for key, value in raw().items() if key != missing}
        tap.check(f"a file without '{missing}' is refused", says(drawn(folder, without)[0], 2, "is no scale.json", missing))
    path = Path(folder) / "words"
    path.write_text("words")
    tap.check("a file that is no JSON is refused", says(script("bench-plot", "--from", path), 2, "is no scale.json"))
    tap.check("a folder without a build is refused", says(script("bench-plot", "--build", folder), 2, "does not run"))
    tap.check("fewer than three repetitions are refused", says(script("bench-plot", "--build", folder, "--repetitions", "2"), 2, "3 or more"))
