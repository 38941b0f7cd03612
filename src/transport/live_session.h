// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "net/websocket.h"

namespace parley::transport {

// A session on a connection, whatever it speaks: what the server can do to it. On its loop.
class LiveSession {
 public:
  virtual ~LiveSession() = default;
  // Nothing more is sent but the close frame. Idempotent.
  virtual void close(net::CloseCode code, std::string reason) = 0;
};

}  // namespace parley::transport
