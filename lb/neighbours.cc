// SPDX-License-Identifier: MIT
// Each place is a control word {state 3 | generation 5 | port 8 | MAC 48}, changed by CAS only, and the address, written
// while the place is busy. Readers take control, address, control again: a MAC is never another address's.
#include "lb/neighbours.h"

#include "lb/arp.h"
#include "lb/hash.h"
#include "lb/neighbour_discovery.h"

namespace lb {
namespace {

enum class State : uint8_t { kEmpty, kBusy, kIncomplete, kReachable, kFailed, kStatic };

constexpr unsigned kWindow = 16;  // places in which an address may lie
constexpr uint64_t kFailedPauseMs = 2000;
constexpr uint64_t kForgetMs = 600'000;
constexpr unsigned kSweepStep = 512;

class Control {
 public:
  explicit Control(uint64_t raw) : raw_(raw) {}
  Control(State state, uint8_t generation, PortIndex port, const MacAddress& mac)
      : raw_(static_cast<uint64_t>(state) | uint64_t{generation & 31U} << 3 | uint64_t{port} << 8) {
    for (unsigned i = 0; i < 6; ++i) raw_ |= uint64_t{mac.bytes[i]} << (16 + 8 * i);
  }
  [[nodiscard]] State state() const { return static_cast<State>(raw_ & 7); }
  [[nodiscard]] uint8_t generation() const { return raw_ >> 3 & 31; }
  [[nodiscard]] PortIndex port() const { return static_cast<PortIndex>(raw_ >> 8); }
  [[nodiscard]] MacAddress mac() const {
    MacAddress mac;
    for (unsigned i = 0; i < 6; ++i) mac.bytes[i] = static_cast<uint8_t>(raw_ >> (16 + 8 * i));
    return mac;
  }
  [[nodiscard]] Control in_state(State state) const { return {state, generation(), port(), mac()}; }
  [[nodiscard]] uint64_t raw() const { return raw_; }

 private:
  uint64_t raw_;
};

// 0 when another worker's clock, a little ahead of this one's, wrote `then`.
uint64_t ms_since(Now now, uint64_t then) { return now.ms > then ? now.ms - then : 0; }

bool holds_address(State state) { return state != State::kEmpty && state != State::kBusy; }

}  // namespace

struct alignas(64) Neighbours::Entry {
  std::atomic<uint64_t> control{0};
  std::atomic<uint64_t> high{0}, low{0};
  std::atomic<uint64_t> asked_ms{0}, confirmed_ms{0}, used_ms{0};
  std::atomic<uint32_t> requests{0};

