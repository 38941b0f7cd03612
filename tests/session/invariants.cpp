// SPDX-License-Identifier: MIT
#include "tests/session/invariants.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace parley::tests {

namespace {

using protocol::ItemStatus;
using protocol::ItemType;
using protocol::PartType;
using protocol::ResponseStatus;
using protocol::StatusReason;

// Everything a client may branch on (behaviour.md §9.2, §9.3). Some SDKs end on any other code.
const std::set<std::string> kCodes = {"invalid_value",
                                      "invalid_type",
                                      "integer_below_min_value",
                                      "integer_above_max_value",
                                      "decimal_below_min_value",
                                      "decimal_above_max_value",
                                      "string_above_max_length",
                                      "array_above_max_length",
                                      "unknown_parameter",
                                      "missing_required_parameter",
                                      "invalid_json",
                                      "invalid_event",
                                      "input_audio_buffer_commit_empty",
                                      "conversation_already_has_active_response",
                                      "response_cancel_not_active",
                                      "item_delete_invalid_item_id",
                                      "item_truncate_invalid_item_id",
                                      "item_retrieve_invalid_item_id",
                                      "cannot_update_voice",
                                      "session_expired"};

struct ItemRecord {
  bool done = false;
  bool transcribed = false;  // completed or failed
  std::string transcription;
};

struct OutputRecord {
  protocol::Item item;
  int parts = 0;
  bool part_open = false;
  PartType part_type = PartType::text;
  std::string text;  // deltas of text, transcript or arguments
  bool text_done = false;
  bool audio_done = false;
};

struct ResponseRecord {
  bool in_conversation = false;
  bool done = false;
  base::AudioFormat format;
  std::optional<OutputRecord> open;
  std::vector<protocol::Item> output;
  std::optional<base::Instant> playback_end;
};

std::string said(const protocol::ContentPart& part) {
  return part.type == PartType::audio ? part.transcript.value_or("") : part.text;
}

class Checker {
 public:
  explicit Checker(base::Duration output_lead) : output_lead_(output_lead) {}

  void check(std::size_t index, const Heard& heard) {
    index_ = index;
    heard_ = &heard;
    if (index == 0) {
      expect(std::holds_alternative<protocol::SessionCreated>(heard.event.body),
             "session.created is not first");
    }
    expect(ids_.insert(heard.event.event_id).second, "an event_id was used twice");
    std::visit([this](const auto& body) { on(body); }, heard.event.body);
  }
  void finish() {
    for (const auto& [id, item] : items_) {
      const bool written = id == writing_;
      expect(item.done || written, "item " + id + " was added and never done");
    }
  }
  std::vector<std::string> findings;

 private:
  void expect(bool holds, const std::string& otherwise) {
    if (!holds) findings.push_back("event " + std::to_string(index_) + ": " + otherwise);
  }

  // ---- the session
  void on(const protocol::SessionCreated& body) {
    expect(index_ == 0, "session.created comes twice");
    detecting_ = body.config.turn_detection.has_value();
  }
  void on(const protocol::SessionUpdated& body) {
    const bool detecting = body.config.turn_detection.has_value();
    // A new detector starts afresh; an utterance that was under way is only buffered audio again.
    if (detecting && !detecting_) turn_.clear();
    detecting_ = detecting;
  }
  void on(const protocol::ErrorEvent& error) {
    expect(kCodes.count(error.code) == 1, "an error has the code '" + error.code + "'");
    expect(!error.message.empty(), "an error has no message");
    expect(
        error.event_id.value_or("") == (error.code == "session_expired" ? "" : heard_->caused_by),
        "an error names another client event");
  }
  void on(const protocol::RateLimitsUpdated&) {}
  void on(const protocol::DetectorLevel& body) {
    expect(body.probability >= 0 && body.probability <= 1, "a probability is out of range");
  }
  void on(const protocol::TurnMetrics& body) {
    double stages = 0;
    for (const auto& stage : {body.endpoint_wait_ms, body.recognition_ms, body.first_token_ms,
                              body.first_clause_ms, body.first_audio_ms}) {
      expect(stage.value_or(0) >= 0, "a stage took less than no time");
      stages += stage.value_or(0);
    }
    expect(std::abs(body.total_ms - stages) < 0.001, "the stages do not add up");
  }

