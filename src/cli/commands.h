// SPDX-License-Identifier: MIT
// The subcommands of `parley`, one file each.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace parley::cli {

// Exit codes of every subcommand.
inline constexpr int kExitFine = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;  // wrong options or configuration; nothing was started

// What the chosen subcommand does, once all options are known; returns the exit code.
using Run = std::function<int()>;

// Each adds its subcommand with its options; parsing sets `run` when the subcommand was chosen.
void add_serve(CLI::App& app, Run& run);
void add_talk(CLI::App& app, Run& run);
void add_config(CLI::App& app, Run& run);
void add_engines(CLI::App& app, Run& run);
void add_doctor(CLI::App& app, Run& run);
void add_version(CLI::App& app, Run& run);

const char* version();  // "0.1.0"

}  // namespace parley::cli
