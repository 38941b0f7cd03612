// SPDX-License-Identifier: MIT
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "session/context.h"
#include "session/mcp.h"
#include "session/speech_stream.h"
#include "session/transcriber.h"

namespace parley::session {

// One answer, from `response.created` to `response.done`.
//
//   waiting ──texts known──► generating ──model done──► speaking ──all sent──► over
//      └───────────┴── cancel, failure ──┴─────────────────┴───────────────────► over
//
// An answer in the default conversation adds its items to the history as they begin; one out of
// band
// (`conversation: "none"`) keeps them to itself.
class Response {
 public:
  // Sends response.created. An `input` in the request replaces the conversation as what the model
  // reads; its references were checked.
  // `end`: the turn that it answers by itself.
  Response(Context& context, Transcriber& transcriber, Mcp& mcp, protocol::ResponseCreate request,
           std::optional<TurnEnd> end);
  ~Response();

  const std::string& id() const { return shown_.id; }
  bool out_of_band() const { return request_.out_of_band; }
  bool over() const { return state_ == State::over; }
  bool owns(JobId job) const;
  // The conversation's item that this response is writing.
  bool is_writing(std::string_view item_id) const;
  // The open item as far as it has come; null unless is_writing().
  const StoredItem* writing() const;
  // That item left the conversation; it is written to its end for the response's own output.
  void item_deleted();

  // Goes on as far as it can: starts the model when the user's words are known, sends what is due.
  void advance();
  void handle(JobId job, engine::LlmEvent event);
  void handle(JobId job, engine::TtsEvent event);
  void cancel(protocol::StatusReason reason);
  // Ends it as failed, or incomplete once something was said.
  void fail(const engine::Failure& failure);

  std::optional<base::Instant> deadline() const;
  base::Instant playback_end() const { return playback_end_; }

 private:
  enum class State : std::uint8_t {
    waiting,     // for the text of the user's audio
    generating,  // the model is writing; speech may already be going out
    speaking,    // the model is done, the rest of the speech is going out
    over,        // response.done was sent
  };
  struct OpenItem;

  const engine::Failure* missing_words() const;
  bool words_known() const;
  const std::vector<protocol::Tool>& tools() const;
  void add_tools(engine::LlmRequest& request);
  bool cut_short() const;
  void generate();
  bool model_speaks() const;
  // Nothing: the conversation is too long, and may not be truncated.
  std::optional<engine::LlmRequest> build_request();
  std::vector<StoredItem*> input_items(std::vector<StoredItem>& own) const;
  void add_history(const std::vector<StoredItem*>& items, engine::LlmRequest& request);
  void take(engine::LlmEvent& event);
  void on_text(std::string_view delta);
  void on_sound(engine::LlmAudio& sound);
  void open_message();
  void begin_message();
  void begin_call(engine::LlmToolCallBegin& begin);
  void on_arguments(std::string delta);
  void end_call_arguments();
  void hand_over_call();
  void begin_item(protocol::Item item);
  void end_item(protocol::ItemStatus status);
  void end_message_part();
  void model_done(engine::LlmFinish finish);
  void take_held();
  void finish(protocol::ResponseStatus status, protocol::StatusReason reason);
  protocol::Usage usage() const;
  void stop_engines();
  void note_stages();

  Context& context_;
  Transcriber& transcriber_;
  Mcp& mcp_;
  const protocol::ResponseCreate request_;
  const double speed_;                 // of speech; an update applies to the next response
  std::optional<double> temperature_;  // unset: the model's own
  protocol::Response shown_;
  State state_ = State::waiting;
  JobId llm_job_ = 0;  // 0: not running
  std::unique_ptr<OpenItem> open_;
  // What the model said and no item has taken yet.
  std::deque<engine::LlmEvent> held_;
  std::vector<OfferedTool> offered_;  // of MCP servers, to the model
  protocol::Usage usage_;             // as we count
  engine::LlmDone counted_;           // as the model did; its figures are unset until it has
  base::Instant playback_end_;
  TurnClock clock_;
};

}  // namespace parley::session
