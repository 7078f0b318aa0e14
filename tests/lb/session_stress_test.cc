// SPDX-License-Identifier: MIT
// Workers open and end sessions in a few records while others attach addresses, put keys and move the way back, and readers look:
// a name, an address, a key is one session's, never halves of two, and never another's than the record's.
//
// A session is closed while nobody writes into it: in service it ends after seconds of silence, and a writer has it for
// microseconds.
#include <gtest/gtest.h>

#include <bit>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

#include "lb/nat_slot.h"
#include "lb/session.h"
#include "tests/lb/sanitizers.h"

namespace lb {
namespace {

constexpr unsigned kRecords = 16;
constexpr unsigned kOpeners = 2, kAttachers = 2, kReaders = 2;
// A generation has 8 bits: whoever slept through so many uses of all records has seen nothing.
constexpr uint64_t kForgetful = 250;
// Likewise who slept through two turns: a slot has two lanes, and its control word is as before.
constexpr uint64_t kMostTurns = 1;

// Everything in a session follows from the number of its use.
std::string name_for(uint64_t n) {
  return "server" + std::to_string(n) + ":" + std::string(8 + n % 32, 'c') + std::to_string(n);
}
uint64_t number_in(std::string_view name) {
  uint64_t n = 0;
  for (const char c : name.substr(std::min<size_t>(6, name.size()))) {
    if (c < '0' || c > '9') break;
    n = n * 10 + static_cast<uint64_t>(c - '0');
  }
  return n;
}
IpAddress address_of(uint64_t n, unsigned k) {
  return IpAddress::of_words(n * 0x9e3779b97f4a7c15ULL | 1, ~(n << 3 | k));
}
uint16_t port_of(uint64_t n, unsigned k) { return static_cast<uint16_t>(n * 8 + k); }
ListenerId listener_of(uint64_t n) { return static_cast<ListenerId>(n % 32768); }
uint64_t number_at(const IpAddress& address) { return ~address.low() >> 3; }
bool is_whole(const IpAddress& address, uint16_t port) {
  const uint64_t n = number_at(address);
  const auto k = static_cast<unsigned>(~address.low() & 7);
  return address == address_of(n, k) && port == port_of(n, k);
}
HmacSha1Key key_for(uint64_t n, KeyOf whose) {
  std::array<uint64_t, sizeof(HmacSha1Key) / 8> words;
  for (uint64_t& word : words) word = n * 0x9e3779b97f4a7c15ULL + static_cast<uint64_t>(whose);
  return std::bit_cast<HmacSha1Key>(words);
}
bool equal(const HmacSha1Key& a, const HmacSha1Key& b) {
  using Words = std::array<uint64_t, sizeof(HmacSha1Key) / 8>;
  return std::bit_cast<Words>(a) == std::bit_cast<Words>(b);
}

class SessionStress : public testing::Test {
 protected:
  struct Found {
    std::atomic<uint64_t> torn{0}, of_another{0}, names{0}, tuples{0}, keys{0}, views{0}, moves{0};
  };

  void open_and_close(unsigned opener, uint64_t count) {
    SessionIndex hand = opener * kRecords / kOpeners;
    for (uint64_t i = 0; i < count; ++i) {
      const uint64_t n = uses_.fetch_add(1) + 1;
      const auto index = sessions_.claim(hand, name_for(n), listener_of(n), static_cast<BackendId>(n % 4096),
                                         Rung::kHash, Now{n * 250});
      if (!index) continue;
      Session& session = sessions_.at(*index);
      NatSlot& slot = slots_[*index];
      NatSlots::fill(slot, static_cast<BackendId>(n % 4096), listener_of(n), address_of(n, 0), port_of(n, 0),
                     0, 1);
      NatSlots::open(slot, 1);
      const SessionControl busy(session.control.load());
      session.control.store(busy.with_slot(*index).raw());
      Sessions::publish(session);
      latest_[opener].store(*index);
      for (unsigned look = 0; look < 20; ++look) attach(*index);
      const std::unique_lock alone(writers_[*index]);
      while (!NatSlots::close(slot, SlotControl(slot.control.load()), Quarantine::kNone, 1)) {
      }
      for (auto seen = Sessions::read(session); seen && !Sessions::close(session, *seen);)
        seen = Sessions::read(session);
    }
  }

  // One of what workers do to a session that is open.
  void attach(SessionIndex index) {
    const std::shared_lock among_others(writers_[index], std::try_to_lock);
    if (!among_others) return;
    Session& session = sessions_.at(index);
    auto control = Sessions::read(session);
    if (!control) return;
    const uint64_t n = number_in(Sessions::name_of(session).view());
    const auto k = static_cast<unsigned>(steps_.fetch_add(1) % 7);
    const TupleFound known = Sessions::find_tuple(session, address_of(n, k), port_of(n, k), listener_of(n));
    std::optional<TupleAddress> evicted;
    if (!known) {
      Sessions::add_tuple(session, control->current(), address_of(n, k), port_of(n, k), listener_of(n),
                          TupleState::kUnproven, false, static_cast<Tick>(k), evicted);
      if (evicted && number_at(evicted->address) != n) ++found_.of_another;
    } else if (k % 2 == 0) {
      TupleControl seen = known.control;
      Sessions::change_tuple(session.tuples[known.index], seen,
                             seen.proven().with_tick(static_cast<Tick>(k)));
    } else {
      move(session, slots_[index], *control, known.index);
    }
    const KeyOf whose = k % 2 == 0 ? KeyOf::kServer : KeyOf::kClient;
    if (k > 3) Sessions::put_key(session, *control, whose, key_for(n, whose));
  }

