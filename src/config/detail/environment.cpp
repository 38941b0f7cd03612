// SPDX-License-Identifier: MIT
#include "config/detail/environment.h"

#include <charconv>
#include <initializer_list>
#include <utility>

#include "config/detail/settings.h"

namespace parley::config::detail {

namespace {

constexpr std::string_view kDefaultHost = "127.0.0.1";
constexpr std::string_view kDefaultPort = "7866";
constexpr const char* kDefaultModel = "gpt-4o-mini";

bool is_port(std::string_view text) {
  int port = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && port >= 0 && port <= 65535;
}

base::Result<std::optional<std::string>> listen_from(const Environment& environment,
                                                     const std::string& host_name,
                                                     const std::string& port_name) {
  const auto host = look_up(environment, host_name);
  const auto port = look_up(environment, port_name);
  if (!host && !port) return std::optional<std::string>();
  if (port && !is_port(*port)) {
    return base::fail("invalid_config",
                      "environment variable " + port_name +
                          ": must be a port from 0 to 65535, not " + toml_string(*port),
                      "server.listen");
  }
  std::string address(host.value_or(std::string(kDefaultHost)));
  const bool bare_ipv6 = address.find(':') != std::string::npos && address.front() != '[';
  if (bare_ipv6) address = '[' + address + ']';
  address += ':' + port.value_or(std::string(kDefaultPort));
  if (!is_listen_address(address)) {
    return base::fail("invalid_config",
                      "environment variable " + host_name +
                          ": must be an address like 127.0.0.1 or ::1, not " + toml_string(*host),
                      "server.listen");
  }
  return std::optional<std::string>(std::move(address));
}

}  // namespace

std::string variable_name(std::string_view key) {
  std::string name = "PARLEY_";
  for (const char c : key) {
    name += c == '.' ? '_' : (c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
  }
  return name;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool is_service_link(std::string_view name) {
  return name.ends_with("_SERVICE_HOST") || name.ends_with("_PORT") ||
         name.find("_SERVICE_PORT") != std::string_view::npos ||
         name.find("_PORT_") != std::string_view::npos;
}

std::optional<std::string> look_up(const Environment& environment, const std::string& name) {
  if (!environment) return std::nullopt;
  auto value = environment(name);
  if (value && value->empty()) return std::nullopt;
  return value;
}

base::Result<std::optional<EngineSection>> familiar_llm(const Environment& environment) {
  const auto first_of = [&](std::initializer_list<const char*> names)
      -> std::optional<std::pair<std::string, std::string>> {
    for (const char* name : names) {
      if (auto value = look_up(environment, name)) return std::pair{name, std::move(*value)};
    }
    return std::nullopt;
  };
  const auto key = first_of({"OPENAI_API_KEY"});
  const auto base = first_of({"OPENAI_API_BASE", "OPENAI_BASE_URL"});
  if (!key && !base) return std::optional<EngineSection>();
  EngineSection section{
      "llm", "openai", "openai", {}, "environment variable " + (base ? base->first : key->first)};
  if (key) section.options["api_key"] = key->second;
  if (base) section.options["base_url"] = base->second;
  const auto model = first_of({"OPENAI_API_MODEL", "OPENAI_MODEL"});
  section.options["model"] = model ? model->second : kDefaultModel;
  if (const auto timeout = first_of({"REQUEST_TIMEOUT"})) {
    double seconds = 0;
    const std::string& text = timeout->second;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc{} || end != text.data() + text.size() || seconds < 0.1 ||
        seconds > 3600) {
      return base::fail("invalid_config",
                        "environment variable REQUEST_TIMEOUT: must be seconds "
                        "from 0.1 to 3600, not " +
                            toml_string(text));
    }
    const std::string ms = std::to_string(static_cast<long long>(seconds * 1000));
    section.options["total_timeout_ms"] = ms;
    section.options["first_byte_timeout_ms"] = ms;
  }
  return std::optional<EngineSection>(std::move(section));
}

std::optional<std::string> familiar_instructions(const Environment& environment) {
  auto prompt = look_up(environment, "DEFAULT_SYSTEM_PROMPT");
  return prompt ? prompt : look_up(environment, "OPENAI_SYSTEM_PROMPT");
}

base::Result<std::optional<std::string>> listen_from_host_and_port(const Environment& environment) {
  auto listen = listen_from(environment, "HOST", "PORT");
  if (!listen || *listen) return listen;
  return listen_from(environment, "SERVER_NAME", "SERVER_PORT");
}

}  // namespace parley::config::detail
