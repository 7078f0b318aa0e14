# SPDX-License-Identifier: MIT
"""A packet costs as many instructions as the record says, give or take 3 %; more, and whoever changed it must say why.

usage: instructions_test.py CLEAT-BENCH-COUNTED COMPILER [--update]

COMPILER is what the program was made with; counts of another one say nothing. --update writes the record anew.
"""
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import callgrind
import record

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "style"))
from house import Tap  # noqa: E402

RECORD = HERE / "instructions.json"
CASES = ("pipeline/nat_v4_hit/1", "pipeline/nat_v4_reply/1", "pipeline/nat_new_flow/1", "pipeline/nat_v6_hit/1",
         "pipeline/dsr_v4_hit/1", "pipeline/ipip_v4_hit/1", "pipeline/gue_v4_hit/1", "pipeline/quic_plaintext_dsr/1",
         "pipeline/quic_four_pass_nat/1", "ice/srtp_hit/1024", "ice/srtp_reply/1024", "ice/stun_known/1024")


def count_all(program):
    """{case: instructions a packet}"""
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(CASES, pool.map(lambda case: callgrind.count_packet(program, case), CASES)))


def update(program, compiler):
    counts = count_all(program)
    known = record.read(RECORD)[1] if RECORD.exists() else {}
    for case, count in counts.items():
        print(f"{case}: {record.beside(count, known[case]) if case in known else f'{count:.1f} instructions a packet'}")
    record.write(RECORD, compiler, counts)


def reason_to_skip(compiler, recorded):
    if shutil.which("valgrind") is None:
        return "no valgrind"
    return f"the record is of {recorded}, this build of {compiler}" if compiler != recorded else None


def check(program, compiler):
    recorded_with, recorded = record.read(RECORD)
    if reason := reason_to_skip(compiler, recorded_with):
        print(f"1..0 # SKIP {reason}")
        return
    with Tap() as tap:
        for case, count in count_all(program).items():
            problems = record.problems(count, recorded.get(case))
            tap.check(case, problems)
            if not problems:
                print(f"# {record.beside(count, recorded[case])}")
        tap.check("the record has no case that is not counted", sorted(recorded.keys() - set(CASES)))


if __name__ == "__main__":
    (update if "--update" in sys.argv[3:] else check)(sys.argv[1], sys.argv[2])
