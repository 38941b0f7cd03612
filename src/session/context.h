// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "session/conversation.h"
#include "session/ids.h"
#include "session/outbox.h"
#include "session/session.h"
#include "session/turn_clock.h"

namespace parley::session {

// What the machines of one session share: its settings, items, ids, outputs and the caller's time.
struct Context {
  explicit Context(Options given)
      : options(std::move(given)),
        config(options.defaults),
        ids(options.seed, options.id_style),
        out(ids),
        session_id(ids.session()),
        conversation_id(ids.conversation()) {}

  JobId new_job() { return ++last_job; }
  std::int64_t unix_us() const {
    const auto since = std::chrono::duration_cast<std::chrono::microseconds>(now - began);
    return options.started_at.unix_seconds * 1'000'000 + since.count();
  }

  const Options options;
  protocol::SessionConfig config;
  IdMaker ids;
  Outbox out;
  Conversation conversation;
  const std::string session_id;
  const std::string conversation_id;
  base::Instant began;  // of the session
  base::Instant now;    // of the input being handled
  JobId last_job = 0;
  // The hosted service refuses another voice from here on.
  bool assistant_audio_sent = false;
};

}  // namespace parley::session
