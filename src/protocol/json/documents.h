// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

// The JSON bodies of our HTTP routes, for layers that see no JSON.
namespace parley::protocol {

// `GET /v1/models`, in OpenAI's list shape.
std::string write_models(const std::vector<std::string>& ids, base::WallTime created);

// `GET /v1/models/{id}`: one entry of that list.
std::string write_model(const std::string& id, base::WallTime created);

// {"error":{"message","type","param","code"}}; empty param and code are shown as null.
std::string write_rest_error(const base::Error& error, std::string_view type);

// `GET /healthz`: {"status":"ok"}, or another word for the state.
std::string write_health(std::string_view status = "ok");

}  // namespace parley::protocol
