// SPDX-License-Identifier: MIT
// Settings from the environment: PARLEY_<SECTION>_<KEY>, and the names that other servers use.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/options.h"

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

// The engine of a kind that the variables of other servers ask for: OPENAI_API_KEY,
// OPENAI_API_BASE or OPENAI_BASE_URL, OPENAI_API_MODEL or OPENAI_MODEL, REQUEST_TIMEOUT (seconds)
// make a language model. nullopt: none is set. Errors: "invalid_config", naming the variable.
base::Result<std::optional<EngineSection>> familiar_llm(const Environment& environment);
// DEFAULT_SYSTEM_PROMPT or OPENAI_SYSTEM_PROMPT.
std::optional<std::string> familiar_instructions(const Environment& environment);

// A listen address from HOST and PORT, else from SERVER_NAME and SERVER_PORT. One of a pair alone
// leaves the other at its default. nullopt: none is set. Errors: "invalid_config", naming the
// variable.
base::Result<std::optional<std::string>> listen_from_host_and_port(const Environment& environment);

}  // namespace parley::config::detail
