// SPDX-License-Identifier: MIT
#include "providers/remote/breaker.h"

#include <algorithm>

namespace parley::providers::remote {

using engine::FailureKind;

std::optional<base::Duration> Breaker::refused(base::Instant now) {
  const std::lock_guard lock(mutex_);
  if (!open_until_) return std::nullopt;
  if (now < *open_until_) return *open_until_ - now;
  // This one tries; the others wait for what it finds, but not for ever.
  open_until_ = now + kProbeInterval;
  return std::nullopt;
}

void Breaker::succeeded() {
  const std::lock_guard lock(mutex_);
  failures_ = 0;
  alike_ = 0;
  wait_ = {};
  open_until_.reset();
}

void Breaker::failed(const engine::Failure& failure, base::Instant now) {
  if (failure.kind == FailureKind::invalid_request || failure.kind == FailureKind::content_filter) {
    return;
  }
  const std::lock_guard lock(mutex_);
  alike_ = failure.kind == last_.kind ? alike_ + 1 : 1;
  last_ = failure;
  ++failures_;
  const bool asked = failure.kind == FailureKind::rate_limited;
  if (!asked && failures_ < kFailuresMax) {
    // A probe's failure must not leave the circuit waiting for a probe that is over.
    if (open_until_ && *open_until_ <= now + kProbeInterval) open_until_.reset();
    return;
  }
  base::Duration wait{};
  if (failure.retry_after) {
    wait = std::clamp<base::Duration>(*failure.retry_after, base::Duration::zero(), kWaitMax);
  } else if (failure.kind == FailureKind::quota && alike_ >= kFailuresMax) {
    wait = kWaitQuota;
  } else if (failure.kind == FailureKind::auth && alike_ >= kFailuresMax) {
    wait = kWaitAuth;
  } else {
    wait_ = std::clamp(wait_ * 2, kWaitMin, kWaitMax);
    wait = wait_;
  }
  open_until_ = now + wait;
}

engine::Failure Breaker::last_failure() const {
  const std::lock_guard lock(mutex_);
  return last_;
}

}  // namespace parley::providers::remote
