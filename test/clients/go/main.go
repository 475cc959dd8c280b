// Reports numbered events by the Go client and writes what was accepted and rejected; see run.ts.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	mars "github.com/mars-events/mars/clients/go"
)

func main() {
	name := os.Args[1]
	from, _ := strconv.Atoi(os.Args[2])
	count, _ := strconv.Atoi(os.Args[3])
	client, err := mars.New(mars.Options{AppID: "clients", RetryMax: 300 * time.Millisecond, OnRejected: report})
	if err != nil {
		panic(err)
	}
	for n := from; n < from+count; {
		event := fmt.Sprint("E_", n)
		if n%17 == 0 {
			event += strings.Repeat(" ", 300)
		}
		err := client.Message(fmt.Sprintf("%s-%d", name, n%50), mars.Event{Attributes: mars.Attributes{"n": n}}).Event(event)
		switch {
		case err == nil:
			fmt.Println("accepted", n)
			n++
		case errors.Is(err, mars.ErrBuffer):
			fmt.Println("full")
		default:
			panic(err)
		}
		if n%5 == 0 {
			time.Sleep(2 * time.Millisecond)
		}
	}
	if count == 0 {
		time.Sleep(8 * time.Second) // What an earlier process left is adopted within 5 s of silence.
	}
	if client.Close(20*time.Second) != nil {
		fmt.Println("left")
		return
	}
	fmt.Println("closed")
}

func report(raw json.RawMessage, _ []mars.Problem) {
	var event struct {
		Message string `json:"message_id"`
		Event   string `json:"event"`
	}
	if err := json.Unmarshal(raw, &event); err != nil {
		panic(err)
	}
	fmt.Println("rejected", event.Message, event.Event)
}
