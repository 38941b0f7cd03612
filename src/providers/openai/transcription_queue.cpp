// SPDX-License-Identifier: MIT
#include "providers/openai/transcription_queue.h"

#include <utility>

namespace parley::providers::openai {

std::unique_ptr<TranscriptionQueue::Ticket> TranscriptionQueue::enter(
    base::Executor& loop, std::function<void()> admitted) {
  auto place = std::make_shared<Place>(Place{loop, std::move(admitted)});
  {
    const std::lock_guard lock(mutex_);
    if (free_ > 0) {
      --free_;
      admit(place);
    } else {
      waiting_.push_back(place);
    }
  }
  return std::make_unique<Ticket>(shared_from_this(), std::move(place));
}

void TranscriptionQueue::leave(const std::shared_ptr<Place>& place) {
  place->gone = true;
  const std::lock_guard lock(mutex_);
  if (!place->inside) {
    std::erase(waiting_, place);
  } else if (waiting_.empty()) {
    ++free_;
  } else {
    admit(waiting_.front());
    waiting_.pop_front();
  }
}

// The mutex is held.
void TranscriptionQueue::admit(const std::shared_ptr<Place>& place) {
  place->inside = true;
  place->loop.post([place] {
    if (!place->gone) place->admitted();
  });
}

}  // namespace parley::providers::openai
