// SPDX-License-Identifier: MIT
#include "lb/compile.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/lb/rig.h"

namespace lb {
namespace {

using namespace test;  // NOLINT: the rig's vocabulary

using Compiled = std::unique_ptr<const Snapshot>;

class Compile : public testing::Test {
 protected:
  Compiled compile_spec(const Snapshot* previous = nullptr) {
    auto compiled = compile(spec_, segment_, ++generation_, now_, {}, previous);
    EXPECT_TRUE(compiled.ok()) << compiled.error();
    return std::move(compiled).value();
  }
  std::string refusal() {
    const auto compiled = compile(spec_, segment_, ++generation_, now_, {}, nullptr);
    return compiled.ok() ? "" : compiled.error();
  }
  // Header and identity tables: everything before the flow tables.
  std::vector<std::byte> identities() {
    const auto bytes = memory_.bytes();
    return {bytes.begin(),
            bytes.begin() + (kMaxBackends + kMaxListeners + kMaxServices) * sizeof(IdentityEntry)};
  }
  BackendId id_of(const char* address, const char* pool_name = "srs") {
    Identity identity;
    identity.kind = IdentityKind::kBackend;
    identity.address = ip(address);
    identity.name_hash = name_hash(pool_name);
    return segment_.backends().find(identity).value();
  }

