// SPDX-License-Identifier: MIT
#include "config/detail/environment.h"

#include <charconv>
#include <utility>

#include "config/detail/settings.h"

namespace parley::config::detail {

namespace {

bool is_port(std::string_view text) {
  int port = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && port >= 0 && port <= 65535;
}

base::Result<std::optional<std::vector<std::string>>> listen_from(
    const Environment& environment, const std::string& host_name, const std::string& port_name,
    std::string_view default_host, std::span<const std::string_view> default_ports) {
  const auto host = look_up(environment, host_name);
  const auto port = look_up(environment, port_name);
  if (!host && !port) return std::nullopt;
  if (port && !is_port(*port)) {
    return base::fail("invalid_config",
                      "environment variable " + port_name +
                          ": must be a port from 0 to 65535, not " + toml_string(*port),
                      "server.listen");
  }
  std::string address = host.value_or(std::string(default_host));
  const bool bare_ipv6 = address.find(':') != std::string::npos && address.front() != '[';
  if (bare_ipv6) address = '[' + address + ']';
  std::vector<std::string> ports(default_ports.begin(), default_ports.end());
  if (port) ports = {*port};
  std::vector<std::string> addresses;
  for (const std::string& one : ports) {
    addresses.push_back(address + ':' + one);
    if (is_listen_address(addresses.back())) continue;
    return base::fail("invalid_config",
                      "environment variable " + host_name +
                          ": must be an address like 127.0.0.1 or ::1, not " + toml_string(*host),
                      "server.listen");
  }
  return addresses;
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

base::Result<std::optional<std::vector<std::string>>> listen_from_host_and_port(
    const Environment& environment, std::string_view default_host,
    std::span<const std::string_view> default_ports, bool server_names_first) {
  const char* names[2][2] = {{"HOST", "PORT"}, {"SERVER_NAME", "SERVER_PORT"}};
  if (server_names_first) std::swap(names[0], names[1]);
  for (const auto& [host, port] : names) {
    auto listen = listen_from(environment, host, port, default_host, default_ports);
    if (!listen || *listen) return listen;
  }
  return std::nullopt;
}

}  // namespace parley::config::detail
