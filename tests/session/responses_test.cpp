// SPDX-License-Identifier: MIT
// Answers: their order of events, cancelling, tools, out of band, pacing, failures and limits.
#include <doctest/doctest.h>

#include "tests/session/world.h"

namespace parley::tests {
namespace {

using protocol::ItemStatus;
using protocol::ResponseStatus;
using protocol::StatusReason;
using Types = std::vector<std::string>;

protocol::ConversationItemCreate user_says(std::string text, std::string id = {}) {
  protocol::ConversationItemCreate create;
  create.item.id = std::move(id);
  create.item.content.push_back({protocol::PartType::input_text, std::move(text), {}, {}, {}, {}});
  return create;
}

TEST_CASE("a text turn answers in the documented order") {
  World world;
  world.client(user_says("Say hi."));
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  CHECK(world.types() ==
        Types{"session.created", "conversation.item.added", "conversation.item.done",
              "response.created", "response.output_item.added", "conversation.item.added",
              "response.content_part.added", "response.output_text.delta",
              "response.output_text.done", "response.content_part.done", "conversation.item.done",
              "response.output_item.done", "response.done", "rate_limits.updated"});
  const auto usage = world.last<protocol::ResponseDone>().response.usage;
  REQUIRE(usage);
  CHECK(usage->input_text_tokens > 0);
  CHECK(usage->output_text_tokens > 0);
  CHECK(usage->output_audio_tokens == 0);
}

TEST_CASE("a second response is refused while one runs, and one out of band is not") {
  World world;
  world.script.word_takes = std::chrono::seconds(1);
  world.client(protocol::ResponseCreate{});
  const auto running = world.last<protocol::ResponseCreated>().response.id;
  world.client(protocol::ResponseCreate{}, "second");
  CHECK(world.last_error().code == "conversation_already_has_active_response");
  CHECK(world.last_error().event_id == "second");
  CHECK(world.last_error().message.find(running) != std::string::npos);

  protocol::ResponseCreate beside;
  beside.out_of_band = true;
  beside.metadata = protocol::Metadata{{"topic", "test"}};
  world.client(beside);
  CHECK_FALSE(world.last<protocol::ResponseCreated>().response.conversation_id);
  world.run_until_quiet();
  const auto done = world.all<protocol::ResponseDone>();
  REQUIRE(done.size() == 2);
  CHECK(done[1].response.metadata == protocol::Metadata{{"topic", "test"}});
  CHECK(world.all<protocol::ItemAdded>().size() == 1);  // the default one's only
}

TEST_CASE("an out-of-band response reads its own input, references included") {
  World world;
  world.client(user_says("My printer is broken.", "item_printer"));
  world.client(user_says("Something else."));
  protocol::ResponseCreate request;
  request.out_of_band = true;
  request.instructions = "Classify.";
  request.input.emplace();
  request.input->push_back({"item_printer", {}});
  request.input->push_back({{}, user_says("Which department?").item});
  world.client(request);
  world.run_until_quiet();
  REQUIRE(world.asked.at(0).history.size() == 2);
  CHECK(std::get<engine::Utterance>(world.asked[0].history[0]).text == "My printer is broken.");
  CHECK(std::get<engine::Utterance>(world.asked[0].history[1]).text == "Which department?");
  CHECK(world.asked[0].instructions == "Classify.");

  request.input->at(0).reference_id = "item_nowhere";
  world.client(request, "r2");
  CHECK(world.last_error().code == "invalid_value");
  CHECK(world.last_error().param == "response.input[0].id");
}

TEST_CASE("a result in a response's input needs its call before it") {
  World world(World::default_options());
  const auto entry = [](protocol::ItemType type) {
    protocol::ResponseInput made;
    made.item.type = type;
    made.item.call_id = "call_1";
    return made;
  };
  protocol::ResponseCreate create;
  create.out_of_band = true;
  create.input.emplace();
  create.input->push_back(entry(protocol::ItemType::function_call_output));
  world.client(create, "lost");
  CHECK(world.last_error().code == "invalid_value");
  CHECK(world.last_error().param == "response.input[0].call_id");
  CHECK(world.asked.empty());

  create.input->insert(create.input->begin(), entry(protocol::ItemType::function_call));
  world.client(create);
  world.run_until_quiet();
  REQUIRE(world.asked.size() == 1);
  CHECK(world.asked[0].history.size() == 2);
}

TEST_CASE("a temperature reaches the model when the client set one") {
  World world(World::default_options());
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  protocol::SessionUpdate update;
  update.session.temperature = 0.7;
  world.client(update);
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  protocol::ResponseCreate own;
  own.temperature = 1.1;
  world.client(own);
  world.run_until_quiet();
  REQUIRE(world.asked.size() == 3);
  CHECK_FALSE(world.asked[0].temperature);
  CHECK(world.all<protocol::ResponseCreated>()[0].response.temperature == 0.8);  // as documented
  CHECK(world.asked[1].temperature == 0.7);
  CHECK(world.asked[2].temperature == 1.1);
}

TEST_CASE("a cancelled answer closes what is open and says why; a second cancel finds nothing") {
  Script script;
  script.clause_ms = 3000;
  World world(World::spoken_options(), script);
  world.client(protocol::ResponseCreate{});
  world.run_for(std::chrono::milliseconds(600));
  world.client(protocol::ResponseCancel{});
  const auto done = world.last<protocol::ResponseDone>().response;
  CHECK(done.status == ResponseStatus::cancelled);
  CHECK(done.reason == StatusReason::client_cancelled);
  CHECK(done.output.at(0).status == ItemStatus::incomplete);
  const auto said = world.events.size();
  world.run_for(std::chrono::seconds(5));
  CHECK(world.events.size() == said);

  world.client(protocol::ResponseCancel{}, "again");
  CHECK(world.last_error().code == "response_cancel_not_active");
  CHECK(world.last_error().message == "Cancellation failed: no active response found");
  CHECK(world.last_error().event_id == "again");
}

TEST_CASE("a response is cancelled by its id, an unknown id cancels nothing") {
  World world;
  world.script.word_takes = std::chrono::seconds(1);
  world.client(protocol::ResponseCreate{});
  world.client(protocol::ResponseCancel{"resp_unknown"});
  CHECK(world.last_error().code == "response_cancel_not_active");
  CHECK(world.all<protocol::ResponseDone>().empty());
  world.client(protocol::ResponseCancel{world.last<protocol::ResponseCreated>().response.id});
  CHECK(world.last<protocol::ResponseDone>().response.status == ResponseStatus::cancelled);
}

TEST_CASE("parallel tool calls are items of one response, and their outputs go on") {
  World world;
  world.script.answers = {engine::LlmToolCallBegin{{}, "get_weather"},
                          engine::LlmToolCallArguments{R"({"city":)"},
                          engine::LlmToolCallArguments{R"("Rome"})"},
                          engine::LlmToolCallBegin{"call_given", "get_weather"},
                          engine::LlmToolCallArguments{R"({"city":"Oslo"})"},
                          engine::LlmDone{}};
  world.client(user_says("Weather in Rome and Oslo?"));
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  const auto output = world.last<protocol::ResponseDone>().response.output;
  REQUIRE(output.size() == 2);
  CHECK(output[0].arguments == R"({"city":"Rome"})");
  CHECK(output[0].call_id.starts_with("call_"));
  CHECK(output[1].call_id == "call_given");
  CHECK(world.all<protocol::FunctionCallArgumentsDone>().size() == 2);

  world.script.answers = {engine::LlmText{"21 and 9."}, engine::LlmDone{}};
  protocol::ConversationItemCreate result;
  result.item.type = protocol::ItemType::function_call_output;
  result.item.call_id = "call_given";
  result.item.output = "9";
  world.client(result);
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  const auto& history = world.asked.back().history;
  CHECK(std::get<engine::ToolResult>(history.back()).output == "9");
  CHECK(std::get<engine::ToolCall>(history.at(1)).name == "get_weather");

  result.item.call_id = "call_unknown";
  world.client(result, "t1");
  CHECK(world.last_error().param == "item.call_id");
}

TEST_CASE("a tool call after a spoken message waits until the message is out") {
  Script script;
  script.answers = {engine::LlmText{"Let me look."}, engine::LlmToolCallBegin{{}, "look"},
                    engine::LlmToolCallArguments{"{}"}, engine::LlmText{"One moment."},
                    engine::LlmDone{}};
  World world(World::spoken_options(), script);
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  const auto output = world.last<protocol::ResponseDone>().response.output;
  REQUIRE(output.size() == 3);
  CHECK(output[0].content.at(0).transcript == "Let me look.");
  CHECK(output[1].name == "look");
  CHECK(output[2].content.at(0).transcript == "One moment.");
}

TEST_CASE("audio is never sent further ahead of its playback than the lead, and is all sent") {
  Script script;
  script.answers = {engine::LlmText{"First of all, this is a long answer. It has two sentences."},
                    engine::LlmDone{}};
  script.clause_ms = 1500;
  World world(World::spoken_options(), script);
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  base::Instant playback_end = world.now - std::chrono::hours(1);
  double sent_ms = 0;
  for (const auto& heard : world.events) {
    if (!std::holds_alternative<protocol::AudioDelta>(heard.event.body)) continue;
    const double ms = static_cast<double>(heard.audio.size()) / 48.0;
    sent_ms += ms;
    playback_end = std::max(playback_end, heard.at) +
                   std::chrono::microseconds(static_cast<std::int64_t>(ms * 1000));
    CHECK(playback_end - heard.at <= std::chrono::milliseconds(401));
  }
  CHECK(sent_ms == doctest::Approx(4500).epsilon(0.01));  // three clauses
}

TEST_CASE("output formats: G.711 at 8 kHz has a byte a sample") {
  session::Options options = World::spoken_options();
  options.defaults.output_format = {base::AudioEncoding::g711_alaw, 8000};
  Script script;
  script.clause_ms = 1000;
  World world(options, script);
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  std::size_t bytes = 0;
  for (const auto& heard : world.events) bytes += heard.audio.size();
  CHECK(static_cast<double>(bytes) == doctest::Approx(8000).epsilon(0.01));
}

TEST_CASE("truncating keeps the words that were heard and no more") {
  Script script;
  script.answers = {engine::LlmText{"one two three four"}, engine::LlmDone{}};
  script.clause_ms = 1800;  // 100 ms a character
  World world(World::spoken_options(), script);
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  const auto item = world.last<protocol::ResponseDone>().response.output.at(0).id;

  world.client(protocol::ConversationItemTruncate{item, 0, 5000}, "t1");
  CHECK(world.last_error().code == "invalid_value");
  CHECK(world.last_error().message.find("ms is already shorter than 5000ms") != std::string::npos);

  world.client(protocol::ConversationItemTruncate{item, 0, 750});
  CHECK(world.last<protocol::ItemTruncated>().audio_end_ms == 750);
  world.client(protocol::ConversationItemRetrieve{item});
  const auto kept = world.last<protocol::ItemRetrieved>().item.content.at(0);
  CHECK(kept.transcript == "one two");
  CHECK(static_cast<double>(kept.audio_base64.size()) * 3 / 4 ==
        doctest::Approx(48.0 * 750).epsilon(0.01));

  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  CHECK(std::get<engine::Utterance>(world.asked.back().history.at(0)).text == "one two");
  world.client(protocol::ConversationItemTruncate{"item_x", 0, 1});
  CHECK(world.last_error().code == "item_truncate_invalid_item_id");
}

TEST_CASE("truncating what is still being said stops it first") {
  Script script;
  script.clause_ms = 4000;
  World world(World::spoken_options(), script);
  world.client(protocol::ResponseCreate{});
  world.run_for(std::chrono::seconds(1));
  const auto item = world.all<protocol::OutputItemAdded>().at(0).item.id;
  world.client(protocol::ConversationItemTruncate{item, 0, 300});
  CHECK(world.last<protocol::ResponseDone>().response.status == ResponseStatus::cancelled);
  CHECK(world.all<protocol::ItemTruncated>().size() == 1);
}

TEST_CASE("engine failures fail the response with the reason; the next one works") {
  const auto failure = engine::Failure{"server_error", "the model is gone"};
  Script before_text;
  before_text.answers = {failure};
  Script after_text;
  after_text.answers = {engine::LlmText{"Well, I think that"}, failure};
  Script voice;
  voice.voice_fails = true;
  for (const auto& script : {before_text, after_text, voice}) {
    World world(World::spoken_options(), script);
    world.client(protocol::ResponseCreate{});
    world.run_until_quiet();
    const auto failed = world.last<protocol::ResponseDone>().response;
    const bool said = !failed.output.empty() && !script.voice_fails;
    CHECK(failed.status == (said ? ResponseStatus::incomplete : ResponseStatus::failed));
    CHECK(failed.error_message == (script.voice_fails ? "the voice is gone" : "the model is gone"));
    world.script = {};
    world.client(protocol::ResponseCreate{});
    world.run_until_quiet();
    CHECK(world.last<protocol::ResponseDone>().response.status == ResponseStatus::completed);
  }
}

TEST_CASE("what was said before a stream broke off stays in the history") {
  Script script;
  script.answers = {engine::LlmText{"One. Two"}, engine::Failure{"server_error", "it broke off"}};
  World world(World::spoken_options(), script);
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  const auto broken = world.last<protocol::ResponseDone>().response;
  CHECK(broken.status == ResponseStatus::incomplete);
  CHECK(broken.reason == StatusReason::none);
  CHECK(broken.error_message == "it broke off");
  CHECK(broken.output.at(0).status == ItemStatus::incomplete);
  CHECK(broken.output.at(0).content.at(0).transcript == "One. Two");

  world.script = {};
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  REQUIRE(world.asked.back().history.size() == 1);
  CHECK(std::get<engine::Utterance>(world.asked.back().history[0]).text == "One. Two");
}

TEST_CASE("a voice that fails midway leaves the response incomplete, with what was heard") {
  Script script;
  script.answers = {engine::LlmText{"One sentence here. And another one here."}, engine::LlmDone{}};
  script.clause_ms = 1000;
  script.voice_stalls = true;
  World world(World::spoken_options(), script);
  world.client(protocol::ResponseCreate{});
  world.run_for(base::Milliseconds(700));
  world.tts_says(world.last_tts, engine::Failure{"server_error", "the voice is gone"});
  const auto broken = world.last<protocol::ResponseDone>().response;
  CHECK(broken.status == ResponseStatus::incomplete);
  CHECK(broken.error_message == "the voice is gone");
  CHECK(!broken.output.at(0).content.at(0).transcript->empty());
}

TEST_CASE("a model that stops at its limit leaves the response incomplete") {
  for (const auto& options : {World::default_options(), World::spoken_options()}) {
    World world(options);
    world.script.answers = {engine::LlmText{"Hello, I am"},
                            engine::LlmDone{engine::LlmFinish::length, {}, {}}};
    world.client(protocol::ResponseCreate{});
    world.run_until_quiet();
    const auto done = world.last<protocol::ResponseDone>().response;
    CHECK(done.status == ResponseStatus::incomplete);
    CHECK(done.reason == StatusReason::max_output_tokens);
    CHECK(done.output.at(0).status == ItemStatus::incomplete);
  }
}

TEST_CASE("a model with nothing to say ends the response without output") {
  World world;
  world.script.answers = {engine::LlmDone{}};
  world.client(protocol::ResponseCreate{});
  world.run_until_quiet();
  CHECK(world.last<protocol::ResponseDone>().response.output.empty());
}

TEST_CASE("the session ends with its lifetime") {
  session::Options options = World::default_options();
  options.duration_max = std::chrono::minutes(60);
  World world(options);
  world.run_for(std::chrono::minutes(61));
  CHECK(world.last_error().code == "session_expired");
  CHECK(world.last_error().message == "Your session hit the maximum duration of 60 minutes.");
  REQUIRE(world.closed);
  CHECK(world.closed->code == 1001);
}

}  // namespace
}  // namespace parley::tests
