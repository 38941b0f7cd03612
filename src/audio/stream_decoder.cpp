// SPDX-License-Identifier: MIT
// Ogg: RFC 3533. Opus in Ogg: RFC 7845.
#include "audio/stream_decoder.h"

#include <mpg123.h>
#include <ogg/ogg.h>
#include <opus/opus.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <utility>

#include "base/assert.h"

namespace parley::audio {

namespace {

constexpr std::size_t kMarkBytes = 4;
// A clause takes seconds; what is decoded in one go is bounded all the same.
constexpr double kFlacSecondsMax = 600;
constexpr std::size_t kFlacBytesMax = 64u << 20u;

tl::unexpected<base::Error> invalid(std::string what) {
  return base::fail("invalid_sound", std::move(what));
}

// ---- MP3 ---------------------------------------------------------------------------------------

class Mp3Decoder final : public StreamDecoder {
 public:
  Mp3Decoder() {
    mpg123_init();  // nothing since 1.27
    handle_.reset(mpg123_new(nullptr, nullptr));
    if (!handle_) return;
    mpg123_param(handle_.get(), MPG123_ADD_FLAGS, MPG123_QUIET | MPG123_MONO_MIX, 0);
    mpg123_format_none(handle_.get());
    const long* rates = nullptr;
    std::size_t count = 0;
    mpg123_rates(&rates, &count);
    for (std::size_t i = 0; i < count; ++i) {
      mpg123_format(handle_.get(), rates[i], MPG123_MONO, MPG123_ENC_SIGNED_16);
    }
    if (mpg123_open_feed(handle_.get()) != MPG123_OK) handle_.reset();
  }

  base::Result<void> push(std::string_view bytes, std::vector<std::int16_t>& out) override {
    if (!handle_) return invalid("MP3 cannot be decoded here");
    if (mpg123_feed(handle_.get(), reinterpret_cast<const unsigned char*>(bytes.data()),
                    bytes.size()) != MPG123_OK) {
      return invalid(broken());
    }
    for (;;) {
      std::size_t done = 0;
      const int verdict =
          mpg123_read(handle_.get(), reinterpret_cast<unsigned char*>(block_.data()),
                      block_.size() * sizeof(std::int16_t), &done);
      out.insert(out.end(), block_.begin(),
                 block_.begin() + static_cast<std::ptrdiff_t>(done / sizeof(std::int16_t)));
      if (verdict == MPG123_NEED_MORE || verdict == MPG123_DONE) return {};
      if (verdict == MPG123_NEW_FORMAT) {
        if (auto taken = take_format(); !taken) return taken;
      } else if (verdict != MPG123_OK) {
        return invalid(broken());
      }
    }
  }
  base::Result<void> finish(std::vector<std::int16_t>&) override {
    if (rate_hz_ == 0) return invalid("an MP3 without any sound");
    return {};
  }
  int rate_hz() const override { return rate_hz_; }

 private:
  struct Closer {
    void operator()(mpg123_handle* handle) const { mpg123_delete(handle); }
  };

  base::Result<void> take_format() {
    long rate = 0;
    int channels = 0;
    int encoding = 0;
    if (mpg123_getformat(handle_.get(), &rate, &channels, &encoding) != MPG123_OK) {
      return invalid(broken());
    }
    if (rate_hz_ != 0 && rate_hz_ != rate) return invalid("an MP3 that changes its rate");
    rate_hz_ = static_cast<int>(rate);
    return {};
  }
  std::string broken() const {
    return std::string("an MP3 that cannot be read: ") + mpg123_strerror(handle_.get());
  }

  std::unique_ptr<mpg123_handle, Closer> handle_;
  std::array<std::int16_t, 4608> block_{};
  int rate_hz_ = 0;
};

// ---- Ogg Opus ----------------------------------------------------------------------------------

constexpr int kOpusRateHz = 48000;
constexpr int kOpusFrameMax = kOpusRateHz * 120 / 1000;
constexpr std::size_t kOpusHeadBytes = 19;

class OpusStreamDecoder final : public StreamDecoder {
 public:
  OpusStreamDecoder() {
    ogg_sync_init(&sync_);
    ogg_stream_init(&stream_, 0);
  }
  ~OpusStreamDecoder() override {
    ogg_stream_clear(&stream_);
    ogg_sync_clear(&sync_);
  }
  OpusStreamDecoder(const OpusStreamDecoder&) = delete;
  OpusStreamDecoder& operator=(const OpusStreamDecoder&) = delete;

  base::Result<void> push(std::string_view bytes, std::vector<std::int16_t>& out) override {
    char* room = ogg_sync_buffer(&sync_, static_cast<long>(bytes.size()));
    if (room == nullptr) return invalid("too much of an Ogg stream at once");
    if (!bytes.empty()) std::memcpy(room, bytes.data(), bytes.size());
    ogg_sync_wrote(&sync_, static_cast<long>(bytes.size()));
    ogg_page page;
    for (;;) {
      const int found = ogg_sync_pageout(&sync_, &page);
      if (found == 0) return {};
      if (found < 0) return invalid("an Ogg stream with a broken page");
      if (auto taken = take_page(page, out); !taken) return taken;
    }
  }
  base::Result<void> finish(std::vector<std::int16_t>&) override {
    if (!heard_) return invalid("an Ogg stream without any sound");
    return {};
  }
  int rate_hz() const override { return heard_ ? kOpusRateHz : 0; }

 private:
  struct Closer {
    void operator()(OpusDecoder* decoder) const { opus_decoder_destroy(decoder); }
  };

