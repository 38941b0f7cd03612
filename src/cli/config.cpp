// SPDX-License-Identifier: MIT
// `parley config print` and `parley config check`.
#include <CLI/App.hpp>
#include <cstdio>

#include "cli/commands.h"
#include "cli/config_options.h"
#include "cli/engines.h"
#include "config/load.h"

namespace parley::cli {

namespace {

int print_config(const ConfigOptions& options) {
  const auto loaded = load_config(options);
  if (!loaded) {
    std::fprintf(stderr, "parley: %s\n", loaded.error().message.c_str());
    return kExitFailed;
  }
  std::fputs(config::print(*loaded).c_str(), stdout);
  return kExitFine;
}

// What `parley serve` would find wrong: also the providers and their own keys.
int check_config(const ConfigOptions& options) {
  const auto loaded = load_config(options);
  base::Result<void> valid = loaded ? base::Result<void>() : tl::unexpected(loaded.error());
  if (loaded) {
    if (const auto engines = Engines::create(*loaded); !engines) {
      valid = tl::unexpected(engines.error());
    }
  }
  if (!valid) {
    std::fprintf(stderr, "parley: %s\n", valid.error().message.c_str());
    return kExitFailed;
  }
  std::puts("The configuration is valid.");
  return kExitFine;
}

}  // namespace

void add_config(CLI::App& app, Run& run) {
  CLI::App* command = app.add_subcommand("config", "Show or check the configuration");
  command->require_subcommand(1);

  CLI::App* print =
      command->add_subcommand("print", "Print the effective configuration as TOML, tokens masked");
  print->callback([&run, options = add_config_options(*print)] {
    run = [options] { return print_config(*options); };
  });

  CLI::App* check = command->add_subcommand(
      "check", "Say whether the configuration is valid, and if not, what is wrong and where");
  check->callback([&run, options = add_config_options(*check)] {
    run = [options] { return check_config(*options); };
  });
}

}  // namespace parley::cli
