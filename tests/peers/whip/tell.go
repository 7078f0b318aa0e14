// SPDX-License-Identifier: MIT
// One JSON object on a line of standard output: what a peer tells the test that started it.
//
//	ready      name, udp, http, candidate
//	session    username, kind (whip or whep), stream: an offer was answered
//	address    username, from ("" at first), to: a Binding request came from another address
//	connected  username, remote: DTLS is done
//	ended      username, why (deleted, closed, idle)
//	stats      as stats.go says
package main

import (
	"encoding/json"
	"os"
	"sync"
)

type fields map[string]any

var telling sync.Mutex

func tell(event string, about fields) {
	about["event"] = event
	line, err := json.Marshal(about)
	exitOn(err)
	telling.Lock()
	defer telling.Unlock()
	os.Stdout.Write(append(line, '\n'))
}
