// SPDX-License-Identifier: MIT
#include "session/response.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "session/context_window.h"
#include "session/history.h"
#include "session/tokens.h"

namespace parley::session {

using protocol::ItemStatus;
using protocol::ResponseStatus;
using protocol::StatusReason;

// The output item being written. The response owns it until it is done; the conversation holds a
// copy so that order and ids are right from the start.
struct Response::OpenItem {
  StoredItem stored;
  protocol::PartRef ref;
  std::unique_ptr<SpeechStream> speech;  // audio messages only
  bool listed = false;                   // stands in the conversation
};

namespace {

bool says_something(const protocol::Item& item) {
  return std::any_of(item.content.begin(), item.content.end(), [](const auto& part) {
    return !part.text.empty() || !part.transcript.value_or("").empty();
  });
}

}  // namespace

Response::Response(Context& context, Transcriber& transcriber, Mcp& mcp,
                   protocol::ResponseCreate request, std::optional<TurnEnd> end)
    : context_(context),
      transcriber_(transcriber),
      mcp_(mcp),
      request_(std::move(request)),
      speed_(context.config.speed),
      playback_end_(context.now),
      clock_(context.now, end) {
  const auto& config = context_.config;
  shown_.id = context_.ids.response(context_.unix_us());
  if (!request_.out_of_band) shown_.conversation_id = context_.conversation_id;
  shown_.output_modality = request_.output_modality.value_or(config.output_modality);
  shown_.max_output_tokens = request_.max_output_tokens.value_or(config.max_output_tokens);
  shown_.output_format = request_.output_format.value_or(config.output_format);
  shown_.voice = request_.voice.value_or(config.voice);
  temperature_ = request_.temperature ? request_.temperature : config.temperature;
  shown_.temperature = temperature_.value_or(protocol::kTemperatureShown);
  shown_.metadata = request_.metadata;
  context_.out.send(protocol::ResponseCreated{shown_});
}

Response::~Response() = default;

bool Response::owns(JobId job) const {
  if (job == llm_job_) return llm_job_ != 0;
  return open_ && open_->speech && open_->speech->owns(job);
}

bool Response::is_writing(std::string_view item_id) const {
  return open_ && open_->listed && open_->stored.item.id == item_id;
}

void Response::item_deleted() {
  PARLEY_ASSERT(open_ && open_->listed);
  open_->listed = false;
}

const StoredItem* Response::writing() const { return open_ ? &open_->stored : nullptr; }

std::optional<base::Instant> Response::deadline() const {
  return open_ && open_->speech ? open_->speech->deadline() : std::nullopt;
}

// ---- going on
// ------------------------------------------------------------------------------------

void Response::advance() {
  if (state_ == State::waiting) {
    if (!words_known() || !mcp_.listed(tools())) return;
    if (const auto* failure = missing_words()) {
      fail(*failure);
      return;
    }
    generate();
  }
  take_held();
  while (state_ != State::over && open_ && open_->speech) {
    open_->speech->pump();
    note_stages();
    if (!open_->speech->done()) return;
    end_item(cut_short() ? ItemStatus::incomplete : ItemStatus::completed);
    take_held();
  }
}

// The model stopped in the middle of what is being spoken.
bool Response::cut_short() const {
  if (held_.empty()) return false;
  const auto* done = std::get_if<engine::LlmDone>(&held_.front());
  return std::holds_alternative<engine::Failure>(held_.front()) ||
         (done != nullptr && done->finish != engine::LlmFinish::stop);
}

// A model that hears needs no words.
bool Response::words_known() const {
  if (context_.options.model.hears) return true;
  if (request_.input) {
    return std::none_of(request_.input->begin(), request_.input->end(), [this](const auto& entry) {
      return transcriber_.pending(entry.reference_id);
    });
  }
  return std::none_of(context_.conversation.items().begin(), context_.conversation.items().end(),
                      [this](const auto& stored) { return transcriber_.pending(stored->item.id); });
}

// The failure to recognise what the user said last; an earlier gap does not keep us from answering.
const engine::Failure* Response::missing_words() const {
  if (context_.options.model.hears) return nullptr;
  const auto users = [](const protocol::Item& item) {
    return item.type == protocol::ItemType::message && item.role == protocol::Role::user;
  };
  if (request_.input) {
    const auto& input = *request_.input;
    const auto last = std::find_if(input.rbegin(), input.rend(), [&](const auto& entry) {
      const StoredItem* stored = context_.conversation.find(entry.reference_id);
      return users(stored != nullptr ? stored->item : entry.item);
    });
    return last == input.rend() ? nullptr : transcriber_.failure(last->reference_id);
  }
  const auto& items = context_.conversation.items();
  const auto last = std::find_if(items.rbegin(), items.rend(),
                                 [&](const auto& stored) { return users(stored->item); });
  return last == items.rend() ? nullptr : transcriber_.failure((*last)->item.id);
}

void Response::generate() {
  auto request = build_request();
  if (!request) {
    shown_.error_type = "invalid_request_error";
    fail({"context_length_exceeded",
          "The conversation exceeds the model's input token limit, and truncation is disabled.",
          engine::FailureKind::invalid_request});
    return;
  }
  state_ = State::generating;
  clock_.words_known(context_.now);
  llm_job_ = context_.new_job();
  context_.out.command(LlmStart{llm_job_, std::move(*request)});
}

std::optional<engine::LlmRequest> Response::build_request() {
  const auto& config = context_.config;
  engine::LlmRequest request;
  request.model = config.model;
  request.instructions = request_.instructions.value_or(config.instructions);
  request.max_output_tokens = shown_.max_output_tokens;
  request.temperature = temperature_;
  request.parallel_tools =
      request_.parallel_tool_calls.value_or(config.parallel_tool_calls.value_or(true));
  request.reasoning_effort =
      request_.reasoning_effort.value_or(config.reasoning_effort.value_or(std::string()));
  request.speak = model_speaks();
  request.voice = shown_.voice;

  add_tools(request);
  usage_.input_text_tokens += text_tokens(request.instructions);

  std::vector<StoredItem> own;  // items that only this request has
  std::vector<StoredItem*> items = input_items(own);
  if (!fit_context(items, usage_.input_text_tokens, context_.options.input_tokens_max,
                   config.truncation)) {
    return std::nullopt;
  }
  add_history(items, request);
  return request;
}

const std::vector<protocol::Tool>& Response::tools() const {
  return request_.tools ? *request_.tools : context_.config.tools;
}

void Response::add_tools(engine::LlmRequest& request) {
  for (const auto& tool : tools()) {
    const auto* function = std::get_if<protocol::FunctionTool>(&tool);
    if (function == nullptr) continue;
    request.tools.push_back({function->name, function->description, function->parameters});
  }
  mcp_.offer(tools(), request.tools, offered_);

  const auto choice = request_.tool_choice.value_or(context_.config.tool_choice);
  request.tools_allowed = choice.mode != protocol::ToolChoiceMode::none;
  request.tool_required = choice.mode == protocol::ToolChoiceMode::required;
  if (choice.mode == protocol::ToolChoiceMode::function) request.forced_tool = choice.function_name;
  if (choice.mode == protocol::ToolChoiceMode::mcp) {
    // Only that server's tools, or that one.
    const auto meant = [&](const std::string& name) {
      return std::any_of(offered_.begin(), offered_.end(), [&](const OfferedTool& tool) {
        return tool.offered_name == name && tool.server_label == choice.server_label &&
               (choice.function_name.empty() || choice.function_name == tool.tool_name);
      });
    };
    std::erase_if(request.tools, [&](const engine::Tool& tool) { return !meant(tool.name); });
    request.tool_required = !request.tools.empty();
  }
  for (const auto& tool : request.tools) {
    usage_.input_text_tokens +=
        text_tokens(tool.name) + text_tokens(tool.description) + text_tokens(tool.parameters.text);
  }
}

std::vector<StoredItem*> Response::input_items(std::vector<StoredItem>& own) const {
  std::vector<StoredItem*> items;
  const auto add = [&items](StoredItem& stored) {
    // An item that another response is still writing is not history yet.
    if (stored.item.status != ItemStatus::in_progress) items.push_back(&stored);
  };
  if (!request_.input) {
    for (const auto& stored : context_.conversation.items()) add(*stored);
    return items;
  }
  own.reserve(request_.input->size());
  for (const auto& entry : *request_.input) {
    if (entry.reference_id.empty()) {
      own.emplace_back();
      own.back().item = entry.item;
      add(own.back());
    } else if (StoredItem* stored = context_.conversation.find(entry.reference_id)) {
      add(*stored);
    }
  }
  return items;
}

void Response::add_history(const std::vector<StoredItem*>& items, engine::LlmRequest& request) {
  // A model that hears is given the sound of what it has not answered yet; of earlier turns the
  // words will do, once they are known.
  const auto answered = std::find_if(items.rbegin(), items.rend(), [](const StoredItem* stored) {
                          return stored->item.role == protocol::Role::assistant &&
                                 stored->item.type == protocol::ItemType::message;
                        }).base();
  for (auto at = items.begin(); at != items.end(); ++at) {
    StoredItem& stored = **at;
    const bool sound =
        context_.options.model.hears && (at >= answered || stored.recognised.empty());
    append_history(stored, sound ? Hearing::sound : Hearing::words, request.history);
    const InputTokens tokens = count_tokens(stored);
    usage_.input_text_tokens += tokens.text;
    usage_.input_audio_tokens += tokens.audio;
    usage_.input_image_tokens += tokens.image;
  }
}

// ---- what the model says
// -------------------------------------------------------------------------

void Response::handle(JobId job, engine::LlmEvent event) {
  PARLEY_ASSERT(job == llm_job_);
  if (std::holds_alternative<engine::LlmDone>(event) ||
      std::holds_alternative<engine::Failure>(event)) {
    llm_job_ = 0;
  }
  const bool says = std::holds_alternative<engine::LlmText>(event) ||
                    std::holds_alternative<engine::LlmAudio>(event) ||
                    std::holds_alternative<engine::LlmToolCallBegin>(event);
  if (says) clock_.first_token(context_.now);
  held_.push_back(std::move(event));
  advance();
}

// For clients that asked for the figures: which stage of the answer was reached.
void Response::note_stages() {
  if (!context_.options.metrics || !open_) return;
  const bool spoken = open_->speech != nullptr;
  if (spoken && open_->speech->started()) clock_.first_clause(context_.now);
  const bool out = spoken ? open_->speech->sent_ms() > 0 : says_something(open_->stored.item);
  if (!out) return;
  if (auto metrics = clock_.first_output(context_.now, spoken)) {
    metrics->response_id = shown_.id;
    metrics->item_id = open_->stored.item.id;
    context_.out.send(std::move(*metrics));
  }
}

bool Response::model_speaks() const {
  return context_.options.model.speaks && shown_.output_modality == protocol::Modality::audio;
}

// Takes what the model said, as far as the open item allows: items never overlap, so while a spoken
// message is going out only more of its text can be taken.
void Response::take_held() {
  while (!held_.empty() && state_ != State::over) {
    const bool more_speech = std::holds_alternative<engine::LlmText>(held_.front()) ||
                             std::holds_alternative<engine::LlmAudio>(held_.front());
    if (open_ && open_->speech && !more_speech) {
      open_->speech->finish_text();
      if (llm_job_ == 0) state_ = State::speaking;
      return;
    }
    engine::LlmEvent event = std::move(held_.front());
    held_.pop_front();
    take(event);
  }
}

void Response::take(engine::LlmEvent& event) {
  if (auto* text = std::get_if<engine::LlmText>(&event)) {
    on_text(text->delta);
  } else if (auto* sound = std::get_if<engine::LlmAudio>(&event)) {
    on_sound(*sound);
  } else if (auto* begin = std::get_if<engine::LlmToolCallBegin>(&event)) {
    begin_call(*begin);
  } else if (auto* arguments = std::get_if<engine::LlmToolCallArguments>(&event)) {
    on_arguments(std::move(arguments->delta));
  } else if (const auto* done = std::get_if<engine::LlmDone>(&event)) {
    counted_ = *done;
    model_done(done->finish);
  } else {
    fail(std::get<engine::Failure>(event));
  }
}

void Response::on_text(std::string_view delta) {
  if (delta.empty()) return;
  open_message();
  if (open_->speech) {
    open_->speech->push_text(delta);
  } else {
    open_->stored.item.content[0].text += delta;
    context_.out.send(
        protocol::TextDelta{open_->ref, std::string(delta), context_.ids.obfuscation()});
    note_stages();
  }
}

void Response::on_sound(engine::LlmAudio& sound) {
  if (sound.samples.empty() || !model_speaks()) return;
  open_message();
  if (const auto failure = open_->speech->push_sound(std::move(sound))) fail(*failure);
}

void Response::open_message() {
  if (open_ && open_->stored.item.type != protocol::ItemType::message) {
    end_item(ItemStatus::completed);
  }
  if (!open_) begin_message();
}

void Response::begin_message() {
  protocol::Item item;
  item.role = protocol::Role::assistant;
  begin_item(std::move(item));

  protocol::ContentPart part;
  const bool spoken = shown_.output_modality == protocol::Modality::audio;
  part.type = spoken ? protocol::PartType::audio : protocol::PartType::text;
  if (spoken) part.transcript = "";
  context_.out.send(protocol::ContentPartAdded{open_->ref, part});
  open_->stored.item.content.push_back(std::move(part));
  if (!spoken) return;
  SpeechSettings settings;
  settings.ref = open_->ref;
  settings.voice = shown_.voice;
  settings.speed = speed_;
  settings.format = shown_.output_format;
  settings.play_after = playback_end_;
  settings.model_speaks = model_speaks();
  open_->speech = std::make_unique<SpeechStream>(context_, std::move(settings), open_->stored);
}

void Response::begin_call(engine::LlmToolCallBegin& begin) {
  if (open_) end_item(ItemStatus::completed);
  protocol::Item item;
  const auto offered = std::find_if(offered_.begin(), offered_.end(), [&](const auto& tool) {
    return tool.offered_name == begin.name;
  });
  if (offered != offered_.end()) {
    item.type = protocol::ItemType::mcp_call;
    item.id = context_.ids.mcp_call();
    item.server_label = offered->server_label;
    item.name = offered->tool_name;
    begin_item(std::move(item));
    return;
  }
  item.type = protocol::ItemType::function_call;
  // Some models make ids so long that no client could name them in its function_call_output.
  const bool usable = !begin.call_id.empty() && begin.call_id.size() <= protocol::kItemIdLengthMax;
  item.call_id = usable ? std::move(begin.call_id) : context_.ids.call();
  item.name = std::move(begin.name);
  begin_item(std::move(item));
}

void Response::on_arguments(std::string delta) {
  const auto type = open_ ? open_->stored.item.type : protocol::ItemType::message;
  if (type == protocol::ItemType::message) {
    fail({"server_error", "The language model sent arguments that belong to no tool call."});
    return;
  }
  auto& item = open_->stored.item;
  item.arguments += delta;
  if (type == protocol::ItemType::mcp_call) {
    context_.out.send(
        protocol::McpCallArgumentsDelta{open_->ref, std::move(delta), context_.ids.obfuscation()});
  } else {
    context_.out.send(protocol::FunctionCallArgumentsDelta{
        open_->ref, item.call_id, std::move(delta), context_.ids.obfuscation()});
  }
}

void Response::end_call_arguments() {
  auto& item = open_->stored.item;
  if (item.arguments.empty()) on_arguments("{}");
  if (item.type == protocol::ItemType::mcp_call) {
    context_.out.send(protocol::McpCallArgumentsDone{open_->ref, item.arguments});
  } else {
    context_.out.send(
        protocol::FunctionCallArgumentsDone{open_->ref, item.call_id, item.name, item.arguments});
  }
}

// A whole call of an MCP tool: what becomes of it is told beside this response.
void Response::hand_over_call() {
  shown_.output.push_back(open_->stored.item);
  McpCall call;
  call.ref = open_->ref;
  call.listed = open_->listed;
  if (StoredItem* kept = context_.conversation.find(open_->ref.item_id); call.listed && kept) {
    kept->item = open_->stored.item;
  }
  call.item = std::make_unique<StoredItem>(std::move(open_->stored));
  open_.reset();
  mcp_.call(std::move(call));
}

void Response::begin_item(protocol::Item item) {
  PARLEY_ASSERT(!open_);
  if (item.id.empty()) item.id = context_.ids.item();
  item.status = ItemStatus::in_progress;
  open_ = std::make_unique<OpenItem>();
  open_->ref = {shown_.id, item.id, static_cast<int>(shown_.output.size()), 0};
  open_->stored.item = item;
  context_.out.send(protocol::OutputItemAdded{shown_.id, open_->ref.output_index, item});
  if (request_.out_of_band) return;

  auto placeholder = std::make_unique<StoredItem>();
  placeholder->item = item;
  const auto fault = context_.conversation.insert(std::move(placeholder), std::nullopt);
  PARLEY_ASSERT(fault == Conversation::InsertFault::none);
  open_->listed = true;
  context_.out.send(
      protocol::ItemAdded{context_.conversation.previous_of(item.id), std::move(item)});
}

void Response::end_message_part() {
  const auto& ref = open_->ref;
  const auto& part = open_->stored.item.content[0];
  if (part.type == protocol::PartType::audio) {
    context_.out.send(protocol::AudioDone{ref});
    context_.out.send(protocol::AudioTranscriptDone{ref, part.transcript.value_or("")});
  } else {
    context_.out.send(protocol::TextDone{ref, part.text});
  }
  context_.out.send(protocol::ContentPartDone{ref, part});
}

void Response::end_item(ItemStatus status) {
  PARLEY_ASSERT(open_);
  auto& stored = open_->stored;
  stored.item.status = status;
  if (open_->speech) {
    playback_end_ = open_->speech->playback_end();
    usage_.output_audio_tokens += assistant_audio_tokens(open_->speech->sent_ms());
    open_->speech.reset();
  }
  usage_.output_text_tokens += count_tokens(stored).text;
  if (stored.item.type == protocol::ItemType::message) {
    end_message_part();
  } else if (status == ItemStatus::completed) {
    end_call_arguments();
    if (stored.item.type == protocol::ItemType::mcp_call) {
      hand_over_call();
      return;
    }
  }
  const protocol::Item shown = stored.item;
  if (open_->listed) {
    StoredItem* kept = context_.conversation.find(shown.id);
    PARLEY_ASSERT(kept != nullptr);
    *kept = std::move(stored);
    context_.out.send(protocol::ItemDone{context_.conversation.previous_of(shown.id), shown});
  }
  context_.out.send(protocol::OutputItemDone{shown_.id, open_->ref.output_index, shown});
  shown_.output.push_back(shown);
  open_.reset();
}

void Response::model_done(engine::LlmFinish reason) {
  if (open_) {
    end_item(reason == engine::LlmFinish::stop ? ItemStatus::completed : ItemStatus::incomplete);
  }
  switch (reason) {
    case engine::LlmFinish::stop:
      finish(ResponseStatus::completed, StatusReason::none);
      break;
    case engine::LlmFinish::length:
      finish(ResponseStatus::incomplete, StatusReason::max_output_tokens);
      break;
    case engine::LlmFinish::content_filter:
      finish(ResponseStatus::incomplete, StatusReason::content_filter);
      break;
  }
}

// ---- what the voice says
// -------------------------------------------------------------------------

void Response::handle(JobId job, engine::TtsEvent event) {
  PARLEY_ASSERT(open_ && open_->speech);
  if (const auto failure = open_->speech->handle(job, std::move(event))) {
    fail(*failure);
    return;
  }
  advance();
}

// ---- the end
// -------------------------------------------------------------------------------------

void Response::stop_engines() {
  if (llm_job_ != 0) context_.out.command(JobCancel{std::exchange(llm_job_, 0)});
  if (open_ && open_->speech) open_->speech->cancel();
  held_.clear();
}

void Response::cancel(StatusReason reason) {
  PARLEY_ASSERT(!over());
  stop_engines();
  if (open_) end_item(ItemStatus::incomplete);
  finish(ResponseStatus::cancelled, reason);
}

// Once something was said, the answer is incomplete rather than failed: it stays in the history.
void Response::fail(const engine::Failure& failure) {
  stop_engines();
  const bool said = !shown_.output.empty() || (open_ && says_something(open_->stored.item));
  if (open_) end_item(ItemStatus::incomplete);
  shown_.error_code = failure.code;
  shown_.error_message = failure.message;
  finish(said ? ResponseStatus::incomplete : ResponseStatus::failed, StatusReason::none);
}

// What the model counted is the truth, down to the total. Our own count stands in for engines that
// do not count, and says which part of theirs was sound or images.
protocol::Usage Response::usage() const {
  protocol::Usage usage = usage_;
  if (counted_.input_tokens && counted_.output_tokens) {
    const auto& traits = context_.options.model;
    const auto share = [](int part, int& rest) {
      part = std::clamp(part, 0, rest);
      rest -= part;
      return part;
    };
    usage.input_text_tokens = std::max(*counted_.input_tokens, 0);
    usage.output_text_tokens = std::max(*counted_.output_tokens, 0);
    usage.input_audio_tokens =
        share(traits.hears ? usage.input_audio_tokens : 0, usage.input_text_tokens);
    usage.input_image_tokens = share(usage.input_image_tokens, usage.input_text_tokens);
    usage.output_audio_tokens =
        share(traits.speaks ? usage.output_audio_tokens : 0, usage.output_text_tokens);
  }
  usage.cached_text_tokens =
      std::clamp(counted_.cached_tokens.value_or(0), 0, usage.input_text_tokens);
  return usage;
}

void Response::finish(ResponseStatus status, StatusReason reason) {
  PARLEY_ASSERT(!open_ && !over());
  state_ = State::over;
  shown_.status = status;
  shown_.reason = reason;
  shown_.usage = status == ResponseStatus::failed ? protocol::Usage{} : usage();
  context_.out.send(protocol::ResponseDone{shown_});
  // Parley has no token quota; clients of the hosted service expect the event, so it says "plenty".
  constexpr int kPlenty = 1'000'000;
  context_.out.send(protocol::RateLimitsUpdated{{{"tokens", kPlenty, kPlenty, 0}}});
}

}  // namespace parley::session
