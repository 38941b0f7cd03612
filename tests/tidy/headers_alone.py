#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compiles every header under src/ on its own: whoever includes it needs nothing before it.

  headers_alone.py --compiler g++ [--root DIR] [--jobs N]
"""
import argparse
import concurrent.futures
import os
import pathlib
import subprocess
import sys


def compile_alone(compiler, root, header):
    source = f'#include "{header}"\n'
    command = [compiler, "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-I",
               str(root / "src"), "-x", "c++", "-"]
    done = subprocess.run(command, input=source, text=True, capture_output=True)
    return header, done.returncode, done.stderr


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compiler", default="g++")
    parser.add_argument("--root", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parents[2])
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    headers = sorted(p.relative_to(options.root / "src").as_posix()
                     for p in (options.root / "src").rglob("*.h"))
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        results = list(pool.map(
            lambda header: compile_alone(options.compiler, options.root, header), headers))
    failed = [(header, errors) for header, status, errors in results if status != 0]
    for header, errors in failed:
        print(f"src/{header} does not compile alone:\n{errors}")
    print(f"headers alone: {len(headers) - len(failed)} of {len(headers)} compile")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
