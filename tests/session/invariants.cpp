// SPDX-License-Identifier: MIT
// What holds in every session (behaviour.md §5), checked over a record of its events.
#include <doctest/doctest.h>

#include <map>
#include <set>
#include <string>

#include "tests/session/world.h"

namespace parley::tests {

namespace {

struct PartRecord {
  std::string text;
  bool done = false;
};
struct ResponseRecord {
  bool done = false;
  int items = 0;
  int items_done = 0;
};

class Checker {
 public:
  void check(const protocol::ServerEvent& event) {
    CHECK(ids_.insert(event.event_id).second);
    std::visit([this](const auto& body) { on(body); }, event.body);
  }
  void finish() const {
    for (const auto& [id, response] : responses_) {
      if (response.done) CHECK(response.items == response.items_done);
    }
  }

 private:
  template <class Body>
  void on(const Body& body) {
    if constexpr (requires { body.ref.response_id; }) running(body.ref.response_id);
  }
  ResponseRecord& running(const std::string& id) {
    REQUIRE(responses_.count(id) == 1);
    CHECK_FALSE(responses_[id].done);  // nothing of a response after its done
    return responses_[id];
  }
  PartRecord& open_part(const protocol::PartRef& ref) {
    running(ref.response_id);
    REQUIRE(parts_.count(ref.item_id) == 1);
    CHECK_FALSE(parts_[ref.item_id].done);
    return parts_[ref.item_id];
  }
  void on(const protocol::ResponseCreated& body) {
    CHECK(responses_.emplace(body.response.id, ResponseRecord{}).second);
    CHECK_FALSE(body.response.usage);
  }
  void on(const protocol::ResponseDone& body) {
    running(body.response.id).done = true;
    CHECK(body.response.status != protocol::ResponseStatus::in_progress);
    CHECK(body.response.usage.has_value());
    CHECK(std::ssize(body.response.output) == responses_[body.response.id].items_done);
  }
  void on(const protocol::OutputItemAdded& body) {
    CHECK(body.output_index == running(body.response_id).items++);  // dense from 0
  }
  void on(const protocol::OutputItemDone& body) {
    CHECK(body.output_index == running(body.response_id).items_done++);
    CHECK(body.item.status != protocol::ItemStatus::in_progress);
  }
  void on(const protocol::ContentPartAdded& body) {
    running(body.ref.response_id);
    CHECK(parts_.emplace(body.ref.item_id, PartRecord{}).second);
  }
  void on(const protocol::ContentPartDone& body) { open_part(body.ref).done = true; }
  void on(const protocol::TextDelta& body) { open_part(body.ref).text += body.delta; }
  void on(const protocol::AudioTranscriptDelta& body) { open_part(body.ref).text += body.delta; }
  void on(const protocol::TextDone& body) { CHECK(open_part(body.ref).text == body.text); }
  void on(const protocol::AudioTranscriptDone& body) {
    CHECK(open_part(body.ref).text == body.transcript);
  }
  void on(const protocol::AudioDelta& body) { open_part(body.ref); }
  void on(const protocol::ItemAdded& body) {
    CHECK(items_.insert(body.item.id).second);
    if (body.previous_item_id) CHECK(items_.count(*body.previous_item_id) == 1);
  }
  void on(const protocol::ItemDone& body) { CHECK(items_.count(body.item.id) == 1); }
  void on(const protocol::SpeechStarted& body) { spoken_ = body.item_id; }
  void on(const protocol::SpeechStopped& body) {
    CHECK(body.item_id == spoken_);
    stopped_ = body.item_id;
  }
  void on(const protocol::InputAudioBufferCommitted& body) {
    if (!stopped_.empty()) CHECK(body.item_id == stopped_);
    stopped_.clear();
  }

  std::set<std::string> ids_;
  std::set<std::string> items_;
  std::map<std::string, ResponseRecord> responses_;
  std::map<std::string, PartRecord> parts_;
  std::string spoken_;
  std::string stopped_;
};

}  // namespace

void check_invariants(const World& world) {
  REQUIRE(!world.events.empty());
  CHECK(std::holds_alternative<protocol::SessionCreated>(world.events.front().event.body));
  Checker checker;
  for (const auto& heard : world.events) {
    checker.check(heard.event);
    if (std::holds_alternative<protocol::AudioDelta>(heard.event.body)) {
      CHECK_FALSE(heard.audio.empty());
    }
  }
  checker.finish();
}

}  // namespace parley::tests
