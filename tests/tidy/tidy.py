#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Rules about the source that no compiler checks. One line per finding; exit status 1 if any.

  tidy.py [--root DIR] [--compile-commands FILE]

  layers      every #include under src/, and every LINKS, against the table in src/README.md
  bans        what the sans-IO core must not touch, and where JSON libraries may be seen
  text        long lines, tabs, trailing spaces, left-over notes
  unbuilt     .cpp files that no CMake target builds (needs --compile-commands)
  links       relative links in README files and docs/ that lead nowhere
"""
import argparse
import fnmatch
import json
import os
import pathlib
import re
import sys

LINE_LENGTH_MAX = 100
TOP_FOLDERS = ("src", "include", "tests", "bench", "fuzz", "examples", "docs", "scripts", "cmake",
               ".ci", "deploy", "web")
SKIPPED_FOLDERS = {"node_modules", "__pycache__", "build"}
# Published data and its tools, kept as they came.
VENDORED = ("tests/spec/",)


# ---- reading the tree -------------------------------------------------------------------------

def all_files(root):
    """Paths of the project's files, relative to root, with forward slashes."""
    found = [p.name for p in root.iterdir() if p.is_file()]
    for top in TOP_FOLDERS:
        for folder, subfolders, names in os.walk(root / top):
            subfolders[:] = sorted(s for s in subfolders if s not in SKIPPED_FOLDERS)
            relative = pathlib.Path(folder).relative_to(root)
            found += [(relative / name).as_posix() for name in names]
    return sorted(f for f in found if not f.startswith(VENDORED))


def read(root, path):
    return (root / path).read_text(encoding="utf-8", errors="replace")


def is_cpp(path):
    return path.endswith((".h", ".cpp"))


