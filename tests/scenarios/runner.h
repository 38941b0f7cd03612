// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "tests/scenarios/script.h"

namespace parley::tests {

// One of the ways in which a scenario is run.
struct Variant {
  std::string dialect;  // "ga", "beta"
  int frame_ms = 20;    // how the client cuts its audio
};

struct Outcome {
  std::vector<std::string> failures;  // "line 12: …"
  // What was said, without ids and cuts: equal in every variant.
  std::vector<std::string> story;
  // The wire in both directions, as the schema check reads it; frames that were refused left out.
  std::vector<std::string> transcript;
};

Outcome run_scenario(const Scenario& scenario, const Variant& variant);

}  // namespace parley::tests
