// SPDX-License-Identifier: MIT
#include "providers/openai/chat_stream.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "providers/remote/error_body.h"
#include "providers/remote/json_access.h"
#include "providers/remote/remote_call.h"

namespace parley::providers::openai {

namespace {

using engine::FailureKind;
using engine::LlmEvent;
using engine::LlmFinish;
using Json = nlohmann::json;
using remote::find_member;
using remote::member_count;
using remote::member_text;
using remote::text_of;

constexpr int kSoundRateHz = 24000;     // of raw PCM, by contract
constexpr std::size_t kCallsMax = 128;  // of one answer

// `content` as a text or a list of text parts.
std::string joined_text(const Json* content) {
  if (content == nullptr) return {};
  if (!content->is_array()) return std::string(text_of(content));
  std::string text;
  for (const auto& part : *content) text += member_text(part, "text");
  return text;
}

LlmFinish finish_of(std::string_view reason) {
  if (reason == "length") return LlmFinish::length;
  return reason == "content_filter" ? LlmFinish::content_filter : LlmFinish::stop;
}

}  // namespace

ChatStream::ChatStream(std::shared_ptr<const remote::Endpoint> endpoint, bool speaks)
    : endpoint_(std::move(endpoint)), speaks_(speaks), sound_(kSoundRateHz) {}

void ChatStream::on_event(std::string_view, std::string_view data, std::vector<LlmEvent>& out) {
  if (data.empty()) return;
  if (data == "[DONE]") {
    if (!finish_) finish_ = LlmFinish::stop;
    end(out);
    return;
  }
  const Json document = remote::parse_json(data);
  if (!document.is_object()) {
    fail(FailureKind::protocol, "sent something in its stream that is no JSON object", out);
    return;
  }
  if (find_member(document, "error") != nullptr || member_text(document, "object") == "error") {
    failed_ = true;
    out.emplace_back(remote::failure_of_error(*endpoint_, remote::read_error_body(data),
                                              FailureKind::unavailable));
    return;
  }
  take(document, out);
}

void ChatStream::on_document(std::string_view json, std::vector<LlmEvent>& out) {
  on_event({}, json, out);
  if (failed_) return;
  if (!finish_) return fail(FailureKind::protocol, "answered with JSON that is no completion", out);
  end(out);
}

void ChatStream::on_end(bool broken, std::vector<LlmEvent>& out) {
  if (finish_) return end(out);
  if (!broken) fail(FailureKind::unavailable, "ended its answer without finishing it", out);
}

void ChatStream::take(const Json& chunk, std::vector<LlmEvent>& out) {
  if (const Json* usage = find_member(chunk, "usage")) take_usage(*usage);
  const Json* choices = find_member(chunk, "choices");
  if (choices == nullptr || !choices->is_array()) return;
  const bool is_sound = member_text(chunk, "modality") == "audio";
  for (const auto& choice : *choices) {
    // A whole answer has its sound in a second choice; we never ask for several answers.
    const bool first = member_count(choice, "index").value_or(0) == 0;
    const Json* delta = find_member(choice, "delta");
    if (delta == nullptr) delta = find_member(choice, "message");
    if (delta != nullptr && (first || find_member(*delta, "audio") != nullptr)) {
      take_delta(*delta, is_sound, out);
    }
    if (failed_) return;
    const std::string_view reason = member_text(choice, "finish_reason");
    if (reason == "error") {
      return fail(FailureKind::unavailable, "broke off its answer", out);
    }
    if (first && !reason.empty()) finish_ = finish_of(reason);
  }
}

void ChatStream::take_delta(const Json& delta, bool is_sound, std::vector<LlmEvent>& out) {
  const std::string content = joined_text(find_member(delta, "content"));
  std::string_view data = is_sound ? std::string_view(content) : std::string_view();
  if (const Json* audio = find_member(delta, "audio")) {
    data = member_text(*audio, "data");
    const std::string_view transcript = member_text(*audio, "transcript");
    if (!transcript.empty() && words_ != Words::content) {
      words_ = Words::transcript;
      answer_.say(transcript, out);
    }
  }
  if (!content.empty() && !is_sound && words_ != Words::transcript) {
    words_ = Words::content;
    answer_.say(content, out);
  }
  answer_.say(member_text(delta, "refusal"), out);
  if (speaks_ && !data.empty() && !sound_.push(data, out)) {
    return fail(FailureKind::protocol, "sent sound that cannot be decoded", out);
  }
  // The form that tool calls had before there could be several.
  if (const Json* only = find_member(delta, "function_call")) {
    take_call({{"index", 0}, {"function", *only}}, 0, out);
  }
  const Json* calls = find_member(delta, "tool_calls");
  if (calls == nullptr || !calls->is_array()) return;
  for (std::size_t i = 0; i < calls->size() && !failed_; ++i) take_call((*calls)[i], i, out);
}

// Which call a fragment belongs to. `index` says so, but some servers leave it out, and some write
// 0 for every call: then a new id, another name, or a name once the arguments are whole, begins the
// next call.
std::size_t ChatStream::slot_of(const Json& call, std::size_t position) {
  const Json* function = find_member(call, "function");
  const std::string_view id = member_text(call, "id");
  const Json* index = find_member(call, "index");
  const bool numbered = index != nullptr && index->is_number_integer();
  const long long key = numbered ? index->get<long long>() : static_cast<long long>(position);
  const auto known = slots_.find(key);
  std::size_t slot = answer_.calls().size();
  if (known != slots_.end()) {
    slot = known->second;
    const std::string& mine = answer_.calls().call_id(slot);
    const bool other_id = !id.empty() && !mine.empty() && id != mine;
    const std::string_view name =
        function == nullptr ? std::string_view() : member_text(*function, "name");
    const std::string& my_name = answer_.calls().name(slot);
    const bool other_name = !my_name.empty() && name != my_name;
    const bool next = !numbered && id.empty() && !name.empty() &&
                      (other_name || Json::accept(answer_.calls().arguments(slot)));
    if (other_id || next) slot = answer_.calls().size();
  }
  slots_[key] = slot;
  return slot;
}

void ChatStream::take_call(const Json& call, std::size_t position, std::vector<LlmEvent>& out) {
  if (!call.is_object()) return;
  const std::size_t slot = slot_of(call, position);
  if (slot >= kCallsMax) return fail(FailureKind::protocol, "made too many tool calls", out);
  const Json* function = find_member(call, "function");
  const Json* arguments = function == nullptr ? nullptr : find_member(*function, "arguments");
  const std::string_view name =
      function == nullptr ? std::string_view() : member_text(*function, "name");
  answer_.calls().begin(slot, member_text(call, "id"), name, out);
  if (arguments == nullptr) return;
  answer_.calls().append(
      slot, arguments->is_string() ? arguments->get<std::string>() : arguments->dump(), out);
}

void ChatStream::take_usage(const Json& usage) {
  if (const auto count = member_count(usage, "prompt_tokens"))
    answer_.figures().input_tokens = count;
  if (const auto count = member_count(usage, "completion_tokens")) {
    answer_.figures().output_tokens = count;
  }
  if (const Json* details = find_member(usage, "prompt_tokens_details")) {
    if (const auto count = member_count(*details, "cached_tokens"))
      answer_.figures().cached_tokens = count;
  }
}

void ChatStream::end(std::vector<LlmEvent>& out) {
  answer_.end(finish_.value_or(LlmFinish::stop), out);
}

void ChatStream::fail(FailureKind kind, std::string_view what, std::vector<LlmEvent>& out) {
  failed_ = true;
  out.emplace_back(remote::make_failure(*endpoint_, kind, what));
}

}  // namespace parley::providers::openai
