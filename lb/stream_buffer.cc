// SPDX-License-Identifier: MIT
#include "lb/stream_buffer.h"

#include <algorithm>
#include <cstring>

namespace lb {

template <uint32_t kBytes>
void BasicStreamBuffer<kBytes>::add(uint32_t sequence, std::span<const uint8_t> bytes) noexcept {
  const auto offset = static_cast<int32_t>(sequence - base_);  // RFC 9293 section 3.4: modulo 2^32
  if (offset < 0) {
    const auto old = static_cast<uint32_t>(-int64_t{offset});
    if (old >= bytes.size()) return;
    bytes = bytes.subspan(old);
  }
  Run run{offset < 0 ? 0 : static_cast<uint32_t>(offset), 0};
  if (bytes.empty() || run.begin >= kCapacity) return;
  bytes = bytes.first(std::min<size_t>(bytes.size(), kCapacity - run.begin));
  run.end = run.begin + static_cast<uint32_t>(bytes.size());

  // The runs that it touches become one with it.
  const auto first =
      std::find_if(run_.begin(), run_.begin() + runs_, [&](const Run& r) { return r.end >= run.begin; });
  const auto last =
      std::find_if(first, run_.begin() + runs_, [&](const Run& r) { return r.begin > run.end; });
  // The last place is kept for the window's first byte, which all others wait for.
  if (first == last && runs_ >= run_.size() - (run.begin == 0 ? 0 : 1)) return;
  std::memcpy(bytes_.data() + run.begin, bytes.data(), bytes.size());
  if (first == last) {
    std::copy_backward(first, run_.begin() + runs_, run_.begin() + runs_ + 1);
    ++runs_;
  } else {
    run = {std::min(run.begin, first->begin), std::max(run.end, (last - 1)->end)};
    std::copy(last, run_.begin() + runs_, first + 1);
    runs_ -= static_cast<unsigned>(last - first) - 1;
  }
  *first = run;
}

template <uint32_t kBytes>
void BasicStreamBuffer<kBytes>::consume(uint32_t count) noexcept {
  base_ += count;
  unsigned kept = 0;
  for (unsigned i = 0; i < runs_; ++i) {
    if (run_[i].end <= count) continue;
    const uint32_t from = std::max(run_[i].begin, count);
    const Run run{from - count, run_[i].end - count};
    std::memmove(bytes_.data() + run.begin, bytes_.data() + from, run.end - run.begin);
    run_[kept++] = run;
  }
  runs_ = kept;
}

template class BasicStreamBuffer<StreamBuffer::kCapacity>;
template class BasicStreamBuffer<PeekBuffer::kCapacity>;

}  // namespace lb
