# SPDX-License-Identifier: MIT
"""Runs test functions and prints TAP (Test Anything Protocol, version 12): one point each, named after the function."""
import os
import sys
import time
import traceback


class Skipped(Exception):
    """Raised by a test that cannot run here; the text says why."""


def run_tests(tests, only=()):
    """Runs each of `tests` (functions that raise when they fail; the others go on), or those named in `only`, and ends
    the program with 0 if none failed. Without root all are skipped.
    """
    if os.geteuid() != 0:
        print("1..0 # SKIP network namespaces need root")
        sys.exit(0)
    tests = [t for t in tests if not only or t.__name__ in only]
    print(f"1..{len(tests)}", flush=True)
    failed = 0
    for number, test in enumerate(tests, 1):
        name = test.__name__.replace("_", " ")
        begin = time.monotonic()
        try:
            test()
            verdict = "ok"
        except Skipped as reason:
            verdict, name = "ok", f"{name} # SKIP {reason}"
        except Exception:
            failed += 1
            verdict = "not ok"
            print("# " + traceback.format_exc().rstrip().replace("\n", "\n# "))
        print(f"{verdict} {number} - {name}\n# took {time.monotonic() - begin:.1f} s", flush=True)
    sys.exit(1 if failed else 0)
