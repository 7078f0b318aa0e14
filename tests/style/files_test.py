# SPDX-License-Identifier: MIT
"""House rules that need no compiler: names, heads, lengths, what scripts and pages must hold."""
import ast
import re
import shutil
import subprocess

import house

LONGEST = 400  # lines of a source
TABLES = set()  # files that may be longer, because they are tables
# One meaning each is what a name should have; these have none.
EMPTY_NAMES = {"util", "utils", "common", "misc", "helper", "helpers", "manager", "process", "handle", "handler"}
# Paths of somebody's machine. In two pieces, so that this file does not find itself.
MACHINE_PATHS = re.compile("|".join(("/wo" + r"rk/", "/ho" + r"me/\w", "/tm" + r"p/(wt|build|team)\b", "/ro" + r"ot/\w")))


def needs_head(file):
    return (file.suffix in house.CODE or file.name in ("meson.build", "meson_options.txt", "go.mod")
            or house.is_shell(file) or house.is_python(file))


def without_head(files):
    return [f"{f}: no SPDX line in its first three" for f in files
            if needs_head(f) and "SPDX-License-Identifier: MIT" not in "\n".join(house.text(f).split("\n")[:3])]


def badly_named(files):
    return [f"{f}: '{word}' says nothing" for f in files for word in re.split(r"[/_.-]", str(f)) if word in EMPTY_NAMES]


def too_long(files):
    return [f"{f}: {house.text(f).count(chr(10))} lines, {LONGEST} at most" for f in files
            if f not in TABLES and (f.suffix in house.CODE or house.is_shell(f))
            and house.text(f).count("\n") > LONGEST]


def lines_matching(files, pattern, what):
    return [f"{f}:{n}: {what}" for f in files for n, line in enumerate(house.text(f).split("\n"), 1) if pattern.search(line)]


def unfinished_lines(files):
    texts = [f for f in files if f.suffix in (*house.CODE, ".build", ".md", ".yaml") or house.is_shell(f)]
    return (lines_matching(texts, re.compile(r"[ \t]+$"), "blank at the end of the line")
            + [f"{f}: no newline at its end" for f in texts if house.text(f) and not house.text(f).endswith("\n")])


def broken_python(files):
    problems = []
    for file in filter(house.is_python, files):
        try:
            ast.parse(house.text(file), str(file))
        except SyntaxError as error:
            problems.append(f"{file}:{error.lineno}: {error.msg}")
    return problems


def broken_shell(files, command):
    problems = []
    for file in filter(house.is_shell, files):
        done = subprocess.run([*command, house.ROOT / file], capture_output=True, text=True)
        if done.returncode:
            problems += (done.stdout + done.stderr).splitlines() or [f"{file}: {command[0]} refuses it"]
    return problems


def drop_reasons():
    """{name: enumerator}"""
    return {name: value for value, name in re.findall(r'^\s*X\((k\w+),\s*"(\w+)"', house.text("lb/drop_reason.h"), re.M)}


def untested_reasons(files):
    tests = "\n".join(house.text(f) for f in files if f.parts[0] == "tests" and f.parts[1] != "style")
    return [f"no test names {name}" for name, value in drop_reasons().items()
            if not re.search(rf"DropReason::{value}\b|\b{name}\b", tests)]


def broken_links(files):
    problems = []
    for page in (f for f in files if f.suffix == ".md"):
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", house.text(page)):
            if not re.match(r"\w+:", target) and not (house.ROOT / page.parent / target).exists():
                problems.append(f"{page}: there is no {target}")
    return problems


def packages():
    return [line.split()[0] for line in house.text("tools/packages").splitlines() if line and not line.startswith("#")]


with house.Tap() as tap:
    files = house.files()
    tap.check("every source names its licence", without_head(files))
    tap.check("no file or folder has a name that says nothing", badly_named(files))
    tap.check(f"no source is longer than {LONGEST} lines", too_long(files))
    tap.check("no path of somebody's machine", lines_matching(files, MACHINE_PATHS, "path of a machine"))
    tap.check("lines and files end as they should", unfinished_lines(files))
    tap.check("Python sources compile", broken_python(files))
    tap.check("shell scripts parse", broken_shell(files, ["bash", "-n"]))
    if shutil.which("shellcheck"):
        tap.check("shellcheck has nothing to say", broken_shell(files, ["shellcheck"]))
    else:
        tap.skip("shellcheck has nothing to say", "no shellcheck")
    operations = house.text("docs/operations.md")
    tap.check("operations.md says what to do about each drop reason",
              [f"`{r}` is missing" for r in drop_reasons() if f"`{r}`" not in operations])
    tap.check("a test names each drop reason", untested_reasons(files))
    tap.check("the list of drop reasons was found", [] if len(drop_reasons()) > 10 else ["lb/drop_reason.h has another form"])
    libraries = house.text("docs/decisions/0001-libraries.md")
    tap.check("0001-libraries.md gives a reason for each package", [f"{p} is missing" for p in packages() if f"`{p}`" not in libraries])
    tap.check("links between pages lead somewhere", broken_links(files))
