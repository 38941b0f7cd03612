// SPDX-License-Identifier: MIT
#include "providers/azure/stt_phrase.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "providers/remote/json_access.h"
#include "providers/remote/remote_call.h"

namespace parley::providers::azure {

namespace {

using engine::FailureKind;
using nlohmann::json;

constexpr std::array<std::string_view, 4> kSilent = {"NoMatch", "InitialSilenceTimeout",
                                                     "BabbleTimeout", "EndOfDictation"};

struct Trouble {
  std::string_view status;
  FailureKind kind;
  const char* phrase;
};
constexpr std::array<Trouble, 4> kTroubles = {{
    {"Error", FailureKind::unavailable, "failed to recognise what it heard"},
    {"TooManyRequests", FailureKind::rate_limited, "asks for fewer requests"},
    {"BadRequest", FailureKind::invalid_request, "refused the request"},
    {"Forbidden", FailureKind::quota, "has no quota left for us"},
}};

// The best of the alternatives, as people write it.
std::string words_of(const json& result) {
  const json* alternatives = remote::find_member(result, "NBest");
  if (alternatives != nullptr && alternatives->is_array() && !alternatives->empty()) {
    const auto display = remote::member_text(alternatives->front(), "Display");
    if (!display.empty()) return std::string(display);
  }
  return std::string(remote::member_text(result, "DisplayText"));
}

}  // namespace

tl::expected<std::string, engine::Failure> read_phrase(const remote::Endpoint& endpoint,
                                                       std::string_view body) {
  const auto fail = [&](FailureKind kind, std::string_view what) {
    return tl::unexpected(remote::make_failure(endpoint, kind, what));
  };
  const std::size_t first = body.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) {
    return fail(FailureKind::unavailable, "answered with nothing");
  }
  if (body[first] == '<') {
    return fail(FailureKind::protocol, "answered with a web page: is the address right?");
  }
  const json result = json::parse(body, nullptr, false);
  if (!result.is_object()) return fail(FailureKind::protocol, "answered with what is no JSON");
  const auto status = remote::member_text(result, "RecognitionStatus");
  if (status == "Success") return words_of(result);
  if (std::find(kSilent.begin(), kSilent.end(), status) != kSilent.end()) return std::string();
  const auto* trouble = std::find_if(kTroubles.begin(), kTroubles.end(),
                                     [&](const Trouble& t) { return t.status == status; });
  if (trouble != kTroubles.end()) return fail(trouble->kind, trouble->phrase);
  if (status.empty()) return fail(FailureKind::protocol, "answered without a result");
  return fail(FailureKind::unavailable, "failed: " + std::string(status));
}

}  // namespace parley::providers::azure