  base::Result<void> take_page(ogg_page& page, std::vector<std::int16_t>& out) {
    if (ogg_page_bos(&page) != 0) {
      ogg_stream_reset_serialno(&stream_, ogg_page_serialno(&page));
      decoder_.reset();
      tags_seen_ = false;
      decoded_ = 0;
    }
    if (ogg_stream_pagein(&stream_, &page) != 0) return invalid("an Ogg stream out of order");
    std::vector<std::int16_t> samples;
    ogg_packet packet;
    for (;;) {
      const int found = ogg_stream_packetout(&stream_, &packet);
      if (found == 0) break;
      if (found < 0) return invalid("an Ogg stream with a gap");
      const std::string_view bytes(reinterpret_cast<const char*>(packet.packet),
                                   static_cast<std::size_t>(packet.bytes));
      if (auto taken = take_packet(bytes, samples); !taken) return taken;
    }
    const auto position = ogg_page_granulepos(&page);
    if (ogg_page_eos(&page) != 0 && position >= 0 && position < decoded_) {
      // The last frame is filled up; the position tells where the sound ends.
      const auto surplus = std::min(static_cast<std::size_t>(decoded_ - position), samples.size());
      samples.resize(samples.size() - surplus);
    }
    const auto skipped = std::min(skip_, samples.size());
    skip_ -= skipped;
    out.insert(out.end(), samples.begin() + static_cast<std::ptrdiff_t>(skipped), samples.end());
    heard_ = heard_ || skipped < samples.size();
    return {};
  }

  base::Result<void> take_packet(std::string_view packet, std::vector<std::int16_t>& samples) {
    if (!decoder_) return take_head(packet);
    if (!std::exchange(tags_seen_, true)) return {};
    std::array<std::int16_t, kOpusFrameMax> frame{};
    const int count =
        opus_decode(decoder_.get(), reinterpret_cast<const unsigned char*>(packet.data()),
                    static_cast<opus_int32>(packet.size()), frame.data(), kOpusFrameMax, 0);
    if (count < 0) return invalid(std::string("broken Opus sound: ") + opus_strerror(count));
    samples.insert(samples.end(), frame.begin(), frame.begin() + count);
    decoded_ += count;
    return {};
  }

  // RFC 7845 §5.1
  base::Result<void> take_head(std::string_view head) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(head[at]); };
    if (head.size() < kOpusHeadBytes || !head.starts_with("OpusHead")) {
      return invalid("an Ogg stream that holds no Opus");
    }
    if (byte(8) >> 4U != 0) return invalid("Opus in Ogg of an unknown version");
    if (byte(18) != 0) return invalid("Opus with more than two channels");
    int mistake = OPUS_OK;
    // The library mixes both channels into one.
    decoder_.reset(opus_decoder_create(kOpusRateHz, 1, &mistake));
    if (mistake != OPUS_OK) return invalid("Opus cannot be decoded here");
    skip_ = static_cast<std::size_t>(byte(10) | byte(11) << 8);
    const auto gain = static_cast<std::int16_t>(byte(16) | byte(17) << 8);
    opus_decoder_ctl(decoder_.get(), OPUS_SET_GAIN(gain));
    return {};
  }

  ogg_sync_state sync_{};
  ogg_stream_state stream_{};
  std::unique_ptr<OpusDecoder, Closer> decoder_;  // none before the stream's head
  bool tags_seen_ = false;
  std::size_t skip_ = 0;      // samples before the sound begins
  std::int64_t decoded_ = 0;  // of the stream, with these
  bool heard_ = false;
};

// ---- FLAC --------------------------------------------------------------------------------------

class FlacDecoder final : public StreamDecoder {
 public:
  base::Result<void> push(std::string_view bytes, std::vector<std::int16_t>&) override {
    file_ += bytes;
    if (file_.size() > kFlacBytesMax) return invalid("far too much FLAC");
    return {};
  }
  base::Result<void> finish(std::vector<std::int16_t>& out) override {
    auto recording = read_sound_file(file_, kFlacSecondsMax);
    if (!recording) return tl::unexpected(recording.error());
    if (recording->samples.empty()) return invalid("FLAC without any sound");
    rate_hz_ = recording->rate_hz;
    out.insert(out.end(), recording->samples.begin(), recording->samples.end());
    return {};
  }
  int rate_hz() const override { return rate_hz_; }

 private:
  std::string file_;
  int rate_hz_ = 0;
};

}  // namespace

std::optional<SoundFormat> compressed_format_of(std::string_view beginning) {
  if (beginning.size() < kMarkBytes) return std::nullopt;
  if (beginning.starts_with("OggS")) return SoundFormat::opus;
  if (beginning.starts_with("fLaC")) return SoundFormat::flac;
  if (beginning.starts_with("ID3")) return SoundFormat::mp3;
  // The frame's sync word, then a version and a layer that exist (ISO 11172-3 §2.4.1.3).
  const auto first = static_cast<unsigned char>(beginning[0]);
  const auto second = static_cast<unsigned char>(beginning[1]);
  const bool frame = first == 0xff && (second & 0xe0U) == 0xe0U && (second & 0x18U) != 0x08U &&
                     (second & 0x06U) == 0x02U;
  return frame ? std::optional(SoundFormat::mp3) : std::nullopt;
}

std::unique_ptr<StreamDecoder> make_stream_decoder(SoundFormat format) {
  switch (format) {
    case SoundFormat::mp3:
      return std::make_unique<Mp3Decoder>();
    case SoundFormat::opus:
      return std::make_unique<OpusStreamDecoder>();
    case SoundFormat::flac:
      return std::make_unique<FlacDecoder>();
    case SoundFormat::pcm:
    case SoundFormat::wav:
      break;
  }
  PARLEY_ASSERT(false);
  return nullptr;
}

}  // namespace parley::audio
