// SPDX-License-Identifier: MIT
#include "compat/telephony/media_wire.h"

#include <doctest/doctest.h>

namespace parley::compat {
namespace {

using base::AudioEncoding;

template <class Message>
Message read(Carrier carrier, std::string_view frame) {
  std::string why;
  auto message = read_stream_message(carrier, frame, why);
  REQUIRE_MESSAGE(message, why);
  REQUIRE(std::holds_alternative<Message>(*message));
  return std::get<Message>(std::move(*message));
}

TEST_CASE("Twilio's messages are read as its documentation shows them") {
  const auto start = read<StreamStart>(Carrier::twilio, R"({"event":"start","sequenceNumber":"1",
    "start":{"accountSid":"AC1","streamSid":"MZ1","callSid":"CA1","tracks":["inbound"],
    "mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},
    "customParameters":{"voice":"verse","token":"t"}},"streamSid":"MZ1"})");
  CHECK(start.stream_id == "MZ1");
  CHECK(start.format.encoding == AudioEncoding::g711_ulaw);
  REQUIRE(start.parameters.size() == 2);
  CHECK(start.parameters[0].second == "verse");
  const auto media = read<StreamMedia>(Carrier::twilio, R"({"event":"media","sequenceNumber":"3",
    "media":{"track":"inbound","chunk":"1","timestamp":"5","payload":"f39/"},"streamSid":"MZ1"})");
  CHECK(media.audio.size() == 3);
  CHECK(media.timestamp_ms == 5);
  CHECK(read<StreamDtmf>(Carrier::twilio, R"({"event":"dtmf","streamSid":"MZ1",
    "dtmf":{"track":"inbound_track","digit":"*"}})")
            .digit == '*');
  CHECK(read<StreamMark>(Carrier::twilio,
                         R"({"event":"mark","streamSid":"MZ1","mark":{"name":"parley-1"}})")
            .name == "parley-1");
  read<StreamStop>(Carrier::twilio, R"({"event":"stop","stop":{"callSid":"CA1"}})");
  read<StreamOther>(Carrier::twilio, R"({"event":"connected","protocol":"Call"})");
  read<StreamOther>(Carrier::twilio,
                    R"({"event":"media","media":{"track":"outbound","payload":"AAAA"}})");
}

TEST_CASE("Telnyx's messages are read with their formats") {
  const auto start = [](const char* encoding, int rate) {
    return read<StreamStart>(Carrier::telnyx,
                             R"({"event":"start","start":{"media_format":{"encoding":")" +
                                 std::string(encoding) + R"(","sample_rate":)" +
                                 std::to_string(rate) + R"(}},"stream_id":"s-1"})")
        .format;
  };
  CHECK(start("PCMU", 8000) == base::AudioFormat{AudioEncoding::g711_ulaw, 8000});
  CHECK(start("PCMA", 8000) == base::AudioFormat{AudioEncoding::g711_alaw, 8000});
  CHECK(start("L16", 16000) == base::AudioFormat{AudioEncoding::pcm16, 16000});
}

TEST_CASE("what makes no sense is told, not taken") {
  for (const std::string_view frame :
       {"", "{", "[]", "7", "{}", R"({"event":7})", R"({"event":"start"})",
        R"({"event":"start","start":{},"x":1})", R"({"event":"media"})",
        R"({"event":"media","media":{"payload":"###"}})",
        R"({"event":"media","media":{"payload":7}})", R"({"event":"dtmf","dtmf":{"digit":"12"}})",
        R"({"event":"start","streamSid":"M","start":{"mediaFormat":{"encoding":"opus"}}})"}) {
    CAPTURE(frame);
    std::string why;
    CHECK_FALSE(read_stream_message(Carrier::twilio, frame, why));
    CHECK_FALSE(why.empty());
  }
}

TEST_CASE("what we say has each carrier's shape") {
  CHECK(write_media(Carrier::twilio, "MZ1", "AAAA") ==
        R"({"event":"media","streamSid":"MZ1","media":{"payload":"AAAA"}})");
  CHECK(write_media(Carrier::telnyx, "s", "AAAA") ==
        R"({"event":"media","media":{"payload":"AAAA"}})");
  CHECK(write_mark(Carrier::twilio, "MZ1", "m") ==
        R"({"event":"mark","streamSid":"MZ1","mark":{"name":"m"}})");
  CHECK(write_clear(Carrier::twilio, "MZ1") == R"({"event":"clear","streamSid":"MZ1"})");
  CHECK(write_clear(Carrier::telnyx, "s") == R"({"event":"clear"})");
}

}  // namespace
}  // namespace parley::compat
