// SPDX-License-Identifier: MIT
// The failures of remote engines in one language: kinds, the few codes that clients know, and
// messages that name the engine and hold no secret.
#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <string_view>
#include <utility>

#include "providers/remote/breaker.h"
#include "providers/remote/error_body.h"
#include "providers/remote/remote_call.h"
#include "providers/remote/retry.h"

namespace parley::providers::remote {

namespace {

using engine::Failure;
using engine::FailureKind;

constexpr std::size_t kMessageBytesMax = 400;
constexpr std::size_t kSecretBytesMin = 3;  // shorter ones would blank ordinary words

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

void blank_out(std::string& text, std::string_view secret) {
  constexpr std::string_view kBlank = "***";
  if (secret.size() < kSecretBytesMin || secret == kBlank) return;
  for (std::size_t at = text.find(secret); at != std::string::npos;
       at = text.find(secret, at + kBlank.size())) {
    text.replace(at, secret.size(), kBlank);
  }
}

bool tells_secrets(std::string_view header) {
  constexpr std::array<std::string_view, 6> kWords = {"authorization", "key",      "token",
                                                      "secret",        "password", "cookie"};
  const std::string name = lower(header);
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view word) { return name.find(word) != std::string::npos; });
}

void blank_out_secrets(const Endpoint& endpoint, std::string& text) {
  blank_out(text, endpoint.api_key);
  for (const auto& [name, value] : endpoint.headers) {
    if (!tells_secrets(name)) continue;
    blank_out(text, value);
    // "Bearer KEY": the key alone is as secret.
    blank_out(text, std::string_view(value).substr(value.rfind(' ') + 1));
  }
}

// Length of the well-formed UTF-8 sequence at the start of `text`, 0 if there is none. Overlong
// forms and surrogates are told by their second byte (Unicode 15, table 3-7).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0u) != 0x80) return 0;
  }
  const unsigned char second = byte(1);
  if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) ||
      (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f)) {
    return 0;
  }
  return length;
}

// One line of valid UTF-8, of bounded length.
std::string presentable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (out.size() + length > kMessageBytesMax) {
      out += "…";
      break;
    }
    const auto c = static_cast<unsigned char>(text.front());
    if (length == 0) {
      out += '?';
    } else if (c <= 0x20 || c == 0x7f) {
      if (!out.empty() && out.back() != ' ') out += ' ';
    } else {
      out.append(text.substr(0, length));
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  while (out.ends_with(' ')) out.pop_back();
  return out;
}

// Clients know OpenAI's codes and no others. A refused key is ours, not the client's, so it must
// not read "invalid_api_key".
const char* wire_code(FailureKind kind) {
  switch (kind) {
    case FailureKind::rate_limited:
      return "rate_limit_exceeded";
    case FailureKind::quota:
      return "insufficient_quota";
    case FailureKind::content_filter:
      return "content_filter";
    case FailureKind::unavailable:
    case FailureKind::timeout:
    case FailureKind::overloaded:
    case FailureKind::auth:
    case FailureKind::not_found:
    case FailureKind::invalid_request:
    case FailureKind::protocol:
      return "server_error";
  }
  return "server_error";
}

const char* phrase_of(FailureKind kind) {
  switch (kind) {
    case FailureKind::unavailable:
      return "failed";
    case FailureKind::timeout:
      return "took too long";
    case FailureKind::rate_limited:
      return "asks for fewer requests";
    case FailureKind::overloaded:
      return "is overloaded";
    case FailureKind::quota:
      return "has no quota left for us";
    case FailureKind::auth:
      return "refused the key";
    case FailureKind::not_found:
      return "does not know what was asked for";
    case FailureKind::invalid_request:
      return "refused the request";
    case FailureKind::content_filter:
      return "filtered the request";
    case FailureKind::protocol:
      return "answered unexpectedly";
  }
  return "failed";
}

FailureKind kind_of_status(int status) {
  switch (status) {
    case 401:
    case 403:
    case 407:
      return FailureKind::auth;
    case 402:
      return FailureKind::quota;
    case 404:
    case 410:
      return FailureKind::not_found;
    case 408:
    case 504:
      return FailureKind::timeout;
    case 409:
      return FailureKind::unavailable;
    case 429:
      return FailureKind::rate_limited;
    case 501:
      return FailureKind::invalid_request;
    case 503:
    case 529:
      return FailureKind::overloaded;
    default:
      break;
  }
  if (status >= 500) return FailureKind::unavailable;
  return status >= 400 ? FailureKind::invalid_request : FailureKind::protocol;
}

