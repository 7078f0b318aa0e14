// SPDX-License-Identifier: MIT
#include "lb/streams.h"

#include <cstring>

#include "lb/hash.h"

namespace lb {
namespace {

constexpr uint32_t kSeen = 1U << 16;
constexpr unsigned kPublisherAt = 17;

uint32_t note_of(Now now) { return kSeen | now.tick(); }

bool is_fresh(uint32_t note, Now now, uint16_t ticks) {
  return (note & kSeen) != 0 && ticks_since(now.tick(), static_cast<Tick>(note)) <= ticks;
}

StreamIndex index_of(StreamPlace place) { return place & ((1U << kStreamIndexBits) - 1); }

uint32_t tag_of(uint64_t hash) { return static_cast<uint32_t>(hash >> 46); }

}  // namespace

// Calls visit(index) for the places that a key may have, until it says true.
template <typename Visit>
void Streams::among(uint64_t hash, Visit&& visit) const noexcept {
  const auto first = static_cast<uint32_t>(hash) & mask_ & ~(kWays - 1);
  for (uint32_t index = first; index < first + kWays; ++index)
    if (visit(index)) return;
}

std::optional<StreamView> Streams::view(StreamIndex index, StreamControl control, Now now) const noexcept {
  const StreamRecord& record = records_[index];
  StreamView view;
  view.index = index;
  view.control = control;
  std::array<uint64_t, std::tuple_size_v<decltype(record.text)>> words;
  for (size_t i = 0; i * sizeof(uint64_t) < control.length(); ++i)
    words[i] = record.text[i].load(std::memory_order_acquire);
  const uint32_t seen = record.seen.load(std::memory_order_acquire);
  view.seen = static_cast<Tick>(seen);
  view.published = is_fresh(record.published.load(std::memory_order_acquire), now, kPublishedTicks);
  // Whoever wrote one of these words made the place busy before.
  if (record.control.load(std::memory_order_relaxed) != control.raw() || !is_fresh(seen, now, kForgetTicks))
    return std::nullopt;
  view.key = StreamKey::of_text({reinterpret_cast<const char*>(words.data()), control.length()});
  return view;
}

std::optional<StreamView> Streams::read(StreamIndex index, Now now) const noexcept {
  const StreamControl control(records_[index].control.load(std::memory_order_acquire));
  return control.is_open() ? view(index, control, now) : std::nullopt;
}

std::optional<StreamView> Streams::at(StreamPlace place, Now now) const noexcept {
  const StreamIndex index = index_of(place);
  if (index > mask_) return std::nullopt;
  const auto seen = read(index, now);
  return seen && seen->place() == place ? seen : std::nullopt;
}

std::optional<StreamView> Streams::find(ListenerId pool, const StreamKey& key, Now now) const noexcept {
  const uint64_t hash = key.hash(seed_ ^ pool);
  std::optional<StreamView> found;
  among(hash, [&](StreamIndex index) {
    const StreamControl control(records_[index].control.load(std::memory_order_seq_cst));
    if (!control.is_open() || control.tag() != tag_of(hash) || control.pool() != pool) return false;
    found = view(index, control, now);
    if (found && !(found->key == key)) found.reset();
    return found.has_value();
  });
  return found;
}

std::optional<StreamView> Streams::learn(ListenerId pool, const StreamKey& key, BackendId backend,
                                         Now now) noexcept {
  if (auto known = find(pool, key, now)) return known;
  const uint64_t hash = key.hash(seed_ ^ pool);
  std::optional<StreamView> made;
  among(hash, [&](StreamIndex index) {
    StreamRecord& record = records_[index];
    uint64_t before = record.control.load(std::memory_order_acquire);
    const StreamControl old(before);
    const bool forgotten =
        old.is_open() && !is_fresh(record.seen.load(std::memory_order_relaxed), now, kForgetTicks);
    if (old.state() != StreamControl::State::kFree && !forgotten) return false;
    const std::string_view text = key.text();
    const StreamControl next(StreamControl::State::kOpen, backend, pool, static_cast<uint8_t>(text.size()),
                             static_cast<uint8_t>(old.generation() + 1), tag_of(hash));
    if (!record.control.compare_exchange_strong(before, next.with(StreamControl::State::kBusy).raw(),
                                                std::memory_order_acq_rel))
      return false;
    for (size_t at = 0; at < text.size(); at += sizeof(uint64_t)) {
      uint64_t word = 0;
      std::memcpy(&word, text.data() + at, std::min(sizeof(word), text.size() - at));
      record.text[at / sizeof(word)].store(word, std::memory_order_release);
    }
    record.seen.store(note_of(now), std::memory_order_release);
    record.published.store(0, std::memory_order_release);
    record.control.store(next.raw(), std::memory_order_seq_cst);
    made = StreamView{index, next, key, false, now.tick()};
    return true;
  });
  // Another worker may have been at it, too: the first place wins. The store above and the loads of find()
  // are sequentially consistent, so that one of the two at least sees the other.
  const auto first = find(pool, key, now);
  if (made && first && first->index != made->index) forget(*made);
  return first ? first : made;
}

bool Streams::move(const StreamView& seen, BackendId backend) noexcept {
  uint64_t expected = seen.control.raw();
  return records_[seen.index].control.compare_exchange_strong(
      expected, seen.control.with_backend(backend).raw(), std::memory_order_acq_rel);
}

void Streams::forget(const StreamView& seen) noexcept {
  uint64_t expected = seen.control.raw();
  records_[seen.index].control.compare_exchange_strong(
      expected, seen.control.with(StreamControl::State::kFree).raw(), std::memory_order_acq_rel);
}

void Streams::touch(StreamPlace place, bool publishes, Now now, Publisher publisher) noexcept {
  const StreamIndex index = index_of(place);
  if (index > mask_) return;
  StreamRecord& record = records_[index];
  const StreamControl control(record.control.load(std::memory_order_relaxed));
  if (!control.is_open() || control.place(index) != place) return;
  if (record.seen.load(std::memory_order_relaxed) != note_of(now))
    record.seen.store(note_of(now), std::memory_order_relaxed);
  if (!publishes) return;
  uint32_t before = record.published.load(std::memory_order_relaxed);
  const uint32_t first = is_fresh(before, now, kPublishedTicks) ? before >> kPublisherAt : kNoPublisher;
  const uint32_t after = note_of(now) | (first != kNoPublisher ? first : publisher) << kPublisherAt;
  // Whoever changed it meanwhile knows better: another publisher is there, or this one was ended.
  if (after != before) record.published.compare_exchange_strong(before, after, std::memory_order_relaxed);
}

void Streams::end_publisher(StreamPlace place, Publisher publisher) noexcept {
  replace_publisher(place, publisher, 0);
}

void Streams::leave_publisher(StreamPlace place, Publisher publisher) noexcept {
  replace_publisher(place, publisher, (1U << kPublisherAt) - 1);
}

// kept  bits of its note that stay
void Streams::replace_publisher(StreamPlace place, Publisher publisher, uint32_t kept) noexcept {
  const StreamIndex index = index_of(place);
  if (index > mask_ || publisher == kNoPublisher) return;
  StreamRecord& record = records_[index];
  const StreamControl control(record.control.load(std::memory_order_relaxed));
  uint32_t before = record.published.load(std::memory_order_relaxed);
  if (!control.is_open() || control.place(index) != place || before >> kPublisherAt != publisher) return;
  record.published.compare_exchange_strong(before, before & kept, std::memory_order_relaxed);
}

void Streams::mend() noexcept {
  for (uint32_t index = 0; index <= mask_; ++index) {
    std::atomic<uint64_t>& control = records_[index].control;
    const StreamControl seen(control.load(std::memory_order_relaxed));
    if (seen.state() == StreamControl::State::kBusy)
      control.store(seen.with(StreamControl::State::kFree).raw(), std::memory_order_relaxed);
  }
}

}  // namespace lb
