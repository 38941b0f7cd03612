// SPDX-License-Identifier: MIT
// The client's events on responses, and what a turn of the user does to them.
#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "base/assert.h"
#include "session/session_impl.h"

namespace parley::session {

using protocol::StatusReason;

void Session::Impl::on(const protocol::ResponseCreate& event, const std::string& event_id) {
  if (context.config.type == protocol::SessionType::transcription) {
    context.out.send_error("invalid_value", "A transcription session does not create responses.",
                           "type", event_id);
    return;
  }
  if (!event.out_of_band && joins_commit()) return;
  const bool waits = !event.out_of_band && default_response_active();
  if (waits && !(context.options.answers_wait &&
                 static_cast<int>(owed_.size()) < context.options.responses_max)) {
    context.out.send_error(
        "conversation_already_has_active_response",
        "Conversation already has an active response in progress: " + response_->id() +
            ". Wait until the response is finished before creating a new one.",
        {}, event_id);
    return;
  }
  if (event.out_of_band && static_cast<int>(detached_.size()) >= context.options.responses_max) {
    context.out.send_error("conversation_already_has_active_response",
                           "Too many out-of-band responses are in progress: wait until one is "
                           "finished.",
                           {}, event_id);
    return;
  }
  if (!event.out_of_band && event.voice && *event.voice != context.config.voice &&
      context.assistant_audio_sent && !context.options.voice_changes) {
    context.out.send_error("cannot_update_voice",
                           "Cannot update a conversation's voice if assistant audio is present.",
                           {}, event_id);
    return;
  }
  if (!accept_response_input(event, event_id)) return;
  if (!accept_tools(event.tools, "response.tools", event_id)) return;
  if (event.tools) mcp_.define(*event.tools);
  if (waits) {
    owed_.push_back(event);
  } else {
    create_response(event);
  }
}

bool Session::Impl::accept_tools(const std::optional<std::vector<protocol::Tool>>& tools,
                                 const std::string& path, const std::string& event_id) {
  if (!tools) return true;
  if (!mcp_.has_room_for(*tools)) {
    context.out.send_error("array_above_max_length",
                           "Invalid '" + path + "': a session knows at most " +
                               std::to_string(Mcp::kServersMax) + " MCP servers.",
                           path, event_id);
    return false;
  }
  const auto index = mcp_.unreachable(*tools);
  if (!index) return true;
  const std::string param = path + "[" + std::to_string(*index) + "].server_url";
  context.out.send_error("missing_required_parameter",
                         "Missing required parameter: '" + param + "'.", param, event_id);
  return false;
}

bool Session::Impl::accept_response_input(const protocol::ResponseCreate& request,
                                          const std::string& event_id) {
  if (!request.input) return true;
  std::set<std::string_view> calls;
  for (std::size_t i = 0; i < request.input->size(); ++i) {
    const auto& entry = (*request.input)[i];
    const bool refers = !entry.reference_id.empty();
    const std::string path = "response.input[" + std::to_string(i) + "]";
    const StoredItem* stored = refers ? context.conversation.find(entry.reference_id) : nullptr;
    if (refers && stored == nullptr) {
      context.out.send_error("invalid_value",
                             "Invalid '" + path + ".id': the item with id '" + entry.reference_id +
                                 "' does not exist.",
                             path + ".id", event_id);
      return false;
    }
    const protocol::Item& item = stored != nullptr ? stored->item : entry.item;
    if (item.type == protocol::ItemType::function_call) calls.insert(item.call_id);
    if (item.type == protocol::ItemType::function_call_output && calls.count(item.call_id) == 0) {
      // No model takes a result without its call.
      const std::string param = path + (refers ? ".id" : ".call_id");
      context.out.send_error("invalid_value",
                             "Invalid '" + param + "': no function call with id '" + item.call_id +
                                 "' stands before it in the input.",
                             param, event_id);
      return false;
    }
    if (refers) continue;
    const auto& content = item.content;
    const auto audio = std::find_if(content.begin(), content.end(), [](const auto& part) {
      return part.type == protocol::PartType::input_audio;
    });
    if (audio == content.end()) continue;
    const std::string part =
        path + ".content[" + std::to_string(audio - content.begin()) + "].type";
    context.out.send_error(
        "invalid_value",
        "Invalid '" + part +
            "': audio goes into the conversation first (conversation.item.create)"
            " and is then referred to by an item_reference.",
        part, event_id);
    return false;
  }
  return true;
}

void Session::Impl::create_response(protocol::ResponseCreate request, std::optional<TurnEnd> end) {
  const bool detached = request.out_of_band;
  auto response = std::make_unique<Response>(context, transcriber_, mcp_, std::move(request), end);
  Response& created = *response;
  if (detached) {
    detached_.push_back(std::move(response));
  } else {
    PARLEY_ASSERT(!response_);
    response_ = std::move(response);
    idle_since_.reset();
  }
  created.advance();
}

void Session::Impl::on(const protocol::ResponseCancel& event, const std::string& event_id) {
  Response* target = nullptr;
  if (!event.response_id || (response_ && response_->id() == *event.response_id)) {
    target = response_.get();
  } else {
    for (const auto& response : detached_) {
      if (response->id() == *event.response_id) target = response.get();
    }
  }
  if (target == nullptr || target->over()) {
    context.out.send_error("response_cancel_not_active",
                           "Cancellation failed: no active response found", {}, event_id);
    return;
  }
  target->cancel(StatusReason::client_cancelled);
}

// ---- the user's turns
// ----------------------------------------------------------------------------

void Session::Impl::on_speech_started() {
  idle_since_.reset();
  const auto& detection = context.config.turn_detection;
  if (!detection || !detection->interrupt_response || !response_ || response_->over()) return;
  owed_.clear();  // the turn that begins is answered, and with it whatever was said before
  response_->cancel(StatusReason::turn_detected);
  forget_finished();
}

void Session::Impl::on_turn_ended(const TurnEnd& end) {
  const auto& detection = context.config.turn_detection;
  if (context.config.type == protocol::SessionType::transcription) return;
  if (!detection || !detection->create_response) return;
  // "A turn that ends while a response runs on does not create one" (interrupt_response false).
  if (response_ && !response_->over()) return owe_answer();
  forget_finished();
  create_response({}, end);
  if (context.options.commit_answers == CommitAnswers::always) commit_answered_at_ = context.now;
}

void Session::Impl::answer_commit(bool in_turn) {
  if (context.config.type == protocol::SessionType::transcription) return;
  const auto& detection = context.config.turn_detection;
  switch (context.options.commit_answers) {
    case CommitAnswers::never:
      return;
    case CommitAnswers::turns:
      if (!in_turn || !detection || !detection->create_response) return;
      break;
    case CommitAnswers::always:
      break;
  }
  if (response_ && !response_->over()) return owe_answer();
  forget_finished();
  create_response({});
  commit_answered_at_ = context.now;
}

// One answer for all that is said while another one is being given.
void Session::Impl::owe_answer() {
  if (!context.options.answers_wait) return;
  if (owed_.empty()) owed_.emplace_back();
  commit_answered_at_ = context.now;
}

void Session::Impl::start_owed() {
  if (closed_ || response_ || owed_.empty()) return;
  const protocol::ResponseCreate next = std::move(owed_.front());
  owed_.pop_front();
  create_response(next);
}

// A response.create right behind a commit that was answered by itself: the answer has begun
// already.
bool Session::Impl::joins_commit() {
  constexpr auto kRightBehind = std::chrono::seconds(2);
  const auto answered = std::exchange(commit_answered_at_, std::nullopt);
  return answered && (default_response_active() || context.now - *answered <= kRightBehind);
}

// ---- upkeep
// --------------------------------------------------------------------------------------

Response* Session::Impl::find_response(JobId job) {
  if (response_ && response_->owns(job)) return response_.get();
  for (const auto& response : detached_) {
    if (response->owns(job)) return response.get();
  }
  return nullptr;  // the job was cancelled while its event was on the way
}

const Response* Session::Impl::find_writer(const std::string& item_id) const {
  return response_ && response_->is_writing(item_id) ? response_.get() : nullptr;
}

void Session::Impl::advance_responses() {
  if (response_ && !response_->over()) response_->advance();
  for (const auto& response : detached_) {
    if (!response->over()) response->advance();
  }
  forget_finished();
}

void Session::Impl::forget_finished() {
  if (response_ && response_->over()) {
    const auto& detection = context.config.turn_detection;
    if (detection && detection->idle_timeout_ms && !turn_.speaking()) {
      idle_since_ = std::max(response_->playback_end(), context.now);
      const auto left = *idle_since_ - context.now;
      idle_from_ = {turn_.listened().samples +
                    std::chrono::duration_cast<base::Milliseconds>(left).count() *
                        engine::kHearingRateHz / 1000};
    }
    response_.reset();
  }
  std::erase_if(detached_, [](const auto& response) { return response->over(); });
}

}  // namespace parley::session
