// SPDX-License-Identifier: MIT
// `cleatctl trace` against a real API socket; what workers would write into the rings, the test does.
#include <sys/stat.h>

#include "control/trace.h"
#include "tests/control/spawn_cleatctl.h"

namespace control {
namespace {

using test::Json;
using test::Ran;
using test::Rig;

class CleatctlTraceTest : public test::CleatctlTest<Rig> {
 protected:
  // A worker meets `count` packets once there is a trace: a client's, forwarded or dropped.
  void meet(unsigned count, lb::Action action) {
    boost::asio::post(rig.io, [this, count, action] {
      if (!rig.spec.trace) return meet(count, action);
      for (unsigned i = 0; i < count; ++i) put(action, i);
    });
  }
  void put(lb::Action action, unsigned number) {
    lb::TraceRing& ring = rig.spec.trace->rings->of(0);
    lb::TraceRecord& record = ring.next();
    record = {};
    record.ms = rig.now.ms;
    const auto address = [](const char* text) { return *lb::IpAddress::parse(text); };
    record.before = {address("198.51.100.7"), address("10.10.0.100"), 40000, 1935, 6, true};
    record.client = *lb::Endpoint::parse("198.51.100.7:40000");
    record.length_in = 98;
    record.kept_in = std::min<uint16_t>(rig.spec.trace->filter.snaplen, 98);
    record.in.fill(static_cast<uint8_t>(number));
    record.action = action;
    record.way = lb::TraceWay::kIn;
    record.tcp_flags = 0x02;  // SYN
    if (action == lb::Action::kDrop) record.reason = lb::DropReason::kNoFlow;
    if (action == lb::Action::kTx) {
      record.after = {address("10.20.0.100"), address("10.20.0.11"), 1024, 1935, 6, true};
      record.backend = *lb::Endpoint::parse("10.20.0.11:1935");
      record.by = lb::TraceBy::kFlow;
      record.length_out = 98;
      record.kept_out = record.kept_in;
      record.out = record.in;
      record.port_out = 1;
    }
    ring.commit();
  }
};

TEST_F(CleatctlTraceTest, PrintsALineForEachPacketAndHowItEnded) {
  meet(3, lb::Action::kTx);
  const Ran ran = run({"trace", "--client", "198.51.100.7", "--packets", "2"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  const std::string line =
      " w0 in  tcp outside 198.51.100.7:40000 > 10.10.0.100:1935 98 S forwarded inside "
      "10.20.0.100:1024 > 10.20.0.11:1935 to backend 10.20.0.11:1935 by flow\n";
  ASSERT_EQ(ran.out.size(), 2 * (12 + line.size())) << ran.out;
  EXPECT_EQ(ran.out.substr(12, line.size()), line);
  EXPECT_EQ(ran.err, "cleatctl: 2 packets, as many as asked for; 1 more were not kept\n");
}

TEST_F(CleatctlTraceTest, DroppedPacketsHaveTheirReason) {
  meet(1, lb::Action::kDrop);
  const Ran ran = run({"trace", "show", "--drops-only", "--packets", "1"});
  EXPECT_NE(ran.out.find(" 98 S dropped as no_flow\n"), std::string::npos) << ran.out << ran.err;
}

TEST_F(CleatctlTraceTest, AsJsonEachPacketIsAnObjectOfItsOwn) {
  meet(1, lb::Action::kTx);
  const Ran ran = run({"--json", "trace", "--packets", "1", "--snaplen", "2"});
  EXPECT_EQ(Json::parse(ran.out).at("bytes"), "0000") << ran.out << ran.err;
}

TEST_F(CleatctlTraceTest, WritesAFileThatOnlyItsOwnerReads) {
  const std::string file = rig.folder / "seen.pcapng";
  meet(2, lb::Action::kTx);
  const Ran ran = run({"trace", "--packets", "2", "--write", file, "--snaplen", "60"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  struct stat status {};
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  const std::string bytes = test::read_file(file);
  EXPECT_EQ(bytes.substr(0, 4), "\n\r\r\n");
  for (const char* text : {"outside in", "inside out", "forwarded inside 10.20.0.100:1024 > 10.20.0.11:1935"})
    EXPECT_NE(bytes.find(text), std::string::npos) << text;
}

TEST_F(CleatctlTraceTest, AFileThatCannotBeWrittenEndsTheTrace) {
  const Ran ran = run({"trace", "--write", "/nowhere/seen.pcapng"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_NE(ran.err.find("/nowhere/seen.pcapng: cannot be written"), std::string::npos) << ran.err;
  EXPECT_FALSE(rig.spec.trace);
}

TEST_F(CleatctlTraceTest, WhatCannotBeAskedForIsRefused) {
  EXPECT_EQ(run({"trace", "--packets", "many"}).code, 2);
  EXPECT_EQ(run({"trace", "--snaplen", "64"}).code, 2);
  EXPECT_EQ(run({"trace", "--write", "/nowhere", "--snaplen", "0"}).code, 2);
  EXPECT_EQ(run({"trace", "--lport", "5"}).code, 2);
  EXPECT_EQ(run({"flow", "show", "--port", "5"}).code, 2);
  const Ran ran = run({"trace", "--reason", "no_flwo"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_NE(ran.err.find("did you mean no_flow?"), std::string::npos) << ran.err;
}

}  // namespace
}  // namespace control
