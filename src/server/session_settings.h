// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "config/options.h"
#include "engine/catalog.h"
#include "protocol/json/translation.h"
#include "server/client_secrets.h"
#include "server/negotiation.h"
#include "session/session.h"

namespace parley::server {

// The model that a client means; null when the server offers it not and may not answer with its
// default instead (`server.unknown_models`).
const engine::Model* choose_model(const engine::Catalog& catalog, const config::Options& options,
                                  std::string_view name);

// How a session begins: the API's defaults, then the server's, then the model's, then what the
// client asked for at the door, then what its client secret binds.
session::Options session_options(const config::Options& options, const engine::Model& model,
                                 const Door& door, const protocol::SessionPatch* secret);

// How a translation session begins; `session` as session_options() gives it.
protocol::TranslationConfig translation_config(const protocol::SessionConfig& session,
                                               const protocol::SessionPatch* secret);

}  // namespace parley::server
