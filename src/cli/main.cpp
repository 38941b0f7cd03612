// SPDX-License-Identifier: MIT
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <string>

#include "cli/commands.h"

int main(int argc, char** argv) {
  using namespace parley::cli;
  CLI::App app("Parley: a realtime voice server behind the OpenAI Realtime API.", "parley");
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("parley ") + version());
  app.footer("parley COMMAND --help says more about each command.");
  Run run;
  add_serve(app, run);
  add_talk(app, run);
  add_config(app, run);
  add_engines(app, run);
  add_doctor(app, run);
  add_version(app, run);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& end) {
    // Help and version end here too, with success.
    return app.exit(end) == 0 ? kExitFine : kExitUsage;
  }
  return run();
}
