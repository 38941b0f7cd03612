// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/result.h"
#include "config/options.h"
#include "relay/upstream.h"

namespace parley::server {

// The realtime APIs that models are relayed to, by the NAME of their `[s2s.NAME]`.
using Upstreams = std::map<std::string, std::shared_ptr<const relay::Upstream>>;

// Errors: code "invalid_config", naming the section and the key.
base::Result<Upstreams> read_upstreams(const config::Options& options);

// What a model's settings mean for the sessions of its upstream: relay::RelaySetup::settings.
std::string relay_settings(const config::ModelSection& model);

}  // namespace parley::server
