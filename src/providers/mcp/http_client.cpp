// SPDX-License-Identifier: MIT
#include "providers/mcp/http_client.h"

#include <algorithm>
#include <string>
#include <utility>

#include "engine/job_channel.h"
#include "net/http_client.h"
#include "net/sse.h"
#include "providers/mcp/message.h"

namespace parley::providers::mcp {

namespace {

using engine::McpEvent;
using engine::McpFault;
using engine::McpFaultKind;

constexpr int kPagesMax = 20;  // of a list of tools

std::string header_of(const net::HeaderList& headers, std::string_view name) {
  const auto same = [name](const auto& header) {
    return std::equal(header.first.begin(), header.first.end(), name.begin(), name.end(),
                      [](unsigned char a, unsigned char b) { return (a | 32) == (b | 32); });
  };
  const auto found = std::find_if(headers.begin(), headers.end(), same);
  return found == headers.end() ? std::string() : found->second;
}

McpFault http_fault(int status, const std::string& what) {
  return {McpFaultKind::http, status, "The MCP server " + what};
}

// initialize ─► initialized ─► the request (a list: page by page) ─► the end
class Job final : public engine::McpJob {
 public:
  Job(engine::McpRequest request, const HttpClientOptions& options, base::Executor& loop,
      engine::Sink<McpEvent> sink)
      : request_(std::move(request)),
        options_(options),
        server_(std::visit([](const auto& r) { return r.server; }, request_)),
        loop_(net::event_loop_of(loop)),
        channel_(std::make_shared<engine::JobChannel<McpEvent>>(loop, std::move(sink))) {
    post(initialize_message(++id_), Step::initialize);
  }
  ~Job() override {
    channel_->close();
    leave();
  }
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

 private:
  enum class Step : std::uint8_t { initialize, initialized, request };

  void post(std::string body, Step step);
  void on_body(std::string_view piece);
  void on_done(const base::Result<void>& result);
  void take(std::string_view message);
  void go_on(const Answer& answer);
  void ask();
  void end(McpEvent event);
  void leave();
  net::HttpClientRequest to_server(const std::string& method) const;

  const engine::McpRequest request_;
  const HttpClientOptions options_;
  const engine::McpServer server_;
  net::EventLoop& loop_;
  std::shared_ptr<engine::JobChannel<McpEvent>> channel_;
  std::unique_ptr<net::HttpCall> call_;
  Step step_ = Step::initialize;
  int id_ = 0;
  int status_ = 0;
  bool streamed_ = false;
  std::string body_;
  net::SseParser events_;
  std::optional<Answer> answer_;
  std::string session_;   // Mcp-Session-Id
  std::string protocol_;  // agreed on
  engine::McpTools tools_;
  int pages_ = 0;
  bool over_ = false;
};

net::HttpClientRequest Job::to_server(const std::string& method) const {
  net::HttpClientRequest request;
  request.method = method;
  request.url = server_.url;
  request.timeouts.first_byte = request.timeouts.idle = request.timeouts.total = options_.time_max;
  request.headers = server_.headers;
  request.headers.emplace_back("Accept", "application/json, text/event-stream");
  if (!server_.authorization.empty()) {
    request.headers.emplace_back("Authorization", "Bearer " + server_.authorization);
  }
  if (!session_.empty()) request.headers.emplace_back("Mcp-Session-Id", session_);
  if (!protocol_.empty()) request.headers.emplace_back("MCP-Protocol-Version", protocol_);
  return request;
}

void Job::post(std::string body, Step step) {
  step_ = step;
  status_ = 0;
  body_.clear();
  events_ = net::SseParser(options_.answer_bytes_max);
  answer_.reset();
  auto request = to_server("POST");
  request.headers.emplace_back("Content-Type", "application/json");
  request.body = std::move(body);
  net::HttpClientHandlers handlers;
  handlers.on_headers = [this](int status, const net::HeaderList& headers) {
    status_ = status;
    streamed_ = header_of(headers, "content-type").starts_with("text/event-stream");
    if (session_.empty()) session_ = header_of(headers, "mcp-session-id");
  };
  handlers.on_body = [this](std::string_view piece) { on_body(piece); };
  handlers.on_done = [this](base::Result<void> result) { on_done(result); };
  call_ = net::start_http(loop_, std::move(request), std::move(handlers));
}

void Job::on_body(std::string_view piece) {
  const bool event_stream = streamed_ && status_ < 300;
  if (!event_stream) {
    if (body_.size() + piece.size() <= options_.answer_bytes_max) body_ += piece;
    return;
  }
  const bool sound = events_.feed(piece, [this](const net::SseEvent& event) { take(event.data); });
  if (!sound) return end(http_fault(status_, "sent an event that is far too long."));
  // A server may keep the stream open after its answer.
  if (answer_) go_on(*std::exchange(answer_, std::nullopt));
}

void Job::take(std::string_view message) {
  if (!answer_) answer_ = read_answer(message, id_);
}

void Job::on_done(const base::Result<void>& result) {
  if (over_) return;
  if (!result) return end(http_fault(0, "cannot be reached: " + result.error().message));
  if (status_ >= 300) return end(http_fault(status_, "answered " + std::to_string(status_) + "."));
  if (step_ == Step::initialized) return ask();
  if (streamed_) {
    events_.finish([this](const net::SseEvent& event) { take(event.data); });
  } else {
    take(body_);
  }
  if (!answer_) return end(http_fault(status_, "sent no answer that could be understood."));
  go_on(*std::exchange(answer_, std::nullopt));
}

void Job::go_on(const Answer& answer) {
  if (over_) return;
  if (answer.fault) return end(*answer.fault);
  if (step_ == Step::initialize) {
    protocol_ = answer.protocol_version;
    return post(initialized_message(), Step::initialized);
  }
  if (std::holds_alternative<engine::McpCallRequest>(request_)) {
    return end(engine::McpOutput{answer.output});
  }
  tools_.tools.insert(tools_.tools.end(), answer.tools.begin(), answer.tools.end());
  if (answer.next_cursor.empty() || ++pages_ == kPagesMax) return end(std::move(tools_));
  post(list_message(++id_, answer.next_cursor), Step::request);
}

void Job::ask() {
  const auto* call = std::get_if<engine::McpCallRequest>(&request_);
  if (call == nullptr) return post(list_message(++id_, {}), Step::request);
  auto message = call_message(++id_, call->tool, call->arguments);
  if (!message) {
    return end(
        McpFault{McpFaultKind::tool_execution, 0, "The model's arguments are no JSON object."});
  }
  post(std::move(*message), Step::request);
}

void Job::end(McpEvent event) {
  if (std::exchange(over_, true)) return;
  leave();
  channel_->emit(std::move(event));
}

// Tells the server that its session is over, when it made one. Nobody waits for the answer.
void Job::leave() {
  call_.reset();
  if (session_.empty()) return;
  auto request = to_server("DELETE");
  session_.clear();
  net::send_and_forget(loop_, std::move(request));
}

class HttpClient final : public engine::McpClient {
 public:
  explicit HttpClient(const HttpClientOptions& options) : options_(options) {}

  std::unique_ptr<engine::McpJob> start(engine::McpRequest request, base::Executor& loop,
                                        engine::Sink<McpEvent> sink) override {
    return std::make_unique<Job>(std::move(request), options_, loop, std::move(sink));
  }

 private:
  const HttpClientOptions options_;
};

}  // namespace

std::unique_ptr<engine::McpClient> make_http_client(HttpClientOptions options) {
  return std::make_unique<HttpClient>(options);
}

}  // namespace parley::providers::mcp
