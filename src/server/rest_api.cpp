// SPDX-License-Identifier: MIT
#include "server/rest_api.h"

#include <utility>
#include <vector>

#include "base/random.h"
#include "protocol/json/documents.h"
#include "protocol/json/session_documents.h"
#include "server/session_settings.h"

namespace parley::server {

namespace {

constexpr std::string_view kModelsPath = "/v1/models";
constexpr std::string_view kSecretsPath = "/v1/realtime/client_secrets";
constexpr std::string_view kTranslationSecretsPath = "/v1/realtime/translations/client_secrets";
constexpr std::string_view kBetaSessionsPath = "/v1/realtime/sessions";
constexpr std::string_view kBetaTranscriptionsPath = "/v1/realtime/transcription_sessions";

constexpr int kSecondsDefault = 600;
constexpr int kSecondsDefaultBeta = 60;

// Azure's name of a route as OpenAI's.
std::string_view openai_path(std::string_view path) {
  constexpr std::string_view kAzureGa = "/openai/v1/";
  if (path.starts_with(kAzureGa)) return path.substr(std::string_view("/openai").size());
  return path == "/openai/realtimeapi/sessions" ? kBetaSessionsPath : path;
}

bool is_models(std::string_view path) {
  return path == kModelsPath || (path.starts_with(kModelsPath) && path[kModelsPath.size()] == '/');
}

bool makes_secrets(std::string_view path) {
  return path == kSecretsPath || path == kTranslationSecretsPath || path == kBetaSessionsPath ||
         path == kBetaTranscriptionsPath;
}

base::Result<protocol::ClientSecretRequest> read_request(std::string_view path,
                                                         std::string_view body) {
  if (path == kSecretsPath) return protocol::read_client_secret_request(body);
  if (path == kTranslationSecretsPath) return protocol::read_translation_secret_request(body);
  return protocol::read_session_request(body, path == kBetaTranscriptionsPath
                                                  ? protocol::SessionType::transcription
                                                  : protocol::SessionType::realtime);
}

net::HttpResponse not_allowed(const net::HttpRequest& request, const char* allowed) {
  auto response = error_response(
      405, {"method_not_allowed", "Not allowed to " + request.method + " on " + request.path, {}});
  response.headers.emplace_back("Allow", allowed);
  return response;
}

}  // namespace

net::HttpResponse error_response(int status, const base::Error& error) {
  net::HttpResponse response;
  response.status = status;
  response.body = protocol::write_rest_error(error, "invalid_request_error");
  return response;
}

base::Error invalid_api_key() {
  return {"invalid_api_key",
          "Incorrect API key provided. This server asks for one of the tokens it was started with, "
          "or for a client secret that has not expired.",
          {}};
}

RestApi::RestApi(const config::Options& options, const engine::Catalog& catalog,
                 ClientSecrets& secrets)
    : options_(options), catalog_(catalog), secrets_(secrets) {}

bool RestApi::knows(std::string_view path) {
  const std::string_view name = openai_path(path);
  return is_models(name) || makes_secrets(name);
}

std::optional<net::HttpResponse> RestApi::answer(const net::HttpRequest& request,
                                                 const Admission& admission) const {
  const std::string_view path = openai_path(request.path);
  if (is_models(path)) {
    if (request.method == "GET" || request.method == "HEAD") return models(path);
    return not_allowed(request, "GET, HEAD, OPTIONS");
  }
  if (makes_secrets(path)) {
    if (request.method == "POST") return make_secret(request, path, admission);
    return not_allowed(request, "POST, OPTIONS");
  }
  return std::nullopt;
}

net::HttpResponse RestApi::models(std::string_view path) const {
  net::HttpResponse response;
  if (path == kModelsPath) {
    std::vector<std::string> names;
    for (const auto& model : catalog_.models()) names.push_back(model.settings.name);
    response.body = protocol::write_models(names, {0});
    return response;
  }
  const std::string name(path.substr(kModelsPath.size() + 1));
  if (catalog_.find(name) == nullptr) {
    return error_response(404,
                          {"model_not_found", "The model '" + name + "' does not exist.", "model"});
  }
  response.body = protocol::write_model(name, {0});
  return response;
}

net::HttpResponse RestApi::make_secret(const net::HttpRequest& request, std::string_view path,
                                       const Admission& admission) const {
  if (admission.secret) {
    return error_response(401,
                          {"invalid_api_key", "A client secret cannot make client secrets.", {}});
  }
  const bool translation = path == kTranslationSecretsPath;
  const bool beta = path == kBetaSessionsPath || path == kBetaTranscriptionsPath;
  auto wanted = read_request(path, request.body);
  if (!wanted) return error_response(400, wanted.error());

  Door door;
  door.type = wanted->session.type;
  const std::string name = wanted->session.model.value_or("");
  const engine::Model* model = choose_model(catalog_, options_, name);
  if (model == nullptr) {
    return error_response(
        400, {"invalid_model", "The model '" + name + "' does not exist.", "session.model"});
  }
  // What the session would begin with, were it opened now.
  const auto config = session_options(options_, *model, door, &wanted->session).defaults;
  const protocol::TranslationConfig translates = translation_config(config, &wanted->session);
  const int seconds = wanted->seconds.value_or(beta ? kSecondsDefaultBeta : kSecondsDefault);
  const auto secret = secrets_.issue(std::move(wanted->session), seconds, base::wall_now());
  if (!secret) {
    auto refusal = error_response(429, secret.error());
    refusal.headers.emplace_back("Retry-After", "10");
    return refusal;
  }
  base::Random random(base::random_seed());
  std::string id = "sess_";
  random.append_base62(id, 21);
  net::HttpResponse response;
  response.body = translation ? protocol::write_translation_secret(*secret, id, translates)
                  : beta      ? protocol::write_session_with_secret(*secret, id, config)
                              : protocol::write_client_secret(*secret, id, config);
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

}  // namespace parley::server