  // ---- the user's turns
  void on(const protocol::SpeechStarted& body) {
    expect(body.audio_start_ms >= heard_until_, "a turn starts before the last one's end");
    expect(turn_.empty() || turn_stopped_, "speech started twice");
    turn_ = body.item_id;
    turn_stopped_ = false;
    turn_start_ = body.audio_start_ms;
  }
  void on(const protocol::SpeechStopped& body) {
    expect(!turn_.empty() && !turn_stopped_, "speech stopped and had not started");
    expect(body.item_id == turn_, "speech_stopped names another item than speech_started");
    expect(body.audio_end_ms >= turn_start_, "speech ends before it starts");
    heard_until_ = body.audio_end_ms;
    turn_stopped_ = true;
  }
  void on(const protocol::TimeoutTriggered& body) {
    expect(body.audio_end_ms >= body.audio_start_ms, "a timeout ends before it starts");
    expect(turn_.empty(), "the idle timeout came while the user spoke");
    turn_ = body.item_id;
  }
  void on(const protocol::InputAudioBufferCommitted& body) {
    if (!turn_.empty()) expect(body.item_id == turn_, "committed names another item than the turn");
    turn_.clear();
    expect(body.previous_item_id.value_or("") == (order_.empty() ? "" : order_.back()),
           "committed.previous_item_id is not the last item");
    expect(committed_.insert(body.item_id).second, "an item was committed twice");
  }
  void on(const protocol::InputAudioBufferCleared&) { turn_.clear(); }

  // ---- items
  void on(const protocol::ItemAdded& body) {
    const auto& id = body.item.id;
    expect(items_.count(id) == 0, "item " + id + " was added twice");
    items_[id] = {};
    if (!body.previous_item_id) {
      order_.insert(order_.begin(), id);
    } else {
      const auto previous = std::find(order_.begin(), order_.end(), *body.previous_item_id);
      expect(previous != order_.end(), "item " + id + " follows an item that is not there");
      order_.insert(previous == order_.end() ? previous : previous + 1, id);
    }
    if (body.item.status == ItemStatus::in_progress) writing_ = id;
  }
  void on(const protocol::ItemDone& body) {
    const auto found = items_.find(body.item.id);
    if (found == items_.end()) return expect(false, "an item is done that is not there");
    expect(!found->second.done, "item " + body.item.id + " was done twice");
    found->second.done = true;
    expect(body.item.status != ItemStatus::in_progress, "a done item is in progress");
    const auto at = std::find(order_.begin(), order_.end(), body.item.id);
    expect(body.previous_item_id.value_or("") == (at == order_.begin() ? "" : *(at - 1)),
           "conversation.item.done names another previous item than the list");
    if (writing_ == body.item.id) writing_.clear();
  }
  void on(const protocol::ItemRetrieved& body) { known(body.item.id); }
  void on(const protocol::ItemTruncated& body) { known(body.item_id); }
  void on(const protocol::ItemDeleted& body) {
    known(body.item_id);
    items_.erase(body.item_id);
    deleted_.insert(body.item_id);
    order_.erase(std::remove(order_.begin(), order_.end(), body.item_id), order_.end());
    if (writing_ == body.item_id) writing_.clear();
  }
  void known(const std::string& id) {
    expect(items_.count(id) == 1, "an answer is about item " + id + ", which is not there");
  }
  ItemRecord* transcribing(const std::string& id) {
    known(id);
    const auto found = items_.find(id);
    if (found == items_.end()) return nullptr;
    expect(found->second.done, "a transcription comes before its item is done");
    expect(!found->second.transcribed, "item " + id + " is transcribed twice");
    return &found->second;
  }
  void on(const protocol::TranscriptionDelta& body) {
    if (items_.count(body.item_id) == 0 && deleted_.count(body.item_id) == 0) {
      early_words_[body.item_id] += body.delta;  // streamed before the commit
    } else if (auto* item = transcribing(body.item_id)) {
      item->transcription += body.delta;
    }
  }
  void on(const protocol::TranscriptionCompleted& body) {
    auto* item = transcribing(body.item_id);
    if (item == nullptr) return;
    expect(early_words_[body.item_id] + item->transcription == body.transcript,
           "transcription deltas are not the transcript");
    item->transcribed = true;
  }
  void on(const protocol::TranscriptionFailed& body) {
    if (auto* item = transcribing(body.item_id)) item->transcribed = true;
  }

