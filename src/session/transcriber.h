// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "session/context.h"

namespace parley::session {

// Turns the user's audio items into text: one recognition job an item, started while the item is
// still being spoken. The conversation always needs the text; the client is told only when the
// session has `transcription` set. Recognisers may revise their words until the end of the
// utterance, so `…transcription.delta` events are sent once the text is final: what was sent is
// never taken back.
class Transcriber {
 public:
  explicit Transcriber(Context& context) : context_(context) {}

  void begin(const std::string& item_id);
  void hear(const std::string& item_id, std::span<const std::int16_t> samples);
  // The utterance is over and its item stands in the conversation.
  void finish(const std::string& item_id);
  // An item that is known to hold no words; no recogniser is asked.
  void nothing_said(const std::string& item_id) { complete(item_id, {}); }
  void cancel(const std::string& item_id);

  // Still on its way to text.
  bool pending(const std::string& item_id) const;
  // Why there is no text; null when nothing failed.
  const engine::Failure* failure(const std::string& item_id) const;

  // Returns true when an item's text became final (or failed): whoever waits for it may go on.
  bool handle(JobId job, engine::SttEvent event);

 private:
  enum class State : std::uint8_t {
    listening,   // more audio may come
    finishing,   // all audio given; the final text is awaited
    understood,  // the recogniser was done before the turn; its text waits for the item
    failed,      // kept so that a response can say why it cannot answer
  };
  struct Utterance {
    JobId job = 0;
    State state = State::listening;
    bool committed = false;
    std::string text;         // understood
    engine::Failure failure;  // failed

    bool running() const { return state == State::listening || state == State::finishing; }
  };

  void complete(const std::string& item_id, const std::string& text);
  void report_failure(const std::string& item_id, const engine::Failure& failure);

  Context& context_;
  std::map<std::string, Utterance> utterances_;  // by item id
};

}  // namespace parley::session