def without_comments(text):
    """Blanks comments and the insides of string literals, keeping line numbers."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"', re.S)
    include = re.compile(r'^\s*#\s*include[^\n]*', re.M)
    kept = {m.start(): m.end() for m in include.finditer(text)}

    def blank(match):
        if any(start <= match.start() < end for start, end in kept.items()):
            return match.group(0)
        return re.sub(r"[^\n]", " ", match.group(0))
    return pattern.sub(blank, text)


# ---- layers -----------------------------------------------------------------------------------

def layer_table(text):
    """folder -> list of allowed patterns, from the table in src/README.md."""
    table = {}
    for line in text.splitlines():
        match = re.match(r"\|\s*`(\w+)/`\s*\|.*\|\s*([^|]*?)\s*\|\s*$", line)
        if not match:
            continue
        folder, allowed = match.groups()
        if allowed == "all above":
            table[folder] = list(table)
        else:
            table[folder] = [a.strip(" `") for a in allowed.split(",") if a.strip(" `–-")]
    return table


def may_include(allowed, header):
    for entry in allowed:
        if "*" in entry:
            if entry.count("/") == header.count("/") and fnmatch.fnmatch(header, entry):
                return True
        elif header == entry or header.startswith(entry + "/"):
            return True
    return False


def check_layers(root, files):
    table_file = "src/README.md"
    if table_file not in files:
        return [f"{table_file}: missing; it holds the table of layers"]
    table = layer_table(read(root, table_file))
    findings = []
    folders = {f.split("/")[1] for f in files if f.startswith("src/") and f.count("/") > 1}
    for folder in sorted(folders - set(table)):
        findings.append(f"src/{folder}: no row in the table of {table_file}")
    for path in files:
        if not path.startswith("src/") or path.count("/") < 2:
            continue
        folder = path.split("/")[1]
        if folder not in table:
            continue
        text = read(root, path)
        if is_cpp(path):
            findings += include_findings(path, folder, text, table)
        elif path == f"src/{folder}/CMakeLists.txt":
            findings += link_findings(path, folder, text, table)
    return findings


def include_findings(path, folder, text, table):
    findings = []
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*"([^"]+)"', line)
        if not match:
            continue
        header = match.group(1)
        if header.split("/")[0] not in table:
            findings.append(f'{path}:{number}: "{header}" is not a full path from src/')
        elif not may_include(table[folder] + [folder], header):
            findings.append(f'{path}:{number}: {folder}/ may not include "{header}"; '
                            f'allowed: {", ".join(table[folder]) or "nothing of ours"}')
    return findings


def link_findings(path, folder, text, table):
    findings = []
    linkable = {entry.split("/")[0] for entry in table[folder]}
    for call in re.findall(r"parley_folder\(([^)]*)\)", text):
        words = call.split()
        linking = False
        for word in words[1:]:
            if word in ("SOURCES", "LINKS", "EXTERNAL"):
                linking = word == "LINKS"
            elif linking and word not in linkable:
                findings.append(f"{path}: {folder}/ may not link to {word}")
    return findings


# ---- bans -------------------------------------------------------------------------------------

CORE = ("src/session/", "src/turn/", "src/audio/")
BANS = [
    (CORE, r"\b(steady_clock|system_clock|high_resolution_clock)::now|\bclock_gettime\b|"
           r"\bgettimeofday\b|\bstd::time\b|\btime\s*\(\s*(nullptr|NULL|0)\s*\)|"
           r"#\s*include\s*<ctime>",
     "reads a clock; take `base::Instant now` from the caller"),
    (CORE, r"\bsleep_for\b|\bsleep_until\b|\busleep\b|\bnanosleep\b",
     "sleeps; give the driver a deadline instead"),
    (CORE, r"\bstd::(jthread|thread|\w*mutex|condition_variable\w*|async|future|promise)\b|"
           r"#\s*include\s*<(thread|mutex|shared_mutex|condition_variable|future)>",
     "threads and locks; a session lives on one loop, post to it"),
    (CORE, r"\b(std::)?s?rand\s*\(|\bdrand48\b|\brandom_device\b|\bmt19937\w*|"
           r"#\s*include\s*<random>",
     "global random; use the `base::Random` seeded by the caller"),
    (CORE, r"#\s*include\s*<(sys/socket|netinet/|arpa/|netdb|sys/epoll|poll|boost/(asio|beast))|"
           r"::(socket|connect|recv|sendto)\s*\(",
     "sockets; hand an output to the driver, net/ does I/O"),
    (("src/audio/", "src/turn/"), r"\b(std::)?(shared_ptr|make_shared|weak_ptr)\b",
     "shared ownership on the audio path; use a value or std::unique_ptr"),
]
JSON_INCLUDE = re.compile(r"#\s*include\s*<(nlohmann/|simdjson|boost/json|rapidjson/)")
JSON_HOMES = ("src/protocol/json/", "src/providers/", "src/cli/", "tests/", "bench/", "fuzz/")


def check_bans(root, files):
    findings = []
    for path in filter(is_cpp, files):
        code = without_comments(read(root, path))
        for number, line in enumerate(code.splitlines(), 1):
            for folders, pattern, message in BANS:
                if path.startswith(folders) and re.search(pattern, line):
                    findings.append(f"{path}:{number}: {message}")
            if JSON_INCLUDE.search(line):
                if not path.startswith(JSON_HOMES):
                    findings.append(f"{path}:{number}: a JSON library; use protocol/json/, "
                                    "which turns JSON into our structs")
                elif path.startswith("src/cli/") and path.endswith(".h"):
                    findings.append(f"{path}:{number}: a JSON library in a header; include it in "
                                    "the .cpp")
    return findings


# ---- text -------------------------------------------------------------------------------------

CODE_SUFFIXES = (".h", ".cpp", ".c", ".mjs", ".js", ".ts", ".py", ".cmake", "CMakeLists.txt")
LEFT_OVER = re.compile(r"\b(FIX" r"ME|TO" r"DO|X" r"XX|HA" r"CK)\b")


def is_shell(path):
    return path.endswith(".sh") or path.startswith(("scripts/", ".ci/"))


def check_text(root, files):
    findings = []
    for path in files:
        code = path.endswith(CODE_SUFFIXES) or is_shell(path)
        if not code and not path.endswith(".md"):
            continue
        for number, line in enumerate(read(root, path).split("\n"), 1):
            where = f"{path}:{number}:"
            # A here-document in a shell script cannot be wrapped.
            if code and not is_shell(path) and len(line) > LINE_LENGTH_MAX:
                findings.append(f"{where} {len(line)} columns, at most {LINE_LENGTH_MAX}")
            if "\t" in line:
                findings.append(f"{where} a tab; use spaces")
            if line != line.rstrip():
                findings.append(f"{where} trailing space")
            if code and LEFT_OVER.search(line):
                findings.append(f"{where} a left-over note; do it now, or open an issue")
    return findings


# ---- files that nothing builds ----------------------------------------------------------------

def check_unbuilt(root, files, compile_commands):
    if compile_commands is None:
        return []
    built = set()
    for entry in json.loads(pathlib.Path(compile_commands).read_text()):
        file = pathlib.Path(entry["directory"], entry["file"]).resolve()
        if file.is_relative_to(root):
            built.add(file.relative_to(root).as_posix())
    return [f"{path}: no CMake target builds this file" for path in files
            if path.endswith(".cpp") and path.startswith(("src/", "tests/", "bench/", "fuzz/"))
            and path not in built]


# ---- links ------------------------------------------------------------------------------------

def heading_anchor(heading):
    """The anchor that GitHub gives a heading."""
    plain = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", lambda m: m.group(1) or "", heading)
    return re.sub(r"[^\w\- ]", "", plain.strip().lower()).replace(" ", "-")


def check_links(root, files):
    findings = []
    known = set(files)
    pages = [f for f in files if f.endswith(".md")]
    for path in pages:
        text = re.sub(r"```.*?```", lambda m: "\n" * m.group(0).count("\n"), read(root, path),
                      flags=re.S)
        text = re.sub(r"`[^`\n]*`", "", text)
        for match in re.finditer(r"\]\(([^)\s]+)\)", text):
            target, _, anchor = match.group(1).partition("#")
            if re.match(r"[a-z]+:", target):
                continue
            number = text.count("\n", 0, match.start()) + 1
            aim = os.path.normpath(os.path.join(os.path.dirname(path), target)) if target else path
            if aim.startswith(".."):
                findings.append(f"{path}:{number}: link out of the project: {match.group(1)}")
            elif aim not in known and not (root / aim).exists():
                findings.append(f"{path}:{number}: broken link {match.group(1)}")
            elif anchor and aim.endswith(".md"):
                headings = re.findall(r"^#+\s+(.*)$", read(root, aim), re.M)
                if anchor not in map(heading_anchor, headings):
                    findings.append(f"{path}:{number}: no heading #{anchor} in {aim}")
    return findings


def check_all(root, compile_commands=None):
    root = pathlib.Path(root).resolve()
    files = all_files(root)
    return (check_layers(root, files) + check_bans(root, files) + check_text(root, files)
            + check_unbuilt(root, files, compile_commands) + check_links(root, files))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", default=pathlib.Path(__file__).resolve().parents[2])
    parser.add_argument("--compile-commands")
    options = parser.parse_args()
    findings = check_all(options.root, options.compile_commands)
    for finding in findings:
        print(finding)
    print(f"tidy: {len(findings)} findings" if findings else "tidy: clean")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
