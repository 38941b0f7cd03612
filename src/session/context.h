// SPDX-License-Identifier: MIT
#pragma once

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
        ids(options.seed),
        out(ids),
        session_id(ids.session()),
        conversation_id(ids.conversation()) {}

  JobId new_job() { return ++last_job; }

  const Options options;
  protocol::SessionConfig config;
  IdMaker ids;
  Outbox out;
  Conversation conversation;
  const std::string session_id;
  const std::string conversation_id;
  base::Instant now;  // of the input being handled
  JobId last_job = 0;
  // The hosted service refuses another voice from here on.
  bool assistant_audio_sent = false;
};

}  // namespace parley::session
