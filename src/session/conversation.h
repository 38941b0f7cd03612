// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/audio_format.h"
#include "engine/types.h"
#include "protocol/item.h"

namespace parley::session {

// When a piece of an assistant item's transcript has been heard, in ms from the item's first
// sample.
struct HeardText {
  std::size_t text_end = 0;  // bytes of the transcript up to and including this word
  int end_ms = 0;
};

// An item with what the wire does not always show: its sound, and when its words are heard.
struct StoredItem {
  protocol::Item item;
  std::vector<std::uint8_t> audio;   // of its audio part, encoded as `format`
  std::size_t audio_bytes_gone = 0;  // of its end, let go to save memory; its words stay
  base::AudioFormat format;
  std::vector<HeardText> heard;  // assistant audio; ascending
  // A user's audio item: what was recognised, whether or not the client asked to see it.
  std::string recognised;
  // The user's audio as a model hears it; made when first needed.
  std::shared_ptr<const engine::Sound> sound;
  bool left_context = false;  // no longer part of what models are given

  std::int64_t audio_ms() const;
  std::size_t bytes() const;  // of what grows with its content
};

// The conversation's items in order. Knows ids and order, not behaviour. Pointers stay valid until
// the item is erased.
class Conversation {
 public:
  enum class InsertFault : std::uint8_t { none, duplicate_id, unknown_previous };

  // `after` nullopt: at the end; "root": at the beginning; else behind that item.
  InsertFault insert(std::unique_ptr<StoredItem> item, const std::optional<std::string>& after);
  StoredItem* find(std::string_view id);
  const StoredItem* find(std::string_view id) const;
  bool erase(std::string_view id);

  std::optional<std::string> previous_of(std::string_view id) const;
  std::optional<std::string> last_id() const;
  bool has_call(std::string_view call_id) const;
  const std::vector<std::unique_ptr<StoredItem>>& items() const { return items_; }
  std::uint64_t insertions() const { return insertions_; }  // since the session began

 private:
  std::size_t index_of(std::string_view id) const;  // items_.size() when absent

  std::vector<std::unique_ptr<StoredItem>> items_;
  std::uint64_t insertions_ = 0;
};

// The item with its audio as base64, as `conversation.item.retrieved` shows it.
protocol::Item with_audio(const StoredItem& stored);

// Keeps the item's words and how long it sounded, but no longer the sound itself.
void let_go_of_sound(StoredItem& stored);

// Cuts an assistant item to what was heard: the sound after `audio_end_ms` goes, and so does every
// word that was not spoken to its end by then (all words, when their times are not known).
void truncate_to_heard(StoredItem& stored, int audio_end_ms);

}  // namespace parley::session