// The body's own word wins where it is the more exact one: a used-up quota comes with 401 and 429,
// a bad key with 400, a filtered prompt with 400.
FailureKind kind_of_answer(int status, const ErrorBody& error) {
  const FailureKind by_status = kind_of_status(status);
  const auto told = kind_of(error);
  if (!told || *told == FailureKind::invalid_request) return by_status;
  if (by_status == FailureKind::auth && *told != FailureKind::quota) return by_status;
  return status >= 400 && status < 500 ? *told : by_status;
}

bool says_context_is_full(const ErrorBody& error) {
  return error.code == "context_length_exceeded" || error.type == "exceed_context_size_error";
}

std::string with_reason(std::string what, const ErrorBody& error) {
  const std::string& reason = error.message.empty() ? error.code : error.message;
  if (!reason.empty()) what += ": " + reason;
  return what;
}

}  // namespace

Failure make_failure(const Endpoint& endpoint, FailureKind kind, std::string_view what) {
  std::string text(what);
  blank_out_secrets(endpoint, text);
  return {wire_code(kind), endpoint.engine + " " + presentable(text), kind};
}

Failure failure_of_error(const Endpoint& endpoint, const ErrorBody& error, FailureKind otherwise) {
  const FailureKind kind = kind_of(error).value_or(otherwise);
  Failure failure = make_failure(endpoint, kind, with_reason(phrase_of(kind), error));
  if (says_context_is_full(error)) failure.code = "context_length_exceeded";
  return failure;
}

Failure failure_of_status(const Endpoint& endpoint, int status, const net::HeaderList& headers,
                          std::string_view body) {
  const ErrorBody error = read_error_body(body);
  const FailureKind kind = kind_of_answer(status, error);
  const std::string what = std::string(phrase_of(kind)) + " (HTTP " + std::to_string(status) + ")";
  Failure failure = make_failure(endpoint, kind, with_reason(what, error));
  if (says_context_is_full(error)) failure.code = "context_length_exceeded";
  failure.retry_after = asked_wait(headers, base::wall_now());
  return failure;
}

Failure failure_of_transport(const Endpoint& endpoint, const base::Error& error) {
  struct Meaning {
    std::string_view code;
    FailureKind kind;
    const char* phrase;
  };
  static constexpr std::array<Meaning, 12> kMeanings = {{
      {"invalid_url", FailureKind::invalid_request, "has an address that is no URL"},
      {"resolve_failed", FailureKind::unavailable, "cannot be found"},
      {"connect_failed", FailureKind::unavailable, "cannot be reached"},
      {"tls_failed", FailureKind::unavailable, "cannot be reached securely"},
      {"timeout_connect", FailureKind::timeout, "took too long to connect"},
      {"timeout_first_byte", FailureKind::timeout, "took too long to begin its answer"},
      {"timeout_idle", FailureKind::timeout, "stopped in the middle of its answer"},
      {"timeout_total", FailureKind::timeout, "took too long to finish its answer"},
      {"timeout", FailureKind::timeout, "took too long to connect"},
      {"closed_early", FailureKind::unavailable, "broke off its answer"},
      {"upgrade_refused", FailureKind::unavailable, "refused the connection"},
      {"protocol_error", FailureKind::protocol, "does not speak HTTP as it should"},
  }};
  const auto* meaning = std::find_if(kMeanings.begin(), kMeanings.end(),
                                     [&](const Meaning& m) { return m.code == error.code; });
  if (meaning == kMeanings.end()) {
    return make_failure(endpoint, FailureKind::unavailable, "failed: " + error.message);
  }
  // A deadline's own text would only repeat the phrase.
  const bool more = meaning->kind != FailureKind::timeout && !error.message.empty();
  return make_failure(endpoint, meaning->kind,
                      meaning->phrase + (more ? ": " + error.message : std::string()));
}

Failure failure_of_connect(const Endpoint& endpoint, const net::ConnectError& error) {
  if (error.status == 0) return failure_of_transport(endpoint, error);
  return failure_of_status(endpoint, error.status, error.headers, error.body);
}

Failure failure_of_breaker(const Endpoint& endpoint, base::Duration wait) {
  const Failure why = endpoint.breaker->last_failure();
  // Its message begins with the engine's name, as this one will.
  std::string_view reason = why.message;
  if (reason.starts_with(endpoint.engine + " ")) reason.remove_prefix(endpoint.engine.size() + 1);
  std::string what = "is left alone for ";
  what += std::to_string(std::chrono::ceil<std::chrono::seconds>(wait).count()) + " s";
  if (!reason.empty()) what.append(", because it ").append(reason);
  Failure failure = make_failure(endpoint, why.kind, what);
  failure.retry_after = std::chrono::ceil<base::Milliseconds>(wait);
  return failure;
}

}  // namespace parley::providers::remote
