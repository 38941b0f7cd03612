// SPDX-License-Identifier: MIT
// The messages of Azure Speech's streaming recogniser, without a network.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "providers/azure/speech_frames.h"
#include "providers/azure/stt_protocol.h"

namespace parley::tests {
namespace {

using nlohmann::json;
using providers::azure::make_stt_protocol;
using providers::azure::new_id;
using providers::azure::read_text_frame;
using providers::remote::SttEnded;
using providers::remote::SttFrame;
using providers::remote::SttHeard;
using providers::remote::SttSettled;

// What follows the headers of a binary frame.
std::string payload_of(const SttFrame& frame) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(frame.bytes.at(i)); };
  return frame.bytes.substr(2U + at(0) * 256U + at(1));
}

class Peer {
 public:
  Peer() { protocol_->open(sent); }

  void audio(std::size_t samples, std::int16_t value = 1) {
    protocol_->audio(std::vector<std::int16_t>(samples, value), sent);
  }
  void end() { protocol_->end(sent); }
  // The service's message in the current turn.
  std::vector<SttHeard> says(const std::string& path, const std::string& body) {
    return says("X-RequestId:" + turn() + "\r\nPath:" + path + "\r\n\r\n" + body);
  }
  std::vector<SttHeard> says(const std::string& frame) {
    std::vector<SttHeard> out;
    protocol_->on_text(frame, out);
    return out;
  }
  std::string turn() const {
    std::string id;
    for (const auto& frame : sent) {
      if (!frame.binary) id = read_text_frame(frame.bytes)->request_id;
    }
    return id;
  }
  // Bytes of sound in binary frames from `begin` on.
  std::size_t sound_since(std::size_t begin) const {
    std::size_t bytes = 0;
    for (std::size_t i = begin; i < sent.size(); ++i) {
      if (sent[i].binary && !payload_of(sent[i]).starts_with("RIFF")) {
        bytes += payload_of(sent[i]).size();
      }
    }
    return bytes;
  }

  std::vector<SttFrame> sent;

 private:
  std::unique_ptr<providers::remote::SttProtocol> protocol_ = [] {
    auto endpoint = std::make_shared<providers::remote::Endpoint>();
    endpoint->engine = "stt.mine";
    return make_stt_protocol(endpoint, "de-DE", {"Parley", "a\"b"});
  }();
};

TEST_CASE("a message's path and turn are read whatever else it holds") {
  const auto read = read_text_frame(
      "x-requestid :  ABC\r\nContent-Type:application/json\r\nPATH: Speech.Phrase\r\n\r\n"
      "{\"a\":\"\r\n\r\nPath:x\"}");
  REQUIRE(read.has_value());
  CHECK(read->path == "speech.phrase");
  CHECK(read->request_id == "abc");
  CHECK(read->body == "{\"a\":\"\r\n\r\nPath:x\"}");
  CHECK(read_text_frame("Path:turn.end")->body.empty());
  for (const std::string frame : {"", "\r\n\r\n", "garbage", "X-RequestId:1\r\n\r\n{}", "{\"a\""}) {
    CAPTURE(frame);
    CHECK_FALSE(read_text_frame(frame).has_value());
  }
  CHECK(new_id().size() == 32);
  CHECK(new_id() != new_id());
}

TEST_CASE("a turn opens with what it is about, and a header without sizes") {
  Peer peer;
  REQUIRE(peer.sent.size() == 3);
  const auto config = read_text_frame(peer.sent[0].bytes);
  CHECK(config->path == "speech.config");
  CHECK(json::parse(config->body)["context"]["system"].is_object());
  const auto context = read_text_frame(peer.sent[1].bytes);
  CHECK(context->path == "speech.context");
  CHECK(context->request_id == config->request_id);
  CHECK(json::parse(context->body) == json::parse(R"({
    "phraseDetection": {"mode": "Conversation", "language": "de-DE"},
    "dgi": {"groups": [{"type": "Generic", "items": [{"text": "Parley"}, {"text": "a\"b"}]}]}})"));
  const std::string header = payload_of(peer.sent[2]);
  CHECK(header.size() == 44);
  CHECK(header.substr(4, 4) == std::string(4, '\0'));
  CHECK(header.substr(40, 4) == std::string(4, '\0'));
  peer.audio(2, -2);
  CHECK(payload_of(peer.sent.back()) == "\xfe\xff\xfe\xff");
  peer.end();
  CHECK(payload_of(peer.sent.back()).empty());
}

