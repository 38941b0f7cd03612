// SPDX-License-Identifier: MIT
#include "audio/sound_file.h"

#include <lame/lame.h>
#include <sndfile.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "audio/wav.h"

namespace parley::audio {

namespace {

struct Closer {
  void operator()(SNDFILE* file) const { sf_close(file); }
};
using File = std::unique_ptr<SNDFILE, Closer>;

// ---- reading -----------------------------------------------------------------------------------

struct Source {
  std::string_view bytes;
  sf_count_t at = 0;
};

sf_count_t source_size(void* user) {
  return static_cast<sf_count_t>(static_cast<Source*>(user)->bytes.size());
}
sf_count_t source_seek(sf_count_t offset, int whence, void* user) {
  auto& source = *static_cast<Source*>(user);
  const sf_count_t base = whence == SEEK_SET   ? 0
                          : whence == SEEK_CUR ? source.at
                                               : source_size(user);
  source.at = std::clamp<sf_count_t>(base + offset, 0, source_size(user));
  return source.at;
}
sf_count_t source_read(void* to, sf_count_t count, void* user) {
  auto& source = *static_cast<Source*>(user);
  const sf_count_t taken = std::min(count, source_size(user) - source.at);
  if (taken <= 0) return 0;
  std::memcpy(to, source.bytes.data() + source.at, static_cast<std::size_t>(taken));
  source.at += taken;
  return taken;
}
sf_count_t source_write(const void*, sf_count_t, void*) { return 0; }
sf_count_t source_tell(void* user) { return static_cast<Source*>(user)->at; }

tl::unexpected<base::Error> invalid(std::string what) {
  return base::fail("invalid_sound", std::move(what));
}

// ---- writing -----------------------------------------------------------------------------------

// Takes what the library writes at the end; what it would write over earlier bytes (sizes, once it
// knows them) is let go, as those are sent already.
struct Drain {
  std::string pending;
  sf_count_t size = 0;
  sf_count_t at = 0;
};

sf_count_t drain_size(void* user) { return static_cast<Drain*>(user)->size; }
sf_count_t drain_seek(sf_count_t offset, int whence, void* user) {
  auto& drain = *static_cast<Drain*>(user);
  drain.at = (whence == SEEK_SET ? 0 : whence == SEEK_CUR ? drain.at : drain.size) + offset;
  return drain.at;
}
sf_count_t drain_read(void*, sf_count_t, void*) { return 0; }
sf_count_t drain_write(const void* from, sf_count_t count, void* user) {
  auto& drain = *static_cast<Drain*>(user);
  const sf_count_t known = std::clamp<sf_count_t>(drain.size - drain.at, 0, count);
  drain.pending.append(static_cast<const char*>(from) + known,
                       static_cast<std::size_t>(count - known));
  drain.at += count;
  drain.size = std::max(drain.size, drain.at);
  return count;
}
sf_count_t drain_tell(void* user) { return static_cast<Drain*>(user)->at; }

class LibraryWriter final : public SoundWriter {
 public:
  LibraryWriter(int format, int rate_hz) {
    SF_INFO info{};
    info.samplerate = rate_hz;
    info.channels = 1;
    info.format = format;
    SF_VIRTUAL_IO io{drain_size, drain_seek, drain_read, drain_write, drain_tell};
    file_.reset(sf_open_virtual(&io, SFM_WRITE, &info, &drain_));
    if (!file_) return;
    double latency_ms = 100;  // of an Ogg page
    sf_command(file_.get(), SFC_SET_OGG_PAGE_LATENCY_MS, &latency_ms, sizeof latency_ms);
  }
  bool good() const { return file_ != nullptr; }

  void write(std::span<const std::int16_t> samples, std::string& out) override {
    sf_write_short(file_.get(), samples.data(), static_cast<sf_count_t>(samples.size()));
    out += std::exchange(drain_.pending, {});
  }
  void finish(std::string& out) override {
    file_.reset();
    out += std::exchange(drain_.pending, {});
  }

 private:
  Drain drain_;
  File file_;
};

// LAME itself: libsndfile would put a frame with the length in front, and correct it at the end.
class Mp3Writer final : public SoundWriter {
 public:
  explicit Mp3Writer(int rate_hz) : lame_(lame_init()) {
    if (!lame_) return;
    lame_set_num_channels(lame_.get(), 1);
    lame_set_mode(lame_.get(), MONO);
    lame_set_in_samplerate(lame_.get(), rate_hz);
    lame_set_out_samplerate(lame_.get(), rate_hz);
    lame_set_brate(lame_.get(), kKilobits);
    lame_set_bWriteVbrTag(lame_.get(), 0);
    lame_set_quality(lame_.get(), kQuality);
    if (lame_init_params(lame_.get()) < 0) lame_.reset();
  }
  bool good() const { return lame_ != nullptr; }

