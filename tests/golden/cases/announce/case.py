# SPDX-License-Identifier: MIT
"""At its start Cleat announces each VIP and LIP on the port whose network holds it, a routed VIP on every port."""
from frames import *


def write(case):
    announcing(case, "outside", CLEAT, VIP, VIP6, "203.0.113.1")
    announcing(case, "inside", CLEAT_INSIDE, "203.0.113.1", "10.20.0.200", "2001:db8:20::200")