TEST_CASE("after a cut turn, what no phrase covers is sent again in another one") {
  Peer peer;
  peer.audio(16000);
  const std::string first = peer.turn();
  // A second was heard, of which a quarter is settled; one time is text.
  const auto heard = peer.says("speech.phrase", R"({"RecognitionStatus":"Success",
      "DisplayText":"One.","Offset":"500000","Duration":2000000})");
  REQUIRE(heard.size() == 1);
  CHECK(std::get<SttSettled>(heard[0]).text == "One.");
  CHECK(peer.says("speech.endDetected", "").empty());
  std::size_t before = peer.sent.size();
  peer.audio(800);
  CHECK(peer.sent.size() == before);  // the service takes no more of this turn
  CHECK(peer.says("turn.end", "{}").empty());
  peer.audio(800);
  CHECK(peer.turn() != first);
  CHECK(peer.sound_since(before) == std::size_t{2} * (12000 + 800 + 800));
  // Times count from the new turn's begin.
  peer.says("speech.phrase", R"({"RecognitionStatus":"Success","DisplayText":"Two.",
      "Offset":0,"Duration":8500000})");
  before = peer.sent.size();
  CHECK(peer.says("turn.end", "").empty());
  peer.end();
  CHECK(peer.sound_since(before) == 0);
  const auto over = peer.says("turn.end", "{}");
  REQUIRE(over.size() == 1);
  CHECK(std::holds_alternative<SttEnded>(over[0]));
}

TEST_CASE("messages of another turn are for nobody") {
  Peer peer;
  CHECK(peer.says("X-RequestId:00\r\nPath:speech.hypothesis\r\n\r\n{\"Text\":\"no\"}").empty());
  CHECK(peer.says("X-RequestId:00\r\nPath:turn.end\r\n\r\n{}").empty());
  CHECK(peer.says("turn.start", "{}").empty());
  CHECK(peer.says("something.new", "[").empty());
}

TEST_CASE("a service that ends turn after turn without a word is left") {
  Peer peer;
  std::vector<SttHeard> heard;
  int turns = 0;
  for (; heard.empty() && turns < 10; ++turns) {
    peer.audio(800);
    heard = peer.says("turn.end", "{}");
  }
  REQUIRE(heard.size() == 1);
  CHECK(std::get<engine::Failure>(heard[0]).message ==
        "stt.mine ends every turn before it heard anything");
  CHECK(turns == 4);
}

TEST_CASE("what cannot be read is told; absurd times are no trouble") {
  Peer peer;
  for (const std::string path : {"speech.hypothesis", "speech.phrase"}) {
    for (const std::string body : {"{", "[1]"}) {
      CAPTURE(path + body);
      const auto heard = peer.says(path, body);
      REQUIRE(heard.size() == 1);
      CHECK(std::holds_alternative<engine::Failure>(heard[0]));
    }
  }
  peer.audio(800);
  for (const std::string time : {"1e300", "-1", "\"x\"", "\"-5\"", "\"99999999999999999999\"", "[]",
                                 "900000000000000", "null"}) {
    CAPTURE(time);
    const auto heard = peer.says("speech.phrase", R"({"RecognitionStatus":"NoMatch","Offset":)" +
                                                      time + R"(,"Duration":)" + time + "}");
    REQUIRE(heard.size() == 1);
    CHECK(std::get<SttSettled>(heard[0]).text.empty());
  }
}

}  // namespace
}  // namespace parley::tests
