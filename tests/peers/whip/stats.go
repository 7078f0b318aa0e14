// SPDX-License-Identifier: MIT
// What a server has seen so far, for SIGUSR1 and `GET /stats`:
//
//	{"event":"stats","name":N,"strays":N,"strays_by":{"stun":N,"dtls":N,"media":N,"other":N},
//	 "sessions":[{"username":U,"kind":"whip"|"whep","stream":S,"live":B,"why":W,"remote":A,"remotes":[A...],
//	              "received":{SSRC:N},"sent":{SSRC:N},"handshakes":N,"gap_ms":N}]}
//
// strays    packets that came for nobody: from an unknown address, or with an unknown USERNAME
// remote    where it was seen last; remotes: every address of it, in the order of their first Binding request
// gap_ms    between two packets of media that came (a player: of RTCP), the longest since the latest reset
//
// A gap that has not ended counts as long as it is; before the first packet there is none.
package main

import (
	"sort"
	"time"
)

type sessionStats struct {
	Username   string            `json:"username"`
	Kind       string            `json:"kind"`
	Stream     string            `json:"stream"`
	Live       bool              `json:"live"`
	Why        string            `json:"why"`
	Remote     string            `json:"remote"`
	Remotes    []string          `json:"remotes"`
	Received   map[uint32]uint64 `json:"received"`
	Sent       map[uint32]uint64 `json:"sent"`
	Handshakes int               `json:"handshakes"`
	GapMs      int64             `json:"gap_ms"`
}

func (s *server) stats(reset bool) fields {
	s.mu.Lock()
	defer s.mu.Unlock()
	sessions := []sessionStats{}
	for _, each := range s.ended {
		sessions = append(sessions, each.stats())
	}
	for _, each := range s.byUsername {
		sessions = append(sessions, each.stats())
		if reset {
			each.longestGap = 0
		}
	}
	sort.Slice(sessions, func(i, j int) bool { return sessions[i].Username < sessions[j].Username })
	by, total := map[string]uint64{}, uint64(0)
	for kind, count := range s.strays {
		by[kind] = count
		total += count
	}
	return fields{"event": "stats", "name": s.name, "sessions": sessions, "strays": total, "strays_by": by}
}

func (s *session) stats() sessionStats {
	remotes := []string{}
	for _, address := range s.addresses {
		remotes = append(remotes, address.String())
	}
	gap := s.longestGap
	if s.why == "" {
		gap = s.gap(time.Now())
	}
	return sessionStats{Username: s.username, Kind: s.kind, Stream: s.stream.name, Live: s.why == "", Why: s.why,
		Remote: text(s.current), Remotes: remotes, Received: copied(s.received), Sent: copied(s.sent),
		Handshakes: s.handshakes, GapMs: gap.Milliseconds()}
}

func copied(from map[uint32]uint64) map[uint32]uint64 {
	to := map[uint32]uint64{}
	for key, value := range from {
		to[key] = value
	}
	return to
}
