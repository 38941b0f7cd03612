// SPDX-License-Identifier: MIT
#include "server/app.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "base/random.h"
#include "protocol/json/documents.h"
#include "server/negotiation.h"

namespace parley::server {

namespace {

constexpr std::string_view kRealtimePath = "/v1/realtime";
constexpr std::string_view kModelsPath = "/v1/models";
constexpr const char* kInvalidRequest = "invalid_request_error";

// Browsers may call from any page: what protects a server is its tokens.
void add_cors(net::HttpResponse& response) {
  response.headers.emplace_back("Access-Control-Allow-Origin", "*");
  response.headers.emplace_back("Access-Control-Expose-Headers", "Location");
}

net::HttpResponse preflight() {
  net::HttpResponse response{.status = 204, .content_type = {}, .headers = {}, .body = {}};
  response.headers.emplace_back("Access-Control-Allow-Methods", "GET, POST, OPTIONS");
  response.headers.emplace_back(
      "Access-Control-Allow-Headers",
      "Authorization, Content-Type, api-key, OpenAI-Beta, OpenAI-Organization, OpenAI-Project, "
      "OpenAI-Safety-Identifier, X-OpenAI-Agents-SDK");
  response.headers.emplace_back("Access-Control-Max-Age", "600");
  return response;
}

net::HttpResponse error_response(int status, const base::Error& error) {
  net::HttpResponse response;
  response.status = status;
  response.body = protocol::write_rest_error(error, kInvalidRequest);
  return response;
}

base::Error invalid_api_key() {
  return {"invalid_api_key",
          "Incorrect API key provided. This server asks for one of the tokens it was started with.",
          {}};
}

// Text from outside in a log line: it must not begin lines of its own, nor fill the log.
std::string loggable(std::string_view text) {
  constexpr std::size_t kLengthMax = 64;
  std::string out(text.substr(0, kLengthMax));
  for (char& c : out) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) c = '?';
  }
  return text.size() > kLengthMax ? out + "..." : out;
}

// Ends a connection that gets no session.
void turn_away(std::shared_ptr<net::WebSocket> socket, std::string frame, net::CloseCode code,
               std::string reason) {
  net::WebSocket& wire = *socket;
  wire.start({.on_text = [](std::string_view) {},
              .on_binary = [](std::string_view) {},
              .on_closed = [socket = std::move(socket)](int, std::string_view) {}});
  if (!frame.empty()) wire.send_text(std::move(frame));
  wire.close(code, std::move(reason));
}

const char* const kWelcome =
    "Parley is running.\n"
    "\n"
    "It speaks the OpenAI Realtime API over WebSocket: connect any client to /v1/realtime,\n"
    "or point an official SDK's base URL at /v1 here.\n"
    "\n"
    "  GET /healthz    is it well?\n"
    "  GET /v1/models  which models does it offer?\n";

turn::VadOptions vad_options(const config::TurnOptions& options) {
  return {.kind = options.detector == "energy" ? turn::VadKind::energy : turn::VadKind::webrtc,
          .aggressiveness = options.aggressiveness};
}

}  // namespace

App::App(net::LoopPool& pool, const config::Options& options, engine::EngineSet engines,
         std::shared_ptr<spdlog::logger> log)
    : options_(options),
      engines_(engines),
      log_(std::move(log)),
      authenticator_(options.server.tokens),
      sessions_(pool, options.server.sessions_max) {}

App::~App() = default;

// ---- plain HTTP --------------------------------------------------------------------------------

net::HttpResponse App::on_request(net::EventLoop&, const net::HttpRequest& request) {
  net::HttpResponse response = request.method == "OPTIONS" ? preflight() : route(request);
  add_cors(response);
  return response;
}

net::HttpResponse App::route(const net::HttpRequest& request) const {
  const bool models = request.path == kModelsPath || request.path.starts_with("/v1/models/");
  const bool known =
      models || request.path == "/" || request.path == "/healthz" || request.path == kRealtimePath;
  if (!known) {
    return error_response(404, {"not_found",
                                "Unknown request URL: " + request.method + " " + request.path +
                                    ". Please check the URL for typos.",
                                {}});
  }
  if (request.method != "GET" && request.method != "HEAD") {
    auto response = error_response(
        405,
        {"method_not_allowed", "Not allowed to " + request.method + " on " + request.path, {}});
    response.headers.emplace_back("Allow", "GET, HEAD, OPTIONS");
    return response;
  }
  if (request.path == "/healthz") {
    net::HttpResponse response;
    response.body = protocol::write_health();
    return response;
  }
  if (request.path == "/") {
    net::HttpResponse response;
    response.content_type = "text/plain; charset=utf-8";
    response.body = kWelcome;
    return response;
  }
  if (!authenticator_.admits(request)) return error_response(401, invalid_api_key());
  if (request.path == kRealtimePath) {
    auto response = error_response(
        426,
        {"upgrade_required", "This is a WebSocket endpoint: connect with ws:// or wss://.", {}});
    response.headers.emplace_back("Upgrade", "websocket");
    return response;
  }
  net::HttpResponse response;
  const std::string& model = options_.session.model;
  if (request.path == kModelsPath) {
    response.body = protocol::write_models({model}, {0});
  } else if (request.path.substr(kModelsPath.size() + 1) == model) {
    response.body = protocol::write_model(model, {0});
  } else {
    return error_response(
        404, {"model_not_found",
              "The model '" + request.path.substr(kModelsPath.size() + 1) + "' does not exist.",
              "model"});
  }
  return response;
}