  void move(Session& session, NatSlot& slot, SessionControl control, unsigned to) {
    const auto tuple = Sessions::tuple(session, to);
    const auto view = NatSlots::read(slot);
    if (!tuple || !view) return;
    ++turns_begun_;
    const bool turned =
        NatSlots::turn(slot, view->control, tuple->address, tuple->control.port(), tuple->control.listener());
    ++turns_ended_;
    if (!turned) return;
    ++found_.moves;
    const SessionControl mine = control;
    while (!Sessions::change(session, control, control.with_current(to)))
      if (!control.same_use(mine)) return;
  }

  void look(SessionIndex index) {
    const Session& session = sessions_.at(index);
    const uint64_t begin = uses_.load();
    const auto before = Sessions::read(session);
    if (!before) return;
    const SessionName name = Sessions::name_of(session);
    std::array<std::optional<TupleAddress>, kSessionTuples> tuples;
    for (unsigned i = 0; i < kSessionTuples; ++i) tuples[i] = Sessions::tuple(session, i);
    const uint64_t turns = turns_ended_.load();
    const auto view = NatSlots::read(slots_[index]);
    const bool view_counts = view && turns_begun_.load() - turns <= kMostTurns;
    const auto server = Sessions::key(session, *before, KeyOf::kServer);
    const auto client = Sessions::key(session, *before, KeyOf::kClient);
    const auto after = Sessions::read(session);
    if (uses_.load() - begin >= kForgetful || name.length == 0) return;

    const uint64_t n = number_in(name.view());
    const bool same = after && after->same_use(*before);
    ++found_.names;
    if (name.view() != name_for(n)) ++found_.torn;
    if (same && before->backend() != n % 4096) ++found_.of_another;
    for (const auto& tuple : tuples) {
      if (!tuple) continue;
      ++found_.tuples;
      if (!is_whole(tuple->address, tuple->control.port())) ++found_.torn;
      if (same && number_at(tuple->address) != n) ++found_.of_another;
    }
    if (view_counts) {
      ++found_.views;
      if (!is_whole(view->client, view->client_port)) ++found_.torn;
      if (same && number_at(view->client) != n) ++found_.of_another;
    }
    if (!same) return;
    for (const auto& [key, whose] : {std::pair(server, KeyOf::kServer), std::pair(client, KeyOf::kClient)}) {
      if (!key) continue;
      ++found_.keys;
      if (!equal(*key, key_for(n, whose))) ++found_.torn;
    }
  }

  void run(uint64_t count) {
    std::atomic<bool> done{false};
    std::vector<std::thread> others, openers;
    for (unsigned t = 0; t < kAttachers + kReaders; ++t)
      others.emplace_back([&, t] {
        for (uint64_t i = t; !done.load(std::memory_order_relaxed); ++i) {
          const SessionIndex index = latest_[i % kOpeners].load();
          t < kAttachers ? attach(index) : look(index);
        }
      });
    for (unsigned t = 0; t < kOpeners; ++t) openers.emplace_back([&, t] { open_and_close(t, count); });
    for (std::thread& thread : openers) thread.join();
    done = true;
    for (std::thread& thread : others) thread.join();
  }

  const std::unique_ptr<Session[]> records_{new Session[kRecords]()};
  const std::unique_ptr<NatSlot[]> slots_{new NatSlot[kRecords]()};
  const Sessions sessions_{records_.get(), kRecords};
  std::array<std::shared_mutex, kRecords> writers_;
  std::array<std::atomic<SessionIndex>, kOpeners> latest_{};
  std::atomic<uint64_t> uses_{0}, steps_{0}, turns_begun_{0}, turns_ended_{0};
  Found found_;
};

TEST_F(SessionStress, AReaderNeverSeesHalvesOfTwoSessionsNorAnothersAddressOrKey) {
  run(test::rounds(60'000));

  EXPECT_EQ(found_.torn, 0U);
  EXPECT_EQ(found_.of_another, 0U);
  for (const std::atomic<uint64_t>* seen :
       {&found_.names, &found_.tuples, &found_.keys, &found_.views, &found_.moves})
    EXPECT_GT(*seen, 0U);
}

TEST_F(SessionStress, OneKeyOfEachKindIsPutAndTheFirstStays) {
  for (uint64_t n = 1; n <= test::rounds(2000); ++n) {
    SessionIndex hand = 0;
    Session& session = sessions_.at(*sessions_.claim(hand, name_for(n), 1, 1, Rung::kWhip, Now{1000}));
    Sessions::publish(session);
    const SessionControl open = *Sessions::read(session);
    std::atomic<unsigned> put{0};
    std::vector<std::thread> writers;
    for (unsigned t = 0; t < 3; ++t)
      writers.emplace_back([&, t] {
        SessionControl seen = open;
        if (Sessions::put_key(session, seen, KeyOf::kServer, key_for(n + t, KeyOf::kServer))) ++put;
      });
    for (std::thread& thread : writers) thread.join();
    ASSERT_EQ(put, 1U);
    const auto key = Sessions::key(session, *Sessions::read(session), KeyOf::kServer);
    ASSERT_TRUE(key);
    ASSERT_TRUE(equal(*key, key_for(n, KeyOf::kServer)) || equal(*key, key_for(n + 1, KeyOf::kServer)) ||
                equal(*key, key_for(n + 2, KeyOf::kServer)));
    ASSERT_TRUE(Sessions::close(session, *Sessions::read(session)));
  }
}

}  // namespace
}  // namespace lb
