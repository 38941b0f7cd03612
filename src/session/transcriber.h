// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "session/context.h"

namespace parley::session {

// Turns the user's audio items into text: one recognition job an item, started while the item is
// still being spoken. The conversation always needs the text; the client is told only when the
// session has `transcription` set. Recognisers may revise their words until the end of the
// utterance, so a `…transcription.delta` holds only words that the engine calls stable, or that are
// final: what was sent is never taken back.
class Transcriber {
 public:
  explicit Transcriber(Context& context) : context_(context) {}

  void begin(const std::string& item_id);
  void hear(const std::string& item_id, std::span<const std::int16_t> samples);
  // The voice fell silent after what was heard; it may go on.
  void pause(const std::string& item_id);
  void resume(const std::string& item_id);
  // The utterance is over and its item stands in the conversation.
  void finish(const std::string& item_id);
  // An item that is known to hold no words; no recogniser is asked.
  void nothing_said(const std::string& item_id) { complete(item_id, {}); }
  void cancel(const std::string& item_id);

  // The words so far of an utterance under way; they may be revised.
  std::string_view words_so_far(const std::string& item_id) const;
  // The last of them may be misheard yet: the engine has not called them all stable.
  bool words_may_change(const std::string& item_id) const;
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
    std::string text;                            // so far, or understood
    std::size_t stable = 0;                      // bytes of the text that stay
    std::size_t told = 0;                        // bytes of it that went out as deltas
    std::vector<engine::TokenLogprob> logprobs;  // understood
    engine::Failure failure;                     // failed

    bool running() const { return state == State::listening || state == State::finishing; }
  };

  void complete(const std::string& item_id, Utterance utterance);
  void tell_stable(const std::string& item_id, Utterance& utterance);
  bool streams_before_commit() const;
  void report_failure(const std::string& item_id, const engine::Failure& failure);

  Context& context_;
  std::map<std::string, Utterance> utterances_;  // by item id
};

}  // namespace parley::session
