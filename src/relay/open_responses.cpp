// SPDX-License-Identifier: MIT
#include "relay/open_responses.h"

#include <algorithm>
#include <utility>

namespace parley::relay {
namespace {

constexpr std::size_t kOpenMax = 64;

// As the hosted service counts a response that failed; clients add these up.
constexpr std::string_view kNoUsage =
    R"({"total_tokens":0,"input_tokens":0,"output_tokens":0,"input_token_details":{)"
    R"("text_tokens":0,"audio_tokens":0,"image_tokens":0,"cached_tokens":0,)"
    R"("cached_tokens_details":{"text_tokens":0,"audio_tokens":0,"image_tokens":0}},)"
    R"("output_token_details":{"text_tokens":0,"audio_tokens":0}})";

}  // namespace

void OpenResponses::begin(const Value& response) {
  if (open_.size() >= kOpenMax) open_.pop_front();
  open_.push_back(response);
}

void OpenResponses::end(std::string_view id) {
  std::erase_if(open_, [&](const Value& each) { return text_at(each, "id") == id; });
}

std::vector<Value> OpenResponses::fail_all(const engine::Failure& failure) {
  std::vector<Value> ended;
  for (Value& response : open_) {
    Value error = object_value();
    set(error, "type", text_value("server_error"));
    set(error, "code", text_value(failure.code));
    set(error, "message", text_value(failure.message));
    Value details = object_value();
    set(details, "type", text_value("failed"));
    set(details, "error", std::move(error));
    set(response, "status", text_value("failed"));
    set(response, "status_details", std::move(details));
    set(response, "usage", *protocol::json::parse(kNoUsage));
    ended.push_back(std::move(response));
  }
  open_.clear();
  return ended;
}

}  // namespace parley::relay
