#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Canaries: each rule of tidy.py must catch its own violation, and must pass clean source."""
import json
import pathlib
import tempfile
import unittest

import tidy

TABLE = """
| folder | one line | may include |
| --- | --- | --- |
| `base/` | small | – |
| `audio/` | samples | base |
| `engine/` | ports | base, audio |
| `protocol/` | words | base, audio/base64.h |
| `session/` | decides | base, protocol/*.h, engine/types.h |
| `server/` | program | all above |
"""


class TidyTest(unittest.TestCase):
    def findings(self, files, compile_commands=None):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for path, text in {"src/README.md": TABLE, **files}.items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(text)
            commands = None
            if compile_commands is not None:
                commands = root / "compile_commands.json"
                commands.write_text(json.dumps(
                    [{"directory": folder, "file": file} for file in compile_commands]))
            return tidy.check_all(root, commands)

    def assert_caught(self, files, *words, **options):
        found = self.findings(files, **options)
        self.assertTrue(any(all(w in f for w in words) for f in found),
                        f"nothing with {words} in {found}")

    def assert_clean(self, files, **options):
        self.assertEqual(self.findings(files, **options), [])

    def test_clean_source_passes(self):
        self.assert_clean({
            "src/session/a.cpp": '#include "session/a.h"\n#include "engine/types.h"\n'
                                 '#include "protocol/item.h"\n#include <vector>\n',
            "src/server/a.cpp": '#include "session/a.h"\n',
            "src/session/CMakeLists.txt": "parley_folder(session SOURCES a.cpp LINKS engine)\n"})

    def test_an_include_against_the_table_is_caught(self):
        for path, header in [("src/base/a.h", "audio/codec.h"),
                             ("src/session/a.h", "engine/ports.h"),
                             ("src/session/a.h", "protocol/json/writer.h"),
                             ("src/protocol/a.h", "audio/codec.h"),
                             ("src/audio/a.h", "server/a.h")]:
            self.assert_caught({path: f'#include "{header}"\n'}, f"{path}:1", header)

    def test_an_include_that_is_no_full_path_is_caught(self):
        self.assert_caught({"src/audio/a.h": '#include "codec.h"\n'}, "full path")

    def test_a_link_against_the_table_is_caught(self):
        self.assert_caught(
            {"src/audio/CMakeLists.txt": "parley_folder(audio\n  SOURCES a.cpp\n  LINKS server)\n"},
            "may not link to server")

    def test_a_folder_without_a_row_is_caught(self):
        self.assert_caught({"src/extra/a.h": "\n"}, "src/extra", "no row")

    def test_each_ban_is_caught_with_its_replacement(self):
        for folder in ("session", "audio"):
            for code, replacement in [
                    ("auto t = std::chrono::steady_clock::now();", "base::Instant now"),
                    ("auto t = time(nullptr);", "base::Instant now"),
                    ("std::this_thread::sleep_for(d);", "deadline"),
                    ("std::thread t;", "post to it"),
                    ("std::mutex m;", "post to it"),
                    ("int x = rand();", "base::Random"),
                    ("std::random_device d;", "base::Random"),
                    ("#include <sys/socket.h>", "driver"),
                    ("#include <nlohmann/json.hpp>", "protocol/json/")]:
                self.assert_caught({f"src/{folder}/a.cpp": code + "\n"}, "a.cpp:1", replacement)
        self.assert_caught({"src/audio/a.h": "std::shared_ptr<int> p;\n"}, "std::unique_ptr")

    def test_words_in_comments_and_strings_are_no_violation(self):
        self.assert_clean({"src/session/a.cpp": '// no std::thread, no rand() here\n'
                                                'const char* s = "std::mutex";\n'
                                                '/* steady_clock::now\n std::thread */\n'})

    def test_a_json_library_in_a_header_of_cli_is_caught(self):
        table = TABLE + "| `cli/` | commands | all above |\n"
        self.assert_caught({"src/README.md": table,
                            "src/cli/a.h": "#include <nlohmann/json.hpp>\n"}, "in a header")
        self.assert_clean({"src/README.md": table,
                           "src/cli/a.cpp": "#include <nlohmann/json.hpp>\n"})

    def test_untidy_text_is_caught(self):
        for text, word in [("x" * 101, "columns"), ("\tx", "tab"), ("x ", "trailing"),
                           ("// TO" "DO later", "left-over"), ("// FIX" "ME", "left-over")]:
            self.assert_caught({"src/audio/a.h": text + "\n"}, "a.h:1", word)

    def test_a_file_that_no_target_builds_is_caught(self):
        files = {"src/audio/a.cpp": "\n", "src/audio/b.cpp": "\n"}
        self.assert_caught(files, "src/audio/b.cpp", "no CMake target",
                           compile_commands=["src/audio/a.cpp"])
        self.assert_clean(files, compile_commands=["src/audio/a.cpp", "src/audio/b.cpp"])

    def test_broken_links_are_caught(self):
        self.assert_caught({"docs/a.md": "[x](nowhere.md)\n"}, "docs/a.md:1", "nowhere.md")
        self.assert_caught({"docs/a.md": "# One\n[x](#two)\n"}, "#two")
        self.assert_caught({"README.md": "[x](docs/a.md#gone)\n", "docs/a.md": "# Here\n"}, "gone")
        self.assert_clean({"docs/a.md": "# One: `two` & three\n[x](#one-two--three)\n[y](../src)\n"
                                        "`[z](gone.md)`\n"})


if __name__ == "__main__":
    unittest.main()
