// SPDX-License-Identifier: MIT
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "session/context.h"
#include "session/mcp.h"
#include "session/response.h"
#include "session/transcriber.h"
#include "session/user_turn.h"

namespace parley::session {

// Where a session's machines meet. session.cpp has the inputs and the clock, session_items.cpp the
// client's events on conversation items, session_responses.cpp those on responses.
struct Session::Impl final : private TurnListener {
  Impl(Options options, base::Instant now);

  void handle(Input&& input);
  std::optional<base::Instant> deadline() const;

  Context context;

 private:
  // Client events.
  void on(const protocol::SessionUpdate& event, const std::string& event_id);
  void on(const protocol::InputAudioBufferCommit& event, const std::string& event_id);
  void on(const protocol::InputAudioBufferClear& event, const std::string& event_id);
  void on(const protocol::ConversationItemCreate& event, const std::string& event_id);
  void on(const protocol::ConversationItemRetrieve& event, const std::string& event_id);
  void on(const protocol::ConversationItemDelete& event, const std::string& event_id);
  void on(const protocol::ConversationItemTruncate& event, const std::string& event_id);
  void on(const protocol::ResponseCreate& event, const std::string& event_id);
  void on(const protocol::ResponseCancel& event, const std::string& event_id);

  void remove_item(const std::string& id);
  void forget_oldest_items();
  void forget_oldest_sound();
  bool accept_item(protocol::Item& item, const std::string& event_id);
  bool take_item_audio(StoredItem& stored, const std::string& event_id);
  bool accept_response_input(const protocol::ResponseCreate& request, const std::string& event_id);
  bool accept_tools(const std::optional<std::vector<protocol::Tool>>& tools,
                    const std::string& path, const std::string& event_id);
  void create_response(protocol::ResponseCreate request, std::optional<TurnEnd> end = {});

  void answer_commit(bool in_turn);
  bool joins_commit();
  void owe_answer();
  void start_owed();

  // TurnListener.
  void on_speech_started() override;
  void on_turn_ended(const TurnEnd& end) override;

  void on_stt(JobId job, engine::SttEvent event);
  void advance_responses();
  void forget_finished();
  void check_clock();
  void rearm_idle_timeout();
  bool default_response_active() const { return response_ != nullptr; }
  Response* find_response(JobId job);
  const Response* find_writer(const std::string& item_id) const;
  protocol::SessionInfo info() const;

  const base::Instant started_;
  Transcriber transcriber_;
  Mcp mcp_;
  UserTurn turn_;
  std::unique_ptr<Response> response_;               // in the default conversation
  std::vector<std::unique_ptr<Response>> detached_;  // out of band
  std::deque<protocol::ResponseCreate> owed_;        // answers to give after response_
  // The idle timeout: armed when an answer has been played and nobody speaks.
  std::optional<base::Instant> idle_since_;
  base::AudioTime idle_from_;
  // When a commit was answered by itself, until a response.create has followed.
  std::optional<base::Instant> commit_answered_at_;
  std::uint64_t items_checked_ = 0;  // the conversation's insertions when it last was known to fit
  bool closed_ = false;
};

}  // namespace parley::session
