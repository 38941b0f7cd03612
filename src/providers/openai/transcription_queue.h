// SPDX-License-Identifier: MIT
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include "base/executor.h"

namespace parley::providers::openai {

// Lets so many requests at a time go to an engine, first come, first served: a server that decodes
// one utterance at a time would only make the others wait on its side, where their deadlines run.
// Any thread; shared by an engine's jobs.
class TranscriptionQueue : public std::enable_shared_from_this<TranscriptionQueue> {
 public:
  explicit TranscriptionQueue(int at_a_time) : free_(at_a_time) {}

  // A place in the queue, then with the engine. Destroying it gives it up, at any time.
  class Ticket;
  // `admitted` is called on `loop`, once, unless the ticket was destroyed before; never from inside
  // enter(). Call it, and destroy the ticket, on the loop.
  std::unique_ptr<Ticket> enter(base::Executor& loop, std::function<void()> admitted);

 private:
  struct Place;
  void leave(const std::shared_ptr<Place>& place);
  static void admit(const std::shared_ptr<Place>& place);

  std::mutex mutex_;  // guards what follows
  int free_;
  std::deque<std::shared_ptr<Place>> waiting_;
};

struct TranscriptionQueue::Place {
  base::Executor& loop;
  std::function<void()> admitted;
  bool inside = false;  // the queue's mutex guards it
  bool gone = false;    // the loop's
};

class TranscriptionQueue::Ticket {
 public:
  Ticket(std::shared_ptr<TranscriptionQueue> queue, std::shared_ptr<Place> place)
      : queue_(std::move(queue)), place_(std::move(place)) {}
  ~Ticket() { queue_->leave(place_); }
  Ticket(const Ticket&) = delete;
  Ticket& operator=(const Ticket&) = delete;

 private:
  const std::shared_ptr<TranscriptionQueue> queue_;
  const std::shared_ptr<Place> place_;
};

}  // namespace parley::providers::openai
