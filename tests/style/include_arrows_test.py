# SPDX-License-Identifier: MIT
"""No include goes against the arrows between the folders; each kind of wrong arrow is found when it is drawn."""
import tempfile
from pathlib import Path

import house
import include_arrows

WRONG = [
    ("lb/wrong.h", '#include "control/config.h"'),
    ("lb/wrong.cc", '#include "dataplane/eal.h"'),
    ("lb/wrong.h", "#include <boost/asio.hpp>"),
    ("lb/wrong.h", "#include <chrono>"),
    ("lb/wrong.cc", '#  include "wrong.h"'),
    ("dataplane/wrong.h", '#include "control/log.h"'),
    ("dataplane/wrong.cc", "#include <spdlog/spdlog.h>"),
    ("control/wrong.h", '#include "dataplane/options.h"'),
    ("control/wrong.cc", "#include <rte_mbuf.h>"),
    ("control/wrong.cc", '#include "tools/table.h"'),
    ("tests/lb/wrong_test.cc", '#include "control/config.h"'),
    ("tests/peers/wrong.cc", '#include "lb/quic_lb.h"'),
]
RIGHT = [
    ("lb/right.cc", "#include <openssl/hmac.h>"),
    ("tools/right.cc", '#include "dataplane/eal.h"\n#include "control/log.h"'),
    ("tests/control/right_test.cc", '#include "control/config.h"\n#include "tests/lb/segment_memory.h"'),
]


def problems_of(name, line):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / name
        file.parent.mkdir(parents=True)
        file.write_text(line + "\n")
        return include_arrows.backwards(Path(folder))


with house.Tap() as tap:
    for folder, others in sorted(include_arrows.drawn().items()):
        print(f"# {folder} -> {' '.join(sorted(others))}")
    tap.check("every include goes the right way", include_arrows.backwards())
    for name, line in WRONG:
        found = problems_of(name, line)
        tap.check(f"in {name} '{line}' is found", [] if len(found) == 1 else [f"found: {found}"])
    for name, line in RIGHT:
        tap.check(f"in {name} {line.splitlines()} is allowed", problems_of(name, line))
