// SPDX-License-Identifier: MIT
// `parley engines` lists what is configured; `parley doctor` has each engine do a small task.
#include <CLI/App.hpp>
#include <cstdio>

#include "cli/checkup.h"
#include "cli/commands.h"
#include "cli/config_options.h"
#include "cli/engines.h"

namespace parley::cli {

namespace {

int fail(const base::Error& error) {
  std::fprintf(stderr, "parley: %s\n", error.message.c_str());
  return kExitUsage;
}

std::string name_of(const config::EngineSection& section) {
  return section.kind + "." + section.name;
}

int list_engines(const ConfigOptions& options) {
  const auto loaded = load_config(options);
  if (!loaded) return fail(loaded.error());
  const auto engines = Engines::create(*loaded);
  if (!engines) return fail(engines.error());
  for (const auto& section : loaded->engines) {
    std::printf("%-20s %-16s %s\n", name_of(section).c_str(), section.provider.c_str(),
                section.origin.empty() ? "built in" : section.origin.c_str());
  }
  for (const auto& model : (*engines)->catalog().models()) {
    if (!model.settings.s2s.empty()) {
      std::printf("\nmodel %s\n  relayed to s2s.%s\n", model.settings.name.c_str(),
                  model.settings.s2s.c_str());
      continue;
    }
    std::printf("\nmodel %s\n  hears    %s\n  answers  %s\n  speaks   %s\n",
                model.settings.name.c_str(), model.engines.stt->describe().c_str(),
                model.engines.llm->describe().c_str(), model.engines.tts->describe().c_str());
  }
  return kExitFine;
}

int milliseconds(base::Duration duration) {
  return static_cast<int>(std::chrono::duration_cast<base::Milliseconds>(duration).count());
}

int examine(const ConfigOptions& options) {
  const auto loaded = load_config(options);
  if (!loaded) return fail(loaded.error());
  net::LoopPool loops(1);
  providers::embedded::WorkerPool workers(0);
  loops.start();
  bool well = true;
  for (const auto& section : loaded->engines) {
    const Checkup checkup = check_engine(section, loops.at(0), workers);
    std::printf("%-20s %-16s ", name_of(section).c_str(), section.provider.c_str());
    if (checkup.failure) {
      std::printf("FAILED: %s\n", checkup.failure->message.c_str());
      const std::string hint = advice(section, checkup.failure->kind);
      if (!hint.empty()) std::printf("%38s%s\n", "", hint.c_str());
      well = false;
    } else {
      std::printf("well: reachable, authorised, first byte after %d ms, all after %d ms\n",
                  milliseconds(checkup.first_byte.value_or(checkup.whole)),
                  milliseconds(checkup.whole));
    }
    std::fflush(stdout);
  }
  loops.stop_and_join();
  return well ? kExitFine : kExitFailed;
}

}  // namespace

void add_engines(CLI::App& app, Run& run) {
  CLI::App* command =
      app.add_subcommand("engines", "List the configured engines and the models they make up");
  command->callback([&run, options = add_config_options(*command)] {
    run = [options] { return list_engines(*options); };
  });
}

void add_doctor(CLI::App& app, Run& run) {
  CLI::App* command = app.add_subcommand(
      "doctor", "Have each configured engine do a small task, and say how it went");
  command->footer(
      "A second of sound is recognised, a word answered, a word spoken: remote engines may charge\n"
      "for that. Ends with 1 when an engine failed.");
  command->callback([&run, options = add_config_options(*command)] {
    run = [options] { return examine(*options); };
  });
}

}  // namespace parley::cli
