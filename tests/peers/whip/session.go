// SPDX-License-Identifier: MIT
// One client: its ICE names, the addresses that it was seen at, what it sent, and its STUN messages (RFC 8489).
package main

import (
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/pion/stun"
	"github.com/pion/webrtc/v3"
)

type session struct {
	username, kind, token string // kind: whip or whep
	pwd, remotePwd        string
	stream                *stream
	peer                  *webrtc.PeerConnection
	pipe                  *pipe

	// Guarded by server.mu.
	addresses  []netip.AddrPort // in the order of their first Binding request
	current    netip.AddrPort
	aliveAt    time.Time
	received   map[uint32]uint64 // SSRC: RTP packets
	sent       map[uint32]uint64
	handshakes int
	mediaAt    time.Time
	longestGap time.Duration
	why        string // it ended; "": it lives
}

func (s *session) integrity() stun.MessageIntegrity { return stun.NewShortTermIntegrity(s.pwd) }

// seenAt returns whether the session was elsewhere before, and where.
func (s *session) seenAt(from netip.AddrPort) (moved bool, before netip.AddrPort) {
	s.aliveAt = time.Now()
	before, s.current = s.current, from
	for _, known := range s.addresses {
		if known == from {
			return before != from, before
		}
	}
	s.addresses = append(s.addresses, from)
	return true, before
}

// isRtcp: RFC 5761, section 4.
func isRtcp(packet []byte) bool { return packet[1] >= 192 && packet[1] <= 223 }

// count is for what came from one of its addresses. A publisher's media is RTP; a player sends RTCP only.
func (s *session) count(packet []byte, kind string) {
	now := time.Now()
	s.aliveAt = now
	if kind != "media" || len(packet) < 12 {
		return
	}
	if !isRtcp(packet) {
		s.received[binary.BigEndian.Uint32(packet[8:])]++
	}
	if isRtcp(packet) == (s.kind == "whep") {
		s.longestGap = s.gap(now)
		s.mediaAt = now
	}
}

// gap is the longest so far, with the one that has not ended yet.
func (s *session) gap(now time.Time) time.Duration {
	if open := now.Sub(s.mediaAt); !s.mediaAt.IsZero() && open > s.longestGap {
		return open
	}
	return s.longestGap
}

// bindingSuccess has the attributes of SRS's, in its order.
func (s *session) bindingSuccess(request *stun.Message, from netip.AddrPort) []byte {
	return build(stun.NewTransactionIDSetter(request.TransactionID), stun.BindingSuccess, stun.NewUsername(s.username),
		&stun.XORMappedAddress{IP: from.Addr().AsSlice(), Port: int(from.Port())}, s.integrity(), stun.Fingerprint)
}

// checkForPion is what the client's Binding request would be, had it never moved.
func (s *session) checkForPion() []byte {
	controlling := stun.RawAttribute{Type: stun.AttrICEControlling, Value: make([]byte, 8)}
	priority := stun.RawAttribute{Type: stun.AttrPriority, Value: []byte{0x6e, 0x7f, 0x1e, 0xff}}
	nominated := stun.RawAttribute{Type: stun.AttrUseCandidate}
	return build(stun.TransactionID, stun.BindingRequest, stun.NewUsername(s.username), controlling, priority, nominated,
		s.integrity(), stun.Fingerprint)
}

// answerToPion is the client's success for a check by pion's agent.
func (s *session) answerToPion(request *stun.Message) []byte {
	return build(stun.NewTransactionIDSetter(request.TransactionID), stun.BindingSuccess,
		&stun.XORMappedAddress{IP: pionAddress.IP, Port: pionAddress.Port}, stun.NewShortTermIntegrity(s.remotePwd),
		stun.Fingerprint)
}

func build(setters ...stun.Setter) []byte {
	message, err := stun.Build(setters...)
	exitOn(err)
	return message.Raw
}