  // ---- responses
  void on(const protocol::ResponseCreated& body) {
    ResponseRecord record;
    record.in_conversation = body.response.conversation_id.has_value();
    record.format = body.response.output_format;
    if (record.in_conversation) {
      expect(active_.empty(), "two responses write to the conversation");
      active_ = body.response.id;
    }
    expect(responses_.emplace(body.response.id, record).second, "a response was created twice");
    expect(body.response.status == ResponseStatus::in_progress, "a new response is in progress");
    expect(!body.response.usage, "a new response has no usage");
    expect(body.response.output.empty(), "a new response has no output");
  }
  ResponseRecord& running(const std::string& id) {
    const auto found = responses_.find(id);
    expect(found != responses_.end(), "an event of a response that was not created");
    if (found == responses_.end()) return responses_[id];
    expect(!found->second.done, "an event of a response after its done");
    return found->second;
  }
  void on(const protocol::ResponseDone& body) {
    const auto& shown = body.response;
    auto& record = running(shown.id);
    record.done = true;
    if (active_ == shown.id) active_.clear();
    expect(!record.open, "a response is done while an item of it is open");
    expect(shown.output.size() == record.output.size(), "response.done has other items");
    for (std::size_t i = 0; i < std::min(shown.output.size(), record.output.size()); ++i) {
      expect(shown.output[i].id == record.output[i].id &&
                 shown.output[i].status == record.output[i].status,
             "response.done shows an item otherwise than its done");
    }
    expect(shown.usage.has_value(), "response.done has no usage");
    check_status(shown);
  }
  void check_status(const protocol::Response& shown) {
    const auto reason = shown.reason;
    switch (shown.status) {
      case ResponseStatus::in_progress:
        return expect(false, "a done response is in progress");
      case ResponseStatus::completed:
        expect(reason == StatusReason::none, "a completed response has a reason");
        for (const auto& item : shown.output) {
          expect(item.status == ItemStatus::completed, "a completed response has a broken item");
        }
        return;
      case ResponseStatus::cancelled:
        return expect(
            reason == StatusReason::turn_detected || reason == StatusReason::client_cancelled,
            "a cancelled response does not say by whom");
      case ResponseStatus::failed:
        expect(!shown.error_message.empty(), "a failed response does not say why");
        return expect(
            shown.usage && shown.usage->input_tokens() + shown.usage->output_tokens() == 0,
            "a failed response has usage");
      case ResponseStatus::incomplete:
        return expect(reason == StatusReason::max_output_tokens ||
                          reason == StatusReason::content_filter ||
                          (reason == StatusReason::none && !shown.error_message.empty()),
                      "an incomplete response does not say why");
    }
  }

