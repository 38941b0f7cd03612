// SPDX-License-Identifier: MIT
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "protocol/dialect/dialect.h"

// What the protocol's tests share.
namespace parley::protocol {

struct Refusal {
  std::string code;
  std::string param;
  std::string message;
  std::string event_id;
};

// Parses a frame that must be accepted. An append's audio is only good for frames that outlive it.
ClientEvent accepted(Dialect& dialect, std::string_view frame);
ClientEvent accepted_ga(std::string_view frame);
ClientEvent accepted_beta(std::string_view frame);

// Parses a frame that must be refused.
Refusal refused(Dialect& dialect, std::string_view frame);
Refusal refused_ga(std::string_view frame);
Refusal refused_beta(std::string_view frame);

// The session of a `session.update` whose `session` is the given JSON text.
SessionPatch session_ga(std::string_view session);
SessionPatch session_beta(std::string_view session);

std::string written_ga(const ServerEvent& event);
std::string written_beta(const ServerEvent& event);

std::string read_file(const std::string& path);

struct SpecEvent {
  std::string source;  // file and line
  std::string frame;   // the event as compact JSON
};

// The events of `tests/spec`: the official examples, and the flows' lines of one direction.
// `dialect` is "ga" or "beta". Translation sessions are another protocol and left out.
std::vector<SpecEvent> spec_examples(const std::string& dialect);
std::vector<SpecEvent> spec_flow_events(const std::string& dialect, const std::string& direction);

}  // namespace parley::protocol
