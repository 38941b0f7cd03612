// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"
#include "engine/types.h"
#include "net/http.h"
#include "net/websocket.h"

// When a request may be sent again, and when. Pure functions.
namespace parley::providers::remote {

// A live turn does not wait longer than this; it fails, or another engine takes over.
inline constexpr base::Duration kRetryWaitMax = std::chrono::seconds(5);
// An engine that asked for so short a pause is waited for, once, instead of failing the turn.
inline constexpr base::Duration kBreakerPatience = std::chrono::seconds(2);

// The first value; names compare without case. Empty when absent.
std::string_view header_value(const net::HeaderList& headers, std::string_view name);

// `retry-after-ms`, else `retry-after` (seconds, maybe with a fraction, or a date: RFC 9110
// §10.2.3). Never negative; an hour at most.
std::optional<base::Milliseconds> asked_wait(const net::HeaderList& headers, base::WallTime now);

// May a request be sent again that was answered with this error before any byte of an answer?
// `x-should-retry` decides where it is there.
bool may_retry_status(int status, const net::HeaderList& headers, engine::FailureKind kind);

// May it after this error of the connection (codes of net/http_client.h)? Deadlines do not count:
// the turn has waited long enough.
bool may_retry_transport(std::string_view code);

// May a WebSocket be opened again after this? `kind` is the failure that was made of it.
bool may_retry_connect(const net::ConnectError& error, engine::FailureKind kind);

// The wait before retry number `retry` (0 is the first) when the engine asked for none: 0.5 s,
// doubling to 8 s, minus up to a quarter. `jitter` is from 0 to 1.
base::Milliseconds back_off(int retry, double jitter);

}  // namespace parley::providers::remote