  void on(const protocol::OutputItemAdded& body) {
    auto& record = running(body.response_id);
    expect(!record.open, "two items of a response are open");
    expect(body.output_index == static_cast<int>(record.output.size()), "output_index has a gap");
    expect(body.item.status == ItemStatus::in_progress, "a new item is not in progress");
    record.open = OutputRecord{body.item, 0, false, {}, {}, false, false};
  }
  // A whole call of an MCP tool may end after its response.
  void on(const protocol::McpCallArgumentsDelta& body) {
    expect(!body.obfuscation.empty(), "a delta of an MCP call without padding");
    if (auto* open = open_item(body.ref)) open->text += body.delta;
  }
  void on(const protocol::McpCallArgumentsDone& body) {
    auto* open = open_item(body.ref);
    if (open == nullptr) return;
    expect(open->item.type == ItemType::mcp_call, "MCP arguments of another kind of item");
    expect(open->text == body.arguments, "argument deltas are not the arguments");
    auto& record = running(body.ref.response_id);
    open->item.arguments = body.arguments;
    open->item.status = ItemStatus::completed;
    mcp_calls_.insert(open->item.id);
    record.output.push_back(std::move(open->item));
    record.open.reset();
  }
  void on(const protocol::McpCallInProgress& body) { mcp_call(body.item_id); }
  void on(const protocol::McpCallCompleted& body) { mcp_call(body.item_id); }
  void on(const protocol::McpCallFailed& body) { mcp_call(body.item_id); }
  void mcp_call(const std::string& id) {
    expect(mcp_calls_.count(id) == 1, "news of an MCP call that does not run");
  }
  void on(const protocol::McpListToolsInProgress& body) { known(body.item_id); }
  void on(const protocol::McpListToolsCompleted& body) { known(body.item_id); }
  void on(const protocol::McpListToolsFailed& body) { known(body.item_id); }
  void on(const protocol::OutputItemDone& body) {
    if (mcp_calls_.erase(body.item.id) == 1) {
      expect(body.item.has_output != body.item.error.has_value(), "a call ends well or badly");
      return;
    }
    auto& record = running(body.response_id);
    if (!record.open) return expect(false, "an item is done that was not added");
    const auto& open = *record.open;
    expect(body.output_index == static_cast<int>(record.output.size()), "output_index has a gap");
    expect(body.item.id == open.item.id, "another item is done than was added");
    expect(body.item.status != ItemStatus::in_progress, "a done item is in progress");
    expect(!open.part_open, "an item is done while its part is open");
    if (body.item.type == ItemType::function_call) {
      expect(body.item.arguments == open.text, "argument deltas are not the item's arguments");
      expect(open.text_done == (body.item.status == ItemStatus::completed),
             "a call's arguments are done exactly when the call is completed");
    } else if (!body.item.content.empty()) {
      expect(said(body.item.content[0]) == open.text, "the item's text is not what was sent");
    }
    record.output.push_back(body.item);
    record.open.reset();
  }
  // The open item that an event of a part or a call belongs to.
  OutputRecord* open_item(const protocol::PartRef& ref) {
    auto& record = running(ref.response_id);
    const bool fits = record.open && record.open->item.id == ref.item_id &&
                      ref.output_index == static_cast<int>(record.output.size());
    expect(fits, "an event of an item that is not open");
    if (fits && record.in_conversation && deleted_.count(ref.item_id) == 0) {
      expect(items_.count(ref.item_id) == 1, "an item has content before it was added");
    }
    return fits ? &*record.open : nullptr;
  }
  OutputRecord* open_part(const protocol::PartRef& ref, PartType type) {
    auto* open = open_item(ref);
    if (open == nullptr) return nullptr;
    expect(open->part_open && open->part_type == type && ref.content_index == open->parts - 1,
           "an event of a part that is not open");
    return open;
  }
  void on(const protocol::ContentPartAdded& body) {
    auto* open = open_item(body.ref);
    if (open == nullptr) return;
    expect(!open->part_open, "two parts of an item are open");
    expect(body.ref.content_index == open->parts, "content_index has a gap");
    expect(said(body.part).empty(), "a new part is not empty");
    open->part_open = true;
    open->part_type = body.part.type;
    ++open->parts;
  }
  void on(const protocol::ContentPartDone& body) {
    auto* open = open_part(body.ref, body.part.type);
    if (open == nullptr) return;
    expect(open->text_done, "a part is done before its text");
    expect(open->audio_done == (open->part_type == PartType::audio),
           "a part is done before its audio");
    expect(said(body.part) == open->text, "the part's text is not what was sent");
    open->part_open = false;
  }
  void add_text(OutputRecord* open, const std::string& delta) {
    if (open == nullptr) return;
    expect(!open->text_done, "a delta after its done");
    expect(!delta.empty(), "an empty delta");
    open->text += delta;
  }
  void end_text(OutputRecord* open, const std::string& whole) {
    if (open == nullptr) return;
    expect(!open->text_done, "done twice");
    expect(open->text == whole, "the deltas are not the whole");
    open->text_done = true;
  }
  void on(const protocol::TextDelta& body) {
    add_text(open_part(body.ref, PartType::text), body.delta);
  }
  void on(const protocol::TextDone& body) {
    end_text(open_part(body.ref, PartType::text), body.text);
  }
  void on(const protocol::AudioTranscriptDelta& body) {
    add_text(open_part(body.ref, PartType::audio), body.delta);
  }
  void on(const protocol::AudioTranscriptDone& body) {
    end_text(open_part(body.ref, PartType::audio), body.transcript);
  }
  void on(const protocol::FunctionCallArgumentsDelta& body) {
    add_text(open_call(body.ref, body.call_id), body.delta);
  }
  void on(const protocol::FunctionCallArgumentsDone& body) {
    end_text(open_call(body.ref, body.call_id), body.arguments);
  }
  OutputRecord* open_call(const protocol::PartRef& ref, const std::string& call_id) {
    auto* open = open_item(ref);
    if (open == nullptr) return nullptr;
    expect(open->item.type == ItemType::function_call && open->item.call_id == call_id,
           "arguments of another call");
    expect(!call_id.empty() && call_id.size() <= protocol::kItemIdLengthMax,
           "a call_id that its output could not name");
    return open;
  }
  void on(const protocol::AudioDone& body) {
    auto* open = open_part(body.ref, PartType::audio);
    if (open == nullptr) return;
    expect(!open->audio_done, "audio is done twice");
    open->audio_done = true;
  }
  void on(const protocol::AudioDelta& body) {
    auto* open = open_part(body.ref, PartType::audio);
    if (open == nullptr) return;
    auto& record = responses_[body.ref.response_id];
    const auto sample_bytes = static_cast<std::size_t>(record.format.bytes_per_sample());
    expect(!open->audio_done, "audio after its done");
    expect(!heard_->audio.empty(), "an empty audio delta");
    expect(heard_->audio.size() % sample_bytes == 0, "half a sample in an audio delta");
    const auto samples = static_cast<std::int64_t>(heard_->audio.size() / sample_bytes);
    record.playback_end = std::max(record.playback_end.value_or(heard_->at), heard_->at) +
                          base::Duration(std::chrono::seconds(1)) * samples / record.format.rate_hz;
    expect(*record.playback_end - heard_->at <= output_lead_ + base::Milliseconds(1),
           "audio is sent too far ahead of its playback");
  }

  const base::Duration output_lead_;
  std::size_t index_ = 0;
  const Heard* heard_ = nullptr;
  std::set<std::string> ids_;
  // The user's turns.
  bool detecting_ = true;
  std::string turn_;
  bool turn_stopped_ = false;
  std::int64_t turn_start_ = 0;
  std::int64_t heard_until_ = 0;
  std::set<std::string> committed_;
  // The conversation as a client rebuilds it.
  std::map<std::string, ItemRecord> items_;
  std::vector<std::string> order_;
  std::set<std::string> deleted_;
  std::set<std::string> mcp_calls_;                 // whole, and not ended
  std::map<std::string, std::string> early_words_;  // by item id
  std::string writing_;                             // the one item that a response is writing
  std::map<std::string, ResponseRecord> responses_;
  std::string active_;
};

}  // namespace

std::vector<std::string> broken_invariants(const std::vector<Heard>& events,
                                           base::Duration output_lead) {
  Checker checker(output_lead);
  for (std::size_t i = 0; i < events.size(); ++i) checker.check(i, events[i]);
  checker.finish();
  return checker.findings;
}

}  // namespace parley::tests
