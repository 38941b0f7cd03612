// SPDX-License-Identifier: MIT
#include "providers/openai/responses_stream.h"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "providers/remote/error_body.h"
#include "providers/remote/json_access.h"
#include "providers/remote/remote_call.h"

namespace parley::providers::openai {

namespace {

using Json = nlohmann::json;
using engine::FailureKind;
using engine::LlmEvent;
using engine::LlmFinish;
using remote::find_member;
using remote::member_count;
using remote::member_text;

constexpr std::size_t kCallsMax = 128;  // of one answer

}  // namespace

ResponsesStream::ResponsesStream(std::shared_ptr<const remote::Endpoint> endpoint)
    : endpoint_(std::move(endpoint)) {}

void ResponsesStream::on_event(std::string_view, std::string_view data,
                               std::vector<LlmEvent>& out) {
  if (data.empty() || data == "[DONE]") return;  // a marker of some servers, not of the API
  const Json event = remote::parse_json(data);
  if (!event.is_object()) {
    return fail(FailureKind::protocol, "sent something in its stream that is no JSON object", out);
  }
  take(member_text(event, "type"), event, out);
}

void ResponsesStream::on_document(std::string_view json, std::vector<LlmEvent>& out) {
  const Json document = remote::parse_json(json);
  const Json* output = find_member(document, "output");
  if (find_member(document, "error") != nullptr) return fail_with(document, out);
  if (output == nullptr || !output->is_array()) {
    return fail(FailureKind::protocol, "answered with JSON that is no response", out);
  }
  int index = 0;
  for (const auto& item : *output) {
    if (const Json* content = find_member(item, "content");
        content != nullptr && member_text(item, "type") == "message") {
      for (const auto& part : *content) {
        answer_.say(member_text(part, "text"), out);
        answer_.say(member_text(part, "refusal"), out);
      }
    }
    take_item({{"output_index", index++}, {"item", item}}, true, out);
    if (remote::is_over(out)) return;
  }
  end(document, out);
}

void ResponsesStream::on_end(bool broken, std::vector<LlmEvent>& out) {
  if (!broken) fail(FailureKind::unavailable, "ended its answer without finishing it", out);
}

void ResponsesStream::take(std::string_view type, const Json& event, std::vector<LlmEvent>& out) {
  if (type == "response.output_text.delta" || type == "response.refusal.delta") {
    said_part_ = true;
    answer_.say(member_text(event, "delta"), out);
  } else if (type == "response.output_text.done" || type == "response.refusal.done") {
    // The whole part once more; servers that do not stream say it only here.
    if (!std::exchange(said_part_, false)) {
      answer_.say(member_text(event, type.starts_with("response.refusal") ? "refusal" : "text"),
                  out);
    }
  } else if (type == "response.output_item.added") {
    take_item(event, false, out);
  } else if (type == "response.output_item.done") {
    take_item(event, true, out);
  } else if (type == "response.function_call_arguments.delta") {
    take_arguments(event, false, out);
  } else if (type == "response.function_call_arguments.done") {
    take_arguments(event, true, out);
  } else if (type == "response.completed" || type == "response.incomplete") {
    const Json* response = find_member(event, "response");
    end(response == nullptr ? Json::object() : *response, out);
  } else if (type == "response.failed") {
    const Json* response = find_member(event, "response");
    fail_with(response == nullptr ? event : *response, out);
  } else if (type == "error" || (type.empty() && event.contains("error"))) {
    fail_with(event, out);
  }
}

// A call begins with its item. Servers that do not stream arguments have them in the item itself.
void ResponsesStream::take_item(const Json& event, bool whole, std::vector<LlmEvent>& out) {
  const Json* item = find_member(event, "item");
  if (item == nullptr || member_text(*item, "type") != "function_call") return;
  auto& calls = answer_.calls();
  const int index = member_count(event, "output_index").value_or(static_cast<int>(calls.size()));
  if (calls.size() >= kCallsMax) {
    return fail(FailureKind::protocol, "made too many tool calls", out);
  }
  const auto [slot, fresh] = slots_.emplace(index, calls.size());
  calls.begin(slot->second, member_text(*item, "call_id"), member_text(*item, "name"), out);
  if ((fresh || whole) && calls.arguments(slot->second).empty()) {
    calls.append(slot->second, member_text(*item, "arguments"), out);
  }
}

void ResponsesStream::take_arguments(const Json& event, bool whole, std::vector<LlmEvent>& out) {
  auto& calls = answer_.calls();
  const auto slot = slots_.find(member_count(event, "output_index").value_or(-1));
  if (slot == slots_.end()) return;  // of an item that is no call of ours
  if (whole && !calls.arguments(slot->second).empty()) return;
  calls.append(slot->second, member_text(event, whole ? "arguments" : "delta"), out);
}

void ResponsesStream::end(const Json& response, std::vector<LlmEvent>& out) {
  auto& figures = answer_.figures();
  if (const Json* usage = find_member(response, "usage")) {
    figures.input_tokens = member_count(*usage, "input_tokens");
    figures.output_tokens = member_count(*usage, "output_tokens");
    if (const Json* details = find_member(*usage, "input_tokens_details")) {
      figures.cached_tokens = member_count(*details, "cached_tokens");
    }
  }
  LlmFinish finish = LlmFinish::stop;
  if (const Json* details = find_member(response, "incomplete_details")) {
    finish = member_text(*details, "reason") == "content_filter" ? LlmFinish::content_filter
                                                                 : LlmFinish::length;
  }
  answer_.end(finish, out);
}

void ResponsesStream::fail(FailureKind kind, std::string_view what, std::vector<LlmEvent>& out) {
  out.emplace_back(remote::make_failure(*endpoint_, kind, what));
}

void ResponsesStream::fail_with(const Json& error, std::vector<LlmEvent>& out) {
  out.emplace_back(remote::failure_of_error(
      *endpoint_,
      remote::read_error_body(error.dump(-1, ' ', false, Json::error_handler_t::replace)),
      FailureKind::unavailable));
}

}  // namespace parley::providers::openai
