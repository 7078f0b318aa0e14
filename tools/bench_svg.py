# SPDX-License-Identifier: MIT
"""Curves over a logarithmic axis as SVG 1.1, for pages with a light or a dark ground."""
import math
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 800, 470
LEFT, RIGHT, TOP, BOTTOM = 64, 660, 78, 360  # of the area with the curves
LABEL_GAP = 16  # between names of curves, at least
CAPTION_GAP = 16
Y_TICKS = 8  # at most

STYLE = """
text { font: 13px sans-serif; fill: #24292f } .title { font-size: 17px; font-weight: bold } .small { font-size: 11px }
.ground { fill: #ffffff } .grid { stroke: #d8dee4 } .axis { stroke: #57606a }
path { fill: none; stroke-width: 2 } .huge { stroke-dasharray: 6 4 } .range { stroke-width: 1; opacity: 0.45 } .target { stroke-width: 4 }
.c0 { stroke: #0b5cad } .c1 { stroke: #a04100 } .c2 { stroke: #1a7f37 } .c3 { stroke: #8250df }
text.c0, circle.c0 { fill: #0b5cad } text.c1, circle.c1 { fill: #a04100 } text.c2, circle.c2 { fill: #1a7f37 } text.c3, circle.c3 { fill: #8250df }
text.c0, text.c1, text.c2, text.c3 { stroke: none } circle.huge { fill: none; stroke-dasharray: none }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .ground { fill: #0d1117 } .grid { stroke: #30363d } .axis { stroke: #8b949e }
.c0 { stroke: #58a6ff } .c1 { stroke: #ff9b5e } .c2 { stroke: #56d364 } .c3 { stroke: #d2a8ff }
text.c0, circle.c0 { fill: #58a6ff } text.c1, circle.c1 { fill: #ff9b5e } text.c2, circle.c2 { fill: #56d364 } text.c3, circle.c3 { fill: #d2a8ff }
circle.huge { fill: none } }
"""


@dataclass
class Curve:
    name: str
    colour: int  # 0..3
    dashed: bool
    points: list  # (x, median, least, most), ascending; x >= 1


@dataclass
class Chart:
    title: str
    x_label: str
    y_label: str
    curves: list
    key: tuple  # what solid and dashed curves are, and short thick lines
    caption: list  # lines
    targets: list = field(default_factory=list)  # (x, y, colour)


def short(number):
    """1, 10k, 4M"""
    for unit, size in (("M", 10**6), ("k", 1000)):
        if number >= size:
            return f"{number / size:g}{unit}"
    return f"{number:g}"


class Area:
    """From figures to places."""

    def __init__(self, chart):
        points = [p for curve in chart.curves for p in curve.points]
        self.x_most = max(2, max(p[0] for p in points))
        highest = max([p[1] for p in points] + [y for _, y, _ in chart.targets]) * 1.08
        self.y_step = next(step * 10**power for power in range(-1, 9) for step in (1, 2, 5) if highest / (step * 10**power) <= Y_TICKS)
        self.y_most = math.ceil(highest / self.y_step) * self.y_step

    def x(self, value):
        return LEFT + 8 + (RIGHT - LEFT - 16) * math.log(value) / math.log(self.x_most)

    def y(self, value):
        return BOTTOM - (BOTTOM - TOP) * min(value, self.y_most) / self.y_most


def line(kind, x1, y1, x2, y2):
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def text(x, y, words, anchor="start", kind="", more=""):
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{escape(words)}</text>'


def draw_axes(chart, area):
    middle = (TOP + BOTTOM) / 2
    parts = [text(LEFT, 28, chart.title, kind="title"), text((LEFT + RIGHT) / 2, BOTTOM + 38, chart.x_label, "middle"),
             text(18, middle, chart.y_label, "middle", more=f' transform="rotate(-90 18 {middle:.1f})"')]
    for tick in range(round(area.y_most / area.y_step) + 1):
        y = area.y(tick * area.y_step)
        parts += [line("grid", LEFT, y, RIGHT, y), text(LEFT - 8, y + 4, f"{tick * area.y_step:g}", "end")]
    for power in range(int(math.log10(area.x_most) + 1e-9) + 1):
        x = area.x(10**power)
        parts += [line("grid", x, TOP, x, BOTTOM), text(x, BOTTOM + 18, short(10**power), "middle")]
    return parts + [line("axis", LEFT, BOTTOM, RIGHT, BOTTOM), line("axis", LEFT, TOP, LEFT, BOTTOM)]


def draw_curve(curve, area):
    kind = f"c{curve.colour}" + (" huge" if curve.dashed else "")
    places = [(area.x(x), area.y(median)) for x, median, _, _ in curve.points]
    parts = [f'<g><title>{escape(curve.name)}</title>',
             f'<path class="{kind}" d="M{" L".join(f"{x:.1f} {y:.1f}" for x, y in places)}"/>']
    parts += [line(f"c{curve.colour} range", area.x(x), area.y(least), area.x(x), area.y(most)) for x, _, least, most in curve.points]
    return parts + [f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in places] + ["</g>"]


def draw_names(chart, area):
    """Each name once, right of where its solid curve ends, none on another."""
    ends = sorted((area.y(c.points[-1][1]), c.name, c.colour) for c in chart.curves if not c.dashed)
    parts, y = [], -math.inf
    for end, name, colour in ends:
        y = max(end + 4, y + LABEL_GAP)
        parts.append(text(RIGHT + 10, y, name, kind=f"c{colour}"))
    return parts


def draw_key(chart):
    """One line above the area: what the kinds of lines are."""
    parts, x = [], LEFT
    for kind, words in zip(("axis", "axis huge", "axis target"), chart.key):
        parts += [f'<path class="{kind}" d="M{x} 52 h34"/>', text(x + 42, 56, words)]
        x += 42 + 9 * len(words)
    return parts


def draw(chart):
    """The SVG's text. Each curve has a point at least."""
    area = Area(chart)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img">',
             f"<title>{escape(chart.title)}</title>", f"<style>{STYLE}</style>",
             f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}"/>', *draw_axes(chart, area), *draw_key(chart)]
    for curve in chart.curves:
        parts += draw_curve(curve, area)
    for x, y, colour in chart.targets:
        parts.append(line(f"c{colour} target", area.x(x) - 9, area.y(y), area.x(x) + 9, area.y(y)))
    parts += draw_names(chart, area)
    parts += [text(LEFT, BOTTOM + 62 + CAPTION_GAP * n, words, kind="small") for n, words in enumerate(chart.caption)]
    return "\n".join([*parts, "</svg>", ""])
