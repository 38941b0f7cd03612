// SPDX-License-Identifier: MIT
#include "audio/webm_opus.h"

#include <ebml/EbmlHead.h>
#include <ebml/EbmlSubHead.h>
#include <ebml/MemIOCallback.h>
#include <matroska/KaxBlock.h>
#include <matroska/KaxCluster.h>
#include <matroska/KaxCues.h>
#include <matroska/KaxInfoData.h>
#include <matroska/KaxSegment.h>
#include <matroska/KaxSemantic.h>
#include <matroska/KaxTracks.h>
#include <opus/opus.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/assert.h"

namespace parley::audio {

namespace {

constexpr std::uint64_t kNanosPerSecond = 1'000'000'000;
constexpr std::uint64_t kTimecodeScale = 1'000'000;  // ns: times in the file are in ms
constexpr int kFramesPerSecond = 50;
constexpr std::uint64_t kFrameNanos = kNanosPerSecond / kFramesPerSecond;
// A block's time is 16 bits of ms from its cluster's.
constexpr std::size_t kFramesPerCluster = 250;
constexpr std::uint64_t kSeekPreRollNanos = 80'000'000;  // RFC 7845 §4.6
constexpr int kComplexity = 5;
constexpr std::size_t kPacketBytesMax = 1275;  // RFC 6716 §3.4

std::uint64_t nanos_of(std::uint64_t samples, int rate_hz) {
  return samples * kNanosPerSecond / static_cast<std::uint64_t>(rate_hz);
}

// ---- the container -----------------------------------------------------------------------------

using Packet = std::string;

struct Track {
  int rate_hz = 0;
  std::uint64_t samples = 0;  // that are to be heard
  std::uint64_t delay = 0;    // samples that the encoder put in front of them
  std::uint64_t padding = 0;  // and behind
  std::vector<Packet> packets;
};

template <class Element, class Value>
void put(libebml::EbmlMaster& parent, const Value& value) {
  libebml::GetChild<Element>(parent).SetValue(value);
}

template <class Element>
void put_bytes(libebml::EbmlMaster& parent, std::string_view bytes) {
  libebml::GetChild<Element>(parent).CopyBuffer(reinterpret_cast<const binary*>(bytes.data()),
                                                static_cast<std::uint32_t>(bytes.size()));
}

// The ID header of RFC 7845 §5.1.
std::string opus_head(const Track& track) {
  const auto pre_skip = track.delay * 48000 / static_cast<std::uint64_t>(track.rate_hz);
  const auto rate = static_cast<std::uint32_t>(track.rate_hz);
  std::string head = "OpusHead";
  head += {'\1', '\1'};  // version, channels
  for (const unsigned shift : {0U, 8U}) head += static_cast<char>(pre_skip >> shift & 0xff);
  for (const unsigned shift : {0U, 8U, 16U, 24U}) head += static_cast<char>(rate >> shift & 0xff);
  return head.append(3, '\0');  // gain (2), channel mapping
}

void write_head(libebml::IOCallback& out) {
  libebml::EbmlHead head;
  put<libebml::EDocType>(head, std::string("webm"));
  put<libebml::EDocTypeVersion>(head, 4U);  // CodecDelay, DiscardPadding
  put<libebml::EDocTypeReadVersion>(head, 2U);
  head.Render(out, true);
}

void write_info(libmatroska::KaxSegment& segment, const Track& track, libebml::IOCallback& out) {
  auto& info = libebml::GetChild<libmatroska::KaxInfo>(segment);
  put<libmatroska::KaxTimecodeScale>(info, kTimecodeScale);
  put<libmatroska::KaxDuration>(info, static_cast<double>(track.samples) * 1000 / track.rate_hz);
  libebml::GetChild<libmatroska::KaxMuxingApp>(info).SetValueUTF8("libmatroska");
  libebml::GetChild<libmatroska::KaxWritingApp>(info).SetValueUTF8("parley");
  info.Render(out);
}

libmatroska::KaxTrackEntry& write_track(libmatroska::KaxSegment& segment, const Track& track,
                                        libebml::IOCallback& out) {
  auto& tracks = libebml::GetChild<libmatroska::KaxTracks>(segment);
  auto& entry = libebml::GetChild<libmatroska::KaxTrackEntry>(tracks);
  entry.SetGlobalTimecodeScale(kTimecodeScale);
  put<libmatroska::KaxTrackNumber>(entry, 1U);
  put<libmatroska::KaxTrackUID>(entry, 1U);
  put<libmatroska::KaxTrackType>(entry, static_cast<unsigned>(track_audio));
  put<libmatroska::KaxCodecID>(entry, std::string("A_OPUS"));
  put_bytes<libmatroska::KaxCodecPrivate>(entry, opus_head(track));
  put<libmatroska::KaxCodecDelay>(entry, nanos_of(track.delay, track.rate_hz));
  put<libmatroska::KaxSeekPreRoll>(entry, kSeekPreRollNanos);
  auto& audio = libebml::GetChild<libmatroska::KaxTrackAudio>(entry);
  put<libmatroska::KaxAudioSamplingFreq>(audio, 48000.0);  // Opus decodes to that
  put<libmatroska::KaxAudioChannels>(audio, 1U);
  tracks.Render(out);
  return entry;
}

void write_clusters(libmatroska::KaxSegment& segment, Track& track,
                    const libmatroska::KaxTrackEntry& entry, libebml::IOCallback& out) {
  libmatroska::KaxCues cues;  // the library wants to fill them; a file to be read whole needs none
  cues.SetGlobalTimecodeScale(kTimecodeScale);
  const std::size_t count = track.packets.size();
  for (std::size_t first = 0; first < count; first += kFramesPerCluster) {
    libmatroska::KaxCluster cluster;
    cluster.SetParent(segment);
    cluster.SetPreviousTimecode(first * kFrameNanos, kTimecodeScale);
    for (std::size_t i = first; i < std::min(count, first + kFramesPerCluster); ++i) {
      Packet& bytes = track.packets[i];
      // The block owns this view, not the bytes.
      auto* const data = new libmatroska::DataBuffer(reinterpret_cast<binary*>(bytes.data()),
                                                     static_cast<std::uint32_t>(bytes.size()));
      libmatroska::KaxBlockGroup* block = nullptr;
      cluster.AddFrame(entry, i * kFrameNanos, *data, block, libmatroska::LACING_NONE);
      if (i + 1 == count && track.padding > 0) {
        const std::uint64_t discarded = nanos_of(track.padding, track.rate_hz);
        put<libmatroska::KaxDiscardPadding>(*block, static_cast<std::int64_t>(discarded));
      }
    }
    cluster.Render(out, cues);
  }
}

std::string webm_file(Track& track) {
  libebml::MemIOCallback out;
  write_head(out);
  libmatroska::KaxSegment segment;
  constexpr int kSizeBytes = 5;  // of the segment's size, which is filled in at the end
  segment.WriteHead(out, kSizeBytes);
  const std::uint64_t begin = out.getFilePointer();
  write_info(segment, track, out);
  const auto& entry = write_track(segment, track, out);
  write_clusters(segment, track, entry, out);
  if (segment.ForceSize(out.getFilePointer() - begin)) segment.OverwriteHead(out);
  return {reinterpret_cast<const char*>(out.GetDataBuffer()), out.GetDataBufferSize()};
}

// ---- the codec ---------------------------------------------------------------------------------

// libopus' encoder, in memory of our own: its state may be copied ("position independent and can be
// freely copied", opus.h), which lets a file end here and the speech go on.
class Encoder {
 public:
  explicit Encoder(int rate_hz) : state_(static_cast<std::size_t>(opus_encoder_get_size(1))) {
    good_ = opus_encoder_init(get(), rate_hz, 1, OPUS_APPLICATION_VOIP) == OPUS_OK;
    if (!good_) return;
    opus_encoder_ctl(get(), OPUS_SET_BITRATE(WebmOpusWriter::kBitsPerSecond));
    opus_encoder_ctl(get(), OPUS_SET_COMPLEXITY(kComplexity));
    opus_encoder_ctl(get(), OPUS_SET_SIGNAL(OPUS_SIGNAL_VOICE));
  }
  bool good() const { return good_; }