  Now now_{1'000'000};
  SegmentMemory memory_{kTinySegment};
  Segment segment_{memory_.format(now_)};
  SnapshotSpec spec_ = two_armed_spec();
  uint64_t generation_ = 0;
};

TEST_F(Compile, IdsStayWhenTheConfigIsReordered) {
  const Compiled before = compile_spec();
  std::reverse(spec_.services.begin(), spec_.services.end());
  std::reverse(spec_.pools.begin(), spec_.pools.end());
  std::reverse(spec_.lips.begin(), spec_.lips.end());
  for (PoolSpec& each : spec_.pools) std::reverse(each.backends.begin(), each.backends.end());

  const Compiled after = compile_spec(before.get());

  for (size_t i = 0; i < 4; ++i) {
    const Service &was = before->services[i], &is = after->services[3 - i];
    EXPECT_EQ(is.vip, was.vip);
    EXPECT_EQ(is.listener, was.listener);
    EXPECT_EQ(is.id, was.id);
    EXPECT_EQ(after->pools[is.pool].table, before->pools[was.pool].table);
  }
  for (size_t id = 0; id < 10; ++id) EXPECT_EQ(after->backends[id].address, before->backends[id].address);
  EXPECT_EQ(after->lips, before->lips);
}

TEST_F(Compile, IdsAreFoundAgainByTheNextProcess) {
  const Compiled before = compile_spec();
  std::reverse(spec_.services.begin(), spec_.services.end());
  Segment again = memory_.attach(now_);

  const auto after = compile(spec_, again, 1, now_, {}, nullptr);

  ASSERT_TRUE(after.ok());
  for (size_t i = 0; i < 4; ++i)
    EXPECT_EQ(after.value()->services[3 - i].listener, before->services[i].listener);
}

TEST_F(Compile, ARemovedBackendKeepsItsMeaningButTakesNothingNew) {
  const Compiled before = compile_spec();
  const BackendId id = id_of("10.20.0.12");
  spec_.pools[0].backends.erase(spec_.pools[0].backends.begin() + 1);

  const Compiled after = compile_spec(before.get());

  EXPECT_EQ(after->backends[id].address, ip("10.20.0.12"));
  EXPECT_TRUE(after->backends[id].routed);
  EXPECT_FALSE(after->backends[id].takes_new);
  EXPECT_EQ(std::count(after->pools[0].table.begin(), after->pools[0].table.end(), id), 0);
  spec_.pools[0].backends.push_back({ip("10.20.0.14"), 0, 1});
  const Compiled later = compile_spec(after.get());
  EXPECT_EQ(later->backends[id].address, ip("10.20.0.12")) << "its id is not given to another";
  EXPECT_NE(id_of("10.20.0.14"), id);
}

TEST_F(Compile, WeightZeroTakesNothingNewButIsReached) {
  spec_.pools[0].backends[1].weight = 0;

  const Compiled s = compile_spec();

  const BackendId id = id_of("10.20.0.12");
  EXPECT_FALSE(s->backends[id].takes_new);
  EXPECT_TRUE(s->backends[id].routed);
  EXPECT_EQ(std::count(s->pools[0].table.begin(), s->pools[0].table.end(), id), 0);
}

TEST_F(Compile, TheSameServerInTwoPoolsIsTwoBackends) {
  spec_.pools.push_back(spec_.pools[0]);
  spec_.pools.back().name = "other";
  compile_spec();

  EXPECT_NE(id_of("10.20.0.11"), id_of("10.20.0.11", "other"));
}

TEST_F(Compile, AnUnchangedPoolKeepsItsTableWithoutBuildingIt) {
  const Compiled before = compile_spec();
  Snapshot marked = *before;  // a table that maglev would never build
  marked.pools[0].table.assign(7, 3);
  marked.pools[1].table.assign(7, 3);
  spec_.pools[1].backends[0].weight = 50;

  const Compiled after = compile_spec(&marked);

  EXPECT_EQ(after->pools[0].table, marked.pools[0].table);
  EXPECT_EQ(after->pools[1].table.size(), 65537U) << "its weights changed";
  spec_.pick_seed = 99;
  EXPECT_EQ(compile_spec(&marked)->pools[0].table.size(), 65537U) << "another seed, another table";
}

TEST_F(Compile, TwoRangesOfOneVipAreTwoListeners) {
  spec_.services[1].port_last = 8009;
  spec_.services.push_back(spec_.services[1]);
  spec_.services.back().name = "more";
  spec_.services.back().port_first = 9000;
  spec_.services.back().port_last = 9009;

  const Compiled s = compile_spec();

  EXPECT_NE(s->services[1].listener, s->services[4].listener);
  EXPECT_EQ(s->listeners[s->services[1].listener].service, s->services[1].id);
  EXPECT_EQ(s->listeners[s->services[4].listener].service, s->services[4].id);
}

TEST_F(Compile, ALipThatLeftTheConfigIsAnsweredForUntilItsLastFlowIsOver) {
  const IpAddress lip = spec_.lips[0];
  const Compiled before = compile_spec();
  NatSlot& slot =
      segment_.slots().at(NatSlots::index(before->addresses.find(lip)->lip, Protocol::kTcp, 2000));
  NatSlots::fill(slot, 0, before->services[0].listener, ip("198.51.100.7"), 1, 1935, now_.tick());
  NatSlots::open(slot, now_.tick());
  spec_.lips[0] = ip("10.20.0.101");
  const Compiled without = compile_spec(before.get());
  EXPECT_NE(without->addresses.find(lip), nullptr);

  now_.ms += 60'000;
  EXPECT_NE(compile_spec(without.get())->addresses.find(lip), nullptr) << "a flow is still open";
  slot.control.store(0);
  EXPECT_EQ(compile_spec(without.get())->addresses.find(lip), nullptr)
      << "the address may go to another host";
  EXPECT_NE(compile_spec(without.get())->addresses.find(ip("10.20.0.101")), nullptr);
}

TEST_F(Compile, ARefusedSpecChangesNothingInTheSegment) {
  compile_spec();
  const auto before = identities();
  spec_.pools.push_back(spec_.pools[0]);
  spec_.pools.back().name = "new";
  spec_.services.push_back(spec_.services[0]);
  spec_.services.back().name = "broken";
  spec_.services.back().port_first = spec_.services.back().port_last = 99;
  spec_.services.back().pool = "unknown";

  EXPECT_EQ(refusal(), "service broken: no pool is called unknown");

  EXPECT_TRUE(identities() == before);
}

TEST_F(Compile, WithoutAnIdTheSpecIsRefusedAndFormerIdsKeepTheirMeaning) {
  spec_.lips = {ip("10.20.0.101"), ip("10.20.0.102"), ip("10.20.0.103"), ip("10.20.0.104"),
                ip("2001:db8:20::100")};
  EXPECT_EQ(
      refusal(),
      "no id is left for LIP 2001:db8:20::100 (4 in use or held for flows of former ones); a restart with a "
      "larger state makes room");
  spec_.lips.erase(spec_.lips.begin());
  const Compiled before = compile_spec();
  const LipIndex held = before->addresses.find(ip("10.20.0.102"))->lip;

  spec_.lips[0] = ip("10.20.0.105");
  EXPECT_NE(refusal().find("no id is left"), std::string::npos);
  EXPECT_EQ(segment_.lips().at(held).address, ip("10.20.0.102"));
}

}  // namespace
}  // namespace lb
