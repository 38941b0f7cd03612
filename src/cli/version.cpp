// SPDX-License-Identifier: MIT
// `parley version`.
#include <CLI/App.hpp>
#include <cstdio>

#include "cli/commands.h"

namespace parley::cli {

const char* version() { return PARLEY_VERSION; }

void add_version(CLI::App& app, Run& run) {
  CLI::App* command = app.add_subcommand("version", "Print the version");
  command->callback([&run] {
    run = [] {
      std::printf("parley %s\n", version());
      return kExitFine;
    };
  });
}

}  // namespace parley::cli