  bool change(Control from, Control to) {
    uint64_t expected = from.raw();
    return control.compare_exchange_strong(expected, to.raw(), std::memory_order_acq_rel);
  }
};

Neighbours::Neighbours() : entries_(new Entry[kCapacity]) {}
Neighbours::~Neighbours() = default;

namespace {

size_t first_place(PortIndex port, const IpAddress& address) {
  return hash_address(address, port, 0x6e65696768) % Neighbours::kCapacity;
}

}  // namespace

Neighbours::Found Neighbours::find(PortIndex port, const IpAddress& address) const noexcept {
  const size_t first = first_place(port, address);
  for (unsigned i = 0; i < kWindow; ++i) {
    Entry& e = entries_[(first + i) % kCapacity];
    if (e.low.load(std::memory_order_acquire) != address.low()) continue;
    const Control before(e.control.load(std::memory_order_acquire));
    if (!holds_address(before.state()) || before.port() != port) continue;
    const bool same = e.high.load(std::memory_order_acquire) == address.high() &&
                      e.low.load(std::memory_order_acquire) == address.low();
    const Control after(e.control.load(std::memory_order_acquire));
    if (same && holds_address(after.state()) && after.generation() == before.generation())
      return {&e, after.raw()};
  }
  return {};
}

Neighbours::Found Neighbours::insert(PortIndex port, const IpAddress& address, Now now) noexcept {
  const size_t first = first_place(port, address);
  for (unsigned i = 0; i < kWindow; ++i) {
    Entry& e = entries_[(first + i) % kCapacity];
    const Control control(e.control.load(std::memory_order_acquire));
    if (control.state() != State::kEmpty) continue;
    const Control busy(State::kBusy, control.generation(), port, {});
    if (!e.change(control, busy)) continue;
    e.high.store(address.high(), std::memory_order_release);
    e.low.store(address.low(), std::memory_order_release);
    e.asked_ms.store(0, std::memory_order_release);
    e.confirmed_ms.store(0, std::memory_order_release);
    e.used_ms.store(now.ms, std::memory_order_release);
    e.requests.store(0, std::memory_order_release);
    const Control incomplete = busy.in_state(State::kIncomplete);
    e.change(busy, incomplete);
    return {&e, incomplete.raw()};
  }
  return {};
}

namespace {

void send_request(const Snapshot& snapshot, const MacAddress& own_mac, PortIndex port,
                  const IpAddress& address, OutFrames& out) {
  IpAddress own = snapshot.routes.own_address(port, address.family());
  if (address.is_v4()) {
    const ArpFrame frame = arp_request(own_mac, own.is_unset() ? be32{} : own.as_v4(), address.as_v4());
    out.push(port, frame);
    return;
  }
  // A solicitation needs a source: a port without an address of its own speaks as one of Cleat's on that link.
  for (const LocalAddress& local : snapshot.addresses.all()) {
    if (!own.is_unset()) break;
    if (!local.address.is_v4() && snapshot.routes.on_link_port(local.address) == port) own = local.address;
  }
  if (!own.is_unset()) out.push(port, neighbour_solicitation(own_mac, own, address));
}

}  // namespace

Resolution Neighbours::resolve(const Snapshot& snapshot, const MacAddress& own_mac, PortIndex port,
                               const IpAddress& address, Now now, OutFrames& out, MacAddress& mac) noexcept {
  Found found = find(port, address);
  if (found.entry == nullptr) found = insert(port, address, now);
  if (found.entry == nullptr) return Resolution::kFull;
  Entry* e = found.entry;
  if (e->used_ms.load(std::memory_order_relaxed) != now.ms)
    e->used_ms.store(now.ms, std::memory_order_relaxed);

  const Control control(found.control);
  mac = control.mac();
  uint64_t asked = e->asked_ms.load(std::memory_order_relaxed);
  const uint64_t since_asked = ms_since(now, asked);
  switch (control.state()) {
    case State::kStatic:
      return Resolution::kKnown;
    case State::kReachable:
      if (ms_since(now, e->confirmed_ms.load(std::memory_order_relaxed)) < kReachableMs)
        return Resolution::kKnown;
      break;
    case State::kFailed:
      if (since_asked < kFailedPauseMs) return Resolution::kFailed;
      e->requests.store(0, std::memory_order_relaxed);
      e->change(control, control.in_state(State::kIncomplete));
      break;
    default:
      break;
  }
  const Resolution meanwhile =
      control.state() == State::kReachable ? Resolution::kKnown : Resolution::kPending;
  if (asked != 0 && since_asked < kRetryMs) return meanwhile;
  if (e->requests.load(std::memory_order_relaxed) >= kRequests) {
    e->change(control, control.in_state(State::kFailed));
    return Resolution::kFailed;
  }
  // One worker asks for all.
  if (e->asked_ms.compare_exchange_strong(asked, now.ms, std::memory_order_acq_rel)) {
    e->requests.fetch_add(1, std::memory_order_relaxed);
    send_request(snapshot, own_mac, port, address, out);
  }
  return meanwhile;
}

void Neighbours::learn(PortIndex port, const IpAddress& address, const MacAddress& mac, Now now) noexcept {
  const Found found = find(port, address);
  const Control control(found.control);
  if (found.entry == nullptr || control.state() == State::kStatic) return;
  Entry* e = found.entry;
  e->confirmed_ms.store(now.ms, std::memory_order_relaxed);
  e->requests.store(0, std::memory_order_relaxed);
  e->change(control, Control(State::kReachable, control.generation(), port, mac));
}

bool Neighbours::put_static(PortIndex port, const IpAddress& address, const MacAddress& mac) noexcept {
  Found found = find(port, address);
  if (found.entry == nullptr) found = insert(port, address, {});
  if (found.entry == nullptr) return false;
  for (;;) {
    const Control control(found.entry->control.load(std::memory_order_acquire));
    if (found.entry->change(control, Control(State::kStatic, control.generation(), port, mac))) return true;
  }
}

void Neighbours::sweep(Now now) noexcept {
  for (unsigned i = 0; i < kSweepStep; ++i) {
    Entry& e = entries_[hand_++ % kCapacity];
    const Control control(e.control.load(std::memory_order_acquire));
    if (!holds_address(control.state()) || control.state() == State::kStatic) continue;
    if (ms_since(now, e.used_ms.load(std::memory_order_relaxed)) < kForgetMs) continue;
    e.change(control, Control(State::kEmpty, static_cast<uint8_t>(control.generation() + 1), 0, {}));
  }
}

std::optional<Neighbours::Row> Neighbours::row(unsigned i) const {
  const Entry& e = entries_[i];
  const Control control(e.control.load(std::memory_order_acquire));
  if (!holds_address(control.state())) return std::nullopt;
  Row row;
  row.port = control.port();
  row.address =
      IpAddress::of_words(e.high.load(std::memory_order_acquire), e.low.load(std::memory_order_acquire));
  row.mac = control.mac();
  row.is_static = control.state() == State::kStatic;
  row.state = control.state() == State::kIncomplete ? Resolution::kPending
              : control.state() == State::kFailed   ? Resolution::kFailed
                                                    : Resolution::kKnown;
  if (Control(e.control.load(std::memory_order_acquire)).generation() != control.generation())
    return std::nullopt;
  return row;
}

}  // namespace lb
