// SPDX-License-Identifier: MIT
#include "providers/remote/retry.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <ctime>
#include <iomanip>
#include <locale>
#include <sstream>
#include <string>

namespace parley::providers::remote {

namespace {

using base::Milliseconds;
using engine::FailureKind;

constexpr double kAskedMaxMs = 3'600'000;

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

std::optional<double> read_number(std::string_view text) {
  double number = 0;
  const char* begin = text.data();
  const char* end = begin + text.size();
  const auto [stopped, error] = std::from_chars(begin, end, number);
  // Not NaN either: it compares false.
  if (error != std::errc() || stopped != end || !(number >= 0)) return std::nullopt;
  return number;
}

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::optional<std::int64_t> read_date(std::string_view text) {
  std::istringstream in{std::string(text)};
  in.imbue(std::locale::classic());
  std::tm date{};
  in >> std::get_time(&date, "%a, %d %b %Y %H:%M:%S");
  if (in.fail()) return std::nullopt;
  return timegm(&date);
}

Milliseconds bounded(double ms) {
  return Milliseconds(static_cast<Milliseconds::rep>(std::clamp(ms, 0.0, kAskedMaxMs)));
}

}  // namespace

std::string_view header_value(const net::HeaderList& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (same_name(key, name)) return value;
  }
  return {};
}

std::optional<Milliseconds> asked_wait(const net::HeaderList& headers, base::WallTime now) {
  if (const auto ms = read_number(header_value(headers, "retry-after-ms"))) return bounded(*ms);
  const std::string_view text = header_value(headers, "retry-after");
  if (const auto seconds = read_number(text)) return bounded(*seconds * 1000);
  if (const auto date = read_date(text)) {
    return bounded(static_cast<double>(*date - now.unix_seconds) * 1000);
  }
  return std::nullopt;
}

bool may_retry_status(int status, const net::HeaderList& headers, FailureKind kind) {
  const std::string_view told = header_value(headers, "x-should-retry");
  if (told == "true") return true;
  if (told == "false") return false;
  switch (kind) {
    case FailureKind::quota:
    case FailureKind::auth:
    case FailureKind::not_found:
    case FailureKind::invalid_request:
    case FailureKind::content_filter:
    case FailureKind::protocol:
      return false;
    case FailureKind::unavailable:
    case FailureKind::timeout:
    case FailureKind::rate_limited:
    case FailureKind::overloaded:
      break;
  }
  return status == 408 || status == 409 || status == 429 || status >= 500;
}

bool may_retry_transport(std::string_view code) {
  return code == "connect_failed" || code == "closed_early";
}

bool may_retry_connect(const net::ConnectError& error, FailureKind kind) {
  if (error.status != 0) return may_retry_status(error.status, error.headers, kind);
  // It was refused without a word: as good as "closed_early".
  return error.code == "upgrade_refused" || may_retry_transport(error.code);
}

Milliseconds back_off(int retry, double jitter) {
  const int doublings = std::clamp(retry, 0, 4);
  const double full = std::min(500.0 * static_cast<double>(1 << doublings), 8000.0);
  return bounded(full * (1 - std::clamp(jitter, 0.0, 1.0) / 4));
}

}  // namespace parley::providers::remote
