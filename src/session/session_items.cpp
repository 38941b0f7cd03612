// SPDX-License-Identifier: MIT
// The client's events on conversation items.
#include <algorithm>
#include <utility>

#include "audio/base64.h"
#include "audio/codec.h"
#include "audio/resampler.h"
#include "base/assert.h"
#include "session/session_impl.h"

namespace parley::session {

namespace {

constexpr std::size_t kItemAudioBytesMax = 15u << 20u;

std::string no_such_item(std::string_view doing, const std::string& id) {
  return "Error " + std::string(doing) + " item: the item with id '" + id + "' does not exist.";
}

std::string id_taken(const std::string& id) {
  return "Invalid 'item.id': an item with id '" + id + "' already exists.";
}

protocol::ContentPart* audio_part(protocol::Item& item) {
  for (auto& part : item.content) {
    if (part.type == protocol::PartType::input_audio) return &part;
  }
  return nullptr;
}

}  // namespace

void Session::Impl::on(const protocol::ConversationItemCreate& event, const std::string& event_id) {
  commit_answered_at_.reset();  // what follows is about this item
  auto stored = std::make_unique<StoredItem>();
  stored->item = event.item;
  protocol::Item& item = stored->item;
  if (!accept_item(item, event_id) || !take_item_audio(*stored, event_id)) return;

  const std::string id = item.id;
  const protocol::Item shown = item;
  StoredItem& kept = *stored;
  switch (context.conversation.insert(std::move(stored), event.previous_item_id)) {
    case Conversation::InsertFault::none:
      break;
    case Conversation::InsertFault::duplicate_id:
      context.out.send_error("invalid_value", id_taken(id), "item.id", event_id);
      return;
    case Conversation::InsertFault::unknown_previous:
      context.out.send_error("invalid_value",
                             "Invalid 'previous_item_id': the item with id '" +
                                 *event.previous_item_id + "' does not exist.",
                             "previous_item_id", event_id);
      return;
  }
  const auto previous = context.conversation.previous_of(id);
  context.out.send(protocol::ItemAdded{previous, shown});
  context.out.send(protocol::ItemDone{previous, shown});
  if (shown.type == protocol::ItemType::mcp_approval_response) mcp_.answer(shown);

  if (audio_part(kept.item) == nullptr || kept.audio.empty()) return;
  std::vector<std::int16_t> samples;
  audio::decode(kept.format.encoding, kept.audio, samples);
  audio::Resampler to_heard(kept.format.rate_hz, engine::kHearingRateHz);
  std::vector<std::int16_t> heard;
  to_heard.process(samples, heard);
  to_heard.flush(heard);
  transcriber_.begin(id);
  transcriber_.hear(id, heard);
  transcriber_.finish(id);
}

// What only the conversation can judge of a client's item.
bool Session::Impl::accept_item(protocol::Item& item, const std::string& event_id) {
  if (item.id.empty()) item.id = context.ids.item();
  if (item.id == "root") {
    context.out.send_error(
        "invalid_value",
        "Invalid 'item.id': 'root' stands for the beginning of the conversation, as a "
        "'previous_item_id'.",
        "item.id", event_id);
    return false;
  }
  if (item.id == turn_.item_id()) {  // announced by speech_started, and soon to be an item
    context.out.send_error("invalid_value", id_taken(item.id), "item.id", event_id);
    return false;
  }
  if (item.type == protocol::ItemType::function_call && item.call_id.empty()) {
    item.call_id = context.ids.call();
  }
  if (item.type == protocol::ItemType::mcp_approval_response &&
      !mcp_.awaits(item.approval_request_id)) {
    context.out.send_error("invalid_value",
                           "Invalid 'item.approval_request_id': no call waits for an answer to '" +
                               item.approval_request_id + "'.",
                           "item.approval_request_id", event_id);
    return false;
  }
  if (item.type == protocol::ItemType::function_call_output &&
      !context.conversation.has_call(item.call_id)) {
    context.out.send_error("invalid_value",
                           "Invalid 'item.call_id': no function call with id '" + item.call_id +
                               "' is in the conversation.",
                           "item.call_id", event_id);
    return false;
  }
  // A stored item is whole; what a client calls in_progress will never be continued.
  if (item.status == protocol::ItemStatus::in_progress) {
    item.status = protocol::ItemStatus::completed;
  }
  return true;
}

// Moves the audio of a user's item from its base64 into the store.
bool Session::Impl::take_item_audio(StoredItem& stored, const std::string& event_id) {
  stored.format = context.config.input_format;
  const auto sample_bytes = static_cast<std::size_t>(stored.format.bytes_per_sample());
  for (std::size_t i = 0; i < stored.item.content.size(); ++i) {
    auto& part = stored.item.content[i];
    if (part.type != protocol::PartType::input_audio) continue;
    const std::size_t before = stored.audio.size();
    if (!audio::base64_decode(part.audio_base64, stored.audio) ||
        (stored.audio.size() - before) % sample_bytes != 0 ||
        stored.audio.size() > kItemAudioBytesMax) {
      const std::string param = "item.content[" + std::to_string(i) + "].audio";
      context.out.send_error("invalid_value",
                             "Invalid '" + param +
                                 "': expected base64 of at most 15 MiB of whole samples in the "
                                 "session's input format.",
                             param, event_id);
      return false;
    }
    part.audio_base64.clear();
  }
  return true;
}

void Session::Impl::on(const protocol::ConversationItemRetrieve& event,
                       const std::string& event_id) {
  const StoredItem* stored = context.conversation.find(event.item_id);
  if (stored == nullptr) {
    context.out.send_error("item_retrieve_invalid_item_id",
                           no_such_item("retrieving", event.item_id), "item_id", event_id);
    return;
  }
  if (const Response* writer = find_writer(event.item_id)) stored = writer->writing();
  context.out.send(protocol::ItemRetrieved{with_audio(*stored)});
}

void Session::Impl::on(const protocol::ConversationItemDelete& event, const std::string& event_id) {
  if (context.conversation.find(event.item_id) == nullptr) {
    context.out.send_error("item_delete_invalid_item_id", no_such_item("deleting", event.item_id),
                           "item_id", event_id);
    return;
  }
  remove_item(event.item_id);
  advance_responses();  // one may have waited for this item's words
}

void Session::Impl::remove_item(const std::string& id) {
  transcriber_.cancel(id);
  if (find_writer(id) != nullptr) response_->item_deleted();
  context.conversation.erase(id);
  context.out.send(protocol::ItemDeleted{id});
}

// A conversation that may go on for ever keeps what was said last: a turn that is refused because
// of how much was said before would be the end of it. Clients keep their own list by the events.
void Session::Impl::forget_oldest_items() {
  const auto& conversation = context.conversation;
  if (items_checked_ == conversation.insertions()) return;
  items_checked_ = conversation.insertions();
  const auto items_max = static_cast<std::size_t>(std::max(context.options.items_max, 1));
  std::size_t bytes = 0;
  for (const auto& stored : conversation.items()) bytes += stored->bytes();

  bool removed = false;
  for (std::size_t at = 0; at + 1 < conversation.items().size();) {
    const StoredItem& oldest = *conversation.items()[at];
    if (conversation.items().size() <= items_max && bytes <= context.options.items_bytes_max) break;
    if (oldest.item.status == protocol::ItemStatus::in_progress) {  // it is being said
      ++at;
      continue;
    }
    bytes -= oldest.bytes();
    remove_item(std::string(oldest.item.id));
    removed = true;
  }
  if (removed) advance_responses();
  forget_oldest_sound();
}

void Session::Impl::forget_oldest_sound() {
  constexpr std::size_t kSoundKept = 2;  // items: the last turn and its answer, however long
  const auto& items = context.conversation.items();
  const auto sound_bytes = [](const StoredItem& stored) {
    return stored.audio.size() +
           (stored.sound ? stored.sound->samples.size() * sizeof(stored.sound->samples[0]) : 0);
  };
  std::size_t bytes = 0;
  for (const auto& stored : items) bytes += sound_bytes(*stored);
  for (std::size_t at = 0; at + kSoundKept < items.size(); ++at) {
    if (bytes <= context.options.sound_bytes_max) return;
    StoredItem& oldest = *items[at];
    if (oldest.item.status == protocol::ItemStatus::in_progress) continue;  // it is being said
    bytes -= sound_bytes(oldest);
    let_go_of_sound(oldest);
  }
}

void Session::Impl::on(const protocol::ConversationItemTruncate& event,
                       const std::string& event_id) {
  StoredItem* stored = context.conversation.find(event.item_id);
  if (stored == nullptr) {
    context.out.send_error("item_truncate_invalid_item_id",
                           no_such_item("truncating", event.item_id), "item_id", event_id);
    return;
  }
  const Response* writer = find_writer(event.item_id);
  const StoredItem& said = writer != nullptr ? *writer->writing() : *stored;
  const auto& content = said.item.content;
  const auto index = static_cast<std::size_t>(event.content_index);
  if (said.item.role != protocol::Role::assistant || index >= content.size() ||
      content[index].type != protocol::PartType::audio) {
    context.out.send_error("invalid_value",
                           "Invalid 'content_index': only the audio of an assistant message can be "
                           "truncated.",
                           "content_index", event_id);
    return;
  }
  if (event.audio_end_ms > said.audio_ms()) {
    context.out.send_error("invalid_value",
                           "Audio content of " + std::to_string(said.audio_ms()) +
                               "ms is already shorter than " + std::to_string(event.audio_end_ms) +
                               "ms",
                           {}, event_id);
    return;
  }
  // Clients truncate the item they are hearing as soon as they interrupt it.
  if (writer != nullptr) response_->cancel(protocol::StatusReason::client_cancelled);
  truncate_to_heard(*stored, event.audio_end_ms);
  context.out.send(protocol::ItemTruncated{event.item_id, event.content_index, event.audio_end_ms});
}

}  // namespace parley::session
