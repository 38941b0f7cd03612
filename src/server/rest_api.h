// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/options.h"
#include "engine/catalog.h"
#include "net/http.h"
#include "server/auth.h"
#include "server/client_secrets.h"

namespace parley::server {

// An error answer with OpenAI's body.
net::HttpResponse error_response(int status, const base::Error& error);
base::Error invalid_api_key();

// The routes beside the sessions, as OpenAI and Azure name them:
//
//   GET  /v1/models, /v1/models/{id}
//   POST /v1/realtime/client_secrets                  `ek_…` keys that bind a session's settings
//   POST /v1/realtime/translations/client_secrets     the same for translation sessions
//   POST /v1/realtime/sessions, …/transcription_sessions   the same in the beta's shape
//
// Azure's `/openai/v1/…` and `/openai/realtimeapi/sessions` are the same routes. Any thread.
class RestApi {
 public:
  RestApi(const config::Options& options, const engine::Catalog& catalog, ClientSecrets& secrets);

  // Nothing: no such route. The request was admitted with `admission`.
  std::optional<net::HttpResponse> answer(const net::HttpRequest& request,
                                          const Admission& admission) const;
  // Whether answer() knows the path, whatever the method.
  static bool knows(std::string_view path);

 private:
  net::HttpResponse models(std::string_view path) const;
  net::HttpResponse make_secret(const net::HttpRequest& request, std::string_view path,
                                const Admission& admission) const;

  const config::Options& options_;
  const engine::Catalog& catalog_;
  ClientSecrets& secrets_;
};

}  // namespace parley::server