  std::uint64_t lookahead() {
    opus_int32 samples = 0;
    opus_encoder_ctl(get(), OPUS_GET_LOOKAHEAD(&samples));
    return static_cast<std::uint64_t>(samples);
  }

  Packet encode(std::span<const std::int16_t> frame) {
    std::array<unsigned char, kPacketBytesMax> packet;
    const opus_int32 size = opus_encode(get(), frame.data(), static_cast<int>(frame.size()),
                                        packet.data(), static_cast<opus_int32>(packet.size()));
    PARLEY_ASSERT(size > 0);  // the frame has a valid length, and there is room
    return {packet.begin(), packet.begin() + size};
  }

 private:
  // operator new's alignment fits any object.
  OpusEncoder* get() { return reinterpret_cast<OpusEncoder*>(state_.data()); }

  std::vector<unsigned char> state_;
  bool good_ = false;
};

class Writer final : public WebmOpusWriter {
 public:
  explicit Writer(int rate_hz)
      : rate_hz_(rate_hz),
        frame_samples_(static_cast<std::size_t>(rate_hz / kFramesPerSecond)),
        encoder_(rate_hz) {
    if (encoder_.good()) delay_ = encoder_.lookahead();
  }
  bool good() const { return encoder_.good(); }

  void write(std::span<const std::int16_t> samples) override {
    samples_ += samples.size();
    if (!rest_.empty()) {
      const std::size_t taken = std::min(samples.size(), frame_samples_ - rest_.size());
      rest_.insert(rest_.end(), samples.begin(), samples.begin() + std::ptrdiff_t(taken));
      samples = samples.subspan(taken);
      if (rest_.size() < frame_samples_) return;
      packets_.push_back(encoder_.encode(rest_));
      rest_.clear();
    }
    for (; samples.size() >= frame_samples_; samples = samples.subspan(frame_samples_)) {
      packets_.push_back(encoder_.encode(samples.first(frame_samples_)));
    }
    rest_.assign(samples.begin(), samples.end());
  }

  std::string file() const override {
    Track track{rate_hz_, samples_, delay_, 0, packets_};
    // The last samples leave the encoder late.
    Encoder encoder = encoder_;
    std::vector<std::int16_t> frame = rest_;
    while (track.packets.size() * frame_samples_ < samples_ + delay_) {
      frame.resize(frame_samples_);
      track.packets.push_back(encoder.encode(frame));
      frame.clear();
    }
    track.padding = track.packets.size() * frame_samples_ - samples_ - delay_;
    return webm_file(track);
  }

 private:
  const int rate_hz_;
  const std::size_t frame_samples_;
  Encoder encoder_;
  std::uint64_t delay_ = 0;
  std::uint64_t samples_ = 0;
  std::vector<Packet> packets_;
  std::vector<std::int16_t> rest_;  // less than a frame
};

}  // namespace

base::Result<std::unique_ptr<WebmOpusWriter>> WebmOpusWriter::create(int rate_hz) {
  auto writer = std::make_unique<Writer>(rate_hz);
  if (!writer->good()) {
    return base::fail("invalid_sound", "Opus cannot take " + std::to_string(rate_hz) + " Hz");
  }
  return writer;
}

}  // namespace parley::audio
