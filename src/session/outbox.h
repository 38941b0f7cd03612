// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "session/ids.h"
#include "session/session.h"

namespace parley::session {

// Collects what one input causes: events for the client and commands for the engines, in order. No
// callbacks leave the core, so there is no re-entrancy: the driver takes outputs when handle() is
// done. Buffers are reused; nothing is allocated per frame once warm.
class Outbox {
 public:
  explicit Outbox(IdMaker& ids) : ids_(ids) {}

  void send(protocol::ServerEventBody body) {
    queue_.emplace_back(protocol::ServerEvent{ids_.event(), std::move(body)});
  }
  void command(Output output) { queue_.push_back(std::move(output)); }

  // An `error` event about a client event; an empty `param` or `event_id` shows as null.
  void send_error(std::string code, std::string message, std::string param,
                  const std::string& event_id) {
    protocol::ErrorEvent error;
    error.code = std::move(code);
    error.message = std::move(message);
    if (!param.empty()) error.param = std::move(param);
    if (!event_id.empty()) error.event_id = event_id;
    send(std::move(error));
  }

  // Buffers whose contents outputs may borrow; they live until begin_input().
  std::vector<std::uint8_t>& borrow_bytes() { return bytes_.next(); }
  std::vector<std::int16_t>& borrow_samples() { return samples_.next(); }

  void begin_input() {
    queue_.clear();
    read_ = 0;
    bytes_.reset();
    samples_.reset();
  }
  bool empty() const { return read_ == queue_.size(); }
  std::optional<Output> take() {
    if (empty()) return std::nullopt;
    return std::move(queue_[read_++]);
  }

 private:
  template <class T>
  class Scratch {
   public:
    std::vector<T>& next() {
      if (used_ == buffers_.size()) buffers_.push_back(std::make_unique<std::vector<T>>());
      auto& buffer = *buffers_[used_++];
      buffer.clear();
      return buffer;
    }
    void reset() { used_ = 0; }

   private:
    std::vector<std::unique_ptr<std::vector<T>>> buffers_;  // addresses must not move
    std::size_t used_ = 0;
  };

  IdMaker& ids_;
  std::vector<Output> queue_;
  std::size_t read_ = 0;
  Scratch<std::uint8_t> bytes_;
  Scratch<std::int16_t> samples_;
};

}  // namespace parley::session
