// SPDX-License-Identifier: MIT
#include "cli/config_options.h"

#include <unistd.h>

#include <CLI/App.hpp>
#include <cstdlib>
#include <optional>

#include "config/load.h"

namespace parley::cli {

namespace {

struct NamedOption {
  const char* name;
  const char* key;
  const char* type;
  const char* help;
};

constexpr NamedOption kNamedOptions[] = {
    {"--listen", "server.listen", "ADDR",
     "Address to listen on, e.g. 127.0.0.1:7866 or [::1]:7866; repeatable. Port 0 takes a free "
     "one"},
    {"--token", "server.tokens", "TOKEN",
     "A token that clients may present as their API key; repeatable. None: open to everyone"},
    {"--tls", "server.tls", "MODE",
     "off; auto (make a local certificate and say how to trust it); files (implied by --tls-cert)"},
    {"--tls-cert", "server.tls_cert", "FILE", "PEM file: the server's certificate and its chain"},
    {"--tls-key", "server.tls_key", "FILE", "PEM file: the certificate's private key"},
    {"--loops", "server.loops", "COUNT", "Event loops, one thread each; 0: one per core"},
    {"--compat", "compat.profile", "PROFILE",
     "Takes the place of another server, with its paths, ports and defaults: open-realtime, "
     "realtime-ai, speech-bridge or azure"},
    {"--static-dir", "compat.static_dir", "DIR",
     "A folder to serve at / and /static/ in place of the playground"},
    {"--sessions-max", "server.sessions_max", "COUNT",
     "Sessions at once; more are refused with 503"},
    {"--detector", "turn.detector", "NAME", "What hears speech: webrtc or energy"},
    {"--stt", "stt.provider", "PROVIDER", "What recognises speech"},
    {"--llm", "llm.provider", "PROVIDER", "What answers"},
    {"--tts", "tts.provider", "PROVIDER", "What speaks"},
    {"--log-level", "log.level", "LEVEL", "debug, info, warn or error"},
};

std::optional<std::string> variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

std::vector<std::string> variable_names() {
  std::vector<std::string> names;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string line(*entry);
    names.push_back(line.substr(0, line.find('=')));
  }
  return names;
}

}  // namespace

std::shared_ptr<ConfigOptions> add_config_options(CLI::App& command) {
  auto options = std::make_shared<ConfigOptions>();
  command
      .add_option("--config", options->file,
                  "TOML file; without it, parley.toml in the working directory if it is there")
      ->type_name("FILE");
  for (const NamedOption& named : kNamedOptions) {
    command
        .add_option_function<std::vector<std::string>>(
            named.name,
            [options = options.get(), key = named.key](const std::vector<std::string>& values) {
              for (const std::string& value : values) options->flags.emplace_back(key, value);
            },
            named.help)
        ->type_name(named.type)
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }
  command
      .add_option("--set", options->assignments,
                  "Any key of the configuration, e.g. --set session.voice=verse; repeatable")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  return options;
}

base::Result<config::Options> load_config(const ConfigOptions& options) {
  config::Sources sources;
  sources.file = options.file;
  sources.environment = variable;
  sources.dotenv = ".env";
  sources.environment_names = variable_names();
  sources.flags = options.flags;
  for (const std::string& assignment : options.assignments) {
    const auto equals = assignment.find('=');
    if (equals == std::string::npos) {
      return base::fail("invalid_config",
                        "--set takes KEY=VALUE, e.g. --set session.voice=verse, not " + assignment);
    }
    sources.flags.emplace_back(assignment.substr(0, equals), assignment.substr(equals + 1));
  }
  return config::load(sources);
}

}  // namespace parley::cli
