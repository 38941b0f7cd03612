// SPDX-License-Identifier: MIT
#include "server/app.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "base/random.h"
#include "compat/realtime_ai/realtime_ai_session.h"
#include "compat/telephony/media_stream_session.h"
#include "protocol/json/documents.h"
#include "relay/relay_session.h"
#include "server/call_answer.h"
#include "server/playground.h"
#include "server/session_settings.h"
#include "server/static_files.h"
#include "transport/translation_session.h"
#include "transport/websocket_session.h"

namespace parley::server {

namespace {

// Browsers may call from any page: what protects a server is its tokens.
void add_cors(net::HttpResponse& response) {
  response.headers.emplace_back("Access-Control-Allow-Origin", "*");
  response.headers.emplace_back("Access-Control-Expose-Headers", "Location");
}

// What a browser wants to send besides: SDKs have headers of their own (`X-Stainless-…`), and a
// browser does not send a request whose preflight leaves one out.
std::string more_headers(const net::HttpRequest& request) {
  constexpr std::size_t kLengthMax = 1024;
  const std::string_view wanted = request.header("Access-Control-Request-Headers");
  const bool harmless = std::all_of(wanted.begin(), wanted.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_' || c == ',' || c == ' ';
  });
  if (wanted.empty() || wanted.size() > kLengthMax || !harmless) return {};
  return ", " + std::string(wanted);
}

net::HttpResponse preflight(const net::HttpRequest& request) {
  net::HttpResponse response{.status = 204, .content_type = {}, .headers = {}, .body = {}};
  response.headers.emplace_back("Access-Control-Allow-Methods", "GET, POST, OPTIONS");
  response.headers.emplace_back(
      "Access-Control-Allow-Headers",
      "Authorization, Content-Type, api-key, OpenAI-Beta, OpenAI-Organization, OpenAI-Project, "
      "OpenAI-Safety-Identifier, X-OpenAI-Agents-SDK" +
          more_headers(request));
  response.headers.emplace_back("Access-Control-Max-Age", "600");
  return response;
}

base::Error unknown_model(const std::string& name) {
  if (name.empty()) return {"missing_model", "You must provide a model parameter.", {}};
  return {"invalid_model", "The model '" + name + "' does not exist.", {}};
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

// Is the session held by an upstream realtime API? Only OpenAI's dialects are relayed.
bool relays(const Door& door, const engine::Model& model) {
  const bool foreign = door.translation || door.realtime_ai || door.carrier ||
                       door.dialect == DialectKind::open_realtime ||
                       door.dialect == DialectKind::speech_bridge;
  return !model.settings.s2s.empty() && !foreign;
}

// Of Azure's preview path, whose clients declare none.
transport::InputRate input_rate(const config::CompatOptions& compat) {
  if (compat.azure_rate_hz == "auto") return transport::InputRate::measured;
  return compat.azure_rate_hz == "16000" ? transport::InputRate::narrow
                                         : transport::InputRate::declared;
}

// What a session is called in the log.
std::string door_name(const Door& door) {
  if (door.translation) return "translation";
  if (door.realtime_ai) return "realtime-ai";
  if (door.carrier) return *door.carrier == compat::Carrier::twilio ? "twilio" : "telnyx";
  return std::string(make_dialect(door.dialect)->name());
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

}  // namespace

App::App(net::LoopPool& pool, const config::Options& options, const engine::Catalog& catalog,
         std::shared_ptr<spdlog::logger> log, Upstreams upstreams)
    : options_(options),
      catalog_(catalog),
      log_(std::move(log)),
      upstreams_(std::move(upstreams)),
      authenticator_(options.server.tokens, secrets_),
      rest_(options_, catalog_, secrets_),
      audio_(options_, catalog_),
      sessions_(pool, options.server.sessions_max) {}

App::~App() = default;

// ---- plain HTTP --------------------------------------------------------------------------------

void App::on_request(net::EventLoop& loop, net::HttpRequest request,
                     std::shared_ptr<net::HttpResponder> responder) {
  const bool sound = AudioApi::knows(request.path) && request.method != "OPTIONS";
  if (sound && authenticator_.admit(request, base::wall_now())) {
    net::HttpResponse cors;
    add_cors(cors);
    audio_.answer(loop, request, std::move(cors.headers), std::move(responder));
    return;
  }
  net::HttpResponse response = request.method == "OPTIONS" ? preflight(request) : route(request);
  add_cors(response);
  responder->respond(std::move(response));
}

net::HttpResponse App::route(const net::HttpRequest& request) {
  const bool reads = request.method == "GET" || request.method == "HEAD";
  const bool session = find_door(request, options_.compat).has_value();
  auto page = options_.compat.static_dir.empty()
                  ? playground_response(request)
                  : static_file_response(options_.compat.static_dir, request);
  const bool health = request.path == "/healthz" || request.path == "/health";
  const bool call = answers_calls(request.path);
  const bool own = page || request.path == "/" || health || call;
  if (!session && !own && !RestApi::knows(request.path) && !AudioApi::knows(request.path)) {
    return error_response(404, {"not_found",
                                "Unknown request URL: " + request.method + " " + request.path +
                                    ". Please check the URL for typos.",
                                {}});
  }
  if ((session || own) && !reads && !(call && request.method == "POST")) {
    auto response = error_response(
        405,
        {"method_not_allowed", "Not allowed to " + request.method + " on " + request.path, {}});
    response.headers.emplace_back("Allow", "GET, HEAD, OPTIONS");
    return response;
  }
  if (health) {
    net::HttpResponse response;
    response.body = protocol::write_health();
    return response;
  }
  if (page) return std::move(*page);
  if (auto answer = call_answer(request, authenticator_)) return std::move(*answer);
  if (request.path == "/") {
    net::HttpResponse response;
    response.content_type = "text/plain; charset=utf-8";
    response.body = kWelcome;
    return response;
  }
  const auto admission = authenticator_.admit(request, base::wall_now());
  if (!admission) return error_response(401, invalid_api_key());
  if (session) {
    auto response = error_response(
        426,
        {"upgrade_required", "This is a WebSocket endpoint: connect with ws:// or wss://.", {}});
    response.headers.emplace_back("Upgrade", "websocket");
    return response;
  }
  return *rest_.answer(request, *admission);
}

// ---- sessions ----------------------------------------------------------------------------------

net::UpgradeDecision App::on_upgrade(net::EventLoop&, const net::HttpRequest& request) {
  net::UpgradeDecision decision;
  const auto door = find_door(request, options_.compat);
  if (!door) {
    decision.refusal = route(request);
    return decision;
  }
  // Azure refuses with an HTTP answer, and so its clients expect.
  if (door->azure) {
    const auto admission = authenticator_.admit(request, base::wall_now());
    if (!admission) {
      decision.refusal = error_response(
          401, {"401", "Access denied due to invalid subscription key or wrong API endpoint.", {}});
      return decision;
    }
    if (door->fault) {
      decision.refusal = error_response(400, *door->fault);
      return decision;
    }
    if (find_model(*door, admission->secret.get()) == nullptr) {
      decision.refusal = error_response(
          404, {"DeploymentNotFound", "The API deployment for this resource does not exist.", {}});
      return decision;
    }
  }
  // The bridge refused before the upgrade, and its clients wait for that; realtime-ai's have no
  // event for it.
  const bool early = door->dialect == DialectKind::speech_bridge || door->realtime_ai;
  if (early && !authenticator_.admit(request, base::wall_now())) {
    decision.refusal = error_response(door->realtime_ai ? 401 : 403, invalid_api_key());
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

const engine::Model* App::find_model(const Door& door, const protocol::SessionPatch* secret) const {
  const std::string& name = secret != nullptr && secret->model ? *secret->model : door.model;
  return choose_model(catalog_, options_, name);
}

void App::on_websocket(net::EventLoop& loop, const net::HttpRequest& request,
                       std::shared_ptr<net::WebSocket> socket) {
  const Door door = *find_door(request, options_.compat);
  auto admission = authenticator_.admit(request, base::wall_now());
  const bool by_token = admission.has_value();
  // A carrier shows its token with the stream's start.
  if (!admission && door.carrier) admission.emplace();
  if (!admission) {
    log_->warn("a connection from {} was refused: no valid token", request.remote_address);
    refuse(door, invalid_api_key(), net::CloseCode::invalid_api_key, std::move(socket));
    return;
  }
  if (door.fault) {
    refuse(door, *door.fault, net::CloseCode::invalid_request, std::move(socket));
    return;
  }
  const engine::Model* model = find_model(door, admission->secret.get());
  if (model == nullptr) {
    refuse(door, unknown_model(door.model), net::CloseCode::invalid_request, std::move(socket));
    return;
  }
  // The place is taken here, not in on_upgrade(): a handshake that breaks off never comes this far,
  // and what on_upgrade() saw may have changed since.
  if (shutting_down_) {
    turn_away(std::move(socket), {}, net::CloseCode::going_away, "the server is shutting down");
    return;
  }
  if (door.translation && !model->engines.llm->traits().instructable) {
    refuse(door,
           {"invalid_model",
            "The model '" + model->settings.name + "' has no language model that can translate.",
            {}},
           net::CloseCode::invalid_request, std::move(socket));
    return;
  }
  auto place = sessions_.take_place();
  if (!place) {
    turn_away(std::move(socket), {}, net::CloseCode::try_again_later, "no room for a session");
    return;
  }
  const std::uint64_t id = sessions_.next_id();
  auto options = session_options(options_, *model, door, admission->secret.get());
  log_->info("session {} begins: {} model={} from {}", id, door_name(door),
             loggable(options.defaults.model), request.remote_address);
  auto on_closed = [this, &loop, id, began = loop.now(),
                    place = std::move(place)](std::string_view detail) {
    const auto lasted = std::chrono::duration<double>(loop.now() - began).count();
    if (detail.empty()) {
      log_->info("session {} ended after {:.1f} s", id, lasted);
    } else {
      log_->warn("session {} ended after {:.1f} s: {}", id, lasted, detail);
    }
    sessions_.remove(loop, id);
  };
  const auto queue_max = static_cast<std::size_t>(options_.server.send_queue_bytes_max);
  if (door.carrier) {
    compat::MediaStreamSetup setup;
    setup.carrier = *door.carrier;
    setup.session = std::move(options);
    setup.engines = model->engines;
    setup.send_queue_bytes_max = queue_max;
    setup.on_closed = std::move(on_closed);
    if (authenticator_.required() && !by_token) {
      setup.admit = [this](const std::string& token) {
        net::HttpRequest presented;
        presented.headers.emplace_back("Authorization", "Bearer " + token);
        return authenticator_.admit(presented, base::wall_now()).has_value();
      };
    }
    sessions_.add(loop, id, compat::MediaStreamSession::start(std::move(socket), std::move(setup)));
    return;
  }
  if (door.realtime_ai) {
    compat::RealtimeAiSetup setup;
    setup.session = std::move(options);
    setup.engines = model->engines;
    setup.rate_hz = options_.compat.realtime_ai_rate_hz;
    setup.leading_pad_bytes = options_.compat.leading_pad_bytes;
    setup.barge_in_level_permille = options_.compat.barge_in_level_permille;
    setup.silence_max = std::chrono::seconds(options_.compat.session_timeout_s);
    setup.send_queue_bytes_max = queue_max;
    setup.on_closed = std::move(on_closed);
    sessions_.add(loop, id, compat::RealtimeAiSession::start(std::move(socket), std::move(setup)));
    return;
  }
  if (const auto upstream = upstreams_.find(model->settings.s2s); relays(door, *model)) {
    relay::RelaySetup setup;
    setup.upstream = upstream->second;
    for (const std::string& name : model->settings.s2s_fallback) {
      setup.fallback.push_back(upstreams_.at(name));
    }
    setup.client = door.dialect == DialectKind::openai_ga ? protocol::json::Flavour::ga
                                                          : protocol::json::Flavour::beta;
    if (options.defaults.type == protocol::SessionType::transcription) {
      setup.kind = relay::SessionKind::transcription;
    } else {
      setup.settings = relay_settings(model->settings);
    }
    setup.model = options.defaults.model;
    setup.send_queue_bytes_max = queue_max;
    setup.duration_max = options.duration_max;
    setup.on_closed = [this, id, on_closed = std::move(on_closed)](
                          std::string_view detail, const relay::RelayCounters& counters) {
      log_->info("session {} relayed {} responses, {} tokens in, {} out", id, counters.responses,
                 counters.input_tokens, counters.output_tokens);
      on_closed(detail);
    };
    sessions_.add(loop, id, relay::RelaySession::start(std::move(socket), std::move(setup)));
    return;
  }
  if (door.translation) {
    transport::TranslationSetup setup;
    setup.config = translation_config(options.defaults, admission->secret.get());
    setup.session = std::move(options);
    setup.engines = model->engines;
    setup.send_queue_bytes_max = queue_max;
    setup.on_closed = std::move(on_closed);
    sessions_.add(loop, id,
                  transport::TranslationSession::start(std::move(socket), std::move(setup)));
    return;
  }
  transport::SessionSetup setup;
  setup.dialect = make_dialect(door.dialect, options_.compat, options.defaults.instructions);
  if (request.path == "/openai/realtime") setup.input_rate = input_rate(options_.compat);
  setup.session = std::move(options);
  setup.engines = model->engines;
  setup.send_queue_bytes_max = queue_max;
  setup.on_closed = std::move(on_closed);
  sessions_.add(loop, id, transport::WebSocketSession::start(std::move(socket), std::move(setup)));
}

// The hosted service accepts the upgrade and says what is wrong in band, because browsers show a
// page nothing of a refused one: an `error` event, then close 3000.
void App::refuse(const Door& door, base::Error fault, net::CloseCode code,
                 std::shared_ptr<net::WebSocket> socket) {
  const std::string reason = "invalid_request_error." + fault.code;
  protocol::ErrorEvent error;
  error.code = std::move(fault.code);
  error.message = std::move(fault.message);
  if (!fault.param.empty()) error.param = std::move(fault.param);
  base::Random random(base::random_seed());
  std::string event_id = "event_";
  random.append_base62(event_id, 21);
  std::string frame;
  make_dialect(door.dialect, options_.compat)
      ->write({std::move(event_id), std::move(error)}, frame);
  turn_away(std::move(socket), std::move(frame), code, reason);
}

void App::shut_down() {
  shutting_down_ = true;
  audio_.stop();
  sessions_.close_all();
}

}  // namespace parley::server
