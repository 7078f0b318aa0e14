// SPDX-License-Identifier: MIT
#include "lb/pick.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/lb/rig.h"

namespace lb {
namespace {

using namespace test;  // NOLINT: the rig's vocabulary

class Pick : public testing::Test {
 protected:
  void use(PickMethod method, std::vector<uint32_t> weights) {
    const auto edit = [&](SnapshotSpec& spec) {
      PoolSpec& srs = pool(spec, "srs");
      srs.pick = method;
      srs.backends.clear();
      for (size_t i = 0; i < weights.size(); ++i)
        srs.backends.push_back({ip("10.20.0." + std::to_string(11 + i)), 0, weights[i]});
    };
    if (rig_ == nullptr)
      rig_ = std::make_unique<Rig>(edit);
    else
      ASSERT_TRUE(rig_->reload(edit)) << rig_->error();
  }
  // The last byte of the picked backend's address; 0 when there is none.
  unsigned pick_one(uint64_t hash = 0) {
    const auto id = pick(rig_->worker(), rig_->snapshot(), 0, hash);
    return id ? rig_->snapshot().backends[*id].address.bytes()[15] : 0;
  }
  // Opens a session on what is picked, or closes one.
  unsigned open() {
    const auto id = pick(rig_->worker(), rig_->snapshot(), 0, 0);
    rig_->worker().counters.backends[*id].flows_opened.add(1);
    return rig_->snapshot().backends[*id].address.bytes()[15];
  }

