# SPDX-License-Identifier: MIT
"""tools/bench-compare: the right ratio, a verdict only where the figures bear it, and no comparison of what cannot be compared."""
import tempfile
from pathlib import Path

from bench_reports import Tap, says, script, write_report

HIT = "pipeline/nat_v4_hit/65536"
QUIET = [100.0, 101, 99, 100, 102, 98, 100, 101, 99]
NOISY = [100.0, 180, 60, 140, 75, 120, 95, 160, 70]


def scaled(figures, factor):
    return [ns * factor for ns in figures]


with tempfile.TemporaryDirectory() as folder, Tap() as tap:
    def compare(a, b, *options, a_more=None, b_more=None):
        """a, b: figures of HIT, or {case: figures}. more: what else write_report() takes."""
        paths = [write_report(Path(folder) / f"{name}.json", x if isinstance(x, dict) else {HIT: x}, **(more or {}))
                 for name, x, more in (("a", a, a_more), ("b", b, b_more))]
        return script("bench-compare", *paths, *options)

    tap.check("the ratio is that of the medians", says(compare(QUIET, scaled(QUIET, 0.5)), 0, HIT, "100.0", "50.0 ", " 0.50"))
    tap.check("half the time is faster", says(compare(QUIET, scaled(QUIET, 0.5)), 0, "faster"))
    tap.check("a tenth more is slower where figures are quiet", says(compare(QUIET, scaled(QUIET, 1.1)), 0, "slower"))
    found = compare(NOISY, scaled(NOISY, 1.1))
    tap.check("a tenth more says nothing where they are noisy",
              says(found, 0, " 1.10") + [w for w in ("slower", "faster") if w in found[1]])
    found = compare(QUIET, QUIET)
    tap.check("a build is as fast as itself", says(found, 0, " 1.00") + [w for w in ("slower", "faster") if w in found[1]])
    tap.check("the same reports give the same words", [] if compare(NOISY, QUIET) == compare(NOISY, QUIET) else ["they differ"])
    for key, value in (("cpu", "Two"), ("tsc_hz", "2600000000"), ("num_cpus", 4), ("caches", [])):
        tap.check(f"another {key} is another machine",
                  says(compare(QUIET, QUIET, b_more={"machine": {key: value}}), 2, "two machines", key))
    tap.check("other pages are another figure of the same machine",
              says(compare(QUIET, QUIET, b_more={"machine": {"pages": "huge"}}), 0, "pages 4k", "pages huge"))
    tap.check("four repetitions are too few", says(compare(QUIET[:4], QUIET), 2, "A: ", "4 times", "--benchmark_repetitions"))
    tap.check("a regression fails", says(compare(QUIET, scaled(QUIET, 1.2), "--fail-above", "10"), 1, "slower by 20 %"))
    tap.check("a smaller one than is asked for does not", says(compare(QUIET, scaled(QUIET, 1.05), "--fail-above", "10"), 0))
    tap.check("nor one that may be noise", says(compare(NOISY, scaled(NOISY, 1.15), "--fail-above", "10"), 0))
    tap.check("without the option it only says so", says(compare(QUIET, scaled(QUIET, 1.2)), 0, "slower"))
    tap.check("a case that failed fails",
              says(compare(QUIET, QUIET, b_more={"failures": {"pipeline/x/1": "a checksum is wrong"}}), 1, "pipeline/x/1", "checksum"))
    tap.check("what only one has is named", says(compare({HIT: QUIET, "stage/parse/1": QUIET}, QUIET), 0, "only in A: stage/parse/1"))
    tap.check("only cases that are asked for", says(compare(QUIET, QUIET, "--filter", "reply"), 2, "no case in common"))
    (Path(folder) / "text.json").write_text("words")
    tap.check("what is no report is refused", says(script("bench-compare", *[Path(folder) / "text.json"] * 2), 2, "no report"))
    tap.check("what is not there is refused", says(script("bench-compare", *[Path(folder) / "none.json"] * 2), 2, "no report"))