  void write(std::span<const std::int16_t> samples, std::string& out) override {
    block_.resize(samples.size() * 5 / 4 + kFrameBytesMax);  // lame.h's bound
    append(
        lame_encode_buffer(lame_.get(), samples.data(), nullptr, static_cast<int>(samples.size()),
                           block_.data(), static_cast<int>(block_.size())),
        out);
  }
  void finish(std::string& out) override {
    block_.resize(kFrameBytesMax);
    append(lame_encode_flush(lame_.get(), block_.data(), static_cast<int>(block_.size())), out);
  }

 private:
  static constexpr int kKilobits = 64;
  static constexpr int kQuality = 5;  // 0 best, 9 fastest
  static constexpr std::size_t kFrameBytesMax = 7200;

  void append(int count, std::string& out) const {
    for (int i = 0; i < count; ++i) {
      out += static_cast<char>(block_[static_cast<std::size_t>(i)]);
    }
  }

  struct Closer {
    void operator()(lame_global_flags* lame) const { lame_close(lame); }
  };
  std::unique_ptr<lame_global_flags, Closer> lame_;
  std::vector<unsigned char> block_;
};

void append_samples(std::span<const std::int16_t> samples, std::string& out) {
  for (const std::int16_t sample : samples) {
    const auto bits = static_cast<std::uint16_t>(sample);
    out += static_cast<char>(bits & 0xff);
    out += static_cast<char>(bits >> 8U);
  }
}

class PlainWriter final : public SoundWriter {
 public:
  explicit PlainWriter(std::string header) : header_(std::move(header)) {}

  void write(std::span<const std::int16_t> samples, std::string& out) override {
    out += std::exchange(header_, {});
    append_samples(samples, out);
  }
  void finish(std::string& out) override { out += std::exchange(header_, {}); }

 private:
  std::string header_;
};

// A WAV header of unknown length: both sizes as large as they can be.
std::string endless_wav_header(int rate_hz) {
  std::string header = write_wav({}, rate_hz);
  constexpr std::array<std::size_t, 2> kSizes = {4, 40};  // of RIFF, and of its data
  for (const std::size_t at : kSizes) {
    for (std::size_t i = 0; i < 4; ++i) header[at + i] = static_cast<char>(0xff);
  }
  return header;
}

}  // namespace

base::Result<Recording> read_sound_file(std::string_view bytes, double seconds_max) {
  Source source{bytes};
  SF_INFO info{};
  SF_VIRTUAL_IO io{source_size, source_seek, source_read, source_write, source_tell};
  const File file(sf_open_virtual(&io, SFM_READ, &info, &source));
  if (!file) {
    return invalid(
        "not a sound file of a known format (WAV, FLAC, MP3, Ogg with Opus or Vorbis, AIFF, AU)");
  }
  if (info.samplerate < 4000 || info.samplerate > 384'000 || info.channels < 1 ||
      info.channels > 64) {
    return invalid("a sound file with an impossible rate or number of channels");
  }
  Recording recording;
  recording.rate_hz = info.samplerate;
  const auto samples_max = static_cast<std::size_t>(seconds_max * info.samplerate);
  const auto channels = static_cast<std::size_t>(info.channels);
  constexpr std::size_t kFrames = 4096;
  std::vector<std::int16_t> block(kFrames * channels);
  while (const sf_count_t frames = sf_readf_short(file.get(), block.data(), kFrames)) {
    if (frames < 0) break;
    for (std::size_t i = 0; i < static_cast<std::size_t>(frames); ++i) {
      int sum = 0;
      for (std::size_t c = 0; c < channels; ++c) sum += block[i * channels + c];
      recording.samples.push_back(static_cast<std::int16_t>(sum / info.channels));
    }
    if (recording.samples.size() > samples_max) {
      return invalid("longer than " + std::to_string(static_cast<int>(seconds_max)) + " seconds");
    }
  }
  return recording;
}

base::Result<std::unique_ptr<SoundWriter>> SoundWriter::create(SoundFormat format, int rate_hz) {
  const auto through_library = [&](int code) -> base::Result<std::unique_ptr<SoundWriter>> {
    auto writer = std::make_unique<LibraryWriter>(code, rate_hz);
    if (!writer->good()) return invalid("the library cannot write this format");
    return writer;
  };
  switch (format) {
    case SoundFormat::pcm:
      return std::make_unique<PlainWriter>(std::string());
    case SoundFormat::wav:
      return std::make_unique<PlainWriter>(endless_wav_header(rate_hz));
    case SoundFormat::mp3: {
      auto writer = std::make_unique<Mp3Writer>(rate_hz);
      if (!writer->good()) return invalid("the library cannot write this format");
      return writer;
    }
    case SoundFormat::opus:
      return through_library(SF_FORMAT_OGG | SF_FORMAT_OPUS);
    case SoundFormat::flac:
      return through_library(SF_FORMAT_FLAC | SF_FORMAT_PCM_16);
  }
  return invalid("an unknown format");
}

}  // namespace parley::audio