  std::unique_ptr<Rig> rig_;
};

TEST_F(Pick, NobodyTakesSessionsWhenAllWeightsAreZero) {
  for (const PickMethod method : {PickMethod::kMaglev, PickMethod::kWrr, PickMethod::kLeastLoad}) {
    use(method, {0, 0});
    EXPECT_EQ(pick_one(), 0U);
  }
}

TEST_F(Pick, WeightZeroIsNeverPicked) {
  for (const PickMethod method : {PickMethod::kMaglev, PickMethod::kWrr, PickMethod::kLeastLoad}) {
    use(method, {100, 0, 1});
    for (uint64_t i = 0; i < 1000; ++i) EXPECT_NE(pick_one(i * 0x9e3779b97f4a7c15ULL), 12U);
  }
}

TEST_F(Pick, MaglevGivesTheSameAnswerForTheSameHash) {
  use(PickMethod::kMaglev, {100, 100, 100});

  for (uint64_t i = 0; i < 100; ++i) {
    const uint64_t hash = i * 0x9e3779b97f4a7c15ULL;
    EXPECT_EQ(pick_one(hash), pick_one(hash));
  }
}

// Half of it is worked out beforehand; balancers of all versions must agree on the whole.
TEST_F(Pick, ATuplesHashIsThatOfBothItsEnds) {
  use(PickMethod::kMaglev, {100, 100});
  const Snapshot& snapshot = rig_->snapshot();
  for (const Service& service : snapshot.services) {
    for (uint16_t port = 1; port < 100; ++port) {
      Packet packet;
      packet.service = &service;
      packet.protocol = service.protocol;
      packet.src = service.vip.is_v4() ? ip("198.51.100.7") : ip("2001:db8:c::7");
      packet.dst = service.vip;
      packet.src_port = static_cast<uint16_t>(port * 601);
      packet.dst_port = port;
      const uint64_t ports =
          uint64_t{packet.src_port} | uint64_t{port} << 16 | static_cast<uint64_t>(packet.protocol) << 32;
      const uint64_t seed = snapshot.pick_seed;
      ASSERT_EQ(tuple_hash(snapshot, packet),
                hash_address(packet.src, hash_address(packet.dst, ports, seed), seed));
    }
  }
}

TEST_F(Pick, WrrServesEveryBackendInExactProportionWithinOneRound) {
  use(PickMethod::kWrr, {50, 10, 20});
  std::map<unsigned, unsigned> count;
  for (int i = 0; i < 8; ++i) ++count[pick_one()];

  EXPECT_EQ(count, (std::map<unsigned, unsigned>{{11, 5}, {12, 1}, {13, 2}}));
}

TEST_F(Pick, WrrGoesOnWhereItStoodAfterAShorterSchedule) {
  use(PickMethod::kWrr, {50, 10, 20});
  for (int i = 0; i < 7; ++i) pick_one();
  use(PickMethod::kWrr, {1, 1, 0});

  std::map<unsigned, unsigned> count;
  for (int i = 0; i < 10; ++i) ++count[pick_one()];
  EXPECT_EQ(count, (std::map<unsigned, unsigned>{{11, 5}, {12, 5}}));
}

TEST(WrrSchedule, SpreadsTheTurnsOfTheHeavy) {
  // the example of nginx's smooth weighted round robin: 5, 1, 1 -> a a b a c a a
  EXPECT_EQ(wrr_schedule({{1, 5}, {2, 1}, {3, 1}}), (std::vector<BackendId>{1, 1, 2, 1, 3, 1, 1}));
}

TEST(WrrSchedule, IsAsShortAsTheWeightsAllow) {
  EXPECT_EQ(wrr_schedule({{1, 300}, {2, 100}, {3, 100}}).size(), 5U);
  EXPECT_EQ(wrr_schedule({{1, 1'000'000}, {2, 1'000'000}}).size(), 2U);
  EXPECT_TRUE(wrr_schedule({}).empty());
}

TEST(WrrSchedule, ScalesHugeWeightsAndForgetsNobody) {
  const auto schedule = wrr_schedule({{1, 1'000'000}, {2, 333'333}, {3, 1}});

  EXPECT_LE(schedule.size(), 4097U);
  EXPECT_EQ(std::count(schedule.begin(), schedule.end(), 3), 1);
  EXPECT_NEAR(static_cast<double>(std::count(schedule.begin(), schedule.end(), 2)) /
                  static_cast<double>(schedule.size()),
              0.25, 0.001);
}

TEST_F(Pick, LeastLoadEvensOutAnImbalance) {
  use(PickMethod::kLeastLoad, {100, 100, 100});
  rig_->worker()
      .counters
      .backends[*rig_->segment().backends().find([&] {
        Identity first;
        first.kind = IdentityKind::kBackend;
        first.address = ip("10.20.0.11");
        first.name_hash = name_hash("srs");
        return first;
      }())]
      .flows_opened.add(1000);
  std::map<unsigned, unsigned> count;
  for (int i = 0; i < 2000; ++i) ++count[open()];

  EXPECT_LT(count[11], 20U) << "the loaded one gets next to nothing until the others have caught up";
  EXPECT_NEAR(count[12], count[13], 20);
}

// Sessions per weight even out, also when one backend is much heavier than the rest.
TEST_F(Pick, LeastLoadSharesFollowWeights) {
  for (const std::vector<uint32_t>& weights :
       {std::vector<uint32_t>{300, 100, 100}, {800, 100, 100}, {1, 1, 1}}) {
    rig_.reset();
    use(PickMethod::kLeastLoad, weights);
    const uint32_t total = weights[0] + weights[1] + weights[2];
    std::map<unsigned, unsigned> count;
    for (int i = 0; i < 3000; ++i) ++count[open()];
    for (unsigned i = 0; i < 3; ++i)
      EXPECT_NEAR(count[11 + i], 3000.0 * weights[i] / total, 30) << weights[0];
  }
}

TEST_F(Pick, LeastLoadCountsTheSessionsOfOtherWorkers) {
  Rig rig(
      [](SnapshotSpec& spec) {
        pool(spec, "srs").pick = PickMethod::kLeastLoad;
        pool(spec, "srs").backends.resize(2);
      },
      2);
  const BackendId first = rig.snapshot().pools[0].entries[0].id,
                  second = rig.snapshot().pools[0].entries[1].id;
  rig.worker(1).counters.backends[first].flows_opened.add(500);
  ASSERT_TRUE(rig.reload([](SnapshotSpec&) {}));

  for (int i = 0; i < 100; ++i) EXPECT_EQ(pick(rig.worker(0), rig.snapshot(), 0, 0), second);
}

}  // namespace
}  // namespace lb
