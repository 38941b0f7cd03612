// SPDX-License-Identifier: MIT
#include "providers/anthropic/messages_stream.h"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "providers/remote/error_body.h"
#include "providers/remote/json_access.h"
#include "providers/remote/remote_call.h"

namespace parley::providers::anthropic {

namespace {

using Json = nlohmann::json;
using engine::FailureKind;
using engine::LlmEvent;
using engine::LlmFinish;
using remote::find_member;
using remote::member_count;
using remote::member_text;

constexpr std::size_t kCallsMax = 128;  // of one answer

LlmFinish finish_of(std::string_view reason) {
  if (reason == "max_tokens" || reason == "model_context_window_exceeded") {
    return LlmFinish::length;
  }
  return reason == "refusal" ? LlmFinish::content_filter : LlmFinish::stop;
}

}  // namespace

MessagesStream::MessagesStream(std::shared_ptr<const remote::Endpoint> endpoint)
    : endpoint_(std::move(endpoint)) {}

void MessagesStream::on_event(std::string_view, std::string_view data, std::vector<LlmEvent>& out) {
  if (data.empty()) return;
  const Json event = remote::parse_json(data);
  if (!event.is_object()) {
    return fail(FailureKind::protocol, "sent something in its stream that is no JSON object", out);
  }
  const std::string_view type = member_text(event, "type");
  const int index = member_count(event, "index").value_or(0);
  if (type == "message_start") {
    if (const Json* message = find_member(event, "message")) take_usage(*message);
  } else if (type == "content_block_start") {
    if (const Json* block = find_member(event, "content_block")) begin_block(index, *block, out);
  } else if (type == "content_block_delta") {
    if (const Json* delta = find_member(event, "delta")) take_delta(index, *delta, out);
  } else if (type == "message_delta") {
    take_usage(event);
    if (const Json* delta = find_member(event, "delta")) take_stop(*delta);
  } else if (type == "message_stop") {
    end(out);
  } else if (type == "error") {
    out.emplace_back(remote::failure_of_error(*endpoint_, remote::read_error_body(data),
                                              FailureKind::unavailable));
  }
}

void MessagesStream::on_document(std::string_view json, std::vector<LlmEvent>& out) {
  const Json document = remote::parse_json(json);
  if (find_member(document, "error") != nullptr) return on_event({}, json, out);
  const Json* content = find_member(document, "content");
  if (content == nullptr || !content->is_array()) {
    return fail(FailureKind::protocol, "answered with JSON that is no message", out);
  }
  int index = 0;
  for (const auto& block : *content) {
    begin_block(index++, block, out);
    if (remote::is_over(out)) return;
  }
  take_usage(document);
  take_stop(document);
  end(out);
}

void MessagesStream::on_end(bool broken, std::vector<LlmEvent>& out) {
  if (finish_) return end(out);
  if (!broken) fail(FailureKind::unavailable, "ended its answer without finishing it", out);
}

void MessagesStream::begin_block(int index, const Json& block, std::vector<LlmEvent>& out) {
  const std::string_view type = member_text(block, "type");
  if (type == "text") answer_.say(member_text(block, "text"), out);
  if (type != "tool_use") return;
  auto& calls = answer_.calls();
  if (calls.size() >= kCallsMax) {
    return fail(FailureKind::protocol, "made too many tool calls", out);
  }
  const std::size_t slot = slots_.emplace(index, calls.size()).first->second;
  calls.begin(slot, member_text(block, "id"), member_text(block, "name"), out);
  // Empty in a stream of the service itself: its fragments follow.
  const Json* input = find_member(block, "input");
  if (input != nullptr && !input->empty()) calls.append(slot, input->dump(), out);
}

void MessagesStream::take_delta(int index, const Json& delta, std::vector<LlmEvent>& out) {
  const std::string_view type = member_text(delta, "type");
  if (type == "text_delta") {
    answer_.say(member_text(delta, "text"), out);
  } else if (type == "input_json_delta") {
    const auto slot = slots_.find(index);
    if (slot == slots_.end()) return;  // of a tool that the service runs itself
    answer_.calls().append(slot->second, member_text(delta, "partial_json"), out);
  }
}

// Figures are cumulative, and those of the cache are counted apart.
void MessagesStream::take_usage(const Json& holder) {
  const Json* usage = find_member(holder, "usage");
  if (usage == nullptr) return;
  auto& figures = answer_.figures();
  if (const auto input = member_count(*usage, "input_tokens")) {
    figures.cached_tokens = member_count(*usage, "cache_read_input_tokens");
    figures.input_tokens = *input + figures.cached_tokens.value_or(0) +
                           member_count(*usage, "cache_creation_input_tokens").value_or(0);
  }
  if (const auto output = member_count(*usage, "output_tokens")) figures.output_tokens = output;
}

void MessagesStream::take_stop(const Json& holder) {
  const std::string_view reason = member_text(holder, "stop_reason");
  if (!reason.empty()) finish_ = finish_of(reason);
}

void MessagesStream::end(std::vector<LlmEvent>& out) {
  answer_.end(finish_.value_or(LlmFinish::stop), out);
}

void MessagesStream::fail(FailureKind kind, std::string_view what, std::vector<LlmEvent>& out) {
  out.emplace_back(remote::make_failure(*endpoint_, kind, what));
}

}  // namespace parley::providers::anthropic
