// SPDX-License-Identifier: MIT
#include "session/conversation.h"

#include <algorithm>

#include "audio/base64.h"
#include "base/assert.h"

namespace parley::session {

std::int64_t StoredItem::audio_ms() const {
  return static_cast<std::int64_t>(audio.size() + audio_bytes_gone) * 1000 /
         (static_cast<std::int64_t>(format.bytes_per_sample()) * format.rate_hz);
}

std::size_t StoredItem::bytes() const {
  std::size_t bytes = audio.size() + item.arguments.size() + item.output.size();
  if (sound) bytes += sound->samples.size() * sizeof(sound->samples[0]);
  for (const auto& part : item.content) {
    bytes += part.text.size() + part.image_url.size() + part.transcript.value_or("").size();
  }
  return bytes;
}

std::size_t Conversation::index_of(std::string_view id) const {
  // From the end: clients mostly speak of recent items.
  for (std::size_t i = items_.size(); i > 0; --i) {
    if (items_[i - 1]->item.id == id) return i - 1;
  }
  return items_.size();
}

Conversation::InsertFault Conversation::insert(std::unique_ptr<StoredItem> item,
                                               const std::optional<std::string>& after) {
  PARLEY_ASSERT(!item->item.id.empty());
  if (index_of(item->item.id) < items_.size()) return InsertFault::duplicate_id;
  std::size_t position = items_.size();
  if (after && *after == "root") {
    position = 0;
  } else if (after) {
    const std::size_t previous = index_of(*after);
    if (previous == items_.size()) return InsertFault::unknown_previous;
    position = previous + 1;
  }
  ++insertions_;
  items_.insert(items_.begin() + static_cast<std::ptrdiff_t>(position), std::move(item));
  return InsertFault::none;
}

StoredItem* Conversation::find(std::string_view id) {
  const std::size_t index = index_of(id);
  return index < items_.size() ? items_[index].get() : nullptr;
}

const StoredItem* Conversation::find(std::string_view id) const {
  const std::size_t index = index_of(id);
  return index < items_.size() ? items_[index].get() : nullptr;
}

bool Conversation::erase(std::string_view id) {
  const std::size_t index = index_of(id);
  if (index == items_.size()) return false;
  items_.erase(items_.begin() + static_cast<std::ptrdiff_t>(index));
  return true;
}

std::optional<std::string> Conversation::previous_of(std::string_view id) const {
  const std::size_t index = index_of(id);
  if (index == items_.size() || index == 0) return std::nullopt;
  return items_[index - 1]->item.id;
}

std::optional<std::string> Conversation::last_id() const {
  if (items_.empty()) return std::nullopt;
  return items_.back()->item.id;
}

bool Conversation::has_call(std::string_view call_id) const {
  return std::any_of(items_.begin(), items_.end(), [&](const auto& stored) {
    return stored->item.type == protocol::ItemType::function_call &&
           stored->item.call_id == call_id;
  });
}

protocol::Item with_audio(const StoredItem& stored) {
  protocol::Item item = stored.item;
  for (auto& part : item.content) {
    if (part.type != protocol::PartType::audio && part.type != protocol::PartType::input_audio) {
      continue;
    }
    part.audio_base64.clear();
    if (stored.audio_bytes_gone != 0) continue;
    audio::base64_encode(stored.audio, part.audio_base64);
  }
  return item;
}

void let_go_of_sound(StoredItem& stored) {
  stored.audio_bytes_gone += stored.audio.size();
  std::vector<std::uint8_t>().swap(stored.audio);  // its memory, too
  stored.sound.reset();
}

void truncate_to_heard(StoredItem& stored, int audio_end_ms) {
  const auto bytes_per_sample = static_cast<std::size_t>(stored.format.bytes_per_sample());
  const auto samples = static_cast<std::size_t>(static_cast<std::int64_t>(audio_end_ms) *
                                                stored.format.rate_hz / 1000);
  const std::size_t kept = samples * bytes_per_sample;
  stored.audio.resize(std::min(stored.audio.size(), kept));
  stored.audio_bytes_gone = std::min(stored.audio_bytes_gone, kept - stored.audio.size());

  while (!stored.heard.empty() && stored.heard.back().end_ms > audio_end_ms) {
    stored.heard.pop_back();
  }
  const std::size_t text_kept = stored.heard.empty() ? 0 : stored.heard.back().text_end;
  for (auto& part : stored.item.content) {
    if (part.type == protocol::PartType::audio && part.transcript) {
      part.transcript->resize(std::min(part.transcript->size(), text_kept));
    }
  }
}

}  // namespace parley::session
