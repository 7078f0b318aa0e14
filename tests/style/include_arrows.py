# SPDX-License-Identifier: MIT
"""Draws the arrows between the folders from their includes and names those drawn backwards."""
import re

import house

# folder -> folders it may include. tools wires control and dataplane, which do not know each other.
ARROWS = {
    "lb": {"lb"},
    "dataplane": {"dataplane", "lb"},
    "control": {"control", "lb"},
    "tools": {"tools", "control", "dataplane", "lb"},
    "tests/lb": {"tests/lb", "lb"},  # built and run without DPDK and Boost
    "tests/peers": {"tests/peers"},  # reads and writes what Cleat must understand, without its code
    "tests": {"tests", "tests/lb", "tools", "control", "dataplane", "lb"},
}
# Of the C++ standard library, lb takes no clock, thread, lock, stream or file.
STANDARD = set("""
    algorithm array atomic bit bitset cassert charconv cmath compare concepts cstddef cstdint cstdio cstdlib cstring deque
    functional initializer_list iterator limits list map memory new numeric optional queue random ranges set span
    stdexcept string string_view tuple type_traits typeinfo unordered_map unordered_set utility variant vector
    """.split())
# folder -> what it may (first) or may not (second) include with <>
LIBRARIES = {
    "lb": (lambda name: name in STANDARD or name.startswith("openssl/") or name in ("arpa/inet.h", "immintrin.h")),
    "dataplane": (lambda name: not re.match(r"boost/|spdlog/|yaml-cpp/|nlohmann/", name)),
    "control": (lambda name: not re.match(r"rte_|xdp/|bpf/|netlink/", name)),
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def folder_of(path):
    """The folder of the house that a file, or an include, belongs to."""
    for folder in sorted(ARROWS, key=len, reverse=True):
        if str(path).startswith(folder + "/"):
            return folder
    return None


def backwards(root=house.ROOT):
    """One line for each include that its folder may not have."""
    found = []
    for file in house.sources(root):
        folder = folder_of(file)
        for bracket, name in INCLUDE.findall(house.text(file, root)):
            if bracket == '"':
                other = folder_of(name)
                if other is None:
                    found.append(f'{file}: "{name}" does not begin with a folder of the house')
                elif other not in ARROWS.get(folder, ()):
                    found.append(f'{file}: {folder} may not include {other} ("{name}")')
            elif folder in LIBRARIES and not LIBRARIES[folder](name):
                found.append(f"{file}: {folder} may not include <{name}>")
    return found


def drawn(root=house.ROOT):
    """The arrows as they are: {folder: folders it includes}."""
    arrows = {}
    for file in house.sources(root):
        for bracket, name in INCLUDE.findall(house.text(file, root)):
            if bracket == '"' and folder_of(name) not in (None, folder_of(file)):
                arrows.setdefault(folder_of(file), set()).add(folder_of(name))
    return arrows
