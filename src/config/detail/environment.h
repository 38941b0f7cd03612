// SPDX-License-Identifier: MIT
// Settings from the environment: PARLEY_<SECTION>_<KEY>, and the names that other servers use.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace parley::config::detail {

using Environment = std::function<std::optional<std::string>(const std::string&)>;

// "server.tls_cert" -> "PARLEY_SERVER_TLS_CERT".
std::string variable_name(std::string_view key);

std::string lower(std::string_view text);  // ASCII

// Kubernetes announces a service named `parley-server` to every pod as PARLEY_SERVER_SERVICE_HOST,
// PARLEY_SERVER_PORT_7866_TCP and so on: not mistakes of ours.
bool is_service_link(std::string_view name);

// A variable that is set to nothing counts as not set.
std::optional<std::string> look_up(const Environment& environment, const std::string& name);

// Listen addresses from HOST and PORT, else from SERVER_NAME and SERVER_PORT (or the other way
// round, for a server that knew the latter only). One of a pair alone leaves the other at its
// default, of which there may be several. nullopt: none is set. Errors: "invalid_config", naming
// the variable.
base::Result<std::optional<std::vector<std::string>>> listen_from_host_and_port(
    const Environment& environment, std::string_view default_host,
    std::span<const std::string_view> default_ports, bool server_names_first = false);

}  // namespace parley::config::detail