// ---- sessions ----------------------------------------------------------------------------------

net::UpgradeDecision App::on_upgrade(net::EventLoop&, const net::HttpRequest& request) {
  net::UpgradeDecision decision;
  if (request.path != kRealtimePath) {
    decision.refusal = route(request);
    return decision;
  }
  if (shutting_down_ || sessions_.full()) {
    decision.refusal = error_response(
        503, {"server_overloaded", "The server has no room for another session right now.", {}});
    decision.refusal.headers.emplace_back("Retry-After", "5");
    return decision;
  }
  decision.accept = true;
  decision.subprotocol = choose_subprotocol(request);
  return decision;
}

session::Options App::session_options(const net::HttpRequest& request) const {
  session::Options options;
  const auto model = request.query_value("model");
  const bool named = model && !model->empty();
  options.defaults.model = named ? std::string(*model) : options_.session.model;
  if (request.query_value("intent") == "transcription") {
    options.defaults.type = protocol::SessionType::transcription;
    // The hosted service wants no model beside the intent; lenient servers take it as the
    // recogniser's.
    if (named) options.defaults.transcription = protocol::Transcription{*model, {}, {}};
  }
  options.defaults.instructions = options_.session.instructions;
  options.defaults.voice = options_.session.voice;
  options.vad = vad_options(options_.turn);
  options.seed = base::random_seed();
  options.started_at = base::wall_now();
  options.duration_max = std::chrono::seconds(options_.session.duration_max_s);
  options.output_lead = base::Milliseconds(options_.session.output_lead_ms);
  return options;
}

void App::on_websocket(net::EventLoop& loop, const net::HttpRequest& request,
                       std::shared_ptr<net::WebSocket> socket) {
  if (!authenticator_.admits(request)) {
    refuse_token(request, std::move(socket));
    return;
  }
  // The place is taken here, not in on_upgrade(): a handshake that breaks off never comes this far,
  // and what on_upgrade() saw may have changed since.
  if (shutting_down_) {
    turn_away(std::move(socket), {}, net::CloseCode::going_away, "the server is shutting down");
    return;
  }
  auto place = sessions_.take_place();
  if (!place) {
    turn_away(std::move(socket), {}, net::CloseCode::try_again_later, "no room for a session");
    return;
  }
  const std::uint64_t id = sessions_.next_id();
  transport::SessionSetup setup;
  setup.dialect = make_dialect(choose_dialect(request));
  setup.session = session_options(request);
  setup.engines = engines_;
  setup.send_queue_bytes_max = static_cast<std::size_t>(options_.server.send_queue_bytes_max);
  log_->info("session {} begins: {} model={} from {}", id, setup.dialect->name(),
             loggable(setup.session.defaults.model), request.remote_address);
  setup.on_closed = [this, &loop, id, began = loop.now(),
                     place = std::move(place)](std::string_view detail) {
    const auto lasted = std::chrono::duration<double>(loop.now() - began).count();
    if (detail.empty()) {
      log_->info("session {} ended after {:.1f} s", id, lasted);
    } else {
      log_->warn("session {} ended after {:.1f} s: {}", id, lasted, detail);
    }
    sessions_.remove(loop, id);
  };
  sessions_.add(loop, id, transport::WebSocketSession::start(std::move(socket), std::move(setup)));
}

// The hosted service accepts the upgrade and says what is wrong in band, because browsers show a
// page nothing of a refused one: an `error` event, then close 3000.
void App::refuse_token(const net::HttpRequest& request, std::shared_ptr<net::WebSocket> socket) {
  log_->warn("a connection from {} was refused: no valid token", request.remote_address);
  base::Error fault = invalid_api_key();
  protocol::ErrorEvent error;
  error.code = std::move(fault.code);
  error.message = std::move(fault.message);
  base::Random random(base::random_seed());
  std::string event_id = "event_";
  random.append_base62(event_id, 21);
  std::string frame;
  make_dialect(choose_dialect(request))->write({std::move(event_id), std::move(error)}, frame);
  turn_away(std::move(socket), std::move(frame), net::CloseCode::invalid_api_key,
            "invalid_request_error.invalid_api_key");
}

void App::shut_down() {
  shutting_down_ = true;
  sessions_.close_all();
}

}  // namespace parley::server
