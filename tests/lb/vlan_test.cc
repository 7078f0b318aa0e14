// SPDX-License-Identifier: MIT
#include "lb/vlan.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <random>
#include <vector>

namespace lb {
namespace {

using Bytes = std::vector<uint8_t>;

constexpr size_t kRoom = 64;

// A frame of these bytes in a buffer with room before it.
class Buffered {
 public:
  explicit Buffered(const Bytes& bytes) : buffer_(kRoom), length_(bytes.size()) {
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  }
  [[nodiscard]] Frame frame() {
    Frame frame;
    frame.data = buffer_.data() + kRoom;
    frame.length = static_cast<uint16_t>(length_);
    frame.headroom = kRoom;
    return frame;
  }

 private:
  Bytes buffer_;
  size_t length_;
};

Bytes bytes_of(const Frame& frame) { return {frame.data, frame.data + frame.length}; }

Bytes untagged_frame(size_t payload = 50) {
  Bytes frame;
  for (uint8_t i = 0; i < 12; ++i) frame.push_back(static_cast<uint8_t>(2 * i));
  frame.insert(frame.end(), {0x08, 0x00});
  for (size_t i = 0; i < payload; ++i) frame.push_back(static_cast<uint8_t>(i * 7));
  return frame;
}

Bytes with_tag(Bytes frame, unsigned control, unsigned type = 0x8100) {
  const Bytes tag{static_cast<uint8_t>(type >> 8), static_cast<uint8_t>(type),
                  static_cast<uint8_t>(control >> 8), static_cast<uint8_t>(control)};
  frame.insert(frame.begin() + 12, tag.begin(), tag.end());
  return frame;
}

DevicePorts trunk(bool untagged = true) {
  DevicePorts device;
  device.add(3, 100);
  if (untagged) device.add(4, 0);
  device.add(5, 4094);
  return device;
}

TEST(Vlan, AFrameGoesToThePortOfItsTagWithoutIt) {
  Buffered sent(with_tag(untagged_frame(), 100));
  Frame frame = sent.frame();
  ASSERT_TRUE(trunk().receive(frame));
  EXPECT_EQ(frame.port, 3);
  EXPECT_EQ(frame.headroom, kRoom + 4);
  EXPECT_EQ(bytes_of(frame), untagged_frame());
}

TEST(Vlan, PriorityAndDropEligibilityChangeNothing) {
  Buffered sent(with_tag(untagged_frame(), 0xf000 | 4094));
  Frame frame = sent.frame();
  ASSERT_TRUE(trunk().receive(frame));
  EXPECT_EQ(frame.port, 5);
  EXPECT_EQ(bytes_of(frame), untagged_frame());
}

// IEEE 802.1Q-2018 section 6.9.1: the null VLAN.
TEST(Vlan, ATagOfPriorityAloneCountsForNone) {
  Buffered sent(with_tag(untagged_frame(), 0xe000));
  Frame frame = sent.frame();
  ASSERT_TRUE(trunk().receive(frame));
  EXPECT_EQ(frame.port, 4);
  EXPECT_EQ(bytes_of(frame), untagged_frame());
}

TEST(Vlan, AFrameOfNoPortIsTheKernelsWithItsTagOrNobodys) {
  const Bytes bytes = with_tag(untagged_frame(), 101);
  Buffered sent(bytes);
  Frame frame = sent.frame();
  ASSERT_TRUE(trunk().receive(frame));
  EXPECT_EQ(frame.port, 4);
  EXPECT_EQ(bytes_of(frame), bytes);

  for (const Bytes& other : {bytes, untagged_frame(), with_tag(untagged_frame(), 0)}) {
    Buffered lost(other);
    frame = lost.frame();
    EXPECT_FALSE(trunk(false).receive(frame));
    EXPECT_EQ(frame.port, 3) << "the first port counts it";
    EXPECT_EQ(bytes_of(frame), other);
  }
}

TEST(Vlan, ATagThatIsCutOffIsNone) {
  Bytes bytes = with_tag(untagged_frame(), 100);
  for (size_t length = 0; length < 18; ++length) {
    Buffered sent({bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(length)});
    Frame frame = sent.frame();
    ASSERT_TRUE(trunk().receive(frame));
    EXPECT_EQ(frame.port, 4) << length;
    EXPECT_EQ(frame.length, length);
  }
}

TEST(Vlan, OnePortWithoutAVlanNeedsNoLook) {
  DevicePorts device;
  device.add(0, 0);
  EXPECT_FALSE(device.tagged());
  EXPECT_TRUE(trunk().tagged());
}

// The twin searches a map and copies.
TEST(Vlan, ReceivesAndSendsAsItsNaiveTwin) {
  std::mt19937 random(1);
  std::map<uint16_t, PortIndex> ports{{0, 0}};
  DevicePorts device;
  device.add(0, 0);
  for (PortIndex port = 1; port < 16; ++port) {
    const auto vlan = static_cast<uint16_t>(1 + random() % 40);
    if (ports.emplace(vlan, port).second) device.add(port, vlan);
  }
  for (int round = 0; round < 100'000; ++round) {
    const auto control = static_cast<uint16_t>((random() & 0xf000) | random() % 48);
    const Bytes plain = untagged_frame(random() % 80);
    const bool tagged = random() % 4 != 0;
    Buffered sent(tagged ? with_tag(plain, control) : plain);
    Frame frame = sent.frame();
    ASSERT_TRUE(device.receive(frame));
    const auto port = ports.find(tagged ? control & 0xfff : 0);
    ASSERT_EQ(frame.port, port != ports.end() ? port->second : 0);
    ASSERT_EQ(bytes_of(frame), port != ports.end() ? plain : with_tag(plain, control));
    if (port == ports.end() || port->first == 0) continue;
    push_vlan(frame.data, port->first);
    ASSERT_EQ(Bytes(frame.data - 4, frame.data + frame.length), with_tag(plain, port->first));
  }
}

}  // namespace
}  // namespace lb
